/** The largest file that the file system of a folder can hold, as far as the operating system tells. */
import { execFile } from 'node:child_process';
import { realpath, statfs } from 'node:fs/promises';
import { parse } from 'node:path';
import { promisify } from 'node:util';

/** A directory entry of FAT has 32 bits for the length of its file. */
export const fatFileLimit = 2 ** 32 - 1;

/** What `statfs` calls FAT on Linux: MSDOS_SUPER_MAGIC of statfs(2). */
const linuxFatMagic = 0x4d44;

/** How long a system program may take to answer. */
const patience = { timeout: 5_000, windowsHide: true };

const execute = promisify(execFile);

/** The limit in bytes; null where there is none that matters, and where the system does not say. */
export async function fileLimitOf(folder: string): Promise<number | null> {
  try {
    return (await isFat(folder)) ? fatFileLimit : null;
  } catch {
    // Restoring tells in the end; not knowing beforehand stops nobody.
    return null;
  }
}

async function isFat(folder: string): Promise<boolean> {
  switch (process.platform) {
    case 'win32':
      return isFatName(await windowsDriveFormat(folder));
    case 'darwin': {
      // The number that statfs gives there depends on the order in which file systems were loaded.
      const { stdout } = await execute('/sbin/mount', patience);
      return isFatName(fileSystemAt(await realpath(folder), stdout));
    }
    default:
      return (await statfs(folder)).type === linuxFatMagic;
  }
}

/** `FAT` and `FAT32` of Windows, `msdos` of macOS; `exFAT` and `exfat` have no such limit. */
export function isFatName(fileSystem: string): boolean {
  return /^(fat(12|16|32)?|msdos)$/i.test(fileSystem.trim());
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
