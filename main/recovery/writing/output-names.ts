/** Names for restored files and folders that their drive can hold, and that stay inside the destination. */
import { replaceHidden } from '../../../shared/words/formats.ts';
import { byteLength, replaceLoneBytes } from '../bytes/byte-text.ts';
import { longestEnding } from './partial-names.ts';

/** Device names that Windows reserves, with blanks behind them and with any extension. */
const reservedOnWindows = /^(con|conin\$|conout\$|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?$/i;

/** Longest name of one path component, in bytes, that common file systems take. */
export const longestName = 255;

/** Longest name of what grows at a partial name first, whose ending needs room too. */
export const longestGrowingName = longestName - Buffer.byteLength(longestEnding);

/** What the name of a file can be on a drive; see drive.ts. Slashes and zero bytes are in none. */
export interface NameRules {
  /** Characters that are in no name. */
  readonly refused: ReadonlySet<string>;
  readonly keepsControls: boolean;
  /** Whether characters that cannot be seen may stay, which is so where a name is to be what it was. */
  readonly keepsHidden: boolean;
  /** Whether bytes that are not UTF-8 stay as they are. */
  readonly keepsBytes: boolean;
  /** Whether dots and blanks stay at the end. */
  readonly keepsEndings: boolean;
  /** Whether Windows reads it: devices have names there, and in the target of a link a backslash separates. */
  readonly isForWindows: boolean;
  /** Whether names are told apart that differ only in case, or in the form of a letter. */
  readonly tellsCase: boolean;
  /** Bytes that a name can have. */
  readonly longest: number;
}

/** Characters that Windows refuses, and with it NTFS, FAT and exFAT. */
export const windowsRefused: ReadonlySet<string> = new Set('<>:"/\\|?*');

/** Names that every system takes, and that people read as they are. */
export const portableNames: NameRules = {
  refused: windowsRefused,
  keepsControls: false,
  keepsHidden: false,
  keepsBytes: false,
  keepsEndings: false,
  isForWindows: true,
  tellsCase: false,
  longest: longestName,
};

/** One path component as the rules allow it; never empty, `.` or `..`, and without separators whatever they are. */
export function fittingName(name: string, rules: NameRules): string {
  const { longest, isForWindows } = rules;
  let fitting = shortened(replaceRefused(name, rules), '', longest);
  if (fitting === '') return '_';
  if (isForWindows && reservedOnWindows.test(fitting)) fitting = shortened(`_${fitting}`, '', longest);
  if (fitting === '.' || fitting === '..') return '_'.repeat(fitting.length);
  // Last, since cutting can leave a new end; and never on a long name, where the pattern would take long.
  return rules.keepsEndings ? fitting : fitting.replace(/[. ]+$/, (end) => '_'.repeat(end.length));
}

function replaceRefused(name: string, rules: NameRules): string {
  let kept = rules.keepsBytes ? name : replaceLoneBytes(name, '_');
  if (!rules.keepsHidden) kept = replaceHidden(kept, () => '_');
  if (!rules.keepsControls) kept = kept.replace(/\p{Cc}/gu, '_');
  return kept.replace(/[\0/<>:"\\|?*]/g, (sign) =>
    sign === '\0' || sign === '/' || rules.refused.has(sign) ? '_' : sign,
  );
}

/** The ending of a name, by which systems know what kind of file it is; a name that begins with a dot has none there. */
const ending = /(?<!^)\.[^.]{1,15}$/;

/** Cuts a name, before its ending, so that it fits with `suffix` at the end of its stem. */
function shortened(name: string, suffix: string, longest: number): string {
  if (suffix === '' && byteLength(name) <= longest) return name;
  const kind = ending.exec(name)?.[0] ?? '';
  const stem = name.slice(0, name.length - kind.length);
  return firstBytes(stem, longest - byteLength(suffix + kind)) + suffix + kind;
}

/** As many whole characters of `text` as fit into `most` bytes. */
function firstBytes(text: string, most: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > most) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Hands out names within one folder so that no two are one to its drive. */
export class NameRegister {
  readonly #rules: NameRules;
  readonly #taken = new Set<string>();
  /** By key, the number that the next claim of an equal name tries. */
  readonly #nextNumber = new Map<string, number>();

  constructor(rules: NameRules) {
    this.#rules = rules;
  }

  /** A name for `wanted` by `rules`, numbered before its ending when another has it already. */
  claim(wanted: string, rules = this.#rules): string {
    const base = fittingName(wanted, rules);
    const key = this.#keyOf(base);
    for (let number = this.#nextNumber.get(key) ?? 1; ; number++) {
      const name = number === 1 ? base : shortened(base, ` (${number})`, rules.longest);
      if (this.#taken.has(this.#keyOf(name))) continue;
      this.#taken.add(this.#keyOf(name));
      this.#nextNumber.set(key, number + 1);
      return name;
    }
  }

  /**
   * Names of one key are one file. Capitals, unlike small letters, make one of all that systems make one of which do not
   * tell case, or forms of a letter, apart: `ß` and `ss`, `ſ` and `s`.
   */
  #keyOf(name: string): string {
    return this.#rules.tellsCase ? name : name.normalize('NFD').toUpperCase().normalize('NFC');
  }
}
