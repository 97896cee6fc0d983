/**
 * Recognises pictures by their first bytes, and says how large they would be once drawn: a small file can hold a
 * picture that no memory takes.
 *
 * Only formats are known in which nothing can be run. Sources: PNG (W3C), section 11.2.2; JPEG (ITU-T T.81), annex B;
 * GIF 89a, section 18; WebP (RFC 9649), sections 2.4 to 2.7.
 */
import type { PictureType } from '../../../shared/image.ts';

export interface Picture {
  readonly type: PictureType;
  readonly width: number;
  readonly height: number;
}

/** The picture that a file begins with, or null where it is none of the known formats or not a whole header. */
export function recognisePicture(bytes: Uint8Array): Picture | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const recognise of [png, gif, webp, jpeg]) {
    const picture = recognise(view);
    if (picture) return picture.width > 0 && picture.height > 0 ? picture : null;
  }
  return null;
}

function hasText(view: DataView, at: number, text: string): boolean {
  if (at + text.length > view.byteLength) return false;
  return Array.from(text).every((character, index) => view.getUint8(at + index) === character.charCodeAt(0));
}

function png(view: DataView): Picture | null {
  if (!hasText(view, 0, '\x89PNG\r\n\x1a\n') || !hasText(view, 12, 'IHDR') || view.byteLength < 24)
    return null;
  return { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
}

function gif(view: DataView): Picture | null {
  if (!(hasText(view, 0, 'GIF87a') || hasText(view, 0, 'GIF89a')) || view.byteLength < 10) return null;
  return { type: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function webp(view: DataView): Picture | null {
  if (!hasText(view, 0, 'RIFF') || !hasText(view, 8, 'WEBP') || view.byteLength < 30) return null;
  const sized = (width: number, height: number): Picture => ({ type: 'image/webp', width, height });
  const uint24 = (at: number) => view.getUint16(at, true) + view.getUint8(at + 2) * 2 ** 16;
  if (hasText(view, 12, 'VP8X')) return sized(uint24(24) + 1, uint24(27) + 1);
  if (hasText(view, 12, 'VP8L')) {
    const bits = view.getUint32(21, true);
    return sized((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
  }
  if (!hasText(view, 12, 'VP8 ')) return null;
  return sized(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
}

/** Segments in which a JPEG says its size, of all its ways to code: SOF0 to SOF15 without DHT, JPG and DAC. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function jpeg(view: DataView): Picture | null {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 <= view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
    } else if (isFrameHeader(marker)) {
      return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else {
      const length = view.getUint16(at + 2);
      if (length < 2) return null;
      at += 2 + length;
    }
  }
  return null;
}
