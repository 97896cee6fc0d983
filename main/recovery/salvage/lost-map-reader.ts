/** Reads the map beside a salvaged file back: the ranges of which nobody knows the bytes. */
import { open } from 'node:fs/promises';
import type { Range } from './decoded.ts';

/** More than salvaging leaves, and as many as cost some tens of megabytes. */
const mostRanges = 2 ** 20;
/** Longest line of a map, with room for numbers of 64 bits and for comments. */
const longestLine = 4096;

/** A map that says nothing that could be believed, by what is wrong with it. */
export class UnusableMap extends Error {}

/**
 * The lost ranges of a file of `size` bytes by its map at `path`, in order. Whatever GNU ddrescue has not marked as right (`+`)
 * counts as lost (its manual, "Mapfile structure").
 *
 * @throws UnusableMap where the lines do not cover the file from its first byte to its last
 * @throws Error of the system where the map cannot be read
 */
export async function readLostMap(path: string, size: number): Promise<readonly Range[]> {
  await using file = await open(path);
  const ranges: Range[] = [];
  let isPositionLine = true;
  let at = 0;
  for await (const line of file.readLines()) {
    if (line.length > longestLine) throw new UnusableMap('a line is too long');
    if (line.startsWith('#') || line.trim() === '') continue;
    if (isPositionLine) {
      isPositionLine = false;
      continue;
    }
    const [start, length, status = ''] = line.trim().split(/\s+/);
    if (numberOf(start) !== at || !(numberOf(length) > 0) || !/^[-+?*/]$/.test(status)) {
      throw new UnusableMap(`a line does not follow the one before: ${line}`);
    }
    const end = at + numberOf(length);
    const last = ranges.at(-1);
    if (status !== '+' && last?.end === at) ranges[ranges.length - 1] = { start: last.start, end };
    else if (status !== '+') ranges.push({ start: at, end });
    if (ranges.length > mostRanges) throw new UnusableMap('too many ranges');
    at = end;
  }
  if (at !== size) throw new UnusableMap(`it covers ${at} bytes of ${size}`);
  return ranges;
}

/** A number as ddrescue writes them; anything else is not one. */
function numberOf(text = ''): number {
  return /^(?:0x[0-9a-f]{1,13}|\d{1,15})$/i.test(text) ? Number(text) : Number.NaN;
}
