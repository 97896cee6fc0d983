/**
 * The zstd decoder (RFC 8878): frames measured here, decoded by node:zlib.
 *
 * Node's engine stops where a frame ends inside the bytes it was given and drops the rest of them; where a frame ends
 * with them it goes on into whatever follows. So it is given each frame by itself.
 */
import zlib from 'node:zlib';
import { fail } from '../../../../shared/problems.ts';
import { type Decoder } from '../decoder.ts';
import { KernelShelf } from './kernel-shelf.ts';
import { type EngineInput, engineOptions, throughEngine } from './native-engine.ts';
import type { StoredInput } from './stored-input.ts';
import { decoderOfStreams } from './stream-format.ts';

/** 2 GiB, which `zstd --long=31` declares. Memory is touched only as far as output fills the window. */
const windowLogMax = 31;

/** Not in every Node that runs the command line as a single file: zstd came with 22.15. */
const { constants, createZstdDecompress }: Partial<typeof zlib> = zlib;

const magicOfFrame = [0x28, 0xb5, 0x2f, 0xfd];
/** Of skippable frames; the low half of the first byte is free. */
const magicOfSkippable = [0x50, 0x2a, 0x4d, 0x18];

const blockHeaderLength = 3;
const runBlock = 1;

export const decodeZstd: Decoder = decoderOfStreams({
  name: 'zstd',
  headLength: 4,
  begins: beginsZstd,
  // Node's own decompressor, which keeps no memory of WebAssembly.
  kernels: new KernelShelf(() => null),
  decode: decodeFrame,
});

/** Whether a zstd frame, or a skippable one, can begin with these bytes. */
export function beginsZstd(head: Uint8Array): boolean {
  return (
    beginsFrame(head) ||
    [...head.subarray(0, 4)].every((byte, i) => (i === 0 ? byte & 0xf0 : byte) === magicOfSkippable[i])
  );
}

function beginsFrame(head: Uint8Array): boolean {
  return [...head.subarray(0, 4)].every((byte, i) => byte === magicOfFrame[i]);
}

async function* decodeFrame(input: StoredInput): AsyncGenerator<Uint8Array> {
  const head = await input.ahead(8);
  if (beginsFrame(head)) {
    if (!constants || !createZstdDecompress) {
      fail('compression-needs-newer-node', { compression: 'zstd', node: process.version });
    }
    const params = { [constants.ZSTD_d_windowLogMax]: windowLogMax };
    const engine = createZstdDecompress({ ...engineOptions, params });
    yield* throughEngine(engine, frameOnly(input, head[4] ?? 0));
  } else {
    const header = await input.take(8);
    await input.discard(new DataView(header.buffer, header.byteOffset).getUint32(4, true));
  }
}

/** The input up to the end of the frame that begins it, whose header's descriptor byte is `descriptor` (section 3.1.1). */
function frameOnly(input: StoredInput, descriptor: number): EngineInput {
  const checksumLength = descriptor & 4 ? 4 : 0;
  let toBlock = frameHeaderLength(descriptor);
  let ending = false;
  return {
    async next() {
      if (ending && toBlock === 0) return new Uint8Array(0);
      const bytes = await input.ahead(toBlock === 0 ? blockHeaderLength : 1);
      if (toBlock === 0 && bytes.length < blockHeaderLength) return bytes;
      while (!ending && toBlock + blockHeaderLength <= bytes.length) {
        const header =
          new DataView(bytes.buffer, bytes.byteOffset + toBlock).getUint16(0, true) |
          ((bytes[toBlock + 2] ?? 0) << 16);
        const isRun = ((header >> 1) & 3) === runBlock;
        toBlock += blockHeaderLength + (isRun ? 1 : header >> 3);
        if (header & 1) {
          ending = true;
          toBlock += checksumLength;
        }
      }
      const own = bytes.subarray(0, toBlock);
      toBlock -= own.length;
      return own;
    },
    skip: (count) => input.skip(count),
  };
}

function frameHeaderLength(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const contentSizeLength = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionaryIdLength = [0, 1, 2, 4][descriptor & 3] ?? 0;
  return magicOfFrame.length + 1 + (singleSegment ? 0 : 1) + dictionaryIdLength + contentSizeLength;
}
