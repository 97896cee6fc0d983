/** Reads bytes as text where they are text: in UTF-8, in UTF-16 with its mark, or in the old Windows encoding. */
import type { FilePreview } from '../../../shared/image.ts';

type TextPreview = Extract<FilePreview, { readonly kind: 'text' }>;

/** Characters that no text has; one of them is enough to call bytes something else. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const unlikely = /[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f-\x9f]/;

/** The longest rest that a character of UTF-8 can leave when it is cut. */
const LONGEST_REST = 3;

/**
 * The text that bytes are, or null.
 *
 * @param isCut whether the file goes on behind them, so that the last character may be incomplete
 */
export function readText(bytes: Uint8Array, isCut: boolean): TextPreview | null {
  for (const read of [utf16, utf8, windows1252]) {
    const preview = read(bytes, isCut);
    if (preview && !unlikely.test(preview.text)) return preview;
  }
  return null;
}

function utf16(bytes: Uint8Array, isCut: boolean): TextPreview | null {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : null;
  if (encoding === null) return null;
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2));
  const text = new TextDecoder(encoding).decode(whole);
  return { kind: 'text', text, isCut, encoding };
}

function utf8(bytes: Uint8Array, isCut: boolean): TextPreview | null {
  for (let rest = 0; rest <= (isCut ? LONGEST_REST : 0); rest++) {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, bytes.length - rest));
      return { kind: 'text', text, isCut, encoding: 'utf-8' };
    } catch {
      continue;
    }
  }
  return null;
}

function windows1252(bytes: Uint8Array, isCut: boolean): TextPreview {
  return {
    kind: 'text',
    text: new TextDecoder('windows-1252').decode(bytes),
    isCut,
    encoding: 'windows-1252',
  };
}
