/** Tells which compression stored data has: by its first bytes, and by what the backup's header names. */
import type { Compression } from '../decoder.ts';
import { beginsZlib } from './zlib.ts';
import { beginsZstd } from './zstd.ts';

/** How many first bytes `sniffCompression` wants to see; it makes do with fewer. */
export const sniffLength = 512;

/** Programs that a header's `compression-filter` may name: the single-threaded ones and their parallel twins. */
const compressionOfProgram: ReadonlyMap<string, Compression> = new Map([
  ['gzip', 'gzip'],
  ['pigz', 'gzip'],
  ['bzip2', 'bzip2'],
  ['pbzip2', 'bzip2'],
  ['lbzip2', 'bzip2'],
  ['xz', 'xz'],
  ['pixz', 'xz'],
  ['lzma', 'lzma'],
  ['zstd', 'zstd'],
  ['zstdmt', 'zstd'],
]);

/**
 * The compression that a header's `compression-filter` stands for. Only its first word counts, so that `gzip -3` is
 * gzip; a path is no known name. The value is looked up and never run.
 */
export function compressionOfFilter(filter: string): Compression | undefined {
  const [program = ''] = filter.split(/\s/, 1);
  return compressionOfProgram.get(program);
}

/**
 * The compression that data beginning with `first` has, `none` for a bare tar archive, undefined for anything else.
 * lzma and zlib have no magic number: their headers are checked for what their writers ever write.
 */
export function sniffCompression(first: Uint8Array): Compression | undefined {
  if (holds(first, 0, [0x1f, 0x8b, 8])) return 'gzip';
  if (holds(first, 0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])) return 'xz';
  if (first.length >= 4 && beginsZstd(first)) return 'zstd';
  if (isBzip2(first)) return 'bzip2';
  if (holds(first, 257, [...Buffer.from('ustar')])) return 'none';
  if (isLzma(first)) return 'lzma';
  // The third bit pair is the type of the first deflate block, of which there are three.
  if (first.length >= 3 && beginsZlib(first) && ((first[2] ?? 0) & 6) !== 6) return 'zlib';
  return undefined;
}

function holds(bytes: Uint8Array, at: number, expected: readonly number[]): boolean {
  return expected.every((byte, index) => bytes[at + index] === byte);
}

function isBzip2(first: Uint8Array): boolean {
  const level = (first[3] ?? 0) - 0x30;
  if (!holds(first, 0, [...Buffer.from('BZh')]) || level < 1 || level > 9) return false;
  const beginsBlock = holds(first, 4, [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]);
  const endsStream = holds(first, 4, [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]);
  return beginsBlock || endsStream;
}

/**
 * Whether a .lzma header begins here: properties in range, a dictionary of 2^n or 2^n + 2^(n-1) bytes, a length that
 * is unknown or below 256 GiB, and the range coder's first byte, always zero. xz recognises the format alike.
 */
function isLzma(first: Uint8Array): boolean {
  if (first.length < 14) return false;
  const header = new DataView(first.buffer, first.byteOffset, 14);
  const properties = header.getUint8(0);
  const lc = properties % 9;
  const lp = Math.floor(properties / 9) % 5;
  const dictionary = header.getUint32(1, true);
  const length = header.getBigUint64(5, true);
  const leadingBits = 31 - Math.clz32(dictionary);
  const usualDictionary =
    dictionary === 0xffffffff ||
    dictionary === 2 ** leadingBits ||
    dictionary === 2 ** leadingBits + 2 ** (leadingBits - 1);
  const plausibleLength = length === 2n ** 64n - 1n || length < 2n ** 38n;
  return properties < 225 && lc + lp <= 4 && usualDictionary && plausibleLength && header.getUint8(13) === 0;
}
