/** A worker thread that reads sealed chunks from the backup, verifies and decrypts them, and hands them over. */
import './plain-paths.ts';
import { parentPort } from 'node:worker_threads';
import { problem, problemOf, RecoveryError, type Problem } from '../../shared/problems.ts';
import { readingError, type ByteSource } from '../recovery/bytes/source.ts';
import { openBackupSource } from '../recovery/container/split-source.ts';
import { readSealed, SealFault, type SealFaultKind } from '../recovery/encryption/scrypt-container.ts';

/** One chunk to open: where it lies, its 64-byte key, and a shared buffer at least as large as the chunk. */
export interface ChunkTask {
  readonly id: number;
  readonly path: string;
  readonly offset: number;
  readonly size: number;
  readonly key: Uint8Array;
  readonly buffer: SharedArrayBuffer;
}

/** Word that a backup is closed. */
export interface ForgetTask {
  readonly forget: string;
}

/** Either the place of the plaintext in the buffer, or why there is none. The thread does not touch it any more. */
export type ChunkAnswer = { readonly id: number } & (
  | { readonly start: number; readonly length: number }
  | { readonly fault: SealFaultKind }
  | { readonly problem: Problem }
);

const sources = new Map<string, Promise<ByteSource>>();

function sourceAt(path: string): Promise<ByteSource> {
  const present = sources.get(path);
  if (present) return present;
  const opening = openBackupSource(path).catch((error: unknown) => {
    // The engine has it open, so it was there: whatever hides it now took it away in the middle.
    if (error instanceof Error && error.cause) throw readingError(path, error.cause);
    throw new RecoveryError(problem('source-lost', { reason: problemOf(error).code }), { cause: error });
  });
  sources.set(path, opening);
  opening.catch(() => sources.delete(path));
  return opening;
}

/** Closes the backup at `path`, so that its drive can be removed, or opened anew when it came back. */
function forget(path: string): void {
  const opened = sources.get(path);
  sources.delete(path);
  opened?.then((source) => source.close()).catch(() => undefined);
}

async function openTask({ id, path, offset, size, key, buffer }: ChunkTask): Promise<ChunkAnswer> {
  try {
    const source = await sourceAt(path);
    const plain = await readSealed(source, offset, new Uint8Array(buffer, 0, size), key);
    return { id, start: plain.byteOffset, length: plain.length };
  } catch (error) {
    return error instanceof SealFault ? { id, fault: error.kind } : { id, problem: problemOf(error) };
  } finally {
    key.fill(0);
  }
}

parentPort?.on('message', (task: ChunkTask | ForgetTask) => {
  if ('forget' in task) {
    forget(task.forget);
    return;
  }
  void openTask(task).then((answer) => parentPort?.postMessage(answer));
});
