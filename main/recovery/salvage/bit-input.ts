/** The bits of a stored stream as deflate reads them, with the way back to a place that was marked. */

/** Bytes beyond the end of what is there that may be read, as zeros, before anybody notices. */
const slack = 16;

/** How much is read at once at least. */
const readAhead = 64 * 1024;

export class BitInput {
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** Bytes at hand, with `slack` zeros behind the first `length` of them. */
  bytes: Uint8Array = new Uint8Array(readAhead + slack);
  length = 0;
  /** The next bit to be read, counted from the first of `bytes`. */
  at = 0;
  /** Whether nothing follows the bytes at hand. */
  ended = false;
  /** Where the first of `bytes` lies in the stream. */
  #base = 0;
  #mark: number | null = null;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** Bits of the stream before the next one. */
  get position(): number {
    return this.#base * 8 + this.at;
  }

  /** Bits at hand. */
  get bitsLeft(): number {
    return this.length * 8 - this.at;
  }

  /** Keeps everything from the next bit on, so that `goTo` finds it again, until another mark is set or none. */
  mark(): void {
    this.#mark = this.position;
  }

  unmark(): void {
    this.#mark = null;
  }

  /** Goes to a bit at or behind the mark, which must be among those at hand. */
  goTo(position: number): void {
    this.at = position - this.#base * 8;
  }

  /** Reads on until `bits` bits are at hand, or the stream ends. */
  async fill(bits: number): Promise<void> {
    while (this.bitsLeft < bits && !this.ended) {
      const next = await this.#pieces.next();
      if (next.done === true) this.ended = true;
      else this.#append(next.value);
    }
  }

  /** Goes on to the next border of a byte. */
  align(): void {
    this.at = (this.at + 7) & ~7;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  #append(piece: Uint8Array): void {
    const kept = Math.floor(Math.min(this.#mark ?? Infinity, this.position) / 8) - this.#base;
    const length = this.length - kept + piece.length;
    const from = this.bytes;
    if (length + slack > from.length) this.bytes = new Uint8Array(2 * length + slack);
    this.bytes.set(from.subarray(kept, this.length));
    this.bytes.set(piece, this.length - kept);
    this.bytes.fill(0, length, length + slack);
    this.length = length;
    this.#base += kept;
    this.at -= kept * 8;
  }
}
