/**
 * The map beside a salvaged file: which of its bytes are right and which are lost, in the form of GNU ddrescue's
 * mapfiles (its manual, "Mapfile structure"), which other tools of data recovery read too.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { destinationError } from '../writing/destination-error.ts';
import { readPlainFile } from '../writing/plain-file.ts';
import type { Range } from './decoded.ts';

/** Ranges that a report lists one by one; the map has all of them. */
export const mostListed = 100;

/** Text gathered before it is written. */
const enoughText = 64 * 1024;

/** What a report says of the lost bytes of a file. */
export interface Losses {
  readonly bytes: number;
  /** How many ranges there are. */
  readonly count: number;
  /** The first of them, offset and length in bytes. */
  readonly ranges: [offset: number, length: number][];
}

const head = `# Mapfile. Created by Lifeboat
# + is right, - is lost and reads as zeros
# current_pos  current_status  current_pass
0x00000000     +               1
#      pos        size  status
`;

/** Writes a map as losses are told, in the order of the file. */
export class LostMap {
  readonly #path: string;
  readonly #handle: FileHandle | null;
  readonly #listed: [number, number][] = [];
  #text = head;
  #bytes = 0;
  #count = 0;
  /** Up to here everything is written. */
  #end = 0;
  #open: { start: number; end: number } | null = null;

  private constructor(path: string, handle: FileHandle | null) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Creates the map at `path`, at which nothing may stand; null only counts. Throws RecoveryError `dest-…`. */
  static async create(path: string | null): Promise<LostMap> {
    if (path === null) return new LostMap('', null);
    try {
      return new LostMap(path, await open(path, 'wx', 0o600));
    } catch (error) {
      throw destinationError(path, error);
    }
  }

  /** Adds a lost range, behind those before it. */
  add({ start, end }: Range): void {
    this.#bytes += end - start;
    if (this.#open?.end === start) {
      this.#open.end = end;
      return;
    }
    this.#closeRange();
    this.#open = { start, end };
  }

  /** Writes what has gathered. */
  async write(enough = enoughText): Promise<void> {
    if (this.#text.length < enough) return;
    try {
      await this.#handle?.appendFile(this.#text);
    } catch (error) {
      throw destinationError(this.#path, error);
    }
    this.#text = '';
  }

  /** Ends the map of a file of `size` bytes. */
  async finish(size: number): Promise<Losses> {
    this.#closeRange();
    this.#line(size, '+');
    await this.write(0);
    try {
      await this.#handle?.sync();
    } catch (error) {
      throw destinationError(this.#path, error);
    }
    await this.close();
    return { bytes: this.#bytes, count: this.#count, ranges: this.#listed };
  }

  async close(): Promise<void> {
    await this.#handle?.close().catch(() => undefined);
  }

  #closeRange(): void {
    if (!this.#open) return;
    const { start, end } = this.#open;
    this.#line(start, '+');
    this.#line(end, '-');
    this.#count++;
    if (this.#listed.length < mostListed) this.#listed.push([start, end - start]);
    this.#open = null;
  }

  #line(end: number, status: '+' | '-'): void {
    if (end === this.#end) return;
    this.#text += `${hex(this.#end)}  ${hex(end - this.#end)}  ${status}\n`;
    this.#end = end;
  }
}

/** A map of a file in a million pieces has some 40 MB. */
const longestMap = 256 * 2 ** 20;

/** The lost ranges that the map at `path` has, and up to where it says anything; null where there is none to be read. */
export async function readLostMap(
  path: string,
): Promise<{ readonly lost: readonly Range[]; readonly end: number } | null> {
  const text = (await readPlainFile(path, longestMap))?.toString('latin1');
  if (text === undefined) return null;
  const lost: Range[] = [];
  let last = 0;
  for (const [, position, size, status] of text.matchAll(/^(0x[\dA-F]+) +(0x[\dA-F]+) +([+-])$/gm)) {
    const start = Number(position);
    const end = start + Number(size);
    if (start !== last) break;
    last = end;
    if (status === '-') lost.push({ start, end });
  }
  return { lost, end: last };
}

function hex(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;
}
