/** What every reader of a structure of ext4 needs: the superblock, the blocks, and the fast commits. */
import type { BlockReader } from './block-reader.ts';
import type { FastCommits } from './fast-commit.ts';
import type { Problem } from '../../../shared/problems.ts';
import type { Superblock } from './superblock.ts';

export interface Filesystem {
  readonly superblock: Superblock;
  readonly blocks: BlockReader;
  /** Changes that the journal holds as commands and not as blocks, or null where there are none. */
  readonly fastCommits: FastCommits | null;
  /** Tells of something that was worked around; said once a kind. */
  readonly note: (problem: Problem) => void;
}
