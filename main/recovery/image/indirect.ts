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

/** One way through the map of a file. */
interface Walk {
  readonly filesystem: Filesystem;
  readonly structure: string;
  readonly first: number;
  readonly end: number;
  /** Blocks of pointers on the way; none may be there twice, which bounds the walk by what the image holds. */
  readonly passed: Set<number>;
}

/** Pointers, each of which stands for `span` blocks of the file, the first of them for those from `start` on. */
interface Table {
  readonly pointers: Uint8Array;
  readonly span: number;
  readonly start: number;
}

/**
 * The mapped runs that touch the blocks `first` to `end` (exclusive) of a file, in order.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export async function* indirectRuns(
  filesystem: Filesystem,
  inode: Inode,
  first: number,
  end: number,
): AsyncGenerator<Run, void, undefined> {
  const walk = {
    filesystem,
    structure: `block map of inode ${inode.number}`,
    first,
    end,
    passed: new Set<number>(),
  };
  yield* blockRuns(walk, { pointers: inode.map.subarray(0, DIRECT_BLOCKS * 4), span: 1, start: 0 });
  let start = DIRECT_BLOCKS;
  for (let level = 0; level < LEVELS; level++) {
    const at = (DIRECT_BLOCKS + level) * 4;
    const span = (filesystem.superblock.blockSize / 4) ** (level + 1);
    yield* tableRuns(walk, { pointers: inode.map.subarray(at, at + 4), span, start });
    start += span;
  }
}

/** The runs below pointers to blocks of pointers. */
async function* tableRuns(walk: Walk, table: Table): AsyncGenerator<Run, void, undefined> {
  const { filesystem, structure } = walk;
  const fields = new Fields(table.pointers);
  const count = table.pointers.length / 4;
  const from = Math.max(0, Math.floor((walk.first - table.start) / table.span));
  for (let index = from; index < count; index++) {
    const start = table.start + index * table.span;
    if (start >= walk.end) return;
    const block = checked(walk, fields.u32(index * 4));
    if (block === 0) continue;
    if (walk.passed.has(block)) damaged(structure, `block ${block} is part of it twice`);
    walk.passed.add(block);
    const pointers = await filesystem.blocks.metadata(block, structure);
    const below = { pointers, span: table.span / (filesystem.superblock.blockSize / 4), start };
    yield* below.span === 1 ? blockRuns(walk, below) : tableRuns(walk, below);
  }
}

/** The runs of pointers to content, neighbours as one. */
function* blockRuns(walk: Walk, table: Table): Generator<Run, void, undefined> {
  const fields = new Fields(table.pointers);
  const stop = Math.min(table.pointers.length / 4, walk.end - table.start);
  let index = Math.max(0, walk.first - table.start);
  while (index < stop) {
    const physical = checked(walk, fields.u32(index * 4));
    let next = index + 1;
    if (physical !== 0) {
      while (next < stop && fields.u32(next * 4) === physical + next - index) next++;
      checked(walk, physical + next - index - 1);
      yield { logical: table.start + index, physical, length: next - index };
    }
    index = next;
  }
}

function checked({ filesystem, structure }: Walk, block: number): number {
  if (block >= filesystem.superblock.blockCount) {
    damaged(structure, `block ${block} lies outside the file system`);
  }
  return block;
}
