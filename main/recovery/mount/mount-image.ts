/**
 * Mounts restored images on Linux, read-only and so that nothing in them can be run.
 *
 * Mounting has a file system driver of this computer read what a qube wrote, and a hostile qube may have prepared
 * it (`mount-untrusted` says so to people); reading with `recovery/image` has not. It is meant for qubes that are
 * trusted, and for programs that need a folder.
 */
import { readdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fail, problem, RecoveryError, type ProblemCode } from '../../../shared/problems.ts';
import { openFileSource } from '../bytes/source.ts';
import { steadyFile } from '../bytes/unreadable.ts';
import { openImage, type DiskImage, type Volume } from '../image/image.ts';
import { destinationError } from '../writing/destination-error.ts';
import { claimImage, noTrace, type Claim } from './claim.ts';
import { mountCommand } from './commands.ts';
import { needsRecovery } from './journal-state.ts';
import { missingOptions, mountAt } from './mount-table.ts';
import { hasOwner, mountedBy, release, takeDown, type Mounted } from './mounted-images.ts';
import { makeRecoveredCopy } from './recovered-copy.ts';
import { readRecord, type MountRecord } from './records.ts';
import { thisSystem, toolsOf, type MountSystem, type Tools } from './system.ts';
import { mountWays, type MountWay, type Wanted } from './way.ts';
import { ways } from './ways.ts';

export interface MountOptions {
  /** An existing, empty folder to mount at. By default udisks chooses one, or a new one is made. */
  readonly at?: string;
  /**
   * What to do where the newest state is still in the journal: `refuse` (the default), `leave` it there and mount
   * the state before, or mount a `recovered-copy`, which is made beside the image and removed when unmounted.
   */
  readonly pendingJournal?: 'refuse' | 'leave' | 'recovered-copy';
  /** The number of the partition. By default the largest with a file system that can be mounted. */
  readonly partition?: number;
  /** True leaves the mount in place when this process ends. */
  readonly keep?: boolean;
  /** The ways to try, in this order. By default all. */
  readonly ways?: readonly MountWay[];
  readonly signal?: AbortSignal;
  /** Told of bytes of a recovered copy, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly system?: MountSystem;
}

/**
 * Mounts the file system of an image with the options `ro`, `nosuid`, `nodev` and `noexec`, which the kernel must
 * confirm. An image that is mounted already is left as it is.
 *
 * @throws RecoveryError `mount-needs-linux`, `mount-unsupported`, `mount-not-authorised`, `mount-timed-out`,
 * `mount-failed`, `mount-busy`, `image-journal-dirty`, `image-recovery-failed`, `filesystem-unsupported`,
 * `source-…` for the image, `dest-…` for the folder and the copy, `cancelled`
 */
export async function mountImage(path: string, options: MountOptions = {}): Promise<Mounted> {
  if (process.platform !== 'linux') fail('mount-needs-linux');
  const tools = toolsOf(options.system ?? thisSystem(), options.signal);
  const image = await realpath(path).catch(() => resolve(path));
  const existing = await existingMount(image, tools);
  if (existing) return existing;
  const source = steadyFile(await openFileSource(image));
  try {
    const volume = chosenVolume(await openImage(source), options.partition);
    const journal = await journalShown(image, volume, options.pendingJournal ?? 'refuse');
    const at = options.at === undefined ? null : await emptyFolder(options.at);
    const claim = await claimImage(image, volume.partition?.number ?? null, tools.system);
    try {
      await claim.note({ journal });
      if (journal === 'replayed') await copyFor(claim, volume, tools, options);
      await mountSomehow(wantedOf(claim.record, volume, at), options.ways ?? mountWays, claim, tools);
      await claim.note({ state: 'mounted', ...(options.keep && { owner: null }) });
      return (await mountedBy(claim.record)) ?? fail('unexpected', { detail: 'unmounted at once' });
    } catch (error) {
      // What stood in the way of mounting says more than what stands in the way of cleaning up.
      await release(claim.record, tools.uncancelled()).catch(() => undefined);
      throw error;
    }
  } finally {
    await source.close();
  }
}

/** The mount of an image from before; what a crash has left of one is removed. */
async function existingMount(image: string, tools: Tools): Promise<Mounted | null> {
  const record = await readRecord(image, tools.system);
  if (!record) return null;
  const mounted = await mountedBy(record);
  if (mounted) return mounted;
  if (record.state === 'mounting' && (await hasOwner(record))) fail('mount-busy', { path: image });
  await release(record, tools);
  return null;
}

function chosenVolume({ volumes }: DiskImage, partition: number | undefined): Volume {
  const eligible =
    partition === undefined ? volumes : volumes.filter((volume) => volume.partition?.number === partition);
  if (partition !== undefined && eligible.length === 0) fail('partition-missing', { partition });
  const bySize = [...eligible].sort((one, other) => other.source.size - one.source.size);
  const chosen = bySize.find(({ isReadable }) => isReadable);
  return chosen ?? fail('filesystem-unsupported', { name: bySize[0]?.content.kind ?? 'unknown' });
}

async function journalShown(
  image: string,
  volume: Volume,
  pending: NonNullable<MountOptions['pendingJournal']>,
): Promise<MountRecord['journal']> {
  if (!(await needsRecovery(volume.source))) return 'clean';
  switch (pending) {
    case 'refuse':
      return fail('image-journal-dirty', { path: image });
    case 'leave':
      return 'not-replayed';
    case 'recovered-copy':
      return 'replayed';
  }
}

async function emptyFolder(path: string): Promise<string> {
  try {
    const folder = await realpath(path);
    if ((await readdir(folder)).length > 0) fail('dest-occupied', { path: folder });
    return folder;
  } catch (error) {
    throw destinationError(path, error);
  }
}

async function copyFor(claim: Claim, volume: Volume, tools: Tools, options: MountOptions): Promise<void> {
  await makeRecoveredCopy(claim.record.image, volume, tools, {
    onCreated: (copy) => claim.note({ copy }),
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
}

function wantedOf({ image, copy, journal }: MountRecord, volume: Volume, at: string | null): Wanted {
  const { partition, content } = volume;
  const asItIs = {
    file: image,
    part: partition && { offset: partition.start, size: partition.size },
    fileSystem: content.kind as Wanted['fileSystem'],
    withoutJournal: journal !== 'clean',
  };
  const byHand = mountCommand(asItIs, at ?? '/mnt');
  // A copy holds the partition alone, and is gone when mounting it did not succeed.
  return copy
    ? { ...asItIs, file: copy.path, part: null, withoutJournal: false, at, byHand }
    : { ...asItIs, at, byHand };
}

/** Tries one way after the other, and undoes each that does not lead to a mount as it must be. */
async function mountSomehow(
  wanted: Wanted,
  order: readonly MountWay[],
  claim: Claim,
  tools: Tools,
): Promise<void> {
  const refusals: RecoveryError[] = [];
  for (const way of order) {
    try {
      await claim.note({ ...noTrace, way });
      if (await ways[way].mount(wanted, tools, claim)) {
        await confirm(claim.record, way);
        return;
      }
    } catch (error) {
      if (!(error instanceof RecoveryError) || error.problem.code === 'cancelled') throw error;
      refusals.push(error);
    }
    await takeDown(claim.record, tools.uncancelled());
  }
  throw mostTelling(refusals) ?? unsupported(wanted);
}

/** @throws RecoveryError `mount-failed` unless the kernel says that the mount is as it must be */
async function confirm({ mountPoint }: MountRecord, way: MountWay): Promise<void> {
  const mount = mountPoint === null ? null : await mountAt(mountPoint);
  const missing = mount ? missingOptions(mount) : ['mount'];
  if (missing.length > 0) fail('mount-failed', { way, detail: `mounted without ${missing.join(', ')}` });
}

/** What a way says of the image is worth more than that others were not to be had. */
const byWorth: readonly ProblemCode[] = ['mount-failed', 'mount-not-authorised', 'mount-timed-out'];

function mostTelling(refusals: readonly RecoveryError[]): RecoveryError | undefined {
  const worth = (refusal: RecoveryError) => byWorth.indexOf(refusal.problem.code);
  return refusals.toSorted((one, other) => worth(one) - worth(other))[0];
}

function unsupported(wanted: Wanted): RecoveryError {
  return new RecoveryError(problem('mount-unsupported', { command: wanted.byHand }));
}
