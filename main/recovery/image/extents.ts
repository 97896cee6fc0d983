/**
 * Extent trees: how ext4 maps the blocks of a file.
 *
 * Source: Linux, Documentation/filesystems/ext4/ifork.rst, "Extent Tree".
 */
import { crc32c } from './checksums.ts';
import { damaged } from './damage.ts';
import { Fields, joined } from './fields.ts';
import type { Run } from './block-map.ts';
import type { Filesystem } from './filesystem.ts';
import type { Inode } from './inode.ts';

const MAGIC = 0xf30a;
/** A header and an entry are as long as each other. */
const ENTRY_SIZE = 12;
/** Deeper trees map more blocks than a file can have. */
const MAX_DEPTH = 5;
/** Blocks are counted with 32 bits inside a file. */
const LOGICAL_END = 2 ** 32;
/** Longest extent that is written; the length of one that is not has this added. */
const MAX_WRITTEN_LENGTH = 0x8000;

/** A node that is still to be visited, and the blocks of the file for which its parent names it. */
interface Node {
  readonly block: number;
  readonly depth: number;
  readonly first: number;
  readonly end: number;
}

/**
 * The extents that touch the blocks `first` to `end` (exclusive) of a file, in order.
 *
 * That each node starts where its parent says, is not empty, and lies one level lower, bounds the walk by the
 * number of blocks that hold nodes: no node can be reached twice.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export async function* extentRuns(
  filesystem: Filesystem,
  inode: Inode,
  first: number,
  end: number,
): AsyncGenerator<Run, void, undefined> {
  const structure = `extents of inode ${inode.number}`;
  const rootDepth = new Fields(inode.map).u16(6);
  if (rootDepth > MAX_DEPTH) damaged(structure, 'depth');
  const waiting: Node[] = [];
  const root = { block: 0, depth: rootDepth, first: 0, end: LOGICAL_END };
  for (let node: Node | undefined = root; node; node = waiting.pop()) {
    const bytes = node === root ? inode.map : await readNode(filesystem, inode, node, structure);
    const entries = entriesOf(bytes, node, node === root, structure);
    if (node.depth === 0) {
      yield* leafRuns(filesystem, entries, node, structure, first, end);
    } else {
      const children = childrenOf(entries, node, structure);
      waiting.push(...children.filter((child) => child.first < end && child.end > first).reverse());
    }
  }
}

async function readNode(
  filesystem: Filesystem,
  inode: Inode,
  node: Node,
  structure: string,
): Promise<Uint8Array> {
  const bytes = await filesystem.blocks.metadata(node.block, structure);
  if (inode.checksumSeed !== null) {
    const tail = ENTRY_SIZE * (1 + new Fields(bytes).u16(4));
    if (tail + 4 > bytes.length) damaged(structure, 'room for entries');
    if (crc32c(bytes.subarray(0, tail), inode.checksumSeed) !== new Fields(bytes).u32(tail)) {
      damaged(structure, `checksum of block ${node.block}`);
    }
  }
  return bytes;
}

/** The entries of a node, after its header was checked. */
function entriesOf(bytes: Uint8Array, node: Node, isRoot: boolean, structure: string): Fields[] {
  const header = new Fields(bytes);
  const count = header.u16(2);
  const room = header.u16(4);
  if (header.u16(0) !== MAGIC) damaged(structure, 'magic number');
  if (count > room || ENTRY_SIZE * (1 + room) > bytes.length) damaged(structure, 'number of entries');
  if (header.u16(6) !== node.depth) damaged(structure, 'depth');
  if (count === 0 && !(isRoot && node.depth === 0)) damaged(structure, 'empty node');
  return Array.from({ length: count }, (_, index) => {
    const at = ENTRY_SIZE * (1 + index);
    return new Fields(bytes.subarray(at, at + ENTRY_SIZE));
  });
}

function childrenOf(entries: readonly Fields[], node: Node, structure: string): Node[] {
  return entries.map((entry, index) => {
    const first = entry.u32(0);
    const end = entries[index + 1]?.u32(0) ?? node.end;
    if (first < node.first || end <= first || end > node.end) damaged(structure, 'order of its index');
    return { block: joined(entry.u16(8), entry.u32(4)), depth: node.depth - 1, first, end };
  });
}

function* leafRuns(
  filesystem: Filesystem,
  entries: readonly Fields[],
  node: Node,
  structure: string,
  first: number,
  end: number,
): Generator<Run, void, undefined> {
  let reached = node.first;
  for (const entry of entries) {
    const extent = extentOf(entry);
    const { logical, physical, length } = extent;
    if (length === 0 || logical < reached || logical + length > node.end)
      damaged(structure, 'order of extents');
    if (physical !== null && physical + length > filesystem.superblock.blockCount) {
      damaged(structure, `extent at block ${physical} lies outside the file system`);
    }
    reached = logical + length;
    if (logical < end && reached > first) yield extent;
  }
}

/** The run of an extent's twelve bytes. */
export function extentOf(entry: Fields): Run {
  const stored = entry.u16(4);
  const isWritten = stored <= MAX_WRITTEN_LENGTH;
  return {
    logical: entry.u32(0),
    physical: isWritten ? joined(entry.u16(6), entry.u32(8)) : null,
    length: isWritten ? stored : stored - MAX_WRITTEN_LENGTH,
  };
}
