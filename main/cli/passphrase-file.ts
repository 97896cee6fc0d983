/** The passphrase in a file as editors and shells of all systems write it. */

/** Longest passphrase that is read; whatever is longer is another file. */
export const longestPassphrase = 64 * 1024;

/**
 * The passphrase that the bytes of a file certainly are, in UTF-8: without the mark of its encoding, which no keyboard gives;
 * out of UTF-16, as PowerShell 5 writes it; and without one end of a line, that of Windows included.
 */
export function passphraseOfFile(bytes: Uint8Array): Uint8Array {
  return withoutLineEnd(inUtf8(bytes));
}

function inUtf8(bytes: Uint8Array): Uint8Array {
  if (startsWith(bytes, [0xef, 0xbb, 0xbf])) return bytes.subarray(3);
  const encoding = utf16Of(bytes);
  if (encoding === null) return bytes;
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    bytes.fill(0);
    return new TextEncoder().encode(text);
  } catch {
    return bytes;
  }
}

/** By its mark, or by the zeros that every other byte of plain letters is there: no passphrase can have one. */
function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes.length === 0 || bytes.length % 2 !== 0) return null;
  if (startsWith(bytes, [0xff, 0xfe])) return 'utf-16le';
  if (startsWith(bytes, [0xfe, 0xff])) return 'utf-16be';
  const areZero = (from: 0 | 1) => bytes.every((byte, index) => index % 2 !== from || byte === 0);
  return areZero(1) ? 'utf-16le' : areZero(0) ? 'utf-16be' : null;
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}
