/**
 * Goes on where a header of the outer tar cannot be read: finds the next one, and guesses which member the lost one stood
 * for. Nothing that comes of it is trusted: chunks are authenticated, in format 4 under their very names.
 */
import type { ByteSource } from '../bytes/source.ts';
import { readIfReadable } from '../bytes/unreadable.ts';
import { parseHmacFile } from '../encryption/hmac-file.ts';
import { parseSealHeader, SealFault, sealHeaderLength } from '../encryption/scrypt-container.ts';
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

/** Where the way goes on behind a lost header. */
export interface NextHeader {
  /** Where a header stands, or stood that is lost as well. */
  readonly position: number;
  /** Where its archive begins: there, or with what is left of an extended header. */
  readonly start: number;
}

/** Looks for headers that stand anywhere, also where lost bytes have moved them off their blocks. */
export class HeaderSearch {
  readonly #source: ByteSource;
  #left = mostSearched;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /**
   * Where the next header of a backup's member, or an extended header before it, begins; or, behind `lost`, where one stood
   * that is lost as well but left a trace. Undefined where none is found.
   */
  async next(from: number, lost: number, limit = Infinity): Promise<NextHeader | undefined> {
    const { size } = this.#source;
    const stop = Math.min(size - blockSize, from + limit);
    for (let start = from; start <= stop && this.#left > 0; start += windowSize) {
      // The headers that begin in a window end in the next one.
      const length = Math.min(windowSize + blockSize, size - start);
      this.#left -= length;
      const bytes = await readIfReadable(this.#source, start, length);
      if (!bytes) continue;
      const window = Buffer.from(bytes.buffer, bytes.byteOffset, length);
      const header = await this.#headerIn(window, start);
      const trace = tracesIn(window)
        .map((at) => start + at)
        .find((position) => position > lost);
      if (trace !== undefined && trace < (header ?? Infinity))
        return { position: trace, start: await this.#startOf(trace) };
      if (header !== undefined) return { position: header, start: header };
    }
    return undefined;
  }

  async #headerIn(window: Buffer, start: number): Promise<number | undefined> {
    for (const hit of hitsOf(magic, window)) {
      const at = hit - magicOffset;
      if (this.#left <= 0) break;
      if (at < 0 || at >= windowSize || at + blockSize > window.length) continue;
      this.#left -= blockSize;
      if (await this.#begins(window.subarray(at, at + blockSize), start + at)) return start + at;
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

  /** Where what stands before a lost header begins, behind the zeros that end the archive before it. */
  async #startOf(position: number): Promise<number> {
    for (let start = position; start >= Math.max(blockSize, position - longestRemains); start -= blockSize) {
      const before = await readIfReadable(this.#source, start - blockSize, blockSize);
      if (!before) break;
      if (isZeroBlock(before)) return start;
    }
    return position;
  }
}

/** The extended header that GNU tar writes, with its one block. */
const longestRemains = 2 * blockSize;

/** What sealed members of format 4 begin with, and what seals of the older formats hold. */
const sealMagic = Buffer.from('scrypt\0', 'latin1');
const hmacMark = Buffer.from('(stdin)= ');

/** Places in a window where headers must have stood: something is left of them, or what they stood for begins behind. */
function tracesIn(window: Buffer): number[] {
  const remains = hitsOf(magic, window)
    .map((hit) => hit - magicOffset)
    .filter((at) => at >= 0 && statedName(window.subarray(at, at + blockSize)) !== undefined);
  const seals = hitsOf(sealMagic, window)
    .filter((at) => isSeal(window.subarray(at, at + sealHeaderLength)))
    .map((at) => at - blockSize);
  const hmacs = hitsOf(hmacMark, window)
    .filter((hit) => isHmac(window.subarray(hit, hit + blockSize)))
    .map((hit) => hit - digestLengthBefore(window.subarray(0, hit)) - blockSize);
  return [...remains, ...seals, ...hmacs].toSorted((a, b) => a - b);
}

function hitsOf(wanted: Buffer, window: Buffer): number[] {
  const hits: number[] = [];
  for (let hit = -1; (hit = window.indexOf(wanted, hit + 1)) >= 0;) hits.push(hit);
  return hits;
}

function isSeal(bytes: Uint8Array): boolean {
  try {
    parseSealHeader(bytes, Infinity);
    return true;
  } catch (error) {
    if (error instanceof SealFault) return false;
    throw error;
  }
}

/** Whether what tells a member's beginning stands at the start of a block: its header is gone from before it. */
export function beginsMember(block: Uint8Array): boolean {
  return tracesIn(Buffer.concat([new Uint8Array(blockSize), block])).includes(0);
}

function isHmac(text: Buffer): boolean {
  const end = text.indexOf(0);
  return end > 0 && parseHmacFile(text.subarray(0, end)) !== undefined;
}

/** How long the name of the digest is that newer releases of openssl print before the mark. */
function digestLengthBefore(text: Buffer): number {
  return /[\w-]{0,24}$/.exec(text.subarray(-24).toString('latin1'))?.[0].length ?? 0;
}

/** A place where a header should stand and none could be read. */
export interface LostHeader {
  readonly position: number;
  /** What stands there; undefined where the drive cannot read it. */
  readonly block: Uint8Array | undefined;
  /** Where the next header begins, or the container ends. */
  readonly end: number;
  /** Names of the members before and behind it, which may be lost as well. */
  previous: string | undefined;
  next: string | undefined;
  /** The lost header that it follows, where none that can be read stands between. */
  readonly behind: LostHeader | undefined;
}

/** Beyond as many zeros before the next header, no end of a member is looked for. */
const longestPadding = 1024 * 1024;

/** The members whose headers are lost, as far as they can be told, with the help of those before and behind them. */
export async function membersOf(
  source: ByteSource,
  lostHeaders: readonly LostHeader[],
  members: ReadonlyMap<string, Member>,
): Promise<ReadonlyMap<string, Member>> {
  for (const { behind, block, next } of lostHeaders.toReversed())
    if (behind) behind.next ??= predecessorOf(next) ?? statedName(block);
  // As large as this are all chunks of a file but its last one.
  const largest = [...members.values()].reduce((most, { size }) => Math.max(most, size), 0);
  const told = new Map<string, Member>();
  const names = new Map<LostHeader, string>();
  const find = (name = '') => members.get(name) ?? told.get(name);
  for (const lost of lostHeaders) {
    if (lost.behind) lost.previous = names.get(lost.behind);
    const chunk = find(lost.previous?.replace(/\.hmac$/, ''));
    const isLastOfFile = chunk !== undefined && chunk.size < largest;
    const member = await memberOf(source, lost, isLastOfFile, (name) => find(name) !== undefined);
    if (!member) continue;
    told.set(member.name, member);
    names.set(lost, member.name);
  }
  return told;
}

/**
 * The member whose header is lost, as far as what is left of the header, the numbering of chunks, and what stands around
 * it tell.
 *
 * @param isBehindLast whether the member before it is the last chunk of its file, or the seal of that
 * @param isThere whether the container has a member of a name
 */
async function memberOf(
  source: ByteSource,
  { position, block, end, previous, next }: LostHeader,
  isBehindLast: boolean,
  isThere: (name: string) => boolean,
): Promise<Member | undefined> {
  const offset = position + blockSize;
  const dataEnd = await endOfData(source, offset, end);
  if (dataEnd === undefined) return undefined;
  // Each member is an archive of its own, ended by zeros; what a header follows at once is an extended one.
  if (end < source.size && end - dataEnd < paddingAfter(dataEnd - offset) + blockSize) return undefined;
  const stated = statedName(block);
  const needsSeal = previous !== undefined && numbered(previous)?.suffix === '';
  const successor = isBehindLast && !needsSeal ? undefined : successorOf(previous);
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
