/**
 * Names and paths, which systems keep as bytes, as texts: a byte that belongs to no UTF-8 is a lone surrogate,
 * U+DC80 for 0x80 to U+DCFF for 0xff. Every byte string has one such text, and the text gives it back.
 *
 * Source: PEP 383, "surrogateescape".
 */
import { isUtf8 } from 'node:buffer';

/** Where the byte 0x00 would be; only bytes from 0x80 on belong to no UTF-8. */
const firstLone = 0xdc00;
const loneBytes = /[\u{dc80}-\u{dcff}]/gu;

export function textOfBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isUtf8(buffer)) return buffer.toString('utf8');
  let text = '';
  let done = 0;
  for (let at = 0; at < buffer.length;) {
    const length = characterLength(buffer, at);
    if (length === 0) {
      text += buffer.toString('utf8', done, at) + String.fromCharCode(firstLone + (buffer[at] ?? 0));
      done = at + 1;
    }
    at += length || 1;
  }
  return text + buffer.toString('utf8', done);
}

/** Bytes of the character at a place; 0 where there is none. */
function characterLength(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return isUtf8(buffer.subarray(at, at + length)) ? length : 0;
}

export function bytesOfText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts: Buffer[] = [];
  let done = 0;
  for (const { index, 0: lone } of text.matchAll(loneBytes)) {
    parts.push(Buffer.from(text.slice(done, index)), Buffer.of(lone.charCodeAt(0) - firstLone));
    done = index + 1;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(done))]);
}

/** How many bytes a text stands for. */
export function byteLength(text: string): number {
  return text.isWellFormed() ? Buffer.byteLength(text) : bytesOfText(text).length;
}

/** A text that stands for a path, as the functions of node:fs take it. */
export function systemPath(text: string): string | Buffer {
  return text.isWellFormed() ? text : bytesOfText(text);
}

/** A text without what is no UTF-8, for systems whose names are text. */
export function replaceLoneBytes(text: string, replacement: string): string {
  return text.replace(loneBytes, replacement);
}
