/** What salvage makes of stored bytes: pieces of the archive, some of whose bytes may be unknown. */

import { StreamFault } from '../archive/decoder.ts';

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

/** A stretch of the archive that could be decoded. */
export interface Run {
  /** Offset of its first byte in the archive; null where nothing tells its place, as between two gaps. */
  readonly position: number | null;
  /** Bytes that it has. */
  readonly length: number;
  readonly open: () => AsyncIterable<Decoded>;
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

/** Measures what a stream decodes to, and says whether it is so to its end or breaks off. */
export async function measure(
  pieces: AsyncIterable<Uint8Array>,
): Promise<Measure & { readonly whole: boolean }> {
  const tally = new Tally();
  let whole = true;
  try {
    for await (const bytes of pieces) tally.add({ bytes, unknown: [] });
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    whole = false;
  }
  return { length: tally.length, zerosAtEnd: tally.zerosAtEnd, whole };
}

/** Pieces of which every byte is known. */
export async function* allKnown(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Decoded> {
  for await (const bytes of pieces) yield { bytes, unknown: [] };
}

/** What a stream decodes to, up to where it breaks off. */
export async function* upToFault(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Decoded> {
  try {
    yield* allKnown(pieces);
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
  }
}
