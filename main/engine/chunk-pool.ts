/**
 * The pool of threads that open chunks, with the few large buffers that they share with the engine. Buffers that
 * travelled would count as new memory at each arrival, and have garbage collected again and again.
 */
import { Worker } from 'node:worker_threads';
import { problem, RecoveryError } from '../../shared/problems.ts';
import { secretCopy } from '../recovery/bytes/secret.ts';
import type { Member } from '../recovery/container/container-index.ts';
import { entryPoint } from '../recovery/entry-point.ts';
import { SealFault } from '../recovery/encryption/scrypt-container.ts';
import type { OpenedChunk } from '../recovery/encryption/scrypt-protection.ts';
import type { ChunkAnswer, ChunkTask, ForgetTask } from './chunk-worker.ts';

const entry = entryPoint('./chunk-worker', import.meta.url);

interface Waiting {
  readonly buffer: SharedArrayBuffer;
  readonly resolve: (chunk: OpenedChunk) => void;
  readonly reject: (error: unknown) => void;
}

export class ChunkPool {
  readonly #threads: Worker[];
  readonly #waiting = new Map<number, Waiting>();
  readonly #spare: SharedArrayBuffer[] = [];
  readonly #mostSpare: number;
  #nextId = 0;
  #closed = false;

  /** @param threads how many chunks are opened at once */
  constructor(threads: number) {
    this.#mostSpare = 2 * threads;
    this.#threads = Array.from({ length: threads }, () => this.#start());
  }

  /**
   * Reads, verifies and decrypts the member of the backup at `path`.
   *
   * @throws SealFault, RecoveryError `source-…`, `engine-gone`
   */
  open(path: string, member: Member, key: Uint8Array): Promise<OpenedChunk> {
    if (this.#closed) return Promise.reject(closedError());
    const id = this.#nextId++;
    const buffer = this.#takeBuffer(member.size);
    const task: ChunkTask = {
      id,
      path,
      offset: member.offset,
      size: member.size,
      key: secretCopy(key),
      buffer,
    };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { buffer, resolve, reject });
      this.#threads[id % this.#threads.length]?.postMessage(task, [task.key.buffer as ArrayBuffer]);
    });
  }

  /** Closes the backup at `path` in every thread, once what is under way there is done. */
  forget(path: string): void {
    for (const thread of this.#threads) thread.postMessage({ forget: path } satisfies ForgetTask);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#rejectWaiting(closedError());
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
    this.#spare.length = 0;
  }

  #start(): Worker {
    const thread = new Worker(entry.path, { argv: [...entry.args], env: {}, stdin: false });
    thread.on('message', (answer: ChunkAnswer) => this.#settle(answer));
    const died = (reason: string) => {
      if (this.#closed) return;
      const i = this.#threads.indexOf(thread);
      if (i >= 0) this.#threads[i] = this.#start();
      // Which of the waiting chunks it had is not known any more; asking again is cheap.
      this.#rejectWaiting(new RecoveryError(problem('engine-gone', { reason })));
    };
    thread.on('error', (error: Error) => died(error.message));
    return thread;
  }

  #rejectWaiting(error: RecoveryError): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #settle(answer: ChunkAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    const { buffer, resolve, reject } = waiting;
    const release = () => this.#giveBack(buffer);
    if ('length' in answer) {
      resolve({ plain: new Uint8Array(buffer, answer.start, answer.length), release });
      return;
    }
    release();
    reject('fault' in answer ? new SealFault(answer.fault) : new RecoveryError(answer.problem));
  }

  #takeBuffer(size: number): SharedArrayBuffer {
    const i = this.#spare.findIndex((buffer) => buffer.byteLength >= size);
    const [found] = i < 0 ? [] : this.#spare.splice(i, 1);
    return found ?? new SharedArrayBuffer(size);
  }

  #giveBack(buffer: SharedArrayBuffer): void {
    // Plaintext does not outlive its use in a buffer that nobody claims.
    if (this.#closed || this.#spare.length >= this.#mostSpare) return;
    this.#spare.push(buffer);
  }
}

function closedError(): RecoveryError {
  return new RecoveryError(problem('engine-gone', { reason: 'the pool of threads was closed' }));
}
