/** The decompressors of Lifeboat, by compression. */
import type { Compression, Decoder } from '../decoder.ts';
import { decodeGzip } from './gzip.ts';
import { onThread } from './on-thread.ts';
import { decodeZlib } from './zlib.ts';
import { decodeZstd } from './zstd.ts';

export { compressionOfFilter, sniffCompression, sniffLength } from './recognise.ts';

/** The decoder of `compression`. It ships with the program; no other program is ever run. */
export function decoderFor(compression: Compression): Decoder {
  switch (compression) {
    case 'none':
      return (input) => input;
    case 'gzip':
      return decodeGzip;
    case 'zlib':
      return decodeZlib;
    case 'bzip2':
    case 'lzma':
    case 'xz':
      return onThread(compression);
    case 'zstd':
      return decodeZstd;
  }
}
