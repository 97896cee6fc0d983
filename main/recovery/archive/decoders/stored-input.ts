/** The stored side of a decoder: pieces of any length, looked at before they are consumed. */
import { StreamFault } from '../decoder.ts';

const nothing = new Uint8Array(0);

/** How much is joined where pieces meet: so much that a reader of long fields does not creep from byte to byte. */
const joinedLength = 64 * 1024;

/** Reads an input of pieces, joining them only as far as a field lies across their border. */
export class StoredInput {
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** A piece of the source, or bytes joined in `#joint`. */
  #atHand: Uint8Array = nothing;
  /** What of the newest piece follows the bytes at hand, where those were joined. */
  #behind: Uint8Array = nothing;
  #joint: Uint8Array = nothing;
  #position = 0;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#pieces = input[Symbol.asyncIterator]();
  }

  /** How many bytes were consumed so far. */
  get position(): number {
    return this.#position;
  }

  /** Bytes at hand, not consumed: `count` or more, fewer only where the input ends. Valid until the next call. */
  async ahead(count = 1): Promise<Uint8Array> {
    const enough = Math.max(count, joinedLength);
    while (this.#atHand.length < count) {
      if (this.#behind.length === 0) {
        // The source may reuse its piece as soon as the next is asked for.
        if (this.#atHand.length > 0) this.#join(nothing, enough);
        const next = await this.#pieces.next();
        if (next.done === true) break;
        this.#behind = next.value;
      }
      const wanted = this.#atHand.length === 0 ? Infinity : enough - this.#atHand.length;
      const more = this.#behind.subarray(0, wanted);
      this.#behind = this.#behind.subarray(more.length);
      if (this.#atHand.length === 0) this.#atHand = more;
      else this.#join(more, enough);
    }
    return this.#atHand;
  }

  /** Puts `more` behind the bytes at hand, both in a joint of their own, where at most `limit` bytes come together. */
  #join(more: Uint8Array, limit: number): void {
    const old = this.#atHand;
    const length = old.length + more.length;
    let start = old.buffer === this.#joint.buffer ? old.byteOffset : Infinity;
    if (start + length > this.#joint.length) {
      // With room for twice as much, moving to the start is rare.
      if (this.#joint.length < 2 * limit) this.#joint = new Uint8Array(2 * limit);
      this.#joint.set(old);
      start = 0;
    }
    this.#joint.set(more, start + old.length);
    this.#atHand = this.#joint.subarray(start, start + length);
  }

  /** Consumes `count` bytes of those at hand. */
  skip(count: number): void {
    this.#atHand = this.#atHand.subarray(count);
    this.#position += count;
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
