/**
 * Goes on where a header of the outer tar cannot be read: finds the next one, and guesses which member the lost one stood
 * for. Nothing that comes of it is trusted: chunks are authenticated, in format 4 under their very names.
 */
import type { ByteSource } from '../bytes/source.ts';
import { readIfReadable } from '../bytes/unreadable.ts';
import { blockSize, isZeroBlock, numericField, paddingAfter, parseHeader, textField } from '../tar/header.ts';
import type { Member } from './container-index.ts';
import { isSafeName } from './safe-name.ts';

/** Bytes looked through in one container at most, half a minute of a slow drive. */
const mostSearched = 4 * 1024 ** 3;

const windowSize = 64 * 1024;

/** What every header of GNU tar has at one place, and chunks next to never have. */
const magic = Buffer.from('ustar');
const magicOffset = 257;

/** Members of a backup: chunks, their seals, and the header with its own. */
const memberName = /^(?:.+\.\d{3,7}(?:\.enc|\.hmac)?|backup-header(?:\.hmac)?)$/;

/** Longest extended header of a member, which has its name, its size and its times. */
export const longestExtension = 64 * 1024;

/** Looks for headers that stand anywhere, also where lost bytes have moved them off their blocks. */
export class HeaderSearch {
  readonly #source: ByteSource;
  #left = mostSearched;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Where the next header of a backup's member, or an extended header before it, begins; undefined where none is found. */
  async next(from: number, limit = Infinity): Promise<number | undefined> {
    const { size } = this.#source;
    const stop = Math.min(size - blockSize, from + limit);
    for (let start = from; start <= stop && this.#left > 0; start += windowSize) {
      // The headers that begin in a window end in the next one.
      const length = Math.min(windowSize + blockSize, size - start);
      this.#left -= length;
      const bytes = await readIfReadable(this.#source, start, length);
      if (!bytes) continue;
      const window = Buffer.from(bytes.buffer, bytes.byteOffset, length);
      for (let hit = -1; (hit = window.indexOf(magic, hit + 1)) >= 0 && this.#left > 0;) {
        const at = hit - magicOffset;
        if (at < 0 || at >= windowSize || at + blockSize > length) continue;
        this.#left -= blockSize;
        if (await this.#begins(window.subarray(at, at + blockSize), start + at)) return start + at;
      }
    }
    return undefined;
  }

  /** Whether a block is the header of a member, by itself or behind an extended header. */
  async #begins(block: Uint8Array, position: number): Promise<boolean> {
    const header = parseHeader(block);
    if (!header) return false;
    if ('07'.includes(header.type)) return isSafeName(header.name) && memberName.test(header.name);
    if (!'xL'.includes(header.type) || header.size > longestExtension) return false;
    const behind = position + blockSize + header.size + paddingAfter(header.size);
    if (behind + blockSize > this.#source.size) return false;
    this.#left -= windowSize;
    const next = await readIfReadable(this.#source, behind, blockSize);
    const own = next && parseHeader(next);
    return own !== undefined && '07'.includes(own.type);
  }
}

/** A place where a header should stand and none could be read. */
export interface LostHeader {
  readonly position: number;
  /** What stands there; undefined where the drive cannot read it. */
  readonly block: Uint8Array | undefined;
  /** Where the next header begins, or the container ends. */
  readonly end: number;
  /** Names of the members before and behind it. */
  readonly previous: string | undefined;
  next?: string;
}

/** Beyond as many zeros before the next header, no end of a member is looked for. */
const longestPadding = 1024 * 1024;

/**
 * The member whose header is lost, as far as what is left of the header, the numbering of chunks, and what stands around
 * it tell.
 *
 * @param isThere whether the container has a member of a name
 */
export async function memberOf(
  source: ByteSource,
  { position, block, end, previous, next }: LostHeader,
  isThere: (name: string) => boolean,
): Promise<Member | undefined> {
  const offset = position + blockSize;
  const dataEnd = await endOfData(source, offset, end);
  if (dataEnd === undefined) return undefined;
  // Each member is an archive of its own, ended by zeros; what a header follows at once is an extended one.
  if (end < source.size && end - dataEnd < paddingAfter(dataEnd - offset) + blockSize) return undefined;
  const stated = statedName(block);
  const successor = successorOf(previous);
  // What is left of the header comes second where the order of a backup leaves no choice.
  const names = [predecessorOf(next), leadBehind(previous), stated, successor];
  if (successor !== undefined && isNearly(stated, successor)) names.unshift(successor);
  const name = names.find((each) => each !== undefined && !isThere(each));
  if (name === undefined) return undefined;
  // Chunks may end with zeros, so the size that is stated counts unless it contradicts what is there.
  const size = (block && numericField(block, 124, 12)) ?? 0;
  const fits = offset + size >= dataEnd && offset + size <= end;
  return { name, offset, size: fits ? size : dataEnd - offset };
}

/** Where the zeros begin that stand before `end`. */
async function endOfData(source: ByteSource, offset: number, end: number): Promise<number | undefined> {
  for (let stop = end; stop > offset && end - stop < longestPadding;) {
    const start = Math.max(offset, stop - windowSize);
    const bytes = await readIfReadable(source, start, stop - start);
    if (!bytes) return undefined;
    if (!isZeroBlock(bytes)) return start + bytes.findLastIndex((byte) => byte !== 0) + 1;
    stop = start;
  }
  return undefined;
}

function statedName(block: Uint8Array | undefined): string | undefined {
  const name = block ? textField(block, 0, 100) : '';
  return isSafeName(name) && memberName.test(name) ? name : undefined;
}

/** Whether one character at most is another one: first chunks of other files differ in their path and their number. */
function isNearly(name = '', other: string): boolean {
  if (name.length !== other.length) return false;
  return Array.from(name).filter((character, i) => character !== other[i]).length <= 1;
}

/** The members that every backup begins with; in the older formats the seal of the last one tells its name. */
const lead = ['backup-header', 'backup-header.hmac', 'qubes.xml.000.enc'];

function leadBehind(name: string | undefined): string | undefined {
  return name === undefined || lead.includes(name) ? lead[lead.indexOf(name ?? '') + 1] : undefined;
}

/** The name of the member that follows another one of the same file. */
function successorOf(name = ''): string | undefined {
  const parts = numbered(name);
  if (!parts) return undefined;
  const { path, number, suffix } = parts;
  // In formats 3 and 2 the seal of each chunk follows it.
  return suffix === '' ? `${name}.hmac` : chunkOf(path, number + 1, suffix === '.hmac' ? '' : suffix);
}

/** The name of the member that precedes another one of the same file. */
function predecessorOf(name = ''): string | undefined {
  const parts = numbered(name);
  if (!parts) return name === 'backup-header.hmac' ? 'backup-header' : undefined;
  const { path, number, suffix } = parts;
  if (suffix === '.hmac') return chunkOf(path, number, '');
  return number === 0 ? undefined : chunkOf(path, number - 1, suffix === '' ? '.hmac' : suffix);
}

function numbered(name: string) {
  const [, path, digits, suffix = ''] = /^(.+)\.(\d{3,7})(\.enc|\.hmac)?$/.exec(name) ?? [];
  return path === undefined ? undefined : { path, number: Number(digits), suffix };
}

function chunkOf(path: string, number: number, suffix: string): string {
  return `${path}.${String(number).padStart(3, '0')}${suffix}`;
}
