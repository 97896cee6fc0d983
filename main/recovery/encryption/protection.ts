/** How a backup protects what it stores, once its passphrase is proven: the one face of all formats. */
import type { Problem } from '../../../shared/problems.ts';
import type { Chunk, StoredFile } from '../catalog/stored-files.ts';
import type { SealedKeyStore } from './key-sealer.ts';

/** What a stored file's stream tells and asks while it is read. */
export interface StreamHooks {
  /** Awaited before each chunk is opened: holds the stream while paused, throws when cancelled. */
  readonly gate: () => Promise<void>;
  /** Told what was odd but could be mended. */
  readonly onWarning: (warning: Problem) => void;
  /** Told how many more bytes of the container were handed on. */
  readonly onProgress: (storedBytes: number) => void;
}

/** What is stored, verified and decrypted. */
export interface VerifiedStreams {
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
  /** For salvage: how parts of a stream are read by themselves; null where they cannot be. */
  readonly stretches: StretchReader | null;
}

export interface Protection extends VerifiedStreams {
  /** Begins a run over several files. Several can be under way at once. */
  beginRun(options: RunOptions): ProtectedRun;
  /** What only somebody with the passphrase can say of `text`; null where there is no key to say it by. */
  attest(text: string): string | null;
  /** Overwrites every key and the passphrase. */
  wipe(): Promise<void>;
}

export interface RunOptions {
  /** What the run reads, in its order: what these files need is prepared ahead. */
  readonly files: readonly StoredFile[];
  /** Where keys are taken from, and kept sealed; null keeps none. */
  readonly store: SealedKeyStore | null;
  /** Whether keys that take very long are derived: a chunk that needs one is refused otherwise, as `chunk-slow`. */
  readonly allowSlow: boolean;
}

/**
 * The streams of one run. Disposing ends what is prepared for this run and for nobody else: whoever waits for it gets
 * `cancelled`.
 */
export interface ProtectedRun extends VerifiedStreams, Disposable {
  /** Whether a chunk of the file needs a key that takes very long. */
  isSlow(file: StoredFile): Promise<boolean>;
}

/** Reads a stream around chunks that are lost. */
export interface StretchReader {
  /** How many bytes of the stream a chunk stands for, provided that `verify` finds it whole. */
  streamLength(chunk: Chunk): number;
  /**
   * Reads and verifies one chunk.
   *
   * @throws RecoveryError as `VerifiedStreams.stream`
   */
  verify(file: StoredFile, chunk: Chunk, hooks: StreamHooks): Promise<void>;
  /**
   * Yields the stream of consecutive chunks as `VerifiedStreams.stream` does. Behind lost ones it begins `streamLength` of all
   * chunks of a file before them into the stream.
   *
   * @throws RecoveryError as `VerifiedStreams.stream`
   */
  stretch(file: StoredFile, chunks: readonly Chunk[], hooks: StreamHooks): AsyncIterable<Uint8Array>;
}

/** Hooks of a reading that nobody pauses or watches. */
export const noHooks: StreamHooks = {
  gate: () => Promise.resolve(),
  onWarning: () => undefined,
  onProgress: () => undefined,
};
