/** What salvage makes of stored bytes: pieces of the archive, some of whose bytes may be unknown. */

/** From `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A piece of the archive; valid until the next is asked for. */
export interface Decoded {
  readonly bytes: Uint8Array;
  /** Which of the bytes are not known, ascending; they are zeros in `bytes`. */
  readonly unknown: readonly Range[];
}

/** A stretch of the archive that could be decoded, and where it belongs. */
export interface Run {
  /** Offset of its first byte in the archive. */
  readonly position: number;
  open(): AsyncIterable<Decoded>;
}

/** What counting back from the end of an archive takes. */
export interface Measure {
  readonly length: number;
  /** How many known zeros it ends with. */
  readonly zerosAtEnd: number;
}

/** Measures pieces one after another. */
export class Tally implements Measure {
  length = 0;
  zerosAtEnd = 0;

  add({ bytes, unknown }: Decoded): void {
    this.length += bytes.length;
    const knownFrom = unknown.at(-1)?.end ?? 0;
    let start = bytes.length;
    while (start > knownFrom && bytes[start - 1] === 0) start--;
    this.zerosAtEnd = bytes.length - start + (start === 0 ? this.zerosAtEnd : 0);
  }
}

/** Measures a whole run. */
export async function measure(pieces: AsyncIterable<Decoded>): Promise<Measure> {
  const tally = new Tally();
  for await (const piece of pieces) tally.add(piece);
  return tally;
}

/** Pieces of which every byte is known. */
export async function* allKnown(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Decoded> {
  for await (const bytes of pieces) yield { bytes, unknown: [] };
}
