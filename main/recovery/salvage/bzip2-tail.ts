/** The rest of a bzip2 stream behind a gap, from the next block on whose CRC holds. Blocks begin at any bit. */
import { Bzip2Kernel, longestInput, outcome } from '../archive/decoders/bzip2-kernel.ts';
import { StoredInput } from '../archive/decoders/stored-input.ts';
import { StreamFault } from '../archive/decoder.ts';

/** Both are decimals: pi begins a block, its square root ends a stream. Bits are read from the highest of each byte. */
const blockMagic = { high: 0x314159, low: 0x265359 };
const endMagic = { high: 0x177245, low: 0x385090 };
const magicBits = 48;
/** The magic of a stream's end, and the CRC over its blocks. */
const endBits = magicBits + 32;

/** Bytes looked at for a magic at a time. */
const searched = 64 * 1024;

/**
 * Decodes from the first whole block on. Nothing is yielded of a block whose CRC is wrong.
 *
 * @param level of the stream, from its beginning: its blocks have so many times 100,000 bytes
 * @throws StreamFault when what follows the first block does not lead to the end of the stream
 */
export async function* decodeBzip2Tail(
  stored: AsyncIterable<Uint8Array>,
  level: number,
): AsyncGenerator<Uint8Array> {
  const input = new StoredInput(stored);
  const kernel = new Bzip2Kernel();
  kernel.beginStream(level);
  try {
    for (let bit = 0; ; bit++) {
      bit = await findBlock(input, bit);
      if (bit < 0) return;
      const end = await blockEnd(input, kernel, bit);
      if (end === undefined) continue;
      yield* decodeOn(input, kernel, bit);
      return;
    }
  } finally {
    await input.close();
  }
}

/** Goes to the byte in which a block begins, and answers the bit in it; -1 where none does. */
async function findBlock(input: StoredInput, from: number): Promise<number> {
  for (let bit = from; ;) {
    const bytes = await input.ahead(searched);
    const end = bytes.length * 8 - magicBits;
    for (; bit <= end; bit++) {
      if (!holdsMagic(bytes, bit, blockMagic)) continue;
      input.skip(bit >>> 3);
      return bit & 7;
    }
    if (bytes.length < searched) return -1;
    input.skip(bit >>> 3);
    bit &= 7;
  }
}

/** The bit behind the block that begins at `bit`, or undefined when it is none. */
async function blockEnd(input: StoredInput, kernel: Bzip2Kernel, bit: number): Promise<number | undefined> {
  const { came, end } = kernel.readBlock(await input.ahead(longestInput), bit);
  if (came !== outcome.block) return undefined;
  const pieces = kernel.output();
  while (!pieces.next().done);
  return kernel.endBlock() ? end : undefined;
}

async function* decodeOn(input: StoredInput, kernel: Bzip2Kernel, from: number): AsyncGenerator<Uint8Array> {
  for (let bit = from; ;) {
    const bytes = await input.ahead(longestInput);
    if (holdsMagic(bytes, bit, endMagic)) {
      input.skip(Math.ceil((bit + endBits) / 8));
      if (!(await input.skipZeros())) return;
      const [b, z, h, digit = 0] = await input.take(4);
      if (b !== 0x42 || z !== 0x5a || h !== 0x68 || digit < 0x31 || digit > 0x39) throw damaged();
      kernel.beginStream(digit - 0x30);
      bit = 0;
      continue;
    }
    const end = await blockEnd(input, kernel, bit);
    if (end === undefined) throw damaged();
    // Once more, now that its CRC is known to hold.
    kernel.readBlock(await input.ahead(longestInput), bit);
    for (const piece of kernel.output()) yield piece;
    input.skip(end >>> 3);
    bit = end & 7;
  }
}

function damaged(): StreamFault {
  return new StreamFault('damaged', 'bzip2: what follows a block makes no sense');
}

function holdsMagic(bytes: Uint8Array, bit: number, { high, low }: typeof blockMagic): boolean {
  return bitsAt(bytes, bit) === high && bitsAt(bytes, bit + 24) === low;
}

/** Twenty-four bits. */
function bitsAt(bytes: Uint8Array, bit: number): number {
  const at = bit >>> 3;
  const word =
    ((bytes[at] ?? 0) * 2 ** 24 +
      (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))) |
    0;
  return (word << (bit & 7)) >>> 8;
}
