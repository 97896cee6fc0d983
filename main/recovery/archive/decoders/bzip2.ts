/** The bzip2 decoder: streams of blocks that begin at any bit, the CRCs of blocks and of streams verified. */
import { type Decoder, StreamFault } from '../decoder.ts';
import { bzip2Kernels, longestInput, outcome, type Bzip2Kernel } from './bzip2-kernel.ts';
import type { StoredInput } from './stored-input.ts';
import { beginsWith, decoderOfStreams } from './stream-format.ts';

const magic = [...Buffer.from('BZh')];

/** What a block and its end fit into nearly always; where they do not, twice as much is tried. */
const usualInput = 1024 * 1024;

export const decodeBzip2: Decoder = decoderOfStreams({
  name: 'bzip2',
  headLength: magic.length,
  begins: beginsWith(magic),
  kernels: bzip2Kernels,
  decode: decodeStream,
});

async function* decodeStream(input: StoredInput, kernel: Bzip2Kernel): AsyncGenerator<Uint8Array> {
  const level = ((await input.take(magic.length + 1))[magic.length] ?? 0) - 0x30;
  if (level < 1 || level > 9) throw damaged('the size of blocks is out of range');
  kernel.beginStream(level);

  let start = 0;
  for (;;) {
    const { came, end } = await readBlock(input, kernel, start);
    if (came === outcome.damaged) throw damaged('a block makes no sense');
    if (came === outcome.streamEnd) {
      input.skip(Math.ceil(end / 8));
      return;
    }
    input.skip(Math.floor(end / 8));
    start = end % 8;
    yield* kernel.output();
    if (!kernel.endBlock()) throw damaged('the CRC of a block differs');
  }
}

/** Reads a block from bit `start` of the input, with as much input as it turns out to need. */
async function readBlock(input: StoredInput, kernel: Bzip2Kernel, start: number) {
  for (let wanted = usualInput; wanted <= longestInput; wanted *= 2) {
    const bytes = await input.ahead(wanted);
    const read = kernel.readBlock(bytes, start);
    if (read.came !== outcome.wantsInput) return read;
    if (bytes.length < wanted) throw new StreamFault('unfinished', 'bzip2: the input ends inside a block');
  }
  throw damaged('a block has no end');
}

function damaged(detail: string): StreamFault {
  return new StreamFault('damaged', `bzip2: ${detail}`);
}
