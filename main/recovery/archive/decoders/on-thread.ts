/**
 * Runs decoders on threads of their own.
 *
 * WebAssembly computes without a pause and would have the thread it runs on to itself. On other threads several files are
 * decoded at once, and whoever asks stays free to read, hash and write: a thread goes on while its pieces are in use.
 */
import { Worker } from 'node:worker_threads';
import { fail } from '../../../../shared/problems.ts';
import { deferred, type Deferred } from '../../deferred.ts';
import { entryPoint } from '../../entry-point.ts';
import { type Decoder, standingPieces, StreamFault } from '../decoder.ts';
import type { DecodingThreadData, ThreadedCompression, Word } from './decoding-thread.ts';
import { MemberCheck } from './gzip.ts';
import { SlotRing } from './slot-ring.ts';

const entry = entryPoint('./decoding-thread', import.meta.url);

/** Input comes in copies, for its source may reuse a piece: one is decoded while the next is filled. */
const input = { slots: 2, slotLength: 512 * 1024 } as const;

/** One piece of output is in use while others are made: a reader that hashes and writes is late now and then. */
const output = { slots: standingPieces, slotLength: 1024 * 1024 } as const;

/** Threads that finished a stream wait for the next, for most files of a backup are small. */
const idle: DecodingThread[] = [];
const mostIdle = 2;

/**
 * The decoder of `compression` on a thread. What precedes a failure of the source is handed out before that is thrown.
 *
 * @throws StreamFault as every decoder; RecoveryError `thread-ended` if the thread cannot start or dies, as for want of
 *   memory or of file handles
 */
export function onThread(compression: ThreadedCompression): Decoder {
  return async function* decode(source) {
    const pieces = source[Symbol.asyncIterator]();
    const thread = idle.pop() ?? new DecodingThread();
    let isAtRest = false;
    try {
      thread.begin(compression, pieces);
      const check = compression === 'gzip' ? new MemberCheck() : null;
      let word = await thread.next();
      for (; word.word === 'made' || word.word === 'member'; word = await thread.next()) {
        if (word.word === 'member') {
          check?.end(word.trailer);
          continue;
        }
        check?.take(word.piece);
        yield word.piece;
        thread.output.free();
      }
      isAtRest = word.word !== 'failure' && word.word !== 'ended';
      await thread.fed();
      if (word.word === 'fault') throw new StreamFault(word.fault, word.detail);
      if (word.word === 'ended') fail('thread-ended', { reason: word.reason });
      if (word.word === 'failure') throw new Error(word.detail);
    } finally {
      if (isAtRest && idle.length < mostIdle) thread.rest();
      else await thread.stop();
      await pieces.return?.();
    }
  };
}

/** Starts a thread that will be wanted soon, unless one waits already: it takes as long as decoding many megabytes. */
export function readyThread(): void {
  if (idle.length === 0) new DecodingThread().rest();
}

/** What is heard of a thread: its own words, and that it is no more. */
type Heard = Word | { readonly word: 'ended'; readonly reason: string };

/** A thread that decodes one stream after another. */
class DecodingThread {
  readonly output = SlotRing.create(output.slots, output.slotLength);
  readonly #input = SlotRing.create(input.slots, input.slotLength);
  readonly #worker: Worker;
  /** What it said and nobody asked for yet. */
  #words: Heard[] = [];
  #asked: Deferred<Heard> | undefined;
  #feeding: Promise<void> = Promise.resolve();
  #isOver = false;
  #onRoom: () => void = () => undefined;

  constructor() {
    const workerData: DecodingThreadData = { input: this.#input.shared, output: this.output.shared };
    this.#worker = new Worker(entry.path, { argv: [...entry.args], env: {}, stdin: false, workerData });
    this.#worker.on('message', (word: Word) => this.#hear(word));
    this.#worker.on('error', (error) => this.#die(String(error)));
    this.#worker.on('exit', () => this.#die('a decoding thread ended'));
  }

  begin(compression: ThreadedCompression, pieces: AsyncIterator<Uint8Array>): void {
    this.#worker.ref();
    this.#input.clear();
    this.output.clear();
    this.#words = [];
    this.#isOver = false;
    this.#feeding = this.#feed(pieces);
    // Until it is asked for, its failure is nobody's.
    this.#feeding.catch(() => undefined);
    this.#worker.postMessage(compression);
  }

  /** What the thread says next. */
  next(): Promise<Heard> {
    const asked = deferred<Heard>();
    const word = this.#words.shift();
    if (word) asked.resolve(word);
    else this.#asked = asked;
    return asked.promise;
  }

  /** Resolves when the source is not asked any more. Throws what the source threw. */
  fed(): Promise<void> {
    return this.#feeding;
  }

  /** Waits for another stream, keeping no process alive meanwhile. */
  rest(): void {
    this.#worker.unref();
    idle.push(this);
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#worker.terminate();
  }

  async #feed(pieces: AsyncIterator<Uint8Array>): Promise<void> {
    try {
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
        for (let at = 0; at < next.value.length; at += this.#input.slotLength)
          await this.#fill(next.value.subarray(at, at + this.#input.slotLength));
        if (this.#isOver) return;
      }
    } finally {
      await this.#fill(new Uint8Array(0));
    }
  }

  async #fill(bytes: Uint8Array): Promise<void> {
    while (!this.#input.hasRoom && !this.#isOver)
      await new Promise<void>((resolve) => (this.#onRoom = resolve));
    if (!this.#isOver) this.#input.fill(bytes);
  }

  #hear(word: Heard): void {
    if (word.word === 'taken') {
      this.#onRoom();
      return;
    }
    if (word.word !== 'made' && word.word !== 'member') this.#end();
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked) asked.resolve(word);
    else this.#words.push(word);
  }

  /** Whatever is still fed goes nowhere. */
  #end(): void {
    this.#isOver = true;
    this.#onRoom();
  }

  #die(reason: string): void {
    const place = idle.indexOf(this);
    if (place >= 0) idle.splice(place, 1);
    this.#hear({ word: 'ended', reason });
  }
}
