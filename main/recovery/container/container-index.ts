/**
 * The index of a backup file: which members the outer tar holds and where, found by seeking from header to header.
 *
 * The container is a concatenation of one-member tars (docs/format.md, "Outer container"), so zero blocks may
 * stand between members. Bodies of chunks are never read: a 500 GB backup costs some thousand small reads.
 */
import { createHash } from 'node:crypto';
import { fail, problem, type Problem, type ProblemCode } from '../../../shared/problems.ts';
import type { ByteSource } from '../bytes/source.ts';
import { readIfReadable } from '../bytes/unreadable.ts';
import { blockSize, isZeroBlock, paddingAfter, parseHeader, type TarHeader } from '../tar/header.ts';
import { parseLongName, parsePaxRecords, paxNumber } from '../tar/pax.ts';
import {
  beginsMember,
  HeaderSearch,
  longestExtension,
  membersOf,
  type FoundMembers,
  type LostHeader,
} from './lost-header.ts';
import { headerName, isSafeName, leadsOut, longestName, withoutDot } from './safe-name.ts';

/** One regular file of the outer tar: its data lie at `offset`, `size` bytes long. */
export interface Member {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** Where the header of a chunk is lost: whether only the chunk before it suggests its name. */
  readonly isGuessed?: boolean;
}

/** The codes of problems that tell where a container is damaged, by `offset`. */
export const containerDamage: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'container-damaged',
  'container-member-lost',
]);

export interface ContainerIndex {
  /**
   * By name, in the order of the file; of a repeated name the first counts, as for `tar --occurrence=1`. Behind them come
   * those whose header is lost, as far as they can be told.
   */
  readonly members: ReadonlyMap<string, Member>;
  /** Whether the file is a tar throughout, and ends as one; a copy that was cut off does not. */
  readonly complete: boolean;
  /** Whether the file ends too early; null where damage reaches to its end, and nobody knows how it ended. */
  readonly cutOff: boolean | null;
  /** The member in whose data the file ends; it is not among `members`. */
  readonly cutShort: Member | null;
  /**
   * SHA-256, in hexadecimal, of the members' headers and of what authenticates chunks beside them. It tells backups without
   * an id apart.
   */
  readonly fingerprint: string;
  /**
   * From where on members may be of another backup, which was longer and lies behind: the first place that makes no sense, or
   * at which a name repeats. Null where there is none.
   */
  readonly doubtfulFrom: number | null;
  readonly problems: readonly Problem[];
}

/** A 10 TB backup has 100,000 chunks; beyond this many members a file is made to exhaust memory. */
export const mostMembers = 1_000_000;

/** Odd members told of; a container with more of them was made to have them. */
const mostProblems = 1000;

/** Bytes of a `.hmac` member that the fingerprint takes in: longer ones are no such thing. */
export const longestSeal = 4096;

/** Bytes read at once: a GNU tar's padding after a member (at most 10,240) and the next headers. */
const windowSize = 16 * 1024;

/** The same where one small member follows another. */
const longestWindow = 256 * 1024;

/** Zero blocks beyond this many bytes are no padding but a file whose end was never written. */
const longestPadding = 1024 * 1024;

/** Where bytes were lost from a member, the next header stands before its place: so far, it is looked for. */
const longestShift = 1024 * 1024;

/**
 * Indexes a backup file. Damage in the middle is reported and passed over, since what lies before and behind it is good.
 *
 * @throws RecoveryError `not-a-backup` when the file does not begin as a tar, `container-too-long`
 */
export function indexContainer(source: ByteSource): Promise<ContainerIndex> {
  return new Walk(source).toEnd();
}

/** The way from header to header through a container. */
class Walk {
  readonly #source: ByteSource;
  readonly #read: ReturnType<typeof windowedReader>;
  readonly #search: HeaderSearch;
  readonly #members = new Map<string, Member>();
  readonly #problems: Problem[] = [];
  readonly #fingerprint = createHash('sha256');
  readonly #lostHeaders: LostHeader[] = [];
  #position = 0;
  /** Where the latest damage ended: nothing that stands before is looked for again. */
  #passed = 0;
  /** Zeros passed over since the last member. */
  #zeros = 0;
  #entries = 0;
  #last: { readonly name: string; readonly offset: number } | undefined;
  #longName: string | undefined;
  #pax: ReadonlyMap<string, string> = new Map();
  #cutShort: Member | null = null;
  #damage: 'none' | 'passed' | 'to the end' = 'none';
  #doubtfulFrom: number | null = null;

  constructor(source: ByteSource) {
    this.#source = source;
    this.#read = windowedReader(source);
    this.#search = new HeaderSearch(source);
  }

  async toEnd(): Promise<ContainerIndex> {
    const { size } = this.#source;
    while (this.#position + blockSize <= size && !this.#cutShort) {
      const block = await this.#read(this.#position, blockSize);
      const isZero = block !== undefined && isZeroBlock(block);
      if (isZero && this.#zeros <= longestPadding) {
        this.#position += blockSize;
        this.#zeros += blockSize;
        continue;
      }
      const header = block && parseHeader(block);
      const isExtension = header !== undefined && 'xgL'.includes(header.type);
      if (!header || (isExtension && header.size > longestExtension)) {
        if (!(await this.#passDamage(block, isZero))) break;
      } else if (isExtension) {
        this.#zeros = 0;
        if (this.#position + blockSize + header.size > size) break;
        await this.#takeExtension(header);
      } else {
        this.#fingerprint.update(block);
        const { size: length } = header;
        const isSeal = header.name.endsWith('.hmac') && length <= longestSeal;
        if (isSeal && this.#position + blockSize + length <= size)
          this.#fingerprint.update((await this.#read(this.#position + blockSize, length)) ?? '');
        this.#takeMember(header);
      }
    }
    return this.#index();
  }

  /** Goes to the next header behind one that cannot be read; false at zeros that nothing follows. */
  async #passDamage(block: Uint8Array | undefined, isZero: boolean): Promise<boolean> {
    const last = this.#last;
    // A drive's bad places are often copied as zeros, which pass for the end of the archive before.
    const isBehindZeros = this.#zeros >= blockSize && block !== undefined && beginsMember(block);
    const position = this.#position - (isBehindZeros ? blockSize : 0);
    const before = this.#lostHeaders.at(-1);
    const behind = before && before.next === undefined ? before : undefined;
    const next = last
      ? await this.#search[isZero ? 'nextBehindZeros' : 'next'](
          behind ? position : Math.max(last.offset, position - longestShift, this.#passed),
          position,
        )
      : await this.#search.next(position, position, longestPadding);
    if (next === undefined && !last) fail('not-a-backup');
    if (next === undefined && isZero) return false;
    this.#report(problem('container-damaged', { offset: isZero ? position - this.#zeros : position }));
    this.#doubtfulFrom ??= position;
    const end = next?.start ?? this.#source.size;
    if (!isZero && end > position && this.#lostHeaders.length < mostProblems) {
      const own = { position, block: isBehindZeros ? undefined : block?.slice(), end };
      this.#lostHeaders.push({ ...own, previous: last?.name, next: undefined, behind });
    }
    this.#damage = next === undefined ? 'to the end' : 'passed';
    this.#position = next?.position ?? end;
    this.#passed = this.#position;
    this.#zeros = 0;
    this.#pax = new Map();
    this.#longName = undefined;
    return true;
  }

  async #takeExtension({ type, size }: TarHeader): Promise<void> {
    const offset = this.#position + blockSize;
    const body = await readIfReadable(this.#source, offset, size);
    if (body && type === 'L') this.#longName = parseLongName(body);
    if (type === 'x') {
      const records = body && parsePaxRecords(body);
      this.#pax = new Map(records);
      const isSound = records && (!this.#pax.has('size') || paxNumber(this.#pax.get('size')) !== undefined);
      // The header behind it may do without.
      if (!isSound) this.#report(problem('container-damaged', { offset: this.#position }));
    }
    this.#position = offset + size + paddingAfter(size);
  }

  #takeMember(header: TarHeader): void {
    const offset = this.#position + blockSize;
    const size = paxNumber(this.#pax.get('size')) ?? header.size;
    const name = withoutDot(this.#pax.get('path') ?? this.#longName ?? header.name);
    this.#pax = new Map();
    this.#longName = undefined;
    this.#last = { name: name.slice(0, longestName), offset };
    this.#zeros = 0;
    const lost = this.#lostHeaders.at(-1);
    if (lost) lost.next ??= this.#last.name;
    const member = { name, offset, size };
    this.#position = offset + size + paddingAfter(size);
    if (offset + size > this.#source.size) {
      this.#cutShort = { ...member, ...this.#last };
      return;
    }
    const objection = objectionTo(member, header, this.#members);
    if (objection?.code === 'member-repeated') this.#doubtfulFrom ??= offset;
    if (objection) this.#report(objection);
    // An empty one can only have been put before it.
    if (
      objection?.code === 'member-repeated' &&
      size > 0 &&
      this.#members.get(name)?.size === 0 &&
      isNeverEmpty(name)
    )
      this.#members.set(name, member);
    // Folders stand in archives that people made of an unpacked backup.
    if (!objection && header.type !== '5') this.#members.set(name, member);
    this.#entries++;
    if (this.#entries > mostMembers) fail('container-too-long', { limit: mostMembers });
  }

  /** Takes the members whose headers are lost. What remains without a name is no mere damage: it is told as a loss. */
  #takeFound({ told, unnamed }: FoundMembers): void {
    for (const member of told.values()) this.#members.set(member.name, member);
    const lost = new Set(unnamed.map(({ position }) => position));
    for (const [i, { code, params }] of this.#problems.entries())
      if (code === 'container-damaged' && lost.has(Number(params.offset)))
        this.#problems[i] = problem('container-member-lost', { offset: params.offset });
  }

  async #index(): Promise<ContainerIndex> {
    const last = this.#last ?? fail('not-a-backup');
    this.#takeFound(await membersOf(this.#source, this.#lostHeaders, this.#members));
    const { size } = this.#source;
    const rest =
      this.#position < size
        ? await this.#source.read(this.#position, Math.min(blockSize, size - this.#position))
        : null;
    // A cut in a header leaves the beginning of a name. Whatever else is shorter than a block was added behind the end.
    const endsInHeader = rest !== null && rest.length < blockSize && (rest[0] ?? 0) > 0x20;
    const endsAsTar = !this.#cutShort && this.#zeros > 0 && !endsInHeader;
    // Where damage reaches to the end, nobody knows how it ended.
    const cutOff = this.#damage === 'to the end' ? null : !endsAsTar;
    if (cutOff) this.#problems.push(problem('backup-truncated', { size, member: last.name }));
    const offset = this.#zeros > longestPadding ? this.#position - this.#zeros : this.#position;
    const isFollowed = this.#zeros > longestPadding || (rest !== null && !isZeroBlock(rest));
    if (endsAsTar && this.#damage !== 'to the end' && isFollowed)
      this.#problems.push(problem('data-behind-end', { offset, size: size - offset }));
    const folder = folderOf(this.#members);
    const members = [...this.#members.values()]
      .filter(({ name }) => name.startsWith(folder))
      .map((member) => within(folder, member));
    return {
      members: folder === '' ? this.#members : new Map(members.map((member) => [member.name, member])),
      complete: endsAsTar && this.#damage === 'none',
      cutOff,
      cutShort: this.#cutShort && within(folder, this.#cutShort),
      fingerprint: this.#fingerprint.digest('hex'),
      doubtfulFrom: this.#doubtfulFrom,
      problems: this.#problems,
    };
  }

  #report(value: Problem): void {
    if (this.#problems.length < mostProblems) this.#problems.push(value);
  }
}

/** Headers, and what is sealed or seals, have something in them. */
function isNeverEmpty(name: string): boolean {
  return name === headerName || name.endsWith('.enc') || name.endsWith('.hmac');
}

/**
 * The folder that the members of a backup stand in, with a `/` at its end: whoever unpacked one and packed it again may have
 * packed the folder around it as well. What stands beside that folder is not of the backup.
 */
function folderOf(members: ReadonlyMap<string, Member>): string {
  if (['', '.enc'].some((ending) => members.has(`qubes.xml.000${ending}`)) || members.has(headerName))
    return '';
  const header = [...members.keys()].find((name) => name.endsWith(`/${headerName}`));
  return header?.slice(0, -headerName.length) ?? '';
}

function within(folder: string, member: Member): Member {
  return { ...member, name: member.name.slice(folder.length) };
}

function objectionTo(
  member: Member,
  header: TarHeader,
  members: ReadonlyMap<string, Member>,
): Problem | undefined {
  const { name } = member;
  if (header.type === '5' && (name === '' || isSafeName(name.replace(/\/$/, '')))) return undefined;
  if (!isSafeName(name)) {
    const code = leadsOut(name) ? 'member-name-unsafe' : 'member-name-foreign';
    return problem(code, { name: name.slice(0, longestName) });
  }
  if (header.type !== '0' && header.type !== '7') return problem('member-unexplained', { name });
  if (members.has(name)) return problem('member-repeated', { name });
  return undefined;
}

/**
 * Reads small pieces through one window that moves along, so that neighbouring headers cost one read; undefined what the
 * drive cannot read. The window grows where the next one touches it.
 */
function windowedReader(source: ByteSource) {
  let start = 0;
  let window: Uint8Array = new Uint8Array(0);
  let length = windowSize;
  return async (position: number, wanted: number): Promise<Uint8Array | undefined> => {
    if (position < start || position + wanted > start + window.length) {
      const isNext = position >= start && position <= start + window.length + blockSize;
      length = isNext && start > 0 ? Math.min(2 * length, longestWindow) : windowSize;
      // What cannot be read may lie behind what is wanted.
      const read =
        (await readIfReadable(source, position, Math.min(length, source.size - position))) ??
        (await readIfReadable(source, position, wanted));
      if (!read) return undefined;
      window = read;
      start = position;
    }
    return window.subarray(position - start, position - start + wanted);
  };
}
