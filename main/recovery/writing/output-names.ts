/** Names for restored files and folders that every operating system accepts, and that stay inside the destination. */

import { longestEnding } from './partial-names.ts';

/** Device names that Windows reserves, with blanks behind them and with any extension. */
const reservedOnWindows = /^(con|conin\$|conout\$|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?$/i;

/** Longest name of one path component, in bytes, that common file systems take. */
export const longestName = 255;

/** Longest name of what grows at a partial name first, whose ending needs room too. */
export const longestGrowingName = longestName - Buffer.byteLength(longestEnding);

/**
 * One path component made safe: without separators, control characters and what Windows refuses, never `.`, `..`
 * or a reserved device name, and no longer than file systems take.
 */
export function safeName(name: string, longest = longestGrowingName): string {
  let safe = shortened(name.replace(/[\p{Cc}<>:"/\\|?*]/gu, '_'), '', longest);
  if (safe === '') safe = '_';
  if (reservedOnWindows.test(safe)) safe = shortened(`_${safe}`, '', longest);
  // Last, since cutting can leave a new end; and never on a long name, where the pattern would take long.
  return safe.replace(/[. ]+$/, (end) => '_'.repeat(end.length));
}

/** The ending of a name, by which systems know what kind of file it is; a name that begins with a dot has none there. */
const ending = /(?<!^)\.[^.]{1,15}$/;

/** Cuts a name, before its ending, so that it fits with `suffix` at the end of its stem. */
function shortened(name: string, suffix: string, longest: number): string {
  if (suffix === '' && Buffer.byteLength(name) <= longest) return name;
  const kind = ending.exec(name)?.[0] ?? '';
  const stem = name.slice(0, name.length - kind.length);
  return firstBytes(stem, longest - Buffer.byteLength(suffix + kind)) + suffix + kind;
}

/** As many whole characters of `text` as fit into `most` bytes of UTF-8. */
function firstBytes(text: string, most: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > most) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Hands out names within one folder so that no two are equal, also where case does not count. */
export class NameRegister {
  readonly #longest: number;
  readonly #taken = new Set<string>();
  /** By key, the number that the next claim of an equal name tries. */
  readonly #nextNumber = new Map<string, number>();

  /** @param longest bytes that a name may have */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** A safe name for `wanted`, numbered before its ending when another has it already. */
  claim(wanted: string): string {
    const base = safeName(wanted, this.#longest);
    const key = keyOf(base);
    for (let number = this.#nextNumber.get(key) ?? 1; ; number++) {
      const name = number === 1 ? base : shortened(base, ` (${number})`, this.#longest);
      if (this.#taken.has(keyOf(name))) continue;
      this.#taken.add(keyOf(name));
      this.#nextNumber.set(key, number + 1);
      return name;
    }
  }
}

/**
 * Names of one key are one file on systems that do not tell case, or forms of a letter, apart. Capitals, unlike small
 * letters, make one of all that those systems make one of: `ß` and `ss`, `ſ` and `s`.
 */
function keyOf(name: string): string {
  return name.normalize('NFD').toUpperCase().normalize('NFC');
}
