/** Moves what is complete from its partial name to its own, without replacing anything, and makes room for it. */
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { systemPath } from '../bytes/byte-text.ts';
import { errnoOf } from '../bytes/source.ts';
import { destinationError } from './destination-error.ts';
import { patiently } from './patience.ts';

/**
 * Makes the folders of `output` below `destination`. The destination itself is not made: without its drive it would be
 * another one.
 *
 * @param output path components below the destination
 * @throws RecoveryError `dest-…`; `dest-occupied` where something stands at the path itself
 */
export async function makeRoom(destination: string, output: readonly string[]): Promise<void> {
  const path = join(destination, ...output);
  if (await exists(path)) fail('dest-occupied', { path });
  try {
    for (let depth = 1; depth < output.length; depth++)
      await makeFolder(join(destination, ...output.slice(0, depth)));
  } catch (error) {
    throw destinationError(path, error);
  }
}

/**
 * Renames a file or, where `to` is free, a folder. Never replaces what stands at `to`: a hard link is refused by
 * the system itself when the name is taken; where there are no hard links the name is checked right before.
 *
 * @throws RecoveryError `dest-occupied`
 */
export async function moveWithoutReplacing(from: string, to: string): Promise<void> {
  const isFile = (await lstat(systemPath(from))).isFile();
  const linked = isFile && (await tryLink(from, to));
  if (linked) {
    // It has its name; the other one is taken away when the file is looked at the next time.
    await patiently(() => unlink(systemPath(from))).catch(() => undefined);
  } else {
    if (await exists(to)) fail('dest-occupied', { path: to });
    await patiently(() => rename(systemPath(from), systemPath(to)));
  }
  await syncFolder(dirname(to));
}

/** Makes a folder where there is none; its parent must be there. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(systemPath(from), systemPath(to));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') fail('dest-occupied', { path: to });
    return false;
  }
}

/** Makes a rename durable; systems that cannot open folders do not need it. */
async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, constants.O_RDONLY);
    await folder.sync();
  } catch {
    return;
  }
}

export async function exists(path: string): Promise<boolean> {
  return lstat(systemPath(path)).then(
    () => true,
    () => false,
  );
}
