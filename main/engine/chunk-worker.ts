/** A worker thread that reads sealed chunks from the backup, verifies and decrypts them, and hands them over. */
import './plain-paths.ts';
import { parentPort } from 'node:worker_threads';
import { problemOf, type Problem } from '../../shared/problems.ts';
import { OpenFiles, sourceOf, type Layout } from '../recovery/bytes/layout.ts';
import { readSealed, SealFault, type SealFaultKind } from '../recovery/encryption/scrypt-container.ts';

/** One chunk to open: where it lies, its 64-byte key, and a shared buffer at least as large as the chunk. */
export interface ChunkTask {
  readonly id: number;
  /** Where its bytes stand, and nothing else. */
  readonly layout: Layout;
  readonly size: number;
  readonly key: Uint8Array;
  readonly buffer: SharedArrayBuffer;
}

/** Word that a backup is closed, so that its drive can be removed, or opened anew when it came back. */
export interface ForgetTask {
  readonly forget: Layout;
}

/** Either the place of the plaintext in the buffer, or why there is none. The thread does not touch it any more. */
export type ChunkAnswer = { readonly id: number } & (
  | { readonly start: number; readonly length: number }
  | { readonly fault: SealFaultKind }
  | { readonly problem: Problem }
);

const files = new OpenFiles();

async function openTask({ id, layout, size, key, buffer }: ChunkTask): Promise<ChunkAnswer> {
  try {
    const plain = await readSealed(sourceOf(layout, files), 0, new Uint8Array(buffer, 0, size), key);
    return { id, start: plain.byteOffset, length: plain.length };
  } catch (error) {
    return error instanceof SealFault ? { id, fault: error.kind } : { id, problem: problemOf(error) };
  } finally {
    key.fill(0);
  }
}

parentPort?.on('message', (task: ChunkTask | ForgetTask) => {
  if ('forget' in task) {
    void files.close(task.forget);
    return;
  }
  void openTask(task).then((answer) => parentPort?.postMessage(answer));
});
