/** Files and folders in a destination that others may write to: what stands there is looked at, and no link is followed. */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemPath } from '../bytes/byte-text.ts';
import { partialSuffix } from './partial-names.ts';
import { patiently } from './patience.ts';

/** Windows has none of these. */
const optional = (name: 'O_NOFOLLOW' | 'O_NONBLOCK') => (name in constants ? constants[name] : 0);
/** Neither a link is followed, nor is there any waiting for the other end of a pipe. */
const asItStands = optional('O_NOFOLLOW') | optional('O_NONBLOCK');
const readingOnly = constants.O_RDONLY | asItStands;

/** Flags of a file that lines are added to. */
export const appendingOnly = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | asItStands;

/** Whether a file stands at `path` that has this name alone, or nothing at all. */
export async function isPlainFile(path: string): Promise<boolean> {
  const found = await lstat(systemPath(path)).catch(() => null);
  return found === null || (found.isFile() && found.nlink === 1);
}

/** The content of a file of at most `longest` bytes; null for anything else, and where nothing can be read. */
export async function readPlainFile(path: string, longest: number): Promise<Buffer | null> {
  try {
    await using handle = await open(systemPath(path), readingOnly);
    const found = await handle.stat();
    return found.isFile() && found.size <= longest ? await handle.readFile() : null;
  } catch {
    return null;
  }
}

/** Replaces a file of our own in one step: it is whole, or as it was. */
export async function replaceOwnFile(path: string, content: string | Uint8Array): Promise<void> {
  const growing = growingName(path);
  try {
    await writeFile(growing, content, { flag: 'wx', flush: true, mode: 0o600 });
    await patiently(() => rename(growing, path));
  } catch (error) {
    await rm(growing, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A name beside `path` for a small file to grow at, which nobody else has. */
export function growingName(path: string): string {
  return join(dirname(path), `.lifeboat-${randomUUID()}${partialSuffix}`);
}

/** Whether the file at `path` has this SHA-256, in lower-case hex; false as well once `signal` was given. */
export async function hasSum(
  path: string,
  sha256: string,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    await using handle = await open(systemPath(path), readingOnly);
    if (!(await handle.stat()).isFile()) return false;
    const pieces = handle.createReadStream({ highWaterMark: 2 ** 20, autoClose: false });
    // A stream that is given a signal throws at nobody when the signal came before it was read.
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      if (signal.aborted) return false;
      hash.update(piece);
      onRead(piece.length);
    }
  } catch {
    return false;
  }
  return !signal.aborted && hash.digest('hex') === sha256;
}

/** Whether all that lies between `destination` and its `output` are folders, as far as they exist, and no links to some. */
export async function leadsThroughFolders(destination: string, output: readonly string[]): Promise<boolean> {
  for (let depth = 1; depth < output.length; depth++) {
    const found = await lstat(join(destination, ...output.slice(0, depth))).catch(() => null);
    if (found && !found.isDirectory()) return false;
  }
  return true;
}
