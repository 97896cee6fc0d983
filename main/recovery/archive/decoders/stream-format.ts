/** What concatenated compressed streams have in common, whatever their format. */
import { type Decoder, StreamFault } from '../decoder.ts';
import type { KernelShelf } from './kernel-shelf.ts';
import { StoredInput } from './stored-input.ts';

/** A compressed format: how its streams begin, and how one of them is decoded. */
export interface StreamFormat<Kernel> {
  readonly name: string;
  /** How many bytes `begins` wants to see. */
  readonly headLength: number;
  /** Whether a stream can begin with these bytes, of which fewer than `headLength` are given where the input ends. */
  begins(head: Uint8Array): boolean;
  /** Set where a file is one stream, and another one after it is foreign data. */
  readonly single?: true;
  readonly kernels: KernelShelf<Kernel>;
  /** Decodes one stream, consuming exactly its bytes. */
  decode(input: StoredInput, kernel: Kernel): AsyncIterable<Uint8Array>;
}

/**
 * The decoder of any number of streams after one another, at least one. Zero bytes after a stream are padding, as tape
 * blocks and xz itself have it; anything else that begins no stream is an `overlong` fault.
 */
export function decoderOfStreams<Kernel>(format: StreamFormat<Kernel>): Decoder {
  return async function* decode(source) {
    const input = new StoredInput(source);
    const { kernel, release } = format.kernels.lend();
    try {
      if ((await input.ahead()).length === 0) throw new StreamFault('unfinished', `${format.name}: no data`);
      let following = false;
      do {
        const head = (await input.ahead(format.headLength)).subarray(0, format.headLength);
        if (!format.begins(head) || (following && format.single)) {
          throw following
            ? new StreamFault('overlong', `${format.name}: foreign data after the end of the stream`)
            : new StreamFault('damaged', `${format.name}: not a stream of this format`);
        }
        yield* format.decode(input, kernel);
        following = true;
      } while (await input.skipZeros());
    } finally {
      release();
      await input.close();
    }
  };
}

/** A `begins` for formats whose streams begin with constant bytes. */
export function beginsWith(magic: readonly number[]): (head: Uint8Array) => boolean {
  return (head) => magic.every((byte, index) => index >= head.length || head[index] === byte);
}
