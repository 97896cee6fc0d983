/** SHA-256 over a file as it will read once restored, holes included, while only its data pass by. */
import { createHash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

const zeros = new Uint8Array(1024 * 1024);

/** Zeros hashed before other work of the process gets its turn: some ten milliseconds. */
const zerosPerTurn = 16 * 1024 * 1024;

/**
 * Holes of a file that are hashed at most: half a minute or so. Volumes can have terabytes of them, which nothing else
 * in a restore would take any time for.
 */
const mostZeros = 64 * 2 ** 30;

export class ContentHash {
  readonly #hash: Hash = createHash('sha256');
  #position = 0;
  #zeros = 0;
  #stopped = false;

  /** Takes data at a position at or behind the end of what was taken before. */
  async update(position: number, bytes: Uint8Array): Promise<void> {
    await this.#hole(position);
    if (this.#tooSparse) return;
    this.#hash.update(bytes);
    this.#position += bytes.length;
  }

  /** The digest of a file of `size` bytes, in lower-case hex; null if more than 64 GiB of them are holes. */
  async finish(size: number): Promise<string | null> {
    await this.#hole(size);
    return this.#tooSparse ? null : this.#hash.digest('hex');
  }

  /** Ends the hashing of a hole that is under way: nobody wants the digest any more. */
  stop(): void {
    this.#stopped = true;
  }

  get #tooSparse(): boolean {
    return this.#zeros > mostZeros;
  }

  async #hole(end: number): Promise<void> {
    this.#zeros += Math.max(0, end - this.#position);
    if (this.#tooSparse) return;
    for (let turn = 0; this.#position < end && !this.#stopped;) {
      const length = Math.min(zeros.length, end - this.#position);
      this.#hash.update(zeros.subarray(0, length));
      this.#position += length;
      turn += length;
      if (turn >= zerosPerTurn) {
        turn = 0;
        await nextTurn();
      }
    }
  }
}
