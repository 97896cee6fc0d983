/** The file systems of drives that ask for attention, as far as the operating system tells, and what they cannot do. */
import { execFile } from 'node:child_process';
import { readFile, realpath, stat, statfs } from 'node:fs/promises';
import { parse } from 'node:path';
import { promisify } from 'node:util';
import { mountHolding, type MountEntry } from '../recovery/mount/mount-table.ts';
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

/** What `statfs` calls every file system whose driver is in user space. */
const fuseMagic = 0x65735546;

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
      default: {
        const { type } = await statfs(folder);
        if (type !== fuseMagic) return linuxMagics.get(type) ?? null;
        const mount = await mountHolding(await realpath(folder));
        return mount && (await behindFuse(mount));
      }
    }
  } catch {
    // Restoring tells in the end; not knowing beforehand stops nobody.
    return null;
  }
}

/**
 * The file system that a driver in user space has mounted.
 *
 * @param factsOf what udev has found out about a device
 */
export async function behindFuse(
  { fileSystem, source }: Pick<MountEntry, 'fileSystem' | 'source'>,
  factsOf = udevFacts,
): Promise<FileSystem | null> {
  const [, driver] = fileSystem.split('.');
  // A driver without a name of its own leaves that of the device.
  const name = driver ?? /^E:ID_FS_TYPE=(.*)$/m.exec(await factsOf(source))?.[1] ?? '';
  return knownFileSystem(name);
}

async function udevFacts(source: string): Promise<string> {
  const { rdev } = await stat(source);
  // As `gnu_dev_major` and `gnu_dev_minor` take it apart.
  const [major, minor] = [(rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00)];
  return readFile(`/run/udev/data/b${major}:${minor}`, 'utf8');
}

/** By the names of Windows (`FAT32`, `exFAT`), of macOS (`msdos`, `exfat`, `hfs`), and of udev and drivers on Linux. */
export function knownFileSystem(name: string): FileSystem | null {
  const known = name.trim().toLowerCase();
  if (/^(fat(12|16|32)?|vfat|msdos|fusefat)$/.test(known)) return 'FAT32';
  if (/^exfat(-fuse)?$/.test(known)) return 'exFAT';
  if (known === 'hfs') return 'HFS+';
  return /^(low)?ntfs(-3g)?$/.test(known) ? 'NTFS' : null;
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
