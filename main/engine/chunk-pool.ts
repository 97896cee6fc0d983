/**
 * The pool of threads that open chunks, with the few large buffers that they share with the engine. Buffers that
 * travelled would count as new memory at each arrival, and have garbage collected again and again.
 */
import { Worker } from 'node:worker_threads';
import { problem, RecoveryError } from '../../shared/problems.ts';
import { secretCopy } from '../recovery/bytes/secret.ts';
import { stretchesOf, type Layout } from '../recovery/bytes/layout.ts';
import type { Member } from '../recovery/container/container-index.ts';
import { entryPoint } from '../recovery/entry-point.ts';
import { SealFault } from '../recovery/encryption/scrypt-container.ts';
import type { OpenedChunk } from '../recovery/encryption/scrypt-protection.ts';
import type { ChunkAnswer, ChunkTask, ForgetTask } from './chunk-worker.ts';

const entry = entryPoint('./chunk-worker', import.meta.url);

interface Thread {
  readonly worker: Worker;
  /** How many chunks it was given and has not answered. */
  given: number;
}

interface Waiting {
  readonly thread: Thread;
  readonly buffer: SharedArrayBuffer;
  readonly resolve: (chunk: OpenedChunk) => void;
  readonly reject: (error: unknown) => void;
}

export class ChunkPool {
  #threads: readonly Thread[] = [];
  readonly #mostThreads: number;
  readonly #waiting = new Map<number, Waiting>();
  readonly #spare: SharedArrayBuffer[] = [];
  readonly #mostSpare: number;
  #nextId = 0;
  #closed = false;

  /** @param threads how many chunks are opened at once */
  constructor(threads: number) {
    this.#mostThreads = threads;
    this.#mostSpare = 2 * threads;
  }

  /** Starts a thread that will be wanted soon; others start when there is more than one chunk to open. */
  ready(): void {
    if (this.#threads.length === 0) this.#start();
  }

  /**
   * Reads, verifies and decrypts a member of the backup whose bytes stand in `layout`.
   *
   * @throws SealFault, RecoveryError `source-…`, `engine-gone`
   */
  open(layout: Layout, member: Member, key: Uint8Array): Promise<OpenedChunk> {
    if (this.#closed) return Promise.reject(closedError());
    const id = this.#nextId++;
    const buffer = this.#takeBuffer(member.size);
    const task: ChunkTask = {
      id,
      layout: stretchesOf(layout, member.offset, member.size),
      size: member.size,
      key: secretCopy(key),
      buffer,
    };
    return new Promise((resolve, reject) => {
      const thread = this.#idlest();
      thread.given++;
      this.#waiting.set(id, { thread, buffer, resolve, reject });
      thread.worker.postMessage(task, [task.key.buffer as ArrayBuffer]);
    });
  }

  /** Closes a backup in every thread, once what is under way there is done. */
  forget(layout: Layout): void {
    for (const { worker } of this.#threads) worker.postMessage({ forget: layout } satisfies ForgetTask);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#rejectWaiting(closedError());
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
    this.#spare.length = 0;
  }

  /** The thread that has the least to do, a new one where all have something and there may be more. */
  #idlest(): Thread {
    const [idlest] = this.#threads.toSorted((one, other) => one.given - other.given);
    if (idlest && (idlest.given === 0 || this.#threads.length >= this.#mostThreads)) return idlest;
    return this.#start();
  }

  #start(): Thread {
    const worker = new Worker(entry.path, { argv: [...entry.args], env: {}, stdin: false });
    const thread: Thread = { worker, given: 0 };
    this.#threads = [...this.#threads, thread];
    worker.on('message', (answer: ChunkAnswer) => this.#settle(answer));
    const died = (reason: string) => {
      if (this.#closed) return;
      this.#threads = this.#threads.filter((other) => other !== thread);
      this.#rejectWaiting(new RecoveryError(problem('engine-gone', { reason })), thread);
    };
    worker.on('error', (error) => died(error instanceof Error ? error.message : String(error)));
    return thread;
  }

  /** Gives up the chunks of one thread, or of all. */
  #rejectWaiting(error: RecoveryError, of?: Thread): void {
    for (const [id, { thread, reject }] of this.#waiting) {
      if (of && thread !== of) continue;
      this.#waiting.delete(id);
      reject(error);
    }
  }

  #settle(answer: ChunkAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    const { thread, buffer, resolve, reject } = waiting;
    thread.given--;
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
