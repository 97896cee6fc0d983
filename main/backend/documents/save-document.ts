/** Saves a document of a restore: where a person said, or beside the restored files under a name that is free. */
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { errnoOf } from '../../recovery/bytes/source.ts';
import { destinationError } from '../../recovery/writing/destination-error.ts';

/** Numbers that are tried behind a name before giving up. */
const mostCopies = 1_000;

/**
 * Replaces what is at `path` in one step; the system's dialog has asked about that.
 *
 * @throws RecoveryError `dest-…`
 */
export async function saveAt(path: string, text: string): Promise<void> {
  const growing = join(dirname(path), `.lifeboat-${randomUUID()}`);
  try {
    await writeFile(growing, text, { flag: 'wx', flush: true, mode: 0o600 });
    await rename(growing, path);
  } catch (error) {
    await rm(growing, { force: true });
    throw destinationError(path, error);
  }
}

/**
 * Writes a new file into `folder`, as `name` or as `name (2)` and so on, and gives its path.
 *
 * @throws RecoveryError `dest-…`
 */
export async function saveInto(folder: string, name: string, text: string): Promise<string> {
  const kind = extname(name);
  const stem = name.slice(0, name.length - kind.length);
  for (let copy = 1; copy <= mostCopies; copy++) {
    const path = join(folder, copy === 1 ? name : `${stem} (${copy})${kind}`);
    try {
      await writeFile(path, text, { flag: 'wx', flush: true, mode: 0o600 });
      return path;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw destinationError(path, error);
    }
  }
  return fail('dest-occupied', { path: join(folder, name) });
}
