/** What a drive can hold, found out by making files on it: file systems, drivers and options of mounts are too many to know. */
import { mkdir, open, readdir, realpath, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../bytes/source.ts';
import { mountHolding } from '../mount/mount-table.ts';
import { destinationError } from './destination-error.ts';
import { longestName, portableNames, windowsRefused, type NameRules } from './output-names.ts';
import { partialSuffix } from './partial-names.ts';

export interface Drive {
  readonly names: NameRules;
  /** Permissions that a new file can have: those that the umask leaves, or the rights that its folder hands down. */
  readonly permissions: number;
}

/** By statfs(2): FAT, exFAT, and the two drivers of NTFS. Their names are read by Windows too, whatever Linux takes. */
const readByWindows: ReadonlySet<number> = new Set([0x4d44, 0x2011bab0, 0x5346544e, 0x7366746e]);
/** Drivers in user space share one number; `fuseblk` are those of file systems on drives, which are the same ones. */
const fuse = 0x65735546;

/** After these nothing can be said of names: the drive does not take anything. */
const tellingNothing = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/**
 * Makes some small files in a folder of its own within `folder`, looks what became of them, and removes them.
 *
 * @throws RecoveryError `dest-…` where no file can be made
 */
export async function probeDrive(folder: string): Promise<Drive> {
  const place = join(folder, `lifeboat-probe${partialSuffix}`);
  try {
    await mkdir(place, { mode: 0o777 });
    try {
      await make(join(place, 'plain'));
      const permissions = (await stat(join(place, 'plain'))).mode & 0o777;
      return { names: await namesIn(place), permissions };
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  } catch (error) {
    throw destinationError(folder, error);
  }
}

async function make(path: string | Buffer): Promise<void> {
  await (await open(path, 'wx', 0o777)).close();
}

async function namesIn(place: string): Promise<NameRules> {
  const attempt = async (name: string | Buffer): Promise<boolean> => {
    try {
      await make(Buffer.concat([Buffer.from(`${place}/`), Buffer.from(name)]));
      return true;
    } catch (error) {
      if (tellingNothing.has(errnoOf(error))) throw error;
      return false;
    }
  };

  await attempt('case');
  await attempt('form-\u00e9');
  const tellsCase = (await attempt('CASE')) && (await attempt('form-e\u0301'));
  const longest = await longestIn(attempt);
  if (await isReadByWindows(place)) return { ...portableNames, keepsHidden: true, longest };

  const probes = {
    keepsBytes: [Buffer.from('byte-\xff', 'latin1')],
    keepsControls: ['control-\x01', 'control-\n-', 'control-\x7f', 'control-\u0085'],
    keepsEndings: ['dot.', 'blank '],
  } as const;
  const signs = [...windowsRefused].filter((sign) => sign !== '/');
  for (const name of [...Object.values(probes).flat(), ...signs.map(named)]) await attempt(name);
  const found = new Set(
    (await readdir(place, { encoding: 'buffer' })).map((name) => name.toString('latin1')),
  );
  const isKept = (name: string | Buffer) => found.has(Buffer.from(name).toString('latin1'));
  return {
    refused: new Set(signs.filter((sign) => !isKept(named(sign)))),
    keepsControls: probes.keepsControls.every(isKept),
    keepsHidden: true,
    keepsBytes: probes.keepsBytes.every(isKept),
    keepsEndings: probes.keepsEndings.every(isKept),
    isForWindows: false,
    tellsCase,
    longest,
  };
}

function named(sign: string): string {
  return `sign-${sign}-`;
}

/** Encrypted folders take less than others: eCryptfs 143 bytes. */
async function longestIn(attempt: (name: string) => Promise<boolean>): Promise<number> {
  let [taken, refused] = [100, longestName + 1];
  for (let length = longestName; refused - taken > 1; length = Math.floor((taken + refused) / 2)) {
    if (await attempt('x'.repeat(length))) taken = length;
    else refused = length;
  }
  return taken;
}

async function isReadByWindows(folder: string): Promise<boolean> {
  if (process.platform === 'win32') return true;
  if (process.platform !== 'linux') return false;
  const { type } = await statfs(folder);
  return readByWindows.has(type) || (type === fuse && (await isOnDrive(folder)));
}

async function isOnDrive(folder: string): Promise<boolean> {
  const mount = await mountHolding(await realpath(folder)).catch(() => null);
  return mount?.fileSystem === 'fuseblk';
}
