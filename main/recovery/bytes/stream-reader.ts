/** Reads a stream of pieces by exact counts, as parsers of sequential formats want it. */
export class StreamReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #ended = false;
  #position = 0;

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#pieces = input[Symbol.asyncIterator]();
  }

  /** How many bytes were taken or read so far. */
  get position(): number {
    return this.#position;
  }

  /** The next bytes at hand, at most `most` and at least one; null at the end. Valid until the next call. */
  async take(most: number): Promise<Uint8Array | null> {
    while (this.#piece.length === 0) {
      if (this.#ended) return null;
      const next = await this.#pieces.next();
      if (next.done) {
        this.#ended = true;
        return null;
      }
      this.#piece = next.value;
    }
    const taken = this.#piece.subarray(0, most);
    this.#piece = this.#piece.subarray(taken.length);
    this.#position += taken.length;
    return taken;
  }

  /** The next bytes up to `length` in an array of their own; shorter only where the stream ends. */
  async read(length: number): Promise<Uint8Array> {
    const whole = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const piece = await this.take(length - filled);
      if (!piece) return whole.subarray(0, filled);
      whole.set(piece, filled);
      filled += piece.length;
    }
    return whole;
  }

  /** Ends the stream early, so that its producers free what they hold. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#pieces.return?.();
  }
}
