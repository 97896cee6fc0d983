/** LZMA2, the filter of xz: chunks of LZMA or of stored bytes, each with its lengths before it. */
import { StreamFault } from '../decoder.ts';
import { type LzmaKernel, outcome } from './lzma-kernel.ts';
import type { StoredInput } from './stored-input.ts';
import { viewOf } from './summed-input.ts';

/** First bytes of a chunk, from which on (but for the first two) each resets a little more. */
const control = {
  end: 0,
  storedAfterReset: 1,
  stored: 2,
  lzma: 0x80,
  newState: 0xa0,
  newProperties: 0xc0,
  newDictionary: 0xe0,
} as const;

/**
 * Decodes chunks with `kernel` up to their end marker; pieces are valid until the next is asked for.
 *
 * @throws StreamFault `damaged`, `unfinished`
 */
export async function* decodeLzma2(
  input: StoredInput,
  kernel: LzmaKernel,
  dictionarySize: number,
): AsyncGenerator<Uint8Array> {
  // What must come before chunks that build on it.
  let dictionaryKnown = false;
  let propertiesKnown = false;
  for (;;) {
    const [kind = 0] = await input.take(1);
    if (kind === control.end) return;
    if (kind === control.storedAfterReset || kind >= control.newDictionary) {
      kernel.resetDictionary(dictionarySize);
      dictionaryKnown = true;
      propertiesKnown = false;
    }
    if (!dictionaryKnown) throw damaged('the first chunk does not begin a dictionary');
    if (kind < control.lzma) {
      if (kind > control.stored) throw damaged('a chunk is of no known kind');
      const length = viewOf(await input.take(2)).getUint16(0) + 1;
      kernel.give(await input.take(length), true);
      for (let left = length; left > 0;) {
        const piece = kernel.copy(left);
        left -= piece.length;
        yield piece;
      }
      continue;
    }
    const lengths = viewOf(await input.take(4));
    const length = (kind & 0x1f) * 0x10000 + lengths.getUint16(0) + 1;
    const stored = lengths.getUint16(2) + 1;
    if (kind >= control.newProperties) {
      kernel.setProperties((await input.take(1))[0] ?? 0);
      propertiesKnown = true;
    } else if (!propertiesKnown) {
      throw damaged('a chunk has no parameters');
    } else if (kind >= control.newState) {
      kernel.resetState();
    }
    kernel.give(await input.take(stored), true);
    yield* decodeChunk(kernel, length, stored);
  }
}

function* decodeChunk(kernel: LzmaKernel, length: number, stored: number): Generator<Uint8Array> {
  if (!kernel.beginRange()) throw damaged('the range coder of a chunk does not begin with zero');
  for (let left = length; left > 0;) {
    const { piece, came } = kernel.decode(left);
    if (came !== outcome.filled || kernel.consumed === undefined) throw damaged('a chunk makes no sense');
    left -= piece.length;
    yield piece;
  }
  if (!kernel.endRange() || kernel.consumed !== stored) throw damaged('a chunk does not end where it should');
}

function damaged(detail: string): StreamFault {
  return new StreamFault('damaged', `lzma2: ${detail}`);
}
