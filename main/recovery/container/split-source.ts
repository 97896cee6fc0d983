/** A backup file, whole or cut into parts by `split` and its like, as one source of bytes. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { openFileSource, type ByteSource } from '../bytes/source.ts';

/** How parts are numbered: `.aa`, `.ab` by split; `.000` or `.001`; `.part1`. */
interface Numbering {
  readonly pattern: RegExp;
  /** The number of a suffix, from 0 on. */
  readonly numberOf: (suffix: string) => number;
}

const numberings: readonly Numbering[] = [
  { pattern: /^(.+\.?)([a-z]{2,3})$/, numberOf: lettersToNumber },
  { pattern: /^(.+\.(?:part)?)(\d{1,4})$/, numberOf: Number },
];

function lettersToNumber(letters: string): number {
  return Array.from(letters).reduce((number, letter) => number * 26 + (letter.charCodeAt(0) - 97), 0);
}

interface Part {
  readonly path: string;
  readonly number: number;
}

/**
 * Opens a backup by its file, or by the first of its parts, whose others are found beside it.
 *
 * @throws RecoveryError `source-…`; `part-missing` names a part that lies between others but is not there;
 *   `part-not-first` names the part to choose
 */
export async function openBackupSource(path: string): Promise<ByteSource> {
  const parts = await partsOf(path);
  if (parts.length === 1) return openFileSource(path);
  const opened = await Promise.allSettled(parts.map(({ path: part }) => openFileSource(part)));
  const sources = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = opened.find((each) => each.status === 'rejected');
  if (!failed) return joinSources(sources);
  await Promise.all(sources.map((source) => source.close()));
  throw failed.reason;
}

/** All parts of the backup that `path` begins, in order; a file that is no part is its own only one. */
async function partsOf(path: string): Promise<readonly Part[]> {
  const name = basename(path);
  for (const numbering of numberings) {
    const match = numbering.pattern.exec(name);
    if (!match) continue;
    const [, stem = '', suffix = ''] = match;
    const parts = await siblings(dirname(path), stem, suffix.length, numbering);
    // One lone file with such a name is a backup that somebody called so.
    if (parts.length < 2) continue;
    const [first] = parts;
    if (first && first.number > 1) fail('part-missing', { part: nameOf(first.number - 1, stem, suffix) });
    if (first && basename(first.path) !== name) fail('part-not-first', { first: first.path });
    parts.forEach((part, i) => {
      const wanted = (first?.number ?? 0) + i;
      if (part.number !== wanted) fail('part-missing', { part: nameOf(wanted, stem, suffix) });
    });
    return parts;
  }
  return [{ path, number: 0 }];
}

async function siblings(
  folder: string,
  stem: string,
  length: number,
  { pattern, numberOf }: Numbering,
): Promise<Part[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => {
      const match = pattern.exec(name);
      // `.part10` follows `.part9`; letters and zero-padded numbers keep their length.
      return match?.[1] === stem && (match[2]?.length === length || stem.endsWith('.part'));
    })
    .map((name) => ({ path: join(folder, name), number: numberOf(name.slice(stem.length)) }))
    .toSorted((a, b) => a.number - b.number);
}

/** What the part with a number would be called, spelled like those that are there. */
function nameOf(number: number, stem: string, suffix: string): string {
  if (/\d/.test(suffix))
    return stem + String(number).padStart(stem.endsWith('.part') ? 0 : suffix.length, '0');
  let letters = '';
  for (let rest = number, i = 0; i < suffix.length; i++, rest = Math.floor(rest / 26)) {
    letters = String.fromCharCode(97 + (rest % 26)) + letters;
  }
  return stem + letters;
}

/** Sources one after another as one. */
export function joinSources(sources: readonly ByteSource[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const source of sources) {
    starts.push(size);
    size += source.size;
  }
  return {
    size,
    async read(position, length, into) {
      const target = into?.subarray(0, length) ?? new Uint8Array(length);
      let i = starts.findLastIndex((start) => start <= position);
      for (let done = 0; done < length; i++) {
        const source = sources[i];
        const start = starts[i];
        if (!source || start === undefined) throw new RangeError('read past the end');
        const at = position + done - start;
        const piece = Math.min(length - done, source.size - at);
        await source.read(at, piece, target.subarray(done, done + piece));
        done += piece;
      }
      return target;
    },
    async close() {
      await Promise.all(sources.map((source) => source.close()));
    },
  };
}
