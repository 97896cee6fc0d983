/**
 * Decodes its standard input and prints how much came out and how much memory that took, in bytes, as JSON:
 * `node decode-stdin.ts COMPRESSION [PIECES]`. After so many pieces, if said, it stops; nothing must keep it running.
 */
import type { Compression } from '../../main/recovery/archive/decoder.ts';
import { decoderFor } from '../../main/recovery/archive/decoders/decoder-for.ts';

const [, , compression, pieces = 'Infinity'] = process.argv;
let length = 0;
let left = Number(pieces);
for await (const piece of decoderFor(compression as Compression)(process.stdin)) {
  length += piece.length;
  if (--left === 0) break;
}
console.log(JSON.stringify({ length, mostMemory: process.resourceUsage().maxRSS * 1024 }));
