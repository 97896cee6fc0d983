/**
 * Fast commits: changes that the journal holds as commands behind its transactions.
 *
 * They are not applied to blocks. What they say of inodes, blocks and names is kept by itself, and the readers
 * of inodes, block maps and directories ask for it.
 *
 * Source: Linux, Documentation/filesystems/ext4/journal.rst, "Fast commits", and fs/ext4/fast_commit.h.
 */
import type { Run } from './block-map.ts';
import { crc32c } from './checksums.ts';
import { extentOf } from './extents.ts';
import { Fields } from './fields.ts';
import { nameKey } from './names.ts';
import { flattened } from './run-overrides.ts';

/** What fast commits changed since the last transaction. */
export interface FastCommits {
  /** The fields of inodes, without the map of their blocks; see `mergedInode`. */
  readonly inodes: ReadonlyMap<number, Uint8Array>;
  /** Blocks of files that are mapped anew: ascending runs that do not overlap. */
  readonly ranges: ReadonlyMap<number, readonly Run[]>;
  /** Changes to the names in a directory, in the order in which they were made. */
  readonly names: ReadonlyMap<number, ReadonlyMap<string, readonly NameChange[]>>;
}

export interface NameChange {
  readonly does: 'link' | 'unlink';
  readonly inode: number;
}

const TAG = {
  addRange: 1,
  removeRange: 2,
  create: 3,
  link: 4,
  unlink: 5,
  inode: 6,
  pad: 7,
  tail: 8,
  head: 9,
} as const;
const TAG_HEADER_SIZE = 4;
/** Shortest value of each tag. */
const minimumLengths: Readonly<Record<number, number>> = {
  [TAG.addRange]: 16,
  [TAG.removeRange]: 12,
  [TAG.create]: 9,
  [TAG.link]: 9,
  [TAG.unlink]: 9,
  [TAG.inode]: 4 + 128,
  [TAG.pad]: 0,
  [TAG.tail]: 8,
  [TAG.head]: 8,
};

interface Command {
  readonly tag: number;
  readonly value: Fields;
}

/**
 * Reads the fast commits that follow a transaction, up to the last that is whole.
 *
 * @param area the blocks of the journal that are set aside for fast commits
 * @param transaction the number after that of the last full transaction, which they carry
 * @returns null where there are none
 */
export function parseFastCommits(
  area: Uint8Array,
  blockSize: number,
  transaction: number,
): FastCommits | null {
  const commands = committedCommands(area, blockSize, transaction);
  return commands.length > 0 ? effectOf(commands) : null;
}

/** The commands of the commits whose checksum holds. */
function committedCommands(area: Uint8Array, blockSize: number, transaction: number): Command[] {
  const committed: Command[] = [];
  let pending: Command[] = [];
  let checksum = 0;
  for (let at = 0; at + TAG_HEADER_SIZE <= area.length;) {
    const blockEnd = at - (at % blockSize) + blockSize;
    if (at + TAG_HEADER_SIZE > blockEnd) {
      at = blockEnd;
      continue;
    }
    const header = new Fields(area.subarray(at, at + TAG_HEADER_SIZE));
    const tag = header.u16(0);
    const end = at + TAG_HEADER_SIZE + header.u16(2);
    const minimum = minimumLengths[tag];
    if (minimum === undefined || header.u16(2) < minimum || end > blockEnd) break;
    if (at === 0 && tag !== TAG.head) break;
    const value = new Fields(area.subarray(at + TAG_HEADER_SIZE, end));
    if (tag === TAG.head && (value.u32(0) !== 0 || value.u32(4) !== transaction)) break;
    if (tag === TAG.tail) {
      // The checksum covers its own tag up to itself; what follows fills up the block.
      checksum = crc32c(area.subarray(at, at + TAG_HEADER_SIZE + 4), checksum);
      if (value.u32(0) !== transaction || value.u32(4) !== checksum) break;
      for (const command of pending) committed.push(command);
      pending = [];
      checksum = 0;
    } else {
      checksum = crc32c(area.subarray(at, end), checksum);
      if (tag !== TAG.pad) pending.push({ tag, value });
    }
    at = end;
  }
  return committed;
}

function effectOf(commands: readonly Command[]): FastCommits {
  const inodes = new Map<number, Uint8Array>();
  const changes = new Map<number, Run[]>();
  const names = new Map<number, Map<string, NameChange[]>>();
  for (const { tag, value } of commands) {
    if (tag === TAG.inode) {
      const number = value.u32(0);
      const fields = value.bytes.slice(4);
      const before = inodes.get(number);
      if (before && generationOf(before) !== generationOf(fields)) changes.delete(number);
      inodes.set(number, fields);
    } else if (tag === TAG.addRange) {
      valueAt(changes, value.u32(0), () => []).push(extentOf(new Fields(value.bytes.subarray(4))));
    } else if (tag === TAG.removeRange) {
      const hole = { logical: value.u32(4), physical: null, length: value.u32(8) };
      valueAt(changes, value.u32(0), () => []).push(hole);
    } else if (tag === TAG.create || tag === TAG.link || tag === TAG.unlink) {
      const folder = valueAt(names, value.u32(0), () => new Map<string, NameChange[]>());
      const does = tag === TAG.unlink ? 'unlink' : 'link';
      valueAt(folder, nameKey(value.bytes.subarray(8)), () => []).push({ does, inode: value.u32(4) });
    }
  }
  const ranges = new Map([...changes].map(([inode, runs]) => [inode, flattened(runs)]));
  return { inodes, ranges, names };
}

function valueAt<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/**
 * What a name leads to after changes: a link is only made where there is none, and only removed where it leads
 * to the inode that it was removed from.
 *
 * @param stored the inode to which it leads on the disk, or null
 */
export function entryAfter(changes: readonly NameChange[], stored: number | null): number | null {
  return changes.reduce<number | null>((current, { does, inode }) => {
    if (does === 'link') return current ?? inode;
    return current === inode ? null : current;
  }, stored);
}

/** A number that an inode gets anew each time it is used for another file. */
function generationOf(inode: Uint8Array): number {
  return new Fields(inode).u32(0x64);
}

const MAP = { start: 0x28, end: 0x64 } as const;
const EXTENTS_FLAG = 0x8_0000;
const INLINE_FLAG = 0x1000_0000;
/** The root of a tree of extents that has none, with room for four. */
const EMPTY_TREE = Uint8Array.of(0x0a, 0xf3, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0);

/**
 * An inode's bytes as a fast commit left them. The commit does not tell how the blocks of a file are mapped:
 * that is as it was on the disk, with the commit's ranges, or empty if the disk holds another file's inode.
 */
export function mergedInode(stored: Uint8Array, committed: Uint8Array): Uint8Array {
  const fields = new Fields(committed);
  const isSame = generationOf(stored) === generationOf(committed);
  const merged = isSame ? stored.slice() : new Uint8Array(stored.length);
  merged.set(committed.subarray(0, merged.length));
  const kind = fields.u16(0) >>> 12;
  const isDirectory = kind === 0x4;
  const mapsBlocks = (isDirectory || kind === 0x8) && (fields.u32(0x20) & INLINE_FLAG) === 0;
  const usesExtents = (fields.u32(0x20) & EXTENTS_FLAG) !== 0;
  if (mapsBlocks || usesExtents) {
    const map = isSame ? stored.subarray(MAP.start, MAP.end) : new Uint8Array(MAP.end - MAP.start);
    merged.set(map, MAP.start);
    if (usesExtents && !isExtentTree(map)) merged.fill(0, MAP.start, MAP.end).set(EMPTY_TREE, MAP.start);
    // A new directory has no block of its own yet: all its names are in the commits.
    if (isDirectory && !isSame) merged.fill(0, 0x4, 0x8);
  }
  return merged;
}

function isExtentTree(map: Uint8Array): boolean {
  return map[0] === EMPTY_TREE[0] && map[1] === EMPTY_TREE[1];
}
