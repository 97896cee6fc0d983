/** The decompressors of Lifeboat, by compression. */
import type { Compression, Decoder } from '../decoder.ts';
import { decodeBzip2 } from './bzip2.ts';
import { decodeGzip } from './gzip.ts';
import { decodeLzma } from './lzma.ts';
import { decodeXz } from './xz.ts';
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
      return decodeBzip2;
    case 'xz':
      return decodeXz;
    case 'lzma':
      return decodeLzma;
    case 'zstd':
      return decodeZstd;
  }
}
