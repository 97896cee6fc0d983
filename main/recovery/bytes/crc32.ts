/** CRC-32 as gzip, xz, zip and GPT use it (RFC 1952, section 8). */
import zlib from 'node:zlib';

/** The polynomial of Ethernet, reflected. */
const polynomial = 0xedb8_8320;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc;
});

/** The sum of `bytes`, behind what `sum` is the sum of, by Node where it can: 22.0 and 22.1 cannot. */
export const crc32: (bytes: Uint8Array, sum?: number) => number =
  (zlib as Partial<typeof zlib>).crc32 ?? crc32ByTable;

export function crc32ByTable(bytes: Uint8Array, sum = 0): number {
  let crc = ~sum;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}
