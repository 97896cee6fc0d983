/** The decompressors of Lifeboat, by compression. */
import { oneAhead } from '../../bytes/one-ahead.ts';
import type { Compression, Decoder } from '../decoder.ts';
import { decodeGzip } from './gzip.ts';
import { onThread } from './on-thread.ts';
import { decodeZlib } from './zlib.ts';
import { decodeZstd } from './zstd.ts';

export { compressionOfFilter, sniffCompression, sniffLength } from './recognise.ts';

/**
 * The decoder of `compression`, which makes one piece ahead, on other threads, while the last one is in use. It ships
 * with the program; no other program is ever run.
 */
export function decoderFor(compression: Compression): Decoder {
  switch (compression) {
    case 'none':
      return (input) => input;
    case 'gzip':
      return (input) => oneAhead(decodeGzip(input));
    case 'zlib':
      return (input) => oneAhead(decodeZlib(input));
    case 'bzip2':
    case 'lzma':
    case 'xz':
      return onThread(compression);
    case 'zstd':
      return (input) => oneAhead(decodeZstd(input));
  }
}
