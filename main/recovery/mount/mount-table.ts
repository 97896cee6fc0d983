/** What the kernel says is mounted: the only word that counts, whatever tools print. */
import { readFile } from 'node:fs/promises';

/** One mount. */
export interface MountEntry {
  readonly mountPoint: string;
  readonly fileSystem: string;
  /** The device, or what a file system in user space calls itself. */
  readonly source: string;
  /** The options of this mount point: `ro`, `nosuid` and so on. */
  readonly options: ReadonlySet<string>;
}

/** What every mount of an image must be. */
export const safeOptions = ['ro', 'nosuid', 'nodev', 'noexec'] as const;

/** Reads a mountinfo table; lines of another form are left out. Source: proc_pid_mountinfo(5). */
export function parseMountTable(text: string): readonly MountEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, , , , mountPoint, options, ...rest] = line.split(' ');
    // Optional fields end with a dash of their own.
    const [fileSystem, source] = rest.slice(rest.indexOf('-') + 1);
    if (!rest.includes('-') || mountPoint === undefined || options === undefined) return [];
    if (fileSystem === undefined || source === undefined) return [];
    return [
      {
        mountPoint: unescapeOctal(mountPoint),
        fileSystem,
        source: unescapeOctal(source),
        options: new Set(options.split(',')),
      },
    ];
  });
}

/** Blanks, line ends and backslashes of paths are three octal digits there, each for a byte of ASCII. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

async function readMountTable(): Promise<readonly MountEntry[]> {
  return parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** The mount at a mount point that is seen there: the last of those on top of each other. */
export async function mountAt(mountPoint: string): Promise<MountEntry | null> {
  return (await readMountTable()).findLast((entry) => entry.mountPoint === mountPoint) ?? null;
}

/** The mount that a path without links lies in: of those that hold it the innermost, and of several on top of each other the last. */
export async function mountHolding(path: string): Promise<MountEntry | null> {
  const holding = (await readMountTable()).filter(
    ({ mountPoint }) => mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`),
  );
  const deepest = Math.max(...holding.map(({ mountPoint }) => mountPoint.length));
  return holding.findLast(({ mountPoint }) => mountPoint.length === deepest) ?? null;
}

/** The first place where a device is mounted. */
export async function mountOfDevice(device: string): Promise<MountEntry | null> {
  return (await readMountTable()).find((entry) => entry.source === device) ?? null;
}

/** Those of the safe options that a mount lacks. */
export function missingOptions(mount: MountEntry): readonly string[] {
  return safeOptions.filter((option) => !mount.options.has(option));
}
