/**
 * The gzip decoder (RFC 1952): any number of members, of each the header, the deflate data and the trailer.
 *
 * What a trailer says of the content is compared with it by a `MemberCheck`, which whoever takes the content can do on
 * another thread than decodes it: the sum takes a tenth of the time that decoding does.
 */
import { crc32 } from '../../bytes/crc32.ts';
import { type Decoder, StreamFault } from '../decoder.ts';
import { inflated } from './deflate.ts';
import { inflateKernels } from './inflate-kernel.ts';
import type { StoredInput } from './stored-input.ts';
import { beginsWith, decoderOfStreams } from './stream-format.ts';
import { SummedInput, viewOf } from './summed-input.ts';

/** Bits of the FLG byte (RFC 1952, section 2.3.1); the upper three are reserved and must be zero. */
const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** What the trailer of a member says: the CRC-32 of its content, and how long that is, modulo 2^32. */
export interface MemberTrailer {
  readonly crc: number;
  readonly length: number;
}

/** Compares the content of members with their trailers, which come in turn. */
export class MemberCheck {
  #crc = 0;
  #length = 0;

  take(piece: Uint8Array): void {
    this.#crc = crc32(piece, this.#crc);
    this.#length += piece.length;
  }

  /**
   * Ends a member.
   *
   * @throws StreamFault `damaged`
   */
  end({ crc, length }: MemberTrailer): void {
    if (crc !== this.#crc) throw new StreamFault('damaged', 'gzip: CRC-32 differs');
    if (length !== this.#length % 2 ** 32) throw new StreamFault('damaged', 'gzip: length differs');
    this.#crc = 0;
    this.#length = 0;
  }
}

/** The decoder that tells `onTrailer` of each trailer, behind the content of its member, and compares nothing itself. */
export function gzipDecoder(onTrailer: (trailer: MemberTrailer) => void): Decoder {
  return decoderOfStreams({
    name: 'gzip',
    headLength: 3,
    begins: beginsWith([0x1f, 0x8b, 8]),
    kernels: inflateKernels,
    async *decode(input, kernel) {
      await skipHeader(input);
      yield* inflated(input, kernel);
      const trailer = viewOf(await input.take(8));
      onTrailer({ crc: trailer.getUint32(0, true), length: trailer.getUint32(4, true) });
    },
  });
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
