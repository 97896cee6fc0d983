/** Where a person's files can be: the home folder, the drives that are mounted, and the root of the system. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folders under which desktops and people mount drives that come and go. */
const mountFolders = ['/media', '/run/media', '/mnt'];

/** Drives that a list shows; more are the mounts of something else than a person. */
const shownDrives = 64;

export function homeFolder(): string {
  return resolve(homedir());
}

/** The home folder, then mounted drives, then the roots: the folders from which every file can be reached. */
export async function findDrives(): Promise<readonly string[]> {
  return [...new Set([homeFolder(), ...(await mountedDrives())])];
}

async function mountedDrives(): Promise<readonly string[]> {
  switch (process.platform) {
    case 'win32': {
      const roots = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ', (letter) => `${letter}:\\`);
      const found = await Promise.all(roots.map((root) => stat(root).catch(() => undefined)));
      return roots.filter((_, index) => found[index] !== undefined);
    }
    case 'darwin': {
      const volumes = await readdir('/Volumes', { withFileTypes: true }).catch(() => []);
      // The system's own volume is a link to the root there.
      const mounted = volumes.filter((volume) => volume.isDirectory());
      return [...mounted.slice(0, shownDrives).map(({ name }) => join('/Volumes', name)), '/'];
    }
    default:
      return [...removableMounts(await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')), '/'];
  }
}

/** The mount points below the folders for removable drives, out of a mountinfo table (proc_pid_mountinfo(5)). */
export function removableMounts(mountinfo: string): readonly string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => !fields.includes('autofs'))
    .map((fields) => unescapeOctal(fields[4] ?? ''))
    .filter((path) => mountFolders.some((folder) => path.startsWith(`${folder}/`)) || path === '/mnt')
    .slice(0, shownDrives);
}

/** The kernel writes blanks and backslashes of paths as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
