/** Extended headers: the records of POSIX pax headers (`x`, `g`) and GNU's long names (`L`, `K`). */
import { textOfBytes } from '../bytes/byte-text.ts';

/** Longest extended header that is read; real ones have some hundred bytes, a million-entry PAX 0.1 map 20 MB. */
export const longestExtendedHeader = 32 * 1024 * 1024;

/** Records read at most: two for each of some 700,000 extents, which is what a PAX 0.0 map of that length can hold. */
const mostRecords = 1_500_000;

/**
 * Parses the records of a pax header, each `length key=value\n`, in their order. Keys may repeat, as those of
 * PAX 0.0 sparse maps do.
 *
 * @returns undefined when the records are malformed, or too many
 */
export function parsePaxRecords(body: Uint8Array): readonly (readonly [string, string])[] | undefined {
  const records: [string, string][] = [];
  let start = 0;
  while (start < body.length && body[start] !== 0) {
    const blank = body.indexOf(0x20, start);
    if (blank < 0 || blank - start > 10) return undefined;
    const length = paxNumber(textOfBytes(body.subarray(start, blank)));
    if (length === undefined) return undefined;
    const end = start + length;
    if (end <= blank || end > body.length || body[end - 1] !== 0x0a) return undefined;
    const record = textOfBytes(body.subarray(blank + 1, end - 1));
    const equals = record.indexOf('=');
    if (equals < 1 || records.length === mostRecords) return undefined;
    records.push([record.slice(0, equals), record.slice(equals + 1)]);
    start = end;
  }
  return records;
}

/** The text of a GNU long name, which ends at its first NUL. */
export function parseLongName(body: Uint8Array): string {
  const nul = body.indexOf(0);
  return textOfBytes(nul < 0 ? body : body.subarray(0, nul));
}

/** A decimal number of a pax record; undefined when it is none or beyond exact doubles. */
export function paxNumber(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,16}$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}
