/** Writes the bytes of one restored file: with true holes, hashed on the way, checked and made durable at its end. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { fail, problem, RecoveryError } from '../../../shared/problems.ts';
import { systemPath } from '../bytes/byte-text.ts';
import { errnoOf } from '../bytes/source.ts';
import { ContentHash } from './content-hash.ts';
import { destinationError, fatFileLimit } from './destination-error.ts';
import { standsAt } from './standing.ts';

/** What a finished file is. */
export interface FileFacts {
  readonly bytes: number;
  /** SHA-256 of the whole file, lower-case hex; null for a plain one. */
  readonly sha256: string | null;
}

export interface WritingOptions {
  /**
   * Leaves out the hash and the wait for the drive, which many small files would pay for dearly: for copies of what
   * stays where it is.
   */
  readonly plain?: boolean;
}

/** The unit in which file systems leave holes; runs of zeros shorter than this are written. */
const holeUnit = 4096;
const zeroUnit = Buffer.alloc(holeUnit);

/**
 * After so many bytes the drive is told to begin with them, while more are on their way: a system that keeps gigabytes
 * back would make everybody wait at the end of the file.
 */
const syncInterval = 128 * 2 ** 20;

/** What drivers answer that know no `ftruncate`. */
const withoutTruncate = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL']);

export class FileWriter {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #hash: ContentHash | null;
  #written = 0;
  /** Where the data end that the drive took. */
  #end = 0;
  #closed = false;
  #unsynced = 0;
  #syncing: Promise<unknown> = Promise.resolve();

  private constructor(path: string, handle: FileHandle, { plain = false }: WritingOptions) {
    this.path = path;
    this.#handle = handle;
    this.#hash = plain ? null : new ContentHash();
  }

  /**
   * Creates `path`, at which nothing may stand; a link that somebody put in the way is not followed.
   *
   * @throws RecoveryError `dest-…`
   */
  static async create(path: string, options: WritingOptions = {}): Promise<FileWriter> {
    try {
      const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR;
      return new FileWriter(path, await open(systemPath(path), flags, 0o600), options);
    } catch (error) {
      throw destinationError(path, error);
    }
  }

  /** Bytes of data that were given so far, holes not counted. */
  get written(): number {
    return this.#written;
  }

  /** Writes data at `position`, at or behind the end of what was written before; runs of zeros become holes. */
  async write(position: number, bytes: Uint8Array): Promise<void> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // A drive that refuses the data shows it at once, also while a long hole before them is hashed.
    await Promise.all([this.#writeRuns(buffer, position), this.#hash?.update(position, bytes)]);
    this.#written += bytes.length;
    this.#syncNowAndThen(bytes.length);
  }

  #syncNowAndThen(length: number): void {
    this.#unsynced += length;
    if (!this.#hash || this.#unsynced < syncInterval) return;
    this.#unsynced = 0;
    this.#syncing = this.#syncing.then(() => this.#handle.datasync());
    // Systems tell of a failure once, so it is kept for the end of the file.
    this.#syncing.catch(() => undefined);
  }

  async #writeRuns(buffer: Buffer, position: number): Promise<void> {
    for (const { start, end } of dataRuns(buffer, position))
      await this.#writeAll(buffer, start, end, position);
  }

  async #writeAll(buffer: Buffer, start: number, end: number, position: number): Promise<void> {
    let at = start;
    try {
      while (at < end) {
        at += (await this.#handle.write(buffer, at, end - at, position + at)).bytesWritten;
        this.#end = position + at;
      }
    } catch (error) {
      throw this.#refusal(error, position + at);
    }
  }

  /** Gives the file its length, makes it durable and checks it. It stays open, so that it can be known again. */
  async finish(size: number): Promise<FileFacts> {
    try {
      // Before a hole at the end is hashed, which would be in vain if the drive refuses the length.
      await this.#setLength(size);
      const sha256 = (await this.#hash?.finish(size)) ?? null;
      await this.#syncing;
      if (this.#hash) await this.#handle.sync();
      const found = await this.#handle.stat();
      if (found.size !== size) fail('size-mismatch', { file: this.path, expected: size, found: found.size });
      return { bytes: size, sha256 };
    } catch (error) {
      throw this.#refusal(error, size);
    }
  }

  /** Some drivers in user space cannot set a length; behind the end of the data one byte does the same. */
  async #setLength(size: number): Promise<void> {
    try {
      await this.#handle.truncate(size);
    } catch (error) {
      if (!withoutTruncate.has(errnoOf(error))) throw error;
      if ((await this.#handle.stat()).size < size) await this.#handle.write(Buffer.alloc(1), 0, 1, size - 1);
    }
  }

  /** Whether what stands at its path is still the file, which is open: a second restore there begins its own. */
  stillStands(): Promise<boolean> {
    return standsAt(this.#handle, this.path);
  }

  /** What the drive's refusal of a byte at `position` means. */
  #refusal(error: unknown, position: number): Error {
    if (errnoOf(error) !== 'EFBIG') return destinationError(this.path, error);
    // The byte that is refused may lie far behind the limit, after a hole.
    const limit = this.#end > fatFileLimit ? position : Math.min(position, fatFileLimit);
    return new RecoveryError(problem('dest-file-limit', { path: this.path, limit }), { cause: error });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hash?.stop();
    await this.#syncing.catch(() => undefined);
    await this.#handle.close().catch((error: unknown) => {
      throw destinationError(this.path, error);
    });
  }
}

/** The runs of a piece at `position` that hold something other than zeros, as offsets into it. */
function* dataRuns(buffer: Buffer, position: number): Generator<{ start: number; end: number }> {
  let start = -1;
  for (let at = 0, end; at < buffer.length; at = end) {
    // Up to the next border of a block in the file, wherever the piece begins.
    end = Math.min(at + holeUnit - ((position + at) % holeUnit), buffer.length);
    if (buffer.compare(zeroUnit, 0, end - at, at, end) !== 0) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      yield { start, end: at };
      start = -1;
    }
  }
  if (start >= 0) yield { start, end: buffer.length };
}
