/** Inflating in tests: by the inflater of this project on the thread of the test, and by zlib as the judge. */
import { constants, inflateRawSync } from 'node:zlib';
import { StreamFault } from '../../main/recovery/archive/decoder.ts';
import { inflated } from '../../main/recovery/archive/decoders/deflate.ts';
import { InflateKernel } from '../../main/recovery/archive/decoders/inflate-kernel.ts';
import { StoredInput } from '../../main/recovery/archive/decoders/stored-input.ts';
import type { Outcome } from './compressed.ts';
import { inPieces } from './reading.ts';

/** What came of inflating, and how many bytes of the input that took, where it came to its end. */
export interface Inflation extends Outcome {
  readonly consumed: number | undefined;
}

/** One for all tests, so that each also follows upon whatever the one before left behind. */
const kernel = new InflateKernel();

/** Inflates `stored`, given in pieces of `size` bytes that do not stay valid, or all at once where it lies. */
export async function inflate(stored: Uint8Array, size?: number): Promise<Inflation> {
  return inflatePieces(size === undefined ? once(stored) : inPieces(stored, size));
}

export async function inflatePieces(pieces: AsyncIterable<Uint8Array>): Promise<Inflation> {
  const input = new StoredInput(pieces);
  const output: Buffer[] = [];
  try {
    for await (const piece of inflated(input, kernel)) output.push(Buffer.from(piece));
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    return { content: Buffer.concat(output), fault: error.kind, consumed: undefined };
  }
  return { content: Buffer.concat(output), fault: undefined, consumed: input.position };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** More than a byte of symbols can stand for: so much more may be handed out before a fault than zlib is seen to. */
const withinByte = 8 * 258;

/** What zlib makes of `stored`; before a fault, what the bytes stand for that precede the one in which it shows. */
export function judge(stored: Uint8Array): Inflation {
  try {
    // The types do not know what `info` changes.
    const { buffer, engine } = inflateRawSync(stored, { info: true }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return { content: buffer, fault: undefined, consumed: engine.bytesWritten };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR')
      return { content: beginning(stored) ?? Buffer.alloc(0), fault: 'unfinished', consumed: undefined };
    if (code !== 'Z_DATA_ERROR') throw error;
  }
  let [sound, faulty] = [0, stored.length];
  while (faulty - sound > 1) {
    const middle = (sound + faulty) >>> 1;
    if (beginning(stored.subarray(0, middle))) sound = middle;
    else faulty = middle;
  }
  const content = beginning(stored.subarray(0, sound)) ?? Buffer.alloc(0);
  return { content, fault: 'damaged', consumed: undefined };
}

/** What an unfinished stream stands for so far, or undefined where zlib refuses it. */
function beginning(stored: Uint8Array): Buffer | undefined {
  try {
    return inflateRawSync(stored, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'Z_DATA_ERROR') return undefined;
    throw error;
  }
}

/** How what was made of `stored` differs from what zlib makes of it; undefined where it does not. */
export function objection(made: Inflation, judged: Inflation): string | undefined {
  if (made.fault !== judged.fault) return `is ${made.fault ?? 'sound'}, not ${judged.fault ?? 'sound'}`;
  if (made.consumed !== judged.consumed) return `ends at ${made.consumed}, not ${judged.consumed}`;
  const length = judged.content.length;
  if (!made.content.subarray(0, length).equals(judged.content)) return 'differs in content';
  const most = judged.fault === 'damaged' ? length + withinByte : length;
  if (made.content.length > most) return `is ${made.content.length - most} bytes too long`;
  return undefined;
}

/**
 * How what the inflater makes of any bytes differs from what zlib makes of them; undefined where it does not. It need not
 * wait for bits that change nothing, as zlib does, before it refuses.
 */
export async function disagreement(stored: Uint8Array, size?: number): Promise<string | undefined> {
  const made = await inflate(stored, size);
  const judged = judge(stored);
  if (made.fault !== 'damaged' || judged.fault !== 'unfinished') return objection(made, judged);
  const lengthOfHead = 400;
  const continued = [0, 0xff].map((byte) => judge(Buffer.concat([stored, Buffer.alloc(lengthOfHead, byte)])));
  return continued.map((each) => objection(made, each)).find((each) => each !== undefined);
}
