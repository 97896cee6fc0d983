/** CRC-32 as bzip2 has it (AssemblyScript): highest bit first, polynomial 0x04c11db7, eight bytes a step. */

const POLYNOMIAL: u32 = 0x04c11db7;

/** Eight tables of 256: the k-th for a byte that k others follow. */
const tables = u32(memory.data(8 * 256 * 4, 16));
prepareTables();

function prepareTables(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (POLYNOMIAL & (0 - (crc >>> 31)));
    store<u32>(tables + byte * 4, crc);
  }
  for (let i: u32 = 256; i < 8 * 256; i++) {
    const crc = load<u32>(tables + (i - 256) * 4);
    store<u32>(tables + i * 4, (crc << 8) ^ entry(0, crc >>> 24));
  }
}

// @ts-ignore: decorator
@inline
function entry(table: u32, byte: u32): u32 {
  return load<u32>(tables + table * 1024 + (byte & 0xff) * 4);
}

/** Carries `crc`, all ones at first and inverted at last, on over the bytes of memory from `at` to `end`. */
export function nextCrc32(crc: u32, at: u32, end: u32): u32 {
  for (; at + 8 <= end; at += 8) {
    const high = crc ^ bswap(load<u32>(at));
    const low = bswap(load<u32>(at, 4));
    crc = entry(7, high >>> 24) ^ entry(6, high >>> 16) ^ entry(5, high >>> 8) ^ entry(4, high)
      ^ entry(3, low >>> 24) ^ entry(2, low >>> 16) ^ entry(1, low >>> 8) ^ entry(0, low);
  }
  for (; at < end; at++) crc = (crc << 8) ^ entry(0, (crc >>> 24) ^ load<u8>(at));
  return crc;
}
