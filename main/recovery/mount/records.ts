/**
 * The records of what is mounted, one small file for each image, in the user's folder for such things: so that a
 * mount can be shown and taken back by another run of the program, also after a crash.
 *
 * Source: XDG Base Directory Specification, `XDG_RUNTIME_DIR` and `XDG_STATE_HOME`.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod/mini';
import { errnoOf } from '../bytes/source.ts';
import type { MountSystem } from './system.ts';
import { mountWays } from './way.ts';

const path = z.string().check(z.startsWith('/'), z.maxLength(4096));

const mountRecord = z.object({
  version: z.literal(1),
  /** The image as it was asked for, without links. */
  image: path,
  /** `mounting` may still fail, or be what a crash left. */
  state: z.enum(['mounting', 'mounted']),
  /** The process with whose end the mount ends, or null where it is to stay. */
  owner: z.nullable(
    z.object({ pid: z.int().check(z.positive()), started: z.string().check(z.maxLength(32)) }),
  ),
  journal: z.enum(['clean', 'not-replayed', 'replayed']),
  /** Number of the partition, or null for an image that is not divided. */
  partition: z.nullable(z.int()),
  /** A recovered copy that is mounted in the image's place, with what tells the file from others. */
  copy: z.nullable(z.object({ path, identity: z.string().check(z.maxLength(64)) })),
  way: z.nullable(z.enum(mountWays)),
  mountPoint: z.nullable(path),
  loopDevice: z.nullable(z.string().check(z.regex(/^\/dev\/loop\d{1,7}$/))),
  ownFolder: z.boolean(),
});
export type MountRecord = z.infer<typeof mountRecord>;

/** Larger files and more of them are not ours. */
const RECORD_LIMIT = 32_768;
const RECORDS_LIMIT = 1000;

/**
 * The folder for records and mount points, which is made where it is missing. It lies where the system forgets it
 * with the mounts, at the next start, if there is such a place.
 */
export async function stateFolder(system: MountSystem): Promise<string> {
  const folder = await stateFolderName(system);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

async function stateFolderName(system: MountSystem): Promise<string> {
  return join(await stateRoot(system), 'lifeboat');
}

async function stateRoot({ environment, uid }: MountSystem): Promise<string> {
  const runtime = environment['XDG_RUNTIME_DIR'] ?? '';
  // After `sudo` it may be the folder of another user.
  const owner = isAbsolute(runtime) ? await stat(runtime).catch(() => null) : null;
  if (owner?.isDirectory() && owner.uid === uid) return runtime;
  const state = environment['XDG_STATE_HOME'] ?? '';
  return isAbsolute(state) ? state : join(environment['HOME'] ?? homedir(), '.local/state');
}

const recordsName = 'mounts';

async function recordFolder(system: MountSystem): Promise<string> {
  const folder = join(await stateFolder(system), recordsName);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function recordName(image: string): string {
  return `${createHash('sha256').update(image).digest('hex').slice(0, 32)}.json`;
}

/** All records of this user that are whole. */
export async function readRecords(system: MountSystem): Promise<readonly MountRecord[]> {
  // Looking for them makes no folder.
  const folder = join(await stateFolderName(system), recordsName);
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith('.json'))
    .slice(0, RECORDS_LIMIT);
  const records = await Promise.all(names.map((name) => readOne(folder, name, system)));
  return records.filter((record) => record !== null);
}

/** The record of an image, or null. */
export async function readRecord(image: string, system: MountSystem): Promise<MountRecord | null> {
  return readOne(await recordFolder(system), recordName(image), system);
}

async function readOne(folder: string, name: string, { uid }: MountSystem): Promise<MountRecord | null> {
  try {
    await using file = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW);
    const status = await file.stat();
    if (!status.isFile() || status.uid !== uid || status.size > RECORD_LIMIT) return null;
    const record = mountRecord.parse(JSON.parse(await file.readFile('utf8')));
    return recordName(record.image) === name ? record : null;
  } catch {
    // Whatever it is, it is no record of ours.
    return null;
  }
}

/**
 * Adds the record of an image.
 *
 * @returns false where there is one already
 */
export async function addRecord(record: MountRecord, system: MountSystem): Promise<boolean> {
  const folder = await recordFolder(system);
  const place = join(folder, recordName(record.image));
  const draft = await written(record, folder);
  try {
    // Unlike a rename, a link does not replace what is there, and what it makes is whole at once.
    await link(draft, place);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Replaces the record of an image. */
export async function update(record: MountRecord, system: MountSystem): Promise<void> {
  const folder = await recordFolder(system);
  await rename(await written(record, folder), join(folder, recordName(record.image)));
}

/** Removes the record of an image, also one that is not whole. */
export async function forget(image: string, system: MountSystem): Promise<void> {
  await rm(join(await recordFolder(system), recordName(image)), { force: true });
}

async function written(record: MountRecord, folder: string): Promise<string> {
  const draft = join(folder, `${randomUUID()}.draft`);
  await writeFile(draft, JSON.stringify(record), { flag: 'wx', mode: 0o600 });
  return draft;
}
