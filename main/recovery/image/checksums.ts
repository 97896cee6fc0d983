/**
 * The checksums of ext4 and its journal.
 *
 * All are raw as Linux keeps them: the register is passed in and handed out without a final inversion, so that
 * one piece of data can continue another. The first piece starts with `CRC_START`.
 */

/** The register before any data: all ones. */
export const CRC_START = 0xffff_ffff;

/** The Castagnoli polynomial, reflected (RFC 3720, section 12.1). */
const CASTAGNOLI = 0x82f6_3b78;
/** The polynomial of CRC-16/ARC, reflected; the group descriptors of `uninit_bg` use it. */
const ARC = 0xa001;
/** The polynomial of Ethernet, not reflected; the first checksums of JBD2 use it. */
const ETHERNET = 0x04c1_1db7;

/** Eight tables of 256 entries in one: entry `256 * k + b` takes byte `b` through `k` further zero bytes. */
const castagnoli = new Uint32Array(8 * 256);
const arc = new Uint16Array(256);
const ethernet = new Uint32Array(256);

for (let byte = 0; byte < 256; byte++) {
  castagnoli[byte] = reflected(byte, CASTAGNOLI);
  arc[byte] = reflected(byte, ARC);
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ ETHERNET : crc << 1;
  ethernet[byte] = crc;
}
for (let index = 256; index < castagnoli.length; index++) {
  const before = entry(castagnoli, index - 256);
  castagnoli[index] = (before >>> 8) ^ entry(castagnoli, before & 0xff);
}

function reflected(byte: number, polynomial: number): number {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc;
}

/** A table's entry; every index below is masked to the table's length. */
function entry(table: Uint32Array | Uint16Array, index: number): number {
  return table[index] as number;
}

/** CRC-32C, eight bytes a step. */
export function crc32c(bytes: Uint8Array, register = CRC_START): number {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length;
  const stepsEnd = end - (end % 8);
  let crc = register;
  let at = 0;
  for (; at < stepsEnd; at += 8) {
    const low = crc ^ words.getUint32(at, true);
    const high = words.getUint32(at + 4, true);
    crc =
      entry(castagnoli, 0x700 | (low & 0xff)) ^
      entry(castagnoli, 0x600 | ((low >>> 8) & 0xff)) ^
      entry(castagnoli, 0x500 | ((low >>> 16) & 0xff)) ^
      entry(castagnoli, 0x400 | (low >>> 24)) ^
      entry(castagnoli, 0x300 | (high & 0xff)) ^
      entry(castagnoli, 0x200 | ((high >>> 8) & 0xff)) ^
      entry(castagnoli, 0x100 | ((high >>> 16) & 0xff)) ^
      entry(castagnoli, high >>> 24);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ entry(castagnoli, (crc ^ words.getUint8(at)) & 0xff);
  return crc >>> 0;
}

/** CRC-32C over a little-endian 32-bit number, as ext4 seeds its checksums with inode and group numbers. */
export function crc32cOfNumber(value: number, register: number): number {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return crc32c(bytes, register);
}

/** CRC-16/ARC. */
export function crc16(bytes: Uint8Array, register = CRC_START): number {
  let crc = register & 0xffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ entry(arc, (crc ^ byte) & 0xff);
  return crc;
}

/** CRC-32 with the most significant bit first. */
export function crc32BigEndian(bytes: Uint8Array, register = CRC_START): number {
  let crc = register;
  for (const byte of bytes) crc = (crc << 8) ^ entry(ethernet, (crc >>> 24) ^ byte);
  return crc >>> 0;
}
