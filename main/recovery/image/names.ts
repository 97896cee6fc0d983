/** Names as ext4 keeps them, which are bytes and need not be text, and as people can be shown them and type them. */
import { visible } from '../../../shared/words/formats.ts';
import { bytesOfText, textOfBytes } from '../bytes/byte-text.ts';

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

/** What reads as an escape, or would where a backslash precedes it. */
const escape = /\\(?:(\\)|x([0-9a-f]{2})|u\{([0-9a-f]{1,6})\})/g;
const escapeLike = /^(?:x[0-9a-f]{2}|u\{[0-9a-f]{1,6}\})/;

/**
 * A name or path as people can read and type it: bytes that are not UTF-8 as `\xNN`, characters that would not be
 * seen as `\u{NNNN}`, and a backslash twice where it would be read as the beginning of such. No two read the same, and
 * `namedBy` gives the bytes back.
 */
export function displayName(name: Uint8Array): string {
  const [first = '', ...rest] = textOfBytes(name).split('\\').map(visible);
  return rest.reduce((shown, part, index) => {
    const isLast = index === rest.length - 1;
    const isAmbiguous = part.startsWith('\\') || (part === '' && !isLast) || escapeLike.test(part);
    return shown + (isAmbiguous ? '\\\\' : '\\') + part;
  }, first);
}

/** The bytes of the name or path that `displayName` shows as `shown`; a backslash that begins no escape is itself. */
export function namedBy(shown: string): Uint8Array {
  const text = shown.replace(escape, (whole, backslash, byte, character) => {
    if (backslash !== undefined) return '\\';
    const code = parseInt((byte ?? character) as string, 16);
    if (byte !== undefined)
      return code < 0x80 ? String.fromCharCode(code) : String.fromCharCode(0xdc00 + code);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
  return new Uint8Array(bytesOfText(text));
}
