/** The xz decoder (The .xz File Format 1.2.1): streams of blocks of LZMA2, every size, sum and check verified. */
import { crc32 } from '../../bytes/crc32.ts';
import { type Decoder, StreamFault } from '../decoder.ts';
import { lzmaKernels, type LzmaKernel } from './lzma-kernel.ts';
import { decodeLzma2 } from './lzma2.ts';
import type { StoredInput } from './stored-input.ts';
import { beginsWith, decoderOfStreams } from './stream-format.ts';
import { SummedInput, viewOf } from './summed-input.ts';
import { beginCheck } from './xz-check.ts';
import { BlockTally, readBlockHeader, readNumber } from './xz-fields.ts';

const magic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] as const;
const footerMagic = 0x595a;

export const decodeXz: Decoder = decoderOfStreams({
  name: 'xz',
  headLength: magic.length,
  begins: beginsWith(magic),
  kernels: lzmaKernels,
  decode: decodeStream,
});

async function* decodeStream(input: StoredInput, kernel: LzmaKernel): AsyncGenerator<Uint8Array> {
  const flags = await readStreamHeader(input);
  const blocks = new BlockTally();
  for (;;) {
    // Where a block begins with the size of its header, the index begins with zero.
    const [size = 0] = await input.ahead();
    if (size === 0) break;
    yield* decodeBlock(input, kernel, flags, size * 4, blocks);
  }
  const indexSize = await readIndex(input, blocks);
  await readFooter(input, flags, indexSize);
}

/** Reads the header of a stream (section 2.1.1) and returns its flags: the type of the checks, and nothing else. */
async function readStreamHeader(input: StoredInput): Promise<number> {
  await input.take(magic.length);
  const header = new SummedInput(input);
  const flags = viewOf(await header.take(2)).getUint16(0);
  await header.takeSeal();
  if (flags > 0x0f) throw damaged('the flags of the stream are reserved ones');
  return flags;
}

/** Decodes a block (section 3) whose header has `headerSize` bytes without its CRC, and adds it to `blocks`. */
async function* decodeBlock(
  input: StoredInput,
  kernel: LzmaKernel,
  checkType: number,
  headerSize: number,
  blocks: BlockTally,
): AsyncGenerator<Uint8Array> {
  const blockStart = input.position;
  const header = await readBlockHeader(input, headerSize);
  const check = beginCheck(checkType, kernel);
  const dataStart = input.position;
  let length = 0;
  for await (const piece of decodeLzma2(input, kernel, header.dictionarySize)) {
    length += piece.length;
    check.update(piece);
    yield piece;
  }
  const stored = input.position - dataStart;
  if ((header.stored ?? stored) !== stored) throw damaged('a block has another size than its header says');
  if ((header.length ?? length) !== length) throw damaged('a block has another length than its header says');
  await new SummedInput(input).takePadding(-stored & 3);
  const digest = check.digest();
  const expected = await input.take(digest.length);
  if (digest.some((byte, i) => byte !== expected[i])) throw damaged('the check of a block differs');
  blocks.add(dataStart - blockStart + stored + digest.length, length);
}

/** Reads the index (section 4), which must list `blocks`, and returns its own size. */
async function readIndex(input: StoredInput, blocks: BlockTally): Promise<number> {
  const start = input.position;
  const index = new SummedInput(input);
  await index.take(1);
  const count = await readNumber(index);
  if (count !== blocks.count) throw damaged('the index lists another number of blocks');
  const listed = new BlockTally();
  while (listed.count < count) listed.add(await readNumber(index), await readNumber(index));
  await index.takePadding((start - input.position) & 3);
  await index.takeSeal();
  if (!listed.equals(blocks)) throw damaged('the index lists other blocks');
  return input.position - start;
}

/** Reads the footer of a stream (section 2.1.2), which repeats its flags and gives the size of its index. */
async function readFooter(input: StoredInput, flags: number, indexSize: number): Promise<void> {
  const footer = await input.take(12);
  const fields = viewOf(footer);
  if (fields.getUint32(0, true) !== crc32(footer.subarray(4, 10)))
    throw damaged('the CRC of the footer differs');
  if (fields.getUint32(4, true) !== indexSize / 4 - 1)
    throw damaged('the footer gives another size of the index');
  if (fields.getUint16(8) !== flags) throw damaged('the footer has other flags than the stream');
  if (fields.getUint16(10) !== footerMagic) throw damaged('the footer has no magic number');
}

function damaged(detail: string): StreamFault {
  return new StreamFault('damaged', `xz: ${detail}`);
}
