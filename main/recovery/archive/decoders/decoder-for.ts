/** The decompressors of Lifeboat, by compression. */
import { oneAhead } from '../../bytes/one-ahead.ts';
import type { Compression, Decoder } from '../decoder.ts';
import { onThread, readyThread } from './on-thread.ts';
import { decodeZstd } from './zstd.ts';

import { compressionOfFilter } from './recognise.ts';

export { compressionOfFilter, sniffCompression, sniffLength } from './recognise.ts';

/**
 * The decoder of `compression`, which works a little ahead, on another thread, while its last piece is in use. It ships
 * with the program; no other program is ever run.
 */
export function decoderFor(compression: Compression): Decoder {
  switch (compression) {
    case 'none':
      return (input) => input;
    case 'zstd':
      return (input) => oneAhead(decodeZstd(input));
    default:
      return onThread(compression);
  }
}

/** Gets ready, without waiting, for a backup whose header names `filter`, or null for none. */
export function expectFilter(filter: string | null): void {
  const compression = filter === null ? 'none' : compressionOfFilter(filter);
  if (compression !== undefined && compression !== 'none' && compression !== 'zstd') readyThread();
}
