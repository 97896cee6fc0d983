/** SHA-256 over a file as it will read once restored, holes included, while only its data pass by. */
import { createHash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

const zeros = new Uint8Array(1024 * 1024);

/** Zeros hashed before other work of the process gets its turn: some ten milliseconds. */
const zerosPerTurn = 16 * 1024 * 1024;

export class ContentHash {
  readonly #hash: Hash = createHash('sha256');
  #position = 0;

  /** Takes data at a position at or behind the end of what was taken before. */
  async update(position: number, bytes: Uint8Array): Promise<void> {
    await this.#hole(position);
    this.#hash.update(bytes);
    this.#position += bytes.length;
  }

  /** The digest of a file of `size` bytes, in lower-case hex. */
  async finish(size: number): Promise<string> {
    await this.#hole(size);
    return this.#hash.digest('hex');
  }

  async #hole(end: number): Promise<void> {
    for (let turn = 0; this.#position < end;) {
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
