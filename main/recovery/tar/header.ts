/** The 512-byte tar header, as POSIX.1-2001 ustar and GNU tar write it: one block in, its fields out. */
import { textOfBytes } from '../bytes/byte-text.ts';

/** Everything in a tar is laid out in blocks of this many bytes. */
export const blockSize = 512;

/** Number of padding bytes after `size` bytes of member data. */
export function paddingAfter(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

export interface TarHeader {
  /** Name with the ustar prefix joined; bytes that are not UTF-8 as in byte-text.ts. */
  readonly name: string;
  readonly linkName: string;
  /** Type flag as one character; an old regular file (NUL) reads as `0`. */
  readonly type: string;
  /** Bytes of data that follow in the tar. */
  readonly size: number;
  readonly mode: number;
  /** Last change, seconds since 1970. */
  readonly modified: number;
  /** The block itself, for fields that only some types have. */
  readonly block: Uint8Array;
}

/** Bytes of `block` between `start` and `end`, cut at the first NUL, as text. */
export function textField(block: Uint8Array, start: number, end: number): string {
  const field = block.subarray(start, end);
  const nul = field.indexOf(0);
  return textOfBytes(nul < 0 ? field : field.subarray(0, nul));
}

/**
 * A numeric field: octal digits, or base-256 when the first bit is set (GNU).
 *
 * @returns undefined when it is neither, negative, or beyond what a double holds exactly
 */
export function numericField(block: Uint8Array, start: number, length: number): number | undefined {
  const first = block[start] ?? 0;
  if (first & 0x80) {
    let value = BigInt(first & 0x7f);
    for (let i = start + 1; i < start + length; i++) value = (value << 8n) | BigInt(block[i] ?? 0);
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
  }
  const digits = textField(block, start, start + length).trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : undefined;
}

/** Seconds since 1970; before it in base 256 alone (GNU), in two's complement. 0 for what is no number. */
function timeField(block: Uint8Array, start: number, length: number): number {
  if (block[start] !== 0xff) return numericField(block, start, length) ?? 0;
  const field = Buffer.from(block.subarray(start, start + length)).toString('hex');
  const seconds = Number(BigInt.asIntN(8 * length, BigInt(`0x${field}`)));
  return Number.isSafeInteger(seconds) ? seconds : 0;
}

const zeros = new Uint8Array(64 * 1024);

/** Whether all bytes of a block, or of any other piece, are zero. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let start = 0; start < block.length; start += zeros.length) {
    const piece = block.subarray(start, start + zeros.length);
    // A padded backup has twenty such blocks behind each member: byte by byte they would take longer than all else.
    if (Buffer.compare(piece, zeros.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}

/** The header's own sum of its bytes, in which the field that holds it counts as blanks. */
function checksumMatches(block: Uint8Array): boolean {
  const stated = numericField(block, 148, 8);
  let sum = 8 * 0x20;
  for (let i = 0; i < blockSize; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  return stated === sum;
}

/**
 * Reads one header block.
 *
 * @returns undefined when the checksum or a number in it is wrong: this block is no tar header
 */
export function parseHeader(block: Uint8Array): TarHeader | undefined {
  if (block.length !== blockSize || !checksumMatches(block)) return undefined;
  const size = numericField(block, 124, 12);
  if (size === undefined) return undefined;
  const magic = textField(block, 257, 263);
  const prefix = magic === 'ustar' ? textField(block, 345, 500) : '';
  const name = textField(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: textField(block, 157, 257),
    type: block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0),
    size,
    mode: numericField(block, 100, 8) ?? 0o600,
    modified: timeField(block, 136, 12),
    block,
  };
}
