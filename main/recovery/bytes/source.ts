/** Random access to bytes: what a backup file, a set of its split parts, and a restored image have in common. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { fail, problem, problemOf, RecoveryError, type Problem } from '../../../shared/problems.ts';
import { deviceSize, isDrive, isWindowsDevice, sectorSize } from './device.ts';
import { Samples } from './samples.ts';

/** Consecutive bytes that were lost before they could be read here. */
export interface LostRange {
  readonly position: number;
  readonly length: number;
}

/** Places of a source that its drive could not read. */
export interface BadPlaces {
  /** Those within `length` bytes from `position` on, in order: they are not asked for again. */
  in(position: number, length: number): readonly LostRange[];
  /** Told of one that somebody else met who reads the same bytes. */
  note(position: number): void;
}

/** Bytes that can be read at any position, as by `pread`. */
export interface ByteSource {
  /** Length in bytes, fixed while the source is open. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `position` into a new array, or into the start of `into` when given.
   * Reading past the end is a programmer's mistake, except that a source which shrank says `source-lost`.
   *
   * @throws RecoveryError `source-bad-place` at the first byte that the drive refuses, be it bad or gone (unreadable.ts);
   *   `source-lost`; `source-exchanged` where another file came back with the drive;
   *   `source-unreadable` and `too-many-open-files` where only this reading failed
   */
  read(position: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /**
   * What is known to be lost of `length` bytes from `position` on, in order; reading any of it throws. Sources of which
   * nothing is known to be lost do not have this.
   */
  lostIn?(position: number, length: number): readonly LostRange[];
  /** Of sources on a drive. */
  readonly badPlaces?: BadPlaces;
  close(): Promise<void>;
}

/** A file as a source, which can be closed in between: where a backup has thousands of them, not all can be open. */
export interface FileSource extends ByteSource {
  /** Closes the file until it is read again; not while it is being read. */
  rest(): Promise<void>;
  /**
   * Reads up to 4096 bytes at `position`, a multiple of that, from the drive itself, and not from what the system has of it
   * already; undefined where the system cannot be asked for that.
   *
   * @throws RecoveryError `source-bad-place`
   */
  readFromDrive?(position: number): Promise<Uint8Array | undefined>;
}

/** Keeps a named pipe in the file's place from hanging the open; Windows has neither. */
const nonBlocking = 'O_NONBLOCK' in constants ? constants.O_NONBLOCK : 0;

/** How a file is opened for reading; another way than the system's is for tests of drives that go away. */
export type OpenFile = (path: string) => Promise<FileHandle>;

const openForReading: OpenFile = (path) => open(path, constants.O_RDONLY | nonBlocking);

/**
 * Opens a regular file or a drive for positional reads. After a read that failed the next one opens the file anew: a drive that
 * was unplugged and came back is another one to the system, and what was open on it stays dead. The file on it is known
 * again by its size and by samples of what was read of it. Its times and its number in the file system do not tell: both can
 * differ once a drive was plugged in again, and a copy of the backup is as good.
 *
 * @throws RecoveryError `source-missing`, `source-unreadable`, `source-not-a-file`, `device-empty`,
 *   `too-many-open-files`
 */
export async function openFileSource(path: string, openFile = openForReading): Promise<FileSource> {
  const { handle: first, size, isDevice } = await openReadable(path, openFile);
  let current: Promise<FileHandle> | null = Promise.resolve(first);
  const samples = new Samples();
  let closed = false;

  async function reopened(): Promise<FileHandle> {
    const { handle, size: now } = await openReadable(path, openFile).catch((error: unknown) => {
      const cause = error instanceof RecoveryError ? error.cause : error;
      if (cause !== undefined) throw readingError(path, cause);
      // A folder, or a drive without its card, is in the place of what was read.
      throw new RecoveryError(problem('source-lost', { reason: problemOf(error).code }), { cause: error });
    });
    try {
      const isSame = now === size && (await samples.match((...place) => readFrom(handle, ...place)));
      if (closed) fail('source-lost', { reason: 'closed' });
      if (!isSame) fail('source-exchanged', { path });
      return handle;
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
  }

  /** In whole sectors where the file is a drive, as some systems read drives in no other way. */
  async function readFrom(handle: FileHandle, position: number, length: number, into?: Uint8Array) {
    if (!isDevice) return readExactly(path, handle, position, length, into);
    const target = into?.subarray(0, length) ?? new Uint8Array(length);
    const sector = sectorSize(size);
    for (let done = 0; done < length;) {
      const at = position + done;
      const within = at % sector;
      const whole = within === 0 ? length - done - ((length - done) % sector) : 0;
      if (whole > 0) {
        await readExactly(path, handle, at, whole, target.subarray(done, done + whole));
        done += whole;
      } else {
        const piece = Math.min(sector - within, length - done);
        const bytes = await readExactly(path, handle, at - within, Math.min(sector, size - at + within));
        target.set(bytes.subarray(within, within + piece), done);
        done += piece;
      }
    }
    return target;
  }

  async function letGo(handle: Promise<FileHandle> | null): Promise<void> {
    if (current === handle) current = null;
    await handle?.then((each) => each.close()).catch(() => undefined);
  }

  return {
    size,
    async read(position, length, into) {
      const used = (current ??= reopened());
      try {
        const bytes = await readFrom(await used, position, length, into);
        samples.take(position, bytes);
        return bytes;
      } catch (error) {
        if (error instanceof RecoveryError) await letGo(used);
        throw error;
      }
    },
    ...(openFile === openForReading && { readFromDrive: (position: number) => pastCache(path, position) }),
    rest: () => letGo(current),
    close() {
      closed = true;
      return letGo(current);
    },
  };
}

/** What a reading past the system's cache has to begin at, and to be read into, a multiple of. */
const alignment = 4096;

async function pastCache(path: string, position: number): Promise<Uint8Array | undefined> {
  if (!('O_DIRECT' in constants)) return undefined;
  const refused = (error: unknown) =>
    new RecoveryError(problem('source-bad-place', { position }), { cause: error });
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_DIRECT | nonBlocking);
  } catch (error) {
    if (lostReasons.has(errnoOf(error))) throw refused(error);
    return undefined;
  }
  try {
    // Memory of WebAssembly begins at a page; that of an array may begin anywhere.
    const page = new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1 }).buffer, 0, alignment);
    return page.subarray(0, (await handle.read(page, 0, alignment, position)).bytesRead);
  } catch (error) {
    if (errnoOf(error) === 'EINVAL') return undefined;
    throw refused(error);
  } finally {
    await handle.close().catch(() => undefined);
  }
}

async function openReadable(
  path: string,
  openFile: OpenFile,
): Promise<{ readonly handle: FileHandle; readonly size: number; readonly isDevice: boolean }> {
  let handle: FileHandle;
  try {
    handle = await openFile(path);
  } catch (error) {
    throw openingProblem(path, error);
  }
  try {
    const stat = isWindowsDevice(path) ? null : await handle.stat();
    if (stat?.isFile()) return { handle, size: stat.size, isDevice: false };
    if (!stat || isDrive(stat)) return { handle, size: await deviceSize(handle, stat, path), isDevice: true };
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error instanceof RecoveryError ? error : openingProblem(path, error);
  }
  await handle.close();
  return fail('source-not-a-file', { path });
}

async function readExactly(
  path: string,
  handle: FileHandle,
  position: number,
  length: number,
  into?: Uint8Array,
) {
  const target = into?.subarray(0, length) ?? new Uint8Array(length);
  let done = 0;
  while (done < length) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await handle.read(target, done, length - done, position + done));
    } catch (error) {
      if (errnoOf(error) !== 'EIO') throw readingError(path, error);
      throw new RecoveryError(problem('source-bad-place', { position: position + done }), { cause: error });
    }
    if (bytesRead === 0) fail('source-lost', { reason: 'shrank' });
    done += bytesRead;
  }
  return target;
}

/** Failures by which a drive shows that it went away, or a place on it that it cannot read (unreadable.ts). */
const lostReasons = new Set([
  'EIO',
  'ENXIO',
  'ENODEV',
  'ENOENT',
  'ENOTDIR',
  'ESTALE',
  'ETIMEDOUT',
  'ENOTCONN',
  'ECONNRESET',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EHOSTUNREACH',
]);

/** What a failure to read `path` means, which was open already. */
export function readingError(path: string, error: unknown): RecoveryError {
  const reason = errnoOf(error);
  return new RecoveryError(
    lostReasons.has(reason) ? problem('source-lost', { reason }) : refusedReading(path, reason),
    { cause: error },
  );
}

function refusedReading(path: string, reason: string): Problem {
  return reason === 'EMFILE' || reason === 'ENFILE'
    ? problem('too-many-open-files', { path })
    : problem('source-unreadable', { path, reason });
}

/** Whether a source will give nothing any more, at whatever place. */
export function isSourceGone({ code }: Problem): boolean {
  return code === 'source-lost' || code === 'source-exchanged';
}

function openingProblem(path: string, error: unknown): RecoveryError {
  const reason = errnoOf(error);
  const isMissing = reason === 'ENOENT' || reason === 'ENOTDIR';
  return new RecoveryError(isMissing ? problem('source-missing', { path }) : refusedReading(path, reason), {
    cause: error,
  });
}

/** The operating system's name of a failure (`ENOSPC`, `EIO`, …), or the message where there is none. */
export function errnoOf(error: unknown): string {
  if (error instanceof Error)
    return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return String(error);
}

/** A source over bytes in memory, for small sealed files and for tests. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(position, length, into) {
      if (position + length > bytes.length) return Promise.reject(new RangeError('read past the end'));
      const slice = bytes.subarray(position, position + length);
      // `slice` of a Buffer would share its memory.
      if (!into) return Promise.resolve(new Uint8Array(slice));
      into.set(slice);
      return Promise.resolve(into.subarray(0, length));
    },
    close: () => Promise.resolve(),
  };
}
