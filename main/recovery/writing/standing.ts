/** Whether what a restore has made still stands at its path, or something else took its place. */
import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { systemPath } from '../bytes/byte-text.ts';

/** Windows tells the drive of what is open, and by some versions of Node 22 and 24 not that of a path. */
const tellsDrives = process.platform !== 'win32';

/**
 * Whether what `handle` has open is what stands at `path`. Being open it keeps its number, which a file system otherwise
 * gives to the next thing at once, and some forget when memory is short.
 *
 * @throws the error of the system where nothing stands there
 */
export async function standsAt(handle: FileHandle, path: string): Promise<boolean> {
  const [held, found] = await Promise.all([handle.stat(), lstat(systemPath(path))]);
  return held.ino === found.ino && (!tellsDrives || held.dev === found.dev);
}

/** Opens a folder only to know it again; null on systems that open none. */
export async function holdFolder(path: string): Promise<FileHandle | null> {
  return open(path, constants.O_RDONLY).catch(() => null);
}
