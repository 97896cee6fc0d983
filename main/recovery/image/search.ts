/** Finds files of an image by a part of their name, wherever they lie. */
import type { SearchEnd, SearchHit } from '../../../shared/image.ts';
import { fail } from '../../../shared/problems.ts';
import { inTurns } from '../turns.ts';
import { damaged, isDamage } from './damage.ts';
import type { Ext4 } from './ext4.ts';
import { childPath, entryOfStatus, idOfPath, LONGEST_FOLDER_PATH } from './listing.ts';
import { displayName } from './names.ts';

/** As many findings as a person looks through. */
const MOST_FOUND = 2000;

export interface SearchOptions {
  /** Told of each finding. */
  readonly onFound: (hit: SearchHit) => void;
  /** Told of each entry that was looked at. */
  readonly onVisited?: (visited: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Searches the whole file system for entries whose names contain `text`, whatever the case and form of its letters.
 *
 * @throws RecoveryError `cancelled`, `source-lost`, and `filesystem-damaged` where the root has no inode
 */
export async function searchNames(
  filesystem: Ext4,
  text: string,
  { onFound, onVisited, signal }: SearchOptions,
): Promise<SearchEnd> {
  const wanted = comparable(text);
  let visited = 0;
  let unread = 0;
  let found = 0;
  for await (const step of inTurns(filesystem.walk(filesystem.root))) {
    if (signal?.aborted) fail('cancelled');
    onVisited?.(++visited);
    if ('problem' in step) {
      unread++;
      continue;
    }
    const name = step.path.at(-1) ?? new Uint8Array();
    if (!comparable(displayName(name)).includes(wanted)) continue;
    if (found === MOST_FOUND) return { visited, isCut: true, unread };
    try {
      const folder = step.path.slice(0, -1).reduce(childPath, new Uint8Array());
      if (folder.length > LONGEST_FOLDER_PATH)
        damaged(`directory of inode ${step.status.number}`, 'lies too deep');
      const entry = await entryOfStatus(filesystem, childPath(folder, name), name, step.status);
      const shown = `/${step.path.slice(0, -1).map(displayName).join('/')}`;
      onFound({ entry, folder: { id: idOfPath(folder), path: shown } });
      found++;
    } catch (error) {
      if (!isDamage(error)) throw error;
      unread++;
    }
  }
  return { visited, isCut: false, unread };
}

/** The same for names that a person would call the same. */
function comparable(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
