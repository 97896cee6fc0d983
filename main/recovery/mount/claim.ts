/** The claim of this process on an image: no other mounts it meanwhile, and all that is done is on record. */
import { mkdtemp, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { thisProcess } from '../running.ts';
import { addRecord, forget, readRecord, stateFolder, update, type MountRecord } from './records.ts';
import type { MountSystem } from './system.ts';
import type { Worksite } from './way.ts';

export interface Claim extends Worksite {
  /** The record as it was noted last. */
  readonly record: MountRecord;
  readonly note: (change: Partial<MountRecord>) => Promise<void>;
}

/** @throws RecoveryError `mount-busy` where another process has it */
export async function claimImage(
  image: string,
  partition: number | null,
  system: MountSystem,
): Promise<Claim> {
  let record: MountRecord = {
    version: 1,
    image,
    state: 'mounting',
    owner: await thisProcess(),
    journal: 'clean',
    partition,
    copy: null,
    ...noTrace,
  };
  if (!(await addRecord(record, system))) {
    if (await readRecord(image, system)) fail('mount-busy', { path: image });
    // What stands in its place cannot be read, so it helps nobody.
    await forget(image, system);
    if (!(await addRecord(record, system))) fail('mount-busy', { path: image });
  }
  const note = async (change: Partial<MountRecord>) => {
    record = { ...record, ...change };
    await update(record, system);
  };
  return {
    get record() {
      return record;
    },
    note,
    async makeFolder() {
      const folder = await realpath(await mkdtemp(join(await stateFolder(system), `${folderName(image)}-`)));
      await note({ mountPoint: folder, ownFolder: true });
      return folder;
    },
  };
}

/** The trace of a mount that was not begun. */
export const noTrace = { way: null, mountPoint: null, loopDevice: null, ownFolder: false } as const;

/** A name by which a person knows the image again: `work-private` for `…/work/private.img`. */
function folderName(image: string): string {
  const name = `${basename(dirname(image))}-${basename(image).replace(/\.img$/, '')}`;
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 40);
}
