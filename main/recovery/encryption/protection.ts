/** How a backup protects what it stores, once its passphrase is proven: the one face of all formats. */
import type { Problem } from '../../../shared/problems.ts';
import type { StoredFile } from '../catalog/stored-files.ts';

/** What a stored file's stream tells and asks while it is read. */
export interface StreamHooks {
  /** Awaited before each chunk is opened: holds the stream while paused, throws when cancelled. */
  readonly gate: () => Promise<void>;
  /** Told what was odd but could be mended. */
  readonly onWarning: (warning: Problem) => void;
  /** Told how many more bytes of the container were handed on. */
  readonly onProgress: (storedBytes: number) => void;
}

export interface Protection {
  /**
   * The compression filter that the stream of a stored file still has on it; null when it has none. Format 2
   * compresses each chunk by itself, so that it has to be undone below this face.
   */
  readonly filter: string | null;
  /**
   * Yields the stream of a stored file, verified and decrypted, in pieces that are valid until the next is asked
   * for. No byte is yielded before the chunk that it stands in was verified whole.
   *
   * @throws RecoveryError `chunk-…`, `source-…`, after all that precedes the fault was yielded
   */
  stream(file: StoredFile, hooks: StreamHooks): AsyncIterable<Uint8Array>;
  /** Prepares ahead what the files will need, in their order; replaces an earlier order. */
  lookAhead(files: readonly StoredFile[]): void;
  /** Stops preparing ahead. */
  stopLookingAhead(): void;
  /** Overwrites every key and the passphrase. */
  wipe(): Promise<void>;
}

/** Hooks of a reading that nobody pauses or watches. */
export const noHooks: StreamHooks = {
  gate: () => Promise.resolve(),
  onWarning: () => undefined,
  onProgress: () => undefined,
};
