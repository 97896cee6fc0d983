/** How numbers, times and foreign names are written for people, the same in the wizard and in the terminal. */
import type { Language } from './languages.ts';

const decimalUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;
const binaryUnits = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

const numberFormats = new Map<string, Intl.NumberFormat>();

/** A number as `language` writes it; to make a format takes far longer than to use it, and lists use it for each row. */
function formatNumber(value: number, language: Language, options: Intl.NumberFormatOptions): string {
  const key = JSON.stringify([language, options]);
  let format = numberFormats.get(key);
  if (!format) numberFormats.set(key, (format = new Intl.NumberFormat(language, options)));
  return format.format(value);
}

/** One decimal below 10, whole numbers from 10 up: enough to compare, and calm while counting. */
function digitsFor(value: number): number {
  return value < 10 ? 1 : 0;
}

/** A number stays on one line with its unit, in every language. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** Bytes on a drive, in the decimal units that drives are sold in: `48 GB`. */
export function formatSize(bytes: number, language: Language): string {
  let value = bytes;
  let unit = 0;
  // 999.5 of a unit would be rounded to 1000 of it.
  while (value >= 999.5 && unit < decimalUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  return unbroken(
    formatNumber(value, language, {
      style: 'unit',
      unit: decimalUnits[unit] ?? 'byte',
      unitDisplay: unit === 0 ? 'long' : 'short',
      maximumFractionDigits: unit === 0 ? 0 : digitsFor(value),
    }),
  );
}

/** Bytes of memory, in the binary units that memory is counted in: `512 MiB`. */
export function formatMemory(bytes: number, language: Language): string {
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.5 && unit < binaryUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  const number = formatNumber(value, language, { maximumFractionDigits: digitsFor(value) });
  return unbroken(`${number} ${binaryUnits[unit] ?? 'KiB'}`);
}

/** A remaining time in seconds, never more exact than an estimate deserves: `2 hr 10 min`, `40 sec`. */
export function formatDuration(seconds: number, language: Language): string {
  const part = (value: number, unit: 'second' | 'minute' | 'hour') =>
    unbroken(formatNumber(value, language, { style: 'unit', unit, unitDisplay: 'short' }));
  if (seconds < 55) return part(Math.max(5, Math.ceil(seconds / 5) * 5), 'second');
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return part(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return rest === 0 ? part(hours, 'hour') : `${part(hours, 'hour')} ${part(rest, 'minute')}`;
}

/**
 * What cannot be seen, or turns text around: in a name from a backup it could rewrite a terminal, or make one name look
 * like another. Control characters, formats such as marks of direction and joiners, what is ignored where it is shown,
 * line separators, and lone surrogates. The mark that makes a picture of a sign (U+FE0F) is seen behind such a sign.
 */
const hidden =
  /(?!(?<=\p{Extended_Pictographic})\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** Text with every character that cannot be seen replaced. */
export function replaceHidden(text: string, replacement: (character: string) => string): string {
  return text.replace(hidden, replacement);
}

/**
 * Text from outside, with every character that cannot be seen written as `\u{…}`, and a byte of a name that is not UTF-8
 * (a lone surrogate from U+DC80 on, see byte-text.ts) as `\x…`.
 */
export function visible(text: string): string {
  return replaceHidden(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const isByte = code >= 0xdc80 && code <= 0xdcff;
    return isByte ? `\\x${(code - 0xdc00).toString(16)}` : `\\u{${code.toString(16)}}`;
  });
}

/** As `visible`, of a text of several lines. */
export function visibleLines(text: string): string {
  return text.split(/\r?\n/).map(visible).join('\n');
}

/** A value as indented JSON, in which every character that cannot be seen is escaped. */
export function visibleJson(value: unknown): string {
  // Of the text itself only its line breaks are such characters.
  return JSON.stringify(value, null, 2)
    .split('\n')
    .map((line) => replaceHidden(line, jsonEscape))
    .join('\n');
}

function jsonEscape(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}
