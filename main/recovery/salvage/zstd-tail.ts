/** The rest of a zstd stream behind a gap, from the next frame on; most streams have but one. */
import { decodeZstd } from '../archive/decoders/zstd.ts';
import { type Measure, measure } from './decoded.ts';
import type { Fragment } from './stored-stream.ts';

const frameMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Places tried that look like the beginning of a frame. */
const mostTries = 64;

export interface ZstdTail extends Measure {
  /** Where in the stored stream the frame begins. */
  readonly start: number;
  /** Whether it leads to the end of the stream. */
  readonly whole: boolean;
}

/** Looks for frames that lead to the end of the stream, or as far as they are whole. */
export async function findZstdTail(fragment: Fragment): Promise<ZstdTail | undefined> {
  for (let tries = 0, from = fragment.start; tries < mostTries; tries++) {
    const start = await findMagic(fragment, from);
    if (start === undefined) return undefined;
    const tail = await measure(decodeZstd(fragment.open(start)));
    if (tail.whole || tail.length > 0) return { start, ...tail };
    from = start + 1;
  }
  return undefined;
}

async function findMagic(fragment: Fragment, from: number): Promise<number | undefined> {
  let before = Buffer.alloc(0);
  let end = from;
  for await (const piece of fragment.open(from)) {
    const joined = Buffer.concat([before, piece]);
    end += piece.length;
    const at = joined.indexOf(frameMagic);
    if (at >= 0) return end - joined.length + at;
    before = joined.subarray(Math.max(0, joined.length - frameMagic.length + 1));
  }
  return undefined;
}
