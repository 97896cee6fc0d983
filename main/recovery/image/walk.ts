/** Walks through a folder and all that lies below it, entering each folder once. */
import { RecoveryError, type Problem } from '../../../shared/problems.ts';
import { isSourceGone } from '../bytes/source.ts';
import { damaged } from './damage.ts';
import { directoryEntries } from './directory.ts';
import type { DirectoryEntry } from './directory-blocks.ts';
import type { Filesystem } from './filesystem.ts';
import { readInode, statusOf, type FileStatus, type Inode } from './inode.ts';

/** Deeper than any path that a program could name. */
const MAX_DEPTH = 2048;

/** What a walk comes to, or what it cannot read. The path's names are bytes, below the folder where it began. */
export type WalkStep =
  | { readonly path: readonly Uint8Array[]; readonly status: FileStatus }
  | { readonly path: readonly Uint8Array[]; readonly problem: Problem };

/** A folder that was entered and is not read to its end. */
interface Level {
  readonly path: readonly Uint8Array[];
  readonly entries: AsyncGenerator<DirectoryEntry, void, undefined>;
}

/**
 * All that lies below a folder, each folder before what it holds. What cannot be read is a step too, with
 * `filesystem-damaged`, `filesystem-entry-encrypted` or `filesystem-entry-unfit`, and the walk goes on behind it.
 * A folder reached a second time is such damage, so that no circle keeps the walk going.
 *
 * @throws RecoveryError `filesystem-damaged` where the first folder has no inode, `source-lost`
 */
export async function* walkFrom(
  filesystem: Filesystem,
  start: number,
): AsyncGenerator<WalkStep, void, undefined> {
  const entered = new Set<number>();
  const levels: Level[] = [];
  const enter = (folder: Inode, path: readonly Uint8Array[]) => {
    if (entered.has(folder.number)) damaged(`directory ${folder.number}`, 'lies in more than one folder');
    if (path.length > MAX_DEPTH) damaged(`directory ${folder.number}`, 'lies too deep');
    entered.add(folder.number);
    levels.push({ path, entries: directoryEntries(filesystem, folder) });
  };
  enter(await readInode(filesystem, start), []);
  for (let level = levels[0]; level; level = levels[levels.length - 1]) {
    let path = level.path;
    try {
      const { value: entry, done } = await level.entries.next();
      if (done) {
        levels.pop();
        continue;
      }
      path = [...level.path, entry.name];
      const inode = await readInode(filesystem, entry.inode);
      yield { path, status: statusOf(inode) };
      if (inode.kind === 'directory') enter(inode, path);
    } catch (error) {
      if (!(error instanceof RecoveryError) || isSourceGone(error.problem)) throw error;
      yield { path, problem: error.problem };
    }
  }
}
