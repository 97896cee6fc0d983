/**
 * Goes on where a header of the outer tar cannot be read: finds the next one, and guesses which member the lost one stood
 * for. Nothing that comes of it is trusted: chunks are authenticated, in format 4 under their very names.
 */
import type { ByteSource } from '../bytes/source.ts';
import { nextReadable, readAround, readIfReadable } from '../bytes/unreadable.ts';
import { parseHmacFile } from '../encryption/hmac-file.ts';
import { parseSealHeader, SealFault, sealHeaderLength } from '../encryption/scrypt-container.ts';
import { blockSize, isZeroBlock, numericField, paddingAfter, parseHeader, textField } from '../tar/header.ts';
import type { Member } from './container-index.ts';
import { headerName, headerSealName, isSafeName, withoutDot } from './safe-name.ts';

/** Bytes looked through in one container at most, half a minute of a slow drive. */
const mostSearched = 4 * 1024 ** 3;

const windowSize = 64 * 1024;

/** What every header of GNU tar has at one place, and chunks next to never have. */
const magic = Buffer.from('ustar');
const magicOffset = 257;

/** Members of a backup: chunks, their seals, and the header with its own. */
const memberName = /^(?:.+\.\d{3,7}(?:\.enc|\.hmac)?|(?:.+\/)?backup-header(?:\.hmac)?)$/;

/** Longest extended header of a member, which has its name, its size and its times. */
export const longestExtension = 64 * 1024;

/** Where the way goes on behind a lost header. */
export interface NextHeader {
  /** Where a header stands, or stood that is lost as well. */
  readonly position: number;
  /** Where its archive begins: there, or with what is left of an extended header. */
  readonly start: number;
}

/** Zeros that nothing was found in for so far are looked through by samples. */
const sampledFrom = 1024 ** 3;
/** Samples of zeros on a whole drive: some minutes of one that seeks. */
const mostSamples = 16 * 1024;
const sampleSize = 4096;
/** Less than a chunk of Qubes, so that no file of several chunks lies between two samples. */
const longestStride = 64 * 1024 * 1024;
const shortestStride = 1024 * 1024;
/** The end of what is sampled, which is looked through whole: data there may be less than a stride. */
const wholeEnd = 8 * 1024 * 1024;

/** A piece of the container in which headers were looked for. */
interface SearchWindow {
  /** Headers that begin in `windowSize` bytes from here on are found in it. */
  readonly start: number;
  readonly bytes: Buffer;
  /** Where the bytes begin, some blocks before. */
  readonly bytesStart: number;
  /** Where headers may stand, in ascending order, and which of them do, as far as that was looked at. */
  readonly candidates: readonly number[];
  readonly begins: Map<number, boolean>;
  /** Where headers must have stood, in ascending order. */
  readonly traces: readonly number[];
}

/** Looks for headers that stand anywhere, also where lost bytes have moved them off their blocks. */
export class HeaderSearch {
  readonly #source: ByteSource;
  #left = mostSearched;
  /** The latest one: of many damaged headers in a row, each is looked for in what was read for those before it. */
  #window: SearchWindow | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /**
   * Where the next header of a backup's member, or an extended header before it, begins; or, behind `lost`, where one stood
   * that is lost as well but left a trace. Undefined where none is found.
   */
  async next(from: number, lost: number, limit = Infinity): Promise<NextHeader | undefined> {
    const stop = Math.min(this.#source.size - blockSize, from + limit);
    this.#left -= blockSize;
    for (let start = from; start <= stop && this.#left > 0;) {
      const window = await this.#windowAt(start);
      const end = (window?.start ?? start) + windowSize;
      const header = window && (await this.#headerIn(window, start));
      const trace = window?.traces.find((position) => position > lost && position >= start);
      if (window && trace !== undefined && trace < (header ?? Infinity))
        return { position: trace, start: startOf(window, trace) };
      if (header !== undefined) return { position: header, start: header };
      start = window ? end : await nextReadable(this.#source, end, windowSize);
    }
    return undefined;
  }

  /**
   * As `next`, behind zeros that go on from `position`. Further than a gibibyte they are looked through by samples, since
   * nobody waits for a whole drive to be read: what may be passed over is less than a stride, with zeros around it.
   */
  async nextBehindZeros(from: number, position: number): Promise<NextHeader | undefined> {
    const near = await this.next(from, position, sampledFrom);
    if (near) return near;
    const { size } = this.#source;
    if (size - from <= sampledFrom) return undefined;
    let before = from + sampledFrom;
    const stride = Math.min(longestStride, Math.max(shortestStride, (size - before) / mostSamples));
    const step = Math.ceil(stride / blockSize) * blockSize;
    for (let at = before; at < size; before = at, at += step) {
      const sample = await readIfReadable(this.#source, at, Math.min(sampleSize, size - at));
      if (sample && !isZeroBlock(sample)) return this.next(before, position);
    }
    return this.next(Math.max(from + sampledFrom, size - wholeEnd), position);
  }

  async #windowAt(start: number): Promise<SearchWindow | undefined> {
    const present = this.#window;
    if (present && start >= present.start && start < present.start + windowSize) return present;
    // The headers that begin in a window end in the next one; what stands before them may be read as well.
    const bytesStart = Math.max(0, start - longestRemains);
    const length = Math.min(windowSize + blockSize, this.#source.size - start);
    this.#left -= length;
    const read = await readAround(this.#source, bytesStart, start - bytesStart + length);
    if (!read) return undefined;
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.length);
    const window = bytes.subarray(start - bytesStart);
    // Of vast zeros, a pass is enough.
    const isEmpty = isZeroBlock(window);
    const candidates = (isEmpty ? [] : hitsOf(magic, window))
      .map((hit) => hit - magicOffset)
      .filter((at) => at >= 0 && at < windowSize && at + blockSize <= window.length)
      .map((at) => start + at);
    const traces = (isEmpty ? [] : tracesIn(window)).map((at) => start + at);
    this.#window = { start, bytes, bytesStart, candidates, begins: new Map(), traces };
    return this.#window;
  }

  async #headerIn(window: SearchWindow, from: number): Promise<number | undefined> {
    for (const position of window.candidates) {
      if (position < from) continue;
      if (this.#left <= 0) break;
      let begins = window.begins.get(position);
      if (begins === undefined) {
        const at = position - window.bytesStart;
        begins = await this.#begins(window.bytes.subarray(at, at + blockSize), position);
        window.begins.set(position, begins);
      }
      if (begins) return position;
    }
    return undefined;
  }

  /** Whether a block is the header of a member, by itself or behind an extended header. */
  async #begins(block: Uint8Array, position: number): Promise<boolean> {
    this.#left -= blockSize;
    const header = parseHeader(block);
    if (!header) return false;
    if ('07'.includes(header.type)) return isMemberName(withoutDot(header.name));
    if (!'xL'.includes(header.type) || header.size > longestExtension) return false;
    const behind = position + blockSize + header.size + paddingAfter(header.size);
    if (behind + blockSize > this.#source.size) return false;
    this.#left -= windowSize;
    const next = await readIfReadable(this.#source, behind, blockSize);
    const own = next && parseHeader(next);
    return own !== undefined && '07'.includes(own.type);
  }
}

/** Where what stands before a lost header begins, behind the zeros that end the archive before it. */
function startOf({ bytes, bytesStart }: SearchWindow, position: number): number {
  for (let start = position; start >= Math.max(blockSize, position - longestRemains); start -= blockSize) {
    const before = start - blockSize - bytesStart;
    if (before < 0) break;
    if (isZeroBlock(bytes.subarray(before, before + blockSize))) return start;
  }
  return position;
}

function isMemberName(name: string): boolean {
  return isSafeName(name) && memberName.test(name);
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

export interface FoundMembers {
  /** By name. */
  readonly told: ReadonlyMap<string, Member>;
  /** The headers of members that nothing names. */
  readonly unnamed: readonly LostHeader[];
}

/** The members whose headers are lost, as far as they can be told, with the help of those before and behind them. */
export async function membersOf(
  source: ByteSource,
  lostHeaders: readonly LostHeader[],
  members: ReadonlyMap<string, Member>,
): Promise<FoundMembers> {
  for (const { behind, block, next } of lostHeaders.toReversed())
    if (behind) behind.next ??= predecessorOf(next) ?? statedName(block);
  // As large as this are all chunks of a file but its last one.
  const largest = [...members.values()].reduce((most, { size }) => Math.max(most, size), 0);
  const told = new Map<string, Member>();
  const unnamed: LostHeader[] = [];
  const names = new Map<LostHeader, string>();
  const find = (name = '') => members.get(name) ?? told.get(name);
  for (const lost of lostHeaders) {
    if (lost.behind) lost.previous = names.get(lost.behind);
    const chunk = find(lost.previous?.replace(/\.hmac$/, ''));
    const isLastOfFile = chunk !== undefined && chunk.size < largest;
    const member = await memberOf(source, lost, isLastOfFile, (name) => find(name) !== undefined);
    if (member) {
      told.set(member.name, member);
      names.set(lost, member.name);
    } else if (await isOfMember(source, lost)) {
      unnamed.push(lost);
    }
  }
  return { told, unnamed };
}

/**
 * Whether a member stands behind a lost header that nothing names. Of what an older backup left, of a bad place in the zeros
 * between two members, and of an extended header nothing says so.
 */
async function isOfMember(source: ByteSource, { position, block }: LostHeader): Promise<boolean> {
  if (block === undefined) return true;
  if (isLikeHeader(block)) return !isLikeExtension(block);
  const offset = position + blockSize;
  const first = await readIfReadable(source, offset, Math.min(blockSize, source.size - offset));
  return first === undefined || beginsMember(first);
}

/** Mode, owner, group, size and time of a header: where they start, and how long they are. */
const numbersOfHeader = [
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
] as const;

/** Whether a block looks like a header of which a part is wrong. */
function isLikeHeader(block: Uint8Array): boolean {
  const text = Buffer.from(block).toString('latin1');
  const numbers = numbersOfHeader.filter(([start, length]) =>
    /^[0-7]+[\0 ]$/.test(text.slice(start, start + length)),
  );
  return numbers.length >= 2 || text.startsWith(magic.toString(), magicOffset);
}

/** Whether it does so by its type or by the names that GNU tar and Python give to such. */
function isLikeExtension(block: Uint8Array): boolean {
  return (
    'xgL'.includes(textField(block, 156, 157) || '0') || /PaxHeader|@LongLink/.test(textField(block, 0, 100))
  );
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
  lost: LostHeader,
  isBehindLast: boolean,
  isThere: (name: string) => boolean,
): Promise<Member | undefined> {
  const { position, block, end, previous, next } = lost;
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
  const member = { name, offset, size: fits ? size : dataEnd - offset };
  const isStated = isNearly(stated, name) || name === predecessorOf(next);
  const isGuessed = name === successor && !needsSeal && !isStated && (await isOfMember(source, lost));
  return isGuessed ? { ...member, isGuessed } : member;
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
  const name = block ? withoutDot(textField(block, 0, 100)) : '';
  return isMemberName(name) ? name : undefined;
}

/** Whether one character at most is another one: first chunks of other files differ in their path and their number. */
function isNearly(name = '', other: string): boolean {
  if (name.length !== other.length) return false;
  return Array.from(name).filter((character, i) => character !== other[i]).length <= 1;
}

/** The members that every backup begins with; in the older formats the seal of the last one tells its name. */
const lead = [headerName, headerSealName, 'qubes.xml.000.enc'];

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
  if (!parts) return name === headerSealName ? headerName : undefined;
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
