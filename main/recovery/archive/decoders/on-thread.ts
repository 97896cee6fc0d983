/**
 * Runs the decoders of WebAssembly on threads of their own.
 *
 * WebAssembly computes without a pause, and at 50 to 100 MB/s it would have the thread it runs on to itself. On other
 * threads several files are decoded at once, and whoever asks stays free to read and write, as with node:zlib.
 */
import { Worker } from 'node:worker_threads';
import { entryPoint } from '../../entry-point.ts';
import { type Decoder, StreamFault } from '../decoder.ts';
import type { Answer, Order, ThreadedCompression } from './decoding-thread.ts';

const entry = entryPoint('./decoding-thread', import.meta.url);

/** How much input a thread is given at a time: a copy, for the source may reuse its piece. */
const mostInput = 1024 * 1024;

/** Threads that finished a stream wait for the next, for most files of a backup are small. */
const idle: DecodingThread[] = [];
const mostIdle = 2;

/**
 * The decoder of `compression` on a thread, which makes one piece ahead, while the last one is in use.
 *
 * @throws StreamFault as every decoder; Error if the thread dies, as for want of memory
 */
export function onThread(compression: ThreadedCompression): Decoder {
  return async function* decode(source) {
    const input = source[Symbol.asyncIterator]();
    const thread = idle.pop() ?? new DecodingThread();
    let finished = false;
    try {
      thread.begin(compression, input);
      let answer = await thread.next();
      while (answer.answer === 'piece') {
        const ahead = thread.next();
        yield answer.piece;
        answer = await ahead;
      }
      finished = true;
      if (answer.answer === 'fault') throw new StreamFault(answer.fault, answer.detail);
      if (answer.answer === 'failure') throw new Error(answer.detail);
    } finally {
      if (finished && idle.length < mostIdle) thread.rest();
      else await thread.stop();
      await input.return?.();
    }
  };
}

/** A thread that decodes one stream after another. */
class DecodingThread {
  readonly #worker = new Worker(entry.path, { argv: [...entry.args], env: {}, stdin: false });
  #input: AsyncIterator<Uint8Array> | undefined;
  /** What of the newest piece of input the thread has not been given yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #asked: PromiseWithResolvers<Answer> | undefined;

  constructor() {
    this.#worker.on('message', (answer: Answer) => {
      if (answer.answer === 'wants-input') void this.#giveInput();
      else this.#asked?.resolve(answer);
    });
    this.#worker.on('error', (error) => this.#died(error));
    this.#worker.on('exit', () => this.#died(new Error('a decoding thread ended')));
  }

  begin(compression: ThreadedCompression, input: AsyncIterator<Uint8Array>): void {
    this.#worker.ref();
    this.#input = input;
    this.#tell({ order: 'begin', compression });
  }

  /** Asks for the next piece, once the last one asked for has come. */
  next(): Promise<Answer> {
    const asked = Promise.withResolvers<Answer>();
    // Nobody waits for a piece made ahead when the stream is given up.
    asked.promise.catch(() => undefined);
    this.#asked = asked;
    this.#tell({ order: 'next' });
    return asked.promise;
  }

  /** Waits for another stream, keeping no process alive meanwhile. */
  rest(): void {
    this.#input = undefined;
    this.#asked = undefined;
    this.#rest = this.#rest.subarray(0, 0);
    this.#worker.unref();
    idle.push(this);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  async #giveInput(): Promise<void> {
    try {
      while (this.#rest.length === 0) {
        const next = await this.#input?.next();
        if (!next || next.done === true) {
          this.#tell({ order: 'input', piece: undefined });
          return;
        }
        this.#rest = next.value;
      }
      const piece = new Uint8Array(this.#rest.subarray(0, mostInput));
      this.#rest = this.#rest.subarray(piece.length);
      this.#tell({ order: 'input', piece }, [piece.buffer]);
    } catch (error) {
      this.#asked?.reject(error);
    }
  }

  #tell(order: Order, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(order, transfer);
  }

  #died(error: unknown): void {
    const place = idle.indexOf(this);
    if (place >= 0) idle.splice(place, 1);
    this.#asked?.reject(error);
  }
}
