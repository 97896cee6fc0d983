/** The images that are mounted: shown, unmounted, and cleaned up after a crash. */
import { realpath, rmdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fail, problemOf, type Problem } from '../../../shared/problems.ts';
import { isFuse2fs } from './fuse2fs.ts';
import { detach, holds } from './loop-devices.ts';
import { mountAt, mountOfDevice, type MountEntry } from './mount-table.ts';
import { removeCopy } from './recovered-copy.ts';
import { isRunning, thisProcess } from '../running.ts';
import { forget, readRecords, type MountRecord } from './records.ts';
import { thisSystem, toolsOf, type MountSystem, type Tools } from './system.ts';
import type { MountWay } from './way.ts';
import { ways } from './ways.ts';

export interface Mounted {
  readonly image: string;
  readonly mountPoint: string;
  readonly way: MountWay;
  /** Which state is shown: all of it, that before the last changes, or that after them in a recovered copy. */
  readonly journal: 'clean' | 'not-replayed' | 'replayed';
  readonly partition: number | null;
  /** Path of the recovered copy that is mounted, or null. */
  readonly copy: string | null;
  /** Whether it stays when the process that mounted it ends. */
  readonly keep: boolean;
}

/** What this user has mounted with Lifeboat, whichever process did it. */
export async function mountedImages(system: MountSystem = thisSystem()): Promise<readonly Mounted[]> {
  const mounted = await Promise.all((await readRecords(system)).map(mountedBy));
  return mounted.filter((each) => each !== null);
}

/** What a record says is mounted, as far as the kernel agrees; null where nothing is. */
export async function mountedBy(record: MountRecord): Promise<Mounted | null> {
  const { image, state, owner, journal, partition, copy, way, mountPoint } = record;
  if (state !== 'mounted' || way === null || mountPoint === null || !(await mountOf(record))) return null;
  return { image, mountPoint, way, journal, partition, copy: copy?.path ?? null, keep: owner === null };
}

/** The mount that a record speaks of, and no later one at the same place; null where it is no more. */
async function mountOf(record: MountRecord): Promise<MountEntry | null> {
  const { way, mountPoint, loopDevice } = record;
  const holdsFile = (device: string) => holds(device, mountedFile(record));
  if (mountPoint === null) {
    // The process may have died before it could note where.
    return loopDevice !== null && (await holdsFile(loopDevice)) ? mountOfDevice(loopDevice) : null;
  }
  const mount = await mountAt(mountPoint);
  if (!mount) return null;
  const isIt =
    way === 'fuse2fs' ? isFuse2fs(mount) : mount.source === loopDevice || (await holdsFile(mount.source));
  return isIt ? mount : null;
}

function mountedFile({ copy, image }: MountRecord): string {
  return copy?.path ?? image;
}

/**
 * Unmounts an image, named by its own path or that of its mount point, and removes what mounting it needed.
 *
 * @throws RecoveryError `mount-unknown`, `mount-busy`, `mount-not-authorised`, `mount-timed-out`,
 * `unmount-failed`, `cancelled`
 */
export async function unmountImage(
  path: string,
  options: { readonly system?: MountSystem; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const system = options.system ?? thisSystem();
  const named = await realpath(path).catch(() => resolve(path));
  const records = await readRecords(system);
  const record = records.find(({ image, mountPoint }) => image === named || mountPoint === named);
  if (!record) return fail('mount-unknown', { path: named });
  if (record.state === 'mounting' && (await hasOwner(record))) fail('mount-busy', { path: named });
  await release(record, toolsOf(system, options.signal));
}

/**
 * Unmounts what processes have left that are no more, and removes what unmounting by other means has left: for
 * when a program starts.
 *
 * @returns what could not be cleaned up
 */
export async function cleanUpMounts(system: MountSystem = thisSystem()): Promise<readonly Problem[]> {
  return releaseAll(system, async (record) => {
    if (record.state === 'mounting' || (await mountOf(record))) {
      return record.owner !== null && !(await hasOwner(record));
    }
    return true;
  });
}

/**
 * Unmounts what this process has mounted and was not to keep: for when a program ends.
 *
 * @returns what could not be unmounted
 */
export async function unmountOwn(system: MountSystem = thisSystem()): Promise<readonly Problem[]> {
  const { pid, started } = await thisProcess();
  return releaseAll(system, ({ state, owner }) =>
    Promise.resolve(state === 'mounted' && owner?.pid === pid && owner.started === started),
  );
}

async function releaseAll(
  system: MountSystem,
  concerns: (record: MountRecord) => Promise<boolean>,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const record of await readRecords(system)) {
    try {
      if (await concerns(record)) await release(record, toolsOf(system));
    } catch (error) {
      problems.push(problemOf(error));
    }
  }
  return problems;
}

export async function hasOwner({ owner }: MountRecord): Promise<boolean> {
  return owner !== null && isRunning(owner);
}

/**
 * Undoes all that a record speaks of, and then the record. Where unmounting is refused, everything stays.
 *
 * @throws RecoveryError what the way's `unmount` throws
 */
export async function release(record: MountRecord, tools: Tools): Promise<void> {
  await takeDown(record, tools);
  if (record.copy) await removeCopy(record.copy);
  await forget(record.image, tools.system);
}

/** Undoes the mount of a record. */
export async function takeDown(record: MountRecord, tools: Tools): Promise<void> {
  const { way, mountPoint, loopDevice, ownFolder } = record;
  const mount = await mountOf(record);
  if (way !== null && mount) await ways[way].unmount({ mountPoint: mount.mountPoint, loopDevice }, tools);
  if (loopDevice !== null) await detach(loopDevice, mountedFile(record), tools);
  // Removes nothing but an empty folder.
  if (ownFolder && mountPoint !== null) await rmdir(mountPoint).catch(() => undefined);
}
