/**
 * Indirect blocks: how ext2 and ext3 map the blocks of a file.
 *
 * Source: Linux, Documentation/filesystems/ext4/ifork.rst, "Direct/Indirect Block Addressing".
 */
import { damaged } from './damage.ts';
import { Fields } from './fields.ts';
import type { Run } from './block-map.ts';
import type { Filesystem } from './filesystem.ts';
import type { Inode } from './inode.ts';

const DIRECT_BLOCKS = 12;
const LEVELS = 3;

/** A block of pointers, each of which stands for `span` blocks of the file. */
interface Table {
  readonly pointers: Uint8Array;
  readonly span: number;
  /** Block of the file for which its first pointer stands. */
  readonly start: number;
}

/**
 * The mapped runs that touch the blocks `first` to `end` (exclusive) of a file, in order.
 *
 * The walk goes by the blocks of the file, at most three levels down, so pointers that form a circle only
 * repeat content and never lead back up.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export async function* indirectRuns(
  filesystem: Filesystem,
  inode: Inode,
  first: number,
  end: number,
): AsyncGenerator<Run, void, undefined> {
  const perBlock = filesystem.superblock.blockSize / 4;
  const structure = `block map of inode ${inode.number}`;
  yield* tableRuns(
    filesystem,
    { pointers: inode.map.subarray(0, DIRECT_BLOCKS * 4), span: 1, start: 0 },
    first,
    end,
    structure,
  );
  let start = DIRECT_BLOCKS;
  for (let level = 0; level < LEVELS; level++) {
    const at = (DIRECT_BLOCKS + level) * 4;
    const span = perBlock ** (level + 1);
    yield* tableRuns(
      filesystem,
      { pointers: inode.map.subarray(at, at + 4), span, start },
      first,
      end,
      structure,
    );
    start += span;
  }
}

async function* tableRuns(
  filesystem: Filesystem,
  table: Table,
  first: number,
  end: number,
  structure: string,
): AsyncGenerator<Run, void, undefined> {
  if (table.span === 1) {
    yield* blockRuns(filesystem, table, first, end, structure);
    return;
  }
  const fields = new Fields(table.pointers);
  const span = table.span / (filesystem.superblock.blockSize / 4);
  const count = table.pointers.length / 4;
  const from = Math.max(0, Math.floor((first - table.start) / table.span));
  for (let index = from; index < count; index++) {
    const start = table.start + index * table.span;
    if (start >= end) return;
    const block = checked(filesystem, fields.u32(index * 4), structure);
    if (block === 0) continue;
    const pointers = await filesystem.blocks.metadata(block, structure);
    yield* tableRuns(filesystem, { pointers, span, start }, first, end, structure);
  }
}

/** The runs of a table whose pointers lead to content, neighbours as one. */
function* blockRuns(
  filesystem: Filesystem,
  table: Table,
  first: number,
  end: number,
  structure: string,
): Generator<Run, void, undefined> {
  const fields = new Fields(table.pointers);
  const stop = Math.min(table.pointers.length / 4, end - table.start);
  let index = Math.max(0, first - table.start);
  while (index < stop) {
    const physical = checked(filesystem, fields.u32(index * 4), structure);
    let next = index + 1;
    if (physical !== 0) {
      while (next < stop && fields.u32(next * 4) === physical + next - index) next++;
      checked(filesystem, physical + next - index - 1, structure);
      yield { logical: table.start + index, physical, length: next - index };
    }
    index = next;
  }
}

function checked(filesystem: Filesystem, block: number, structure: string): number {
  if (block >= filesystem.superblock.blockCount)
    damaged(structure, `block ${block} lies outside the file system`);
  return block;
}
