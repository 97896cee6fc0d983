/** The zlib decoder (RFC 1950), for what `openssl enc -z` compressed in backups of format 2. */
import { type Decoder, StreamFault } from '../decoder.ts';
import { inflated } from './deflate.ts';
import { inflateKernels, type InflateKernel } from './inflate-kernel.ts';
import type { StoredInput } from './stored-input.ts';
import { decoderOfStreams } from './stream-format.ts';
import { viewOf } from './summed-input.ts';

const headLength = 2;

export const decodeZlib: Decoder = decoderOfStreams({
  name: 'zlib',
  headLength,
  begins: beginsZlib,
  kernels: inflateKernels,
  decode: decodeStream,
});

async function* decodeStream(input: StoredInput, kernel: InflateKernel): AsyncGenerator<Uint8Array> {
  await input.take(headLength);
  let sum = 1;
  for await (const piece of inflated(input, kernel)) {
    sum = kernel.adler32(sum);
    yield piece;
  }
  const expected = viewOf(await input.take(4)).getUint32(0);
  if (expected !== sum) throw new StreamFault('damaged', 'zlib: Adler-32 differs');
}

/** Whether a zlib stream without a preset dictionary can begin with these bytes: method, window and check bits. */
export function beginsZlib(head: Uint8Array): boolean {
  const [method = 0, flags] = head;
  if ((method & 0x0f) !== 8 || method >> 4 > 7) return false;
  return flags === undefined || ((method * 256 + flags) % 31 === 0 && (flags & 0x20) === 0);
}
