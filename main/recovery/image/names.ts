/** Names as ext4 keeps them, which are bytes and need not be text, and as people can be shown them. */

/** Whether two names are the same bytes. */
export function sameName(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}

/** A name as the key of a map: one character a byte. */
export function nameKey(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1');
}

/** The name of a key. */
export function nameOfKey(key: string): Uint8Array {
  return new Uint8Array(Buffer.from(key, 'latin1'));
}

/**
 * Characters that would do something instead of being seen: controls, which a terminal obeys, and marks that
 * turn the direction of text, by which `exe.txt` can look like `txt.exe`.
 */
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * A name for people to read: bytes that are not UTF-8, and characters that would not be seen, as `\xNN` or
 * `\u{NNNN}`. Not for opening the file again: two names may read the same.
 */
export function displayName(name: Uint8Array): string {
  const shown = Buffer.from(name.buffer, name.byteOffset, name.length).toString('utf8');
  const text = shown.includes('\ufffd') ? withEscapes(name) : shown;
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? hexByte(code) : `\\u{${code.toString(16)}}`;
  });
}

/** Decodes as much UTF-8 as there is, and escapes each byte that belongs to none. */
function withEscapes(name: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  for (let at = 0; at < name.length;) {
    const length = [1, 2, 3, 4].find((candidate) => {
      try {
        return candidate <= name.length - at && decoder.decode(name.subarray(at, at + candidate)) !== '';
      } catch {
        return false;
      }
    });
    text += length ? decoder.decode(name.subarray(at, at + length)) : hexByte(name[at] ?? 0);
    at += length ?? 1;
  }
  return text;
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
