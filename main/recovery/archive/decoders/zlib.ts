/** The zlib decoder (RFC 1950), for what `openssl enc -z` compressed in backups of format 2. */
import { createInflate } from 'node:zlib';
import type { Decoder } from '../decoder.ts';
import { engineOptions, throughEngine } from './native-engine.ts';
import { decoderOfStreams } from './stream-format.ts';

export const decodeZlib: Decoder = decoderOfStreams({
  name: 'zlib',
  headLength: 2,
  begins: beginsZlib,
  open: () => (input) =>
    throughEngine(createInflate(engineOptions), {
      next: () => input.ahead(),
      skip: (count) => input.skip(count),
    }),
});

/** Whether a zlib stream without a preset dictionary can begin with these bytes: method, window and check bits. */
export function beginsZlib(head: Uint8Array): boolean {
  const [method = 0, flags] = head;
  if ((method & 0x0f) !== 8 || method >> 4 > 7) return false;
  return flags === undefined || ((method * 256 + flags) % 31 === 0 && (flags & 0x20) === 0);
}
