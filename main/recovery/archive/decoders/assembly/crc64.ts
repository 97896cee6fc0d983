/** CRC-64 of xz (AssemblyScript): the reflected polynomial of ECMA-182, eight bytes a step. */

const POLYNOMIAL: u64 = 0xc96c5795d7870f42;

/** Eight tables of 256: the k-th for a byte that k others follow. */
const tables = u32(memory.data(8 * 256 * 8, 16));
prepareTables();

function prepareTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc: u64 = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
    store<u64>(tables + byte * 8, crc);
  }
  for (let i: u32 = 256; i < 8 * 256; i++) {
    const crc = load<u64>(tables + (i - 256) * 8);
    store<u64>(tables + i * 8, (crc >>> 8) ^ entry(0, crc));
  }
}

// @ts-ignore: decorator
@inline
function entry(table: u32, byte: u64): u64 {
  return load<u64>(tables + table * 2048 + (u32(byte) & 0xff) * 8);
}

/** Carries `crc`, zero at first, on over the bytes of memory from `at` to `end`. */
export function crc64(crc: u64, at: u32, end: u32): u64 {
  crc = ~crc;
  for (; at + 8 <= end; at += 8) {
    crc ^= load<u64>(at);
    crc = entry(7, crc) ^ entry(6, crc >>> 8) ^ entry(5, crc >>> 16) ^ entry(4, crc >>> 24)
      ^ entry(3, crc >>> 32) ^ entry(2, crc >>> 40) ^ entry(1, crc >>> 48) ^ entry(0, crc >>> 56);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ entry(0, crc ^ load<u8>(at));
  return ~crc;
}
