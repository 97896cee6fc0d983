/** The file systems of drives that ask for attention, as far as the operating system tells, and what they cannot do. */
import { execFile } from 'node:child_process';
import { realpath, statfs } from 'node:fs/promises';
import { parse } from 'node:path';
import { promisify } from 'node:util';
import { fatFileLimit } from '../recovery/writing/destination-error.ts';

export type FileSystem = 'FAT32' | 'exFAT' | 'HFS+' | 'NTFS';

/** What `statfs` calls them on Linux: the magic numbers of statfs(2); drivers in user space share one that says nothing. */
const linuxMagics: ReadonlyMap<number, FileSystem> = new Map([
  [0x4d44, 'FAT32'],
  [0x2011bab0, 'exFAT'],
  [0x482b, 'HFS+'],
  [0x5346544e, 'NTFS'],
  [0x7366746e, 'NTFS'],
]);

/** How long a system program may take to answer. */
const patience = { timeout: 5_000, windowsHide: true };

const execute = promisify(execFile);

/** Bytes of the largest file that it can hold; null where there is no limit that matters. */
export function fileLimitOf(fileSystem: FileSystem | null): number | null {
  return fileSystem === 'FAT32' ? fatFileLimit : null;
}

/** Whether it writes the holes of files as zeros. */
export function storesHoles(fileSystem: FileSystem | null): boolean {
  return fileSystem === 'FAT32' || fileSystem === 'exFAT' || fileSystem === 'HFS+';
}

/** The file system of a folder; null for all others, and where the system does not say. */
export async function fileSystemOf(folder: string): Promise<FileSystem | null> {
  try {
    switch (process.platform) {
      case 'win32':
        return knownFileSystem(await windowsDriveFormat(folder));
      case 'darwin': {
        // The number that statfs gives there depends on the order in which file systems were loaded.
        const { stdout } = await execute('/sbin/mount', patience);
        return knownFileSystem(fileSystemAt(await realpath(folder), stdout));
      }
      default:
        return linuxMagics.get((await statfs(folder)).type) ?? null;
    }
  } catch {
    // Restoring tells in the end; not knowing beforehand stops nobody.
    return null;
  }
}

/** By the names of Windows (`FAT32`, `exFAT`) and of macOS (`msdos`, `exfat`, `hfs`). */
export function knownFileSystem(name: string): FileSystem | null {
  const known = name.trim().toLowerCase();
  if (/^(fat(12|16|32)?|msdos)$/.test(known)) return 'FAT32';
  if (known === 'exfat') return 'exFAT';
  if (known === 'hfs') return 'HFS+';
  return known === 'ntfs' ? 'NTFS' : null;
}
/** The file system that the output of `mount` on macOS names for a path: the innermost mount that holds it. */
export function fileSystemAt(path: string, mounts: string): string {
  const holding = [...mounts.matchAll(/^.+? on (\/.*) \(([^,)]+)/gm)]
    .map(([, point = '', fileSystem = '']) => ({ point, fileSystem }))
    .filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`));
  return holding.sort((one, other) => other.point.length - one.point.length)[0]?.fileSystem ?? '';
}

/** The name that Windows has for the file system of a drive, untranslated, unlike what `fsutil` prints. */
async function windowsDriveFormat(folder: string): Promise<string> {
  const { root } = parse(folder);
  // The root goes into a script: nothing but a drive letter may pass.
  if (!/^[A-Za-z]:\\$/.test(root)) return '';
  const script = `[IO.DriveInfo]::new('${root}').DriveFormat`;
  const { stdout } = await execute(
    'powershell.exe',
    ['-NoProfile', '-NonInteractive', '-Command', script],
    patience,
  );
  return stdout;
}
