/** The decoder of .lzma files, as `lzma` writes them: a header of 13 bytes and one stream of LZMA. */
import { type Decoder, StreamFault } from '../decoder.ts';
import { longestInput, longestSymbol, lzmaKernels, outcome, type LzmaKernel } from './lzma-kernel.ts';
import type { StoredInput } from './stored-input.ts';
import { decoderOfStreams } from './stream-format.ts';
import { viewOf } from './summed-input.ts';

const headerLength = 13;
const unknownLength = 2n ** 64n - 1n;

export const decodeLzma: Decoder = decoderOfStreams({
  name: 'lzma',
  headLength: 1,
  begins: ([properties = 0]) => properties < 225,
  kernels: lzmaKernels,
  decode: decodeFile,
  // The format has no magic number by which another stream could be known.
  single: true,
});

async function* decodeFile(input: StoredInput, kernel: LzmaKernel): AsyncGenerator<Uint8Array> {
  const header = viewOf(await input.take(headerLength));
  kernel.setProperties(header.getUint8(0));
  kernel.resetDictionary(header.getUint32(1, true));
  const length = header.getBigUint64(5, true);
  // A length beyond 2^53 is a lie, and rounding it makes it no less one.
  let left = length === unknownLength ? Infinity : Number(length);

  kernel.give(await input.take(5), true);
  if (!kernel.beginRange())
    throw new StreamFault('damaged', 'lzma: the range coder does not begin with zero');

  for (let ended = false; !ended;) {
    const given = (await input.ahead(longestSymbol + 1)).subarray(0, longestInput);
    kernel.give(given, given.length <= longestSymbol);
    let came: number = outcome.filled;
    if (left === 0) {
      // A stream of known length may have an end marker or not.
      came = kernel.endRange() ? outcome.endMarker : kernel.decode(1).came;
      if (came === outcome.filled) came = outcome.damaged;
    }
    while (came === outcome.filled && left > 0) {
      const made = kernel.decode(left);
      if (kernel.consumed === undefined) break;
      if (made.piece.length > 0) yield made.piece;
      left -= made.piece.length;
      came = made.came;
    }
    ended = came === outcome.endMarker && kernel.endRange() && (left === 0 || left === Infinity);
    const { consumed } = kernel;
    const stuck = came === outcome.wantsInput && given.length <= longestSymbol;
    if (consumed === undefined || stuck)
      throw new StreamFault('unfinished', 'lzma: the input ends inside the stream');
    input.skip(consumed);
    if (came === outcome.damaged || (came === outcome.endMarker && !ended)) {
      throw new StreamFault('damaged', 'lzma: the stream makes no sense');
    }
  }
}
