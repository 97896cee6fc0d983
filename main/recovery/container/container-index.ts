/**
 * The index of a backup file: which members the outer tar holds and where, found by seeking from header to header.
 *
 * The container is a concatenation of one-member tars (docs/format.md, "Outer container"), so zero blocks may
 * stand between members. Bodies of chunks are never read: a 500 GB backup costs some thousand small reads.
 */
import { fail, problem, type Problem } from '../../../shared/problems.ts';
import type { ByteSource } from '../bytes/source.ts';
import { blockSize, isZeroBlock, paddingAfter, parseHeader, type TarHeader } from '../tar/header.ts';
import { parseLongName, parsePaxRecords, paxNumber } from '../tar/pax.ts';

/** One regular file of the outer tar: its data lie at `offset`, `size` bytes long. */
export interface Member {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

export interface ContainerIndex {
  /** By name, in the order of the file; of a repeated name the first counts, as for `tar --occurrence=1`. */
  readonly members: ReadonlyMap<string, Member>;
  /** Whether the file ends as a tar ends; a copy that was cut off does not. */
  readonly complete: boolean;
  /** The member in whose data the file ends; it is not among `members`. */
  readonly cutShort: Member | null;
  readonly problems: readonly Problem[];
}

/** A 10 TB backup has 100,000 chunks; beyond this many members a file is made to exhaust memory. */
const mostMembers = 1_000_000;

/** Odd members told of; a container with more of them was made to have them. */
const mostProblems = 1000;

/** Longest name of a member: Qubes has `dom0-home/` with a user's name, and folders of format 3 with a qube's. */
const longestName = 512;

/** Longest extended header of a member, which has its name, its size and its times. */
const longestMemberHeader = 64 * 1024;

/** Bytes read at once: a GNU tar's padding after a member (at most 10,240) and the next headers. */
const windowSize = 16 * 1024;

/** Zero blocks beyond this many bytes are no padding but a file whose end was never written. */
const longestPadding = 1024 * 1024;

/**
 * Indexes a backup file. Damage in the middle ends the index there and is reported, since what precedes is good.
 *
 * @throws RecoveryError `not-a-backup` when the file does not begin as a tar, `container-too-long`
 */
export async function indexContainer(source: ByteSource): Promise<ContainerIndex> {
  const members = new Map<string, Member>();
  const problems: Problem[] = [];
  const read = windowedReader(source);
  const report = (value: Problem) => {
    if (problems.length < mostProblems) problems.push(value);
  };
  let position = 0;
  let zeroBytes = 0;
  let entries = 0;
  let last: string | undefined;
  let longName: string | undefined;
  let pax = new Map<string, string>();
  let cutShort: Member | null = null;

  while (position + blockSize <= source.size) {
    const block = await read(position, blockSize);
    if (isZeroBlock(block)) {
      position += blockSize;
      zeroBytes += blockSize;
      if (zeroBytes > longestPadding) break;
      continue;
    }
    const header = parseHeader(block);
    const isExtension = header?.type === 'x' || header?.type === 'g' || header?.type === 'L';
    if (!header || (isExtension && header.size > longestMemberHeader)) {
      if (last === undefined) fail('not-a-backup');
      problems.push(problem('container-damaged', { offset: position }));
      return { members, complete: false, cutShort, problems };
    }
    zeroBytes = 0;
    const offset = position + blockSize;

    if (isExtension) {
      if (offset + header.size > source.size) break;
      const body = await source.read(offset, header.size);
      if (header.type === 'L') longName = parseLongName(body);
      if (header.type === 'x') {
        const records = parsePaxRecords(body);
        pax = new Map(records);
        const isSound = records && (!pax.has('size') || paxNumber(pax.get('size')) !== undefined);
        // The header behind it may do without.
        if (!isSound) report(problem('container-damaged', { offset: position }));
      }
      position = offset + header.size + paddingAfter(header.size);
      continue;
    }

    const size = paxNumber(pax.get('size')) ?? header.size;
    const name = pax.get('path') ?? longName ?? header.name;
    pax = new Map();
    longName = undefined;
    last = name.slice(0, longestName);
    const member = { name, offset, size };
    position = offset + size + paddingAfter(size);
    if (offset + size > source.size) {
      cutShort = { ...member, name: last };
      break;
    }
    const objection = objectionTo(member, header, members);
    if (objection) report(objection);
    else members.set(name, member);
    entries++;
    if (entries > mostMembers) fail('container-too-long', { limit: mostMembers });
  }

  if (last === undefined) fail('not-a-backup');
  const rest = source.size - position;
  const endsInHeader = rest > 0 && rest < blockSize && !isZeroBlock(await source.read(position, rest));
  const complete = cutShort === null && zeroBytes > 0 && zeroBytes <= longestPadding && !endsInHeader;
  if (!complete) problems.push(problem('backup-truncated', { size: source.size, member: last }));
  return { members, complete, cutShort, problems };
}

function objectionTo(
  member: Member,
  header: TarHeader,
  members: ReadonlyMap<string, Member>,
): Problem | undefined {
  const { name } = member;
  if (!isSafeName(name)) return problem('member-name-unsafe', { name: name.slice(0, longestName) });
  if (header.type !== '0' && header.type !== '7') return problem('member-unexplained', { name });
  if (members.has(name)) return problem('member-repeated', { name });
  return undefined;
}

/** Names are ASCII, relative, and stay below where they start (docs/format.md, "Outer container"). */
export function isSafeName(name: string): boolean {
  if (name.length > longestName || !/^[\x21-\x5b\x5d-\x7e]+(?: [\x21-\x5b\x5d-\x7e]+)*$/.test(name))
    return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Reads small pieces through one window that moves along, so that neighbouring headers cost one read. */
function windowedReader(source: ByteSource) {
  let start = 0;
  let window: Uint8Array = new Uint8Array(0);
  return async (position: number, length: number): Promise<Uint8Array> => {
    if (position < start || position + length > start + window.length) {
      window = await source.read(position, Math.min(windowSize, source.size - position));
      start = position;
    }
    return window.subarray(position - start, position - start + length);
  };
}
