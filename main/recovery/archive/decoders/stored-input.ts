/** The stored side of a decoder: pieces of any length, looked at before they are consumed. */
import { StreamFault } from '../decoder.ts';

const nothing = new Uint8Array(0);

/** Reads an input of pieces, joining them only as far as a field lies across their border. */
export class StoredInput {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #atHand: Uint8Array = nothing;
  /** What of the newest piece follows the bytes at hand, where those were joined. */
  #behind: Uint8Array = nothing;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#pieces = input[Symbol.asyncIterator]();
  }

  /** Bytes at hand, not consumed: `count` or more, fewer only where the input ends. Valid until the next call. */
  async ahead(count = 1): Promise<Uint8Array> {
    while (this.#atHand.length < count) {
      if (this.#behind.length === 0) {
        // A copy, which `slice` of a Buffer is not: the source may reuse its piece when the next is asked for.
        this.#atHand = new Uint8Array(this.#atHand);
        const next = await this.#pieces.next();
        if (next.done === true) break;
        this.#behind = next.value;
      }
      const wanted = this.#atHand.length === 0 ? this.#behind.length : count - this.#atHand.length;
      const more = this.#behind.subarray(0, wanted);
      this.#atHand = this.#atHand.length === 0 ? more : Buffer.concat([this.#atHand, more]);
      this.#behind = this.#behind.subarray(wanted);
    }
    return this.#atHand;
  }

  /** Consumes `count` bytes of those at hand. */
  skip(count: number): void {
    this.#atHand = this.#atHand.subarray(count);
  }

  /**
   * Consumes exactly `count` bytes and returns them.
   *
   * @throws StreamFault `unfinished`
   */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.ahead(count);
    if (bytes.length < count) throw new StreamFault('unfinished', 'the input ends inside a field');
    this.skip(count);
    return bytes.subarray(0, count);
  }

  /**
   * Consumes `count` bytes, any number of them, without keeping them.
   *
   * @throws StreamFault `unfinished`
   */
  async discard(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const { length } = await this.ahead();
      if (length === 0) throw new StreamFault('unfinished', 'the input ends inside a field');
      const gone = Math.min(left, length);
      this.skip(gone);
      left -= gone;
    }
  }

  /** Consumes zero bytes up to the first other byte, and says whether there is one. */
  async skipZeros(): Promise<boolean> {
    for (;;) {
      const bytes = await this.ahead();
      if (bytes.length === 0) return false;
      const other = bytes.findIndex((byte) => byte !== 0);
      this.skip(other < 0 ? bytes.length : other);
      if (other >= 0) return true;
    }
  }

  /** Tells the source that no more will be asked of it. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}
