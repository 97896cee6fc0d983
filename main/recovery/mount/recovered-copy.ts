/**
 * Makes a copy of an image in which the journal is replayed, beside the image: the one way to mount the newest
 * state without changing the image.
 */
import { constants } from 'node:fs';
import { chmod, copyFile, lstat, open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { openFileSource, type ByteSource } from '../bytes/source.ts';
import { steadyFile } from '../bytes/unreadable.ts';
import { openVolume, type Volume } from '../image/image.ts';
import { destinationError } from '../writing/destination-error.ts';
import { needsRecovery } from './journal-state.ts';
import { inheritedFile, lastWords, type Tools } from './system.ts';

/** A copy, and what tells its file from one that took its name later. */
export interface Copy {
  readonly path: string;
  readonly identity: string;
}

export interface CopyOptions {
  readonly signal?: AbortSignal;
  /** Told of bytes that are copied, of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of the file as soon as it is there, with nothing in it yet. */
  readonly onCreated: (copy: Copy) => Promise<void>;
}

const PIECE = 4 * 2 ** 20;
/** Zeros are left out in units of this, as holes. */
const HOLE = 64 * 2 ** 10;
const zeros = Buffer.alloc(HOLE);

/** The name of the copy: `private.recovered.img` for `private.img`. */
export function copyPath(image: string): string {
  const [, stem = '', ending = ''] = /^(.+?)(\.[^.]*)?$/s.exec(basename(image)) ?? [];
  return join(dirname(image), `${stem}.recovered${ending}`);
}

/**
 * Copies a volume of an image into a file of its own and replays its journal there. Costs no space where the file
 * system shares blocks between copies, and leaves out holes everywhere.
 *
 * @throws RecoveryError `dest-…`, `source-lost`, `image-recovery-failed`, `mount-timed-out`, `cancelled`
 */
export async function makeRecoveredCopy(
  image: string,
  volume: Volume,
  tools: Tools,
  options: CopyOptions,
): Promise<Copy> {
  const e2fsck = await tools.find('e2fsck');
  if (e2fsck === null) fail('image-recovery-failed', { detail: 'not installed' });
  await checkJournal(volume);
  const path = copyPath(image);
  const isShared = volume.partition === null && (await sharesBlocks(image, path));
  await using file = await create(path, isShared);
  const copy = { path, identity: await identityOf(path) };
  await options.onCreated(copy);
  if (!isShared) await copyData(volume.source, file, path, options);
  await replay(e2fsck, file, tools);
  await checkReplayed(path);
  return copy;
}

/** Tries to copy without copying. Node's own fallback would fill the holes. */
async function sharesBlocks(image: string, path: string): Promise<boolean> {
  try {
    await copyFile(image, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    // Of an image that cannot be written, neither can the copy.
    await chmod(path, 0o600);
    return true;
  } catch {
    return false;
  }
}

async function create(path: string, exists: boolean): Promise<FileHandle> {
  try {
    return await open(path, exists ? 'r+' : 'wx+', 0o600);
  } catch (error) {
    throw destinationError(path, error);
  }
}

async function copyData(source: ByteSource, file: FileHandle, path: string, options: CopyOptions) {
  const piece = Buffer.alloc(Math.min(PIECE, source.size));
  for (let position = 0; position < source.size; position += PIECE) {
    if (options.signal?.aborted) fail('cancelled');
    const length = Math.min(PIECE, source.size - position);
    await source.read(position, length, piece);
    await writeData(file, piece.subarray(0, length), position, path);
    options.onProgress?.(position + length, source.size);
  }
  await file.truncate(source.size);
}

async function writeData(file: FileHandle, piece: Buffer, position: number, path: string): Promise<void> {
  for (let at = 0; at < piece.length; at += HOLE) {
    const end = Math.min(at + HOLE, piece.length);
    if (piece.compare(zeros, 0, end - at, at, end) === 0) continue;
    try {
      for (let from = at; from < end;) {
        from += (await file.write(piece, from, end - from, position + from)).bytesWritten;
      }
    } catch (error) {
      throw destinationError(path, error);
    }
  }
}

/**
 * Refuses a journal that cannot be replayed as a whole, of which e2fsck would make what it can.
 *
 * @throws RecoveryError `image-recovery-failed`, `source-lost`
 */
async function checkJournal(volume: Volume): Promise<void> {
  const { notes } = await openVolume(volume);
  const damage = notes.find(({ code }) => code === 'journal-damaged');
  if (damage?.code === 'journal-damaged') {
    fail('image-recovery-failed', { detail: `the journal is damaged (${damage.params.detail})` });
  }
}

/** What e2fsck prints where it has lost something of the journal, and still exits as if all were well. */
const LOSS = /journal checksum error|invalid|journal has been deleted/i;

/** Has e2fsck replay the journal and do nothing else. Source: e2fsck(8), `journal_only` and exit codes. */
async function replay(e2fsck: string, file: FileHandle, tools: Tools): Promise<void> {
  const args = ['-p', '-E', 'journal_only', inheritedFile];
  const end = await tools.run(e2fsck, args, { file: file.fd, limit: tools.system.limits.recovery });
  const isCorrected = end.code === 0 || end.code === 1;
  if (!isCorrected || LOSS.test(end.stdout)) fail('image-recovery-failed', { detail: lastWords(end) });
}

async function checkReplayed(path: string): Promise<void> {
  const source = steadyFile(await openFileSource(path));
  try {
    if (await needsRecovery(source)) {
      fail('image-recovery-failed', { detail: 'the journal is still to be replayed' });
    }
  } finally {
    await source.close();
  }
}

async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await lstat(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** Removes a copy, unless another file stands at its name by now. */
export async function removeCopy({ path, identity }: Copy): Promise<void> {
  if ((await identityOf(path).catch(() => null)) === identity) await rm(path, { force: true });
}
