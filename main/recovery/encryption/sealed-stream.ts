/** The plain stream of a stored file of format 4: its sealed chunks, opened and handed on in order. */
import { fail, problem, RecoveryError, type Problem } from '../../../shared/problems.ts';
import type { Member } from '../container/container-index.ts';
import type { Chunk, StoredFile } from '../catalog/stored-files.ts';
import type { KeyRing, SealedMember } from './key-ring.ts';
import { SealFault, type SealFaultKind } from './scrypt-container.ts';

/** A chunk's verified plaintext, in a buffer that is lent until `release`. */
export interface OpenedChunk {
  readonly plain: Uint8Array;
  release(): void;
}

/** Reads a sealed member whole, verifies it with its 64-byte key and decrypts it. Throws `SealFault`. */
export type OpenChunk = (member: Member, key: Uint8Array) => Promise<OpenedChunk>;

export interface SealedStreamOptions {
  readonly keys: KeyRing;
  readonly openChunk: OpenChunk;
  /** The name under which each chunk was sealed. */
  readonly sealed: (file: StoredFile, chunk: Chunk) => SealedMember;
  /** Awaited before each chunk is opened: holds the stream while paused, throws when cancelled. */
  readonly gate: () => Promise<void>;
  /** Told what was odd but could be mended. */
  readonly onWarning: (warning: Problem) => void;
  /** Told how many more bytes of the container were handed on. */
  readonly onProgress: (storedBytes: number) => void;
}

/** Pieces handed to the decompressor: large enough to be cheap, small enough to keep the event loop free. */
const pieceSize = 1024 * 1024;

/** Format 4 seals a chunk under its backup's id and its own name without `.enc`. */
export function sealedChunk(backupId: string, file: StoredFile, chunk: Chunk): SealedMember {
  return { member: chunk.member, sealedName: `${backupId}!${chunkPath(file.path, chunk)}` };
}

/** The name of a chunk, with at least three digits. */
export function chunkPath(path: string, chunk: Chunk): string {
  return `${path}.${String(chunk.number).padStart(3, '0')}`;
}

/**
 * Yields the stored stream of `file`, decrypted and verified, in pieces. The next chunk is opened while the
 * current one is consumed; a piece is valid until the next is asked for.
 *
 * @throws RecoveryError `chunk-…` for a chunk that cannot be opened, after all that precedes it was yielded
 */
export async function* sealedStream(
  file: StoredFile,
  options: SealedStreamOptions,
): AsyncGenerator<Uint8Array> {
  let next = openAhead(file, 0, options);
  try {
    for (const [i, chunk] of file.chunks.entries()) {
      const opened = await (next as Promise<OpenedChunk>);
      next = openAhead(file, i + 1, options);
      try {
        for (let at = 0; at < opened.plain.length; at += pieceSize) {
          const piece = opened.plain.subarray(at, at + pieceSize);
          yield piece;
          options.onProgress(piece.length);
        }
      } finally {
        opened.release();
      }
      options.onProgress(chunk.member.size - opened.plain.length);
    }
  } finally {
    // Whoever stops early leaves one chunk being opened; its buffer goes back when it arrives.
    void next?.then(
      (opened) => opened.release(),
      () => undefined,
    );
  }
  if (file.firstMissing !== null) fail('chunk-missing', { file: file.path, chunk: file.firstMissing });
}

function openAhead(
  file: StoredFile,
  i: number,
  options: SealedStreamOptions,
): Promise<OpenedChunk> | undefined {
  const chunk = file.chunks[i];
  if (!chunk) return undefined;
  const opening = openOrRetry(file, chunk, options);
  // It is awaited only after the chunk before it was consumed; until then its failure is nobody's yet.
  opening.catch(() => undefined);
  return opening;
}

async function openOrRetry(
  file: StoredFile,
  chunk: Chunk,
  options: SealedStreamOptions,
): Promise<OpenedChunk> {
  await options.gate();
  try {
    return await openOnce(file, chunk, options);
  } catch (fault) {
    if (!(fault instanceof SealFault)) throw fault;
    options.keys.forget(chunk.member);
  }
  // The passphrase is proven by the header, so this is damage, or memory or a disk that answers differently
  // when asked again.
  try {
    const opened = await openOnce(file, chunk, options);
    options.onWarning(problem('chunk-unstable', { file: file.path, chunk: chunk.number }));
    return opened;
  } catch (fault) {
    throw fault instanceof SealFault
      ? new RecoveryError(chunkProblem(fault.kind, file.path, chunk.number))
      : fault;
  }
}

async function openOnce(file: StoredFile, chunk: Chunk, options: SealedStreamOptions): Promise<OpenedChunk> {
  const key = await options.keys.keyFor(options.sealed(file, chunk));
  return options.openChunk(chunk.member, key);
}

const chunkCodes = {
  'not-sealed': 'chunk-not-sealed',
  'too-short': 'chunk-too-short',
  'header-damaged': 'chunk-header-damaged',
  'not-authentic': 'chunk-not-authentic',
  damaged: 'chunk-damaged',
} as const satisfies Record<SealFaultKind, string>;

function chunkProblem(kind: SealFaultKind, file: string, chunk: number): Problem {
  return problem(chunkCodes[kind], { file, chunk });
}
