/** Where the content of a file lies: runs of blocks and the holes between them, however the inode maps them. */
import { coalesced } from './coalesced.ts';
import { extentRuns } from './extents.ts';
import type { Filesystem } from './filesystem.ts';
import { indirectRuns } from './indirect.ts';
import type { Inode } from './inode.ts';
import { overriddenRuns } from './run-overrides.ts';

/** Consecutive blocks of a file that lie in consecutive blocks of the image, or nowhere. */
export interface Run {
  /** First block, counted in the file. */
  readonly logical: number;
  /** First block, counted in the image; null for a hole and for blocks never written, which read as zeros. */
  readonly physical: number | null;
  /** Blocks. */
  readonly length: number;
}

/**
 * The runs that cover the blocks `first` to `end` (exclusive) of a file in order and without a gap.
 *
 * @throws RecoveryError `filesystem-damaged`, after the runs that lie before the damage
 */
export function runsOf(
  filesystem: Filesystem,
  inode: Inode,
  first: number,
  end: number,
): AsyncGenerator<Run, void, undefined> {
  const onDisk = inode.flags.has('extents')
    ? extentRuns(filesystem, inode, first, end)
    : indirectRuns(filesystem, inode, first, end);
  const overrides = filesystem.fastCommits?.ranges.get(inode.number);
  const mapped = overrides ? overriddenRuns(onDisk, overrides) : onDisk;
  return coalesced(withHoles(mapped, first, end), joinedRuns);
}

/** Cuts ascending runs to `first` … `end` and fills what lies between them. */
async function* withHoles(
  mapped: AsyncIterable<Run>,
  first: number,
  end: number,
): AsyncGenerator<Run, void, undefined> {
  let at = first;
  for await (const { logical, physical, length } of mapped) {
    const from = Math.max(logical, at);
    const to = Math.min(logical + length, end);
    if (from >= to) continue;
    if (from > at) yield { logical: at, physical: null, length: from - at };
    yield {
      logical: from,
      physical: physical === null ? null : physical + from - logical,
      length: to - from,
    };
    at = to;
  }
  if (at < end) yield { logical: at, physical: null, length: end - at };
}

/** Two runs that follow each other in the file as one, if they follow each other in the image too. */
function joinedRuns(run: Run, next: Run): Run | null {
  const follows =
    run.physical === null ? next.physical === null : next.physical === run.physical + run.length;
  return follows ? { ...run, length: run.length + next.length } : null;
}
