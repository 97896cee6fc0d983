/** The gzip decoder (RFC 1952): any number of members, of each the header, the deflate data and the trailer verified. */
import { crc32 } from 'node:zlib';
import { type Decoder, StreamFault } from '../decoder.ts';
import { inflated } from './deflate.ts';
import { InflateKernel } from './inflate-kernel.ts';
import type { StoredInput } from './stored-input.ts';
import { beginsWith, decoderOfStreams } from './stream-format.ts';
import { SummedInput, viewOf } from './summed-input.ts';

/** Bits of the FLG byte (RFC 1952, section 2.3.1); the upper three are reserved and must be zero. */
const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

export const decodeGzip: Decoder = decoderOfStreams({
  name: 'gzip',
  headLength: 3,
  begins: beginsWith([0x1f, 0x8b, 8]),
  open: () => {
    const kernel = new InflateKernel();
    return (input) => decodeMember(input, kernel);
  },
});

async function* decodeMember(input: StoredInput, kernel: InflateKernel): AsyncGenerator<Uint8Array> {
  await skipHeader(input);
  let crc = 0;
  let length = 0;
  for await (const piece of inflated(input, kernel)) {
    crc = crc32(piece, crc);
    length += piece.length;
    yield piece;
  }
  const trailer = viewOf(await input.take(8));
  if (trailer.getUint32(0, true) !== crc) throw new StreamFault('damaged', 'gzip: CRC-32 differs');
  if (trailer.getUint32(4, true) !== length % 2 ** 32)
    throw new StreamFault('damaged', 'gzip: length differs');
}

async function skipHeader(input: StoredInput): Promise<void> {
  const header = new SummedInput(input);
  const skipText = async () => {
    while ((await header.take(1))[0] !== 0);
  };
  const flags = (await header.take(10))[3] ?? 0;
  if (flags & flag.reserved) throw new StreamFault('damaged', 'gzip: reserved flags are set');
  if (flags & flag.extra) await header.take(viewOf(await header.take(2)).getUint16(0, true));
  if (flags & flag.name) await skipText();
  if (flags & flag.comment) await skipText();
  if (flags & flag.headerCrc) {
    const expected = header.crc & 0xffff;
    if (viewOf(await header.take(2)).getUint16(0, true) !== expected) {
      throw new StreamFault('damaged', 'gzip: CRC of the header differs');
    }
  }
}
