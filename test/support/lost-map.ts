/** Reads the map beside a salvaged file and judges by it; shares no code with the writer. */
import { readFile } from 'node:fs/promises';

export interface MapLine {
  readonly start: number;
  readonly end: number;
  readonly lost: boolean;
}

/** The lines of a mapfile of GNU ddrescue; fails where they do not follow one another from zero on. */
export async function readMap(path: string): Promise<readonly MapLine[]> {
  const rows = (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(1);
  let at = 0;
  return rows.map((row) => {
    const [, start = '', length = '', status] = /^(0x[0-9A-F]+) +(0x[0-9A-F]+) +([+-])$/.exec(row) ?? [];
    if (Number(start) !== at || Number(length) <= 0) throw new RangeError(`a line of the map: ${row}`);
    at += Number(length);
    return { start: Number(start), end: at, lost: status === '-' };
  });
}

/** What comparing a salvaged file with the original shows. */
export interface Judgement {
  /** Offsets of bytes that differ although the map says that they are right. */
  readonly wrong: number[];
  /** Bytes that the map says are lost, of which those that are not zero in the salvaged file. */
  readonly lost: number;
  readonly lostButWritten: number;
}

/** Compares byte by byte. */
export function judge(salvaged: Uint8Array, original: Uint8Array, map: readonly MapLine[]): Judgement {
  const wrong: number[] = [];
  let lost = 0;
  let lostButWritten = 0;
  if (salvaged.length !== original.length || map.at(-1)?.end !== original.length) wrong.push(-1);
  for (const line of map) {
    const [found, right] = [salvaged.subarray(line.start, line.end), original.subarray(line.start, line.end)];
    if (line.lost) {
      lost += found.length;
      lostButWritten += found.reduce((count, byte) => count + (byte === 0 ? 0 : 1), 0);
    } else if (Buffer.compare(found, right) !== 0) {
      wrong.push(line.start + found.findIndex((byte, i) => byte !== right[i]));
    }
  }
  return { wrong, lost, lostButWritten };
}
