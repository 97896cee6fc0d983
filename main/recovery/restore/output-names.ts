/** Names for restored files and folders that every operating system accepts, and that stay inside the destination. */

/** Device names that Windows reserves, with any extension. */
const reservedOnWindows = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;

/** Longest name of one path component, in bytes, that common file systems take. */
const longestName = 255;

/**
 * One path component made safe: without separators, control characters and what Windows refuses, never `.`, `..`
 * or a reserved device name, and no longer than file systems take.
 */
export function safeName(name: string): string {
  let safe = name.replace(/[\p{Cc}<>:"/\\|?*]/gu, '_').replace(/[. ]+$/, (end) => '_'.repeat(end.length));
  if (safe === '') safe = '_';
  if (reservedOnWindows.test(safe)) safe = `_${safe}`;
  return shortened(safe);
}

/** Room that is left for `.partial` and for the number of a name that was taken. */
const roomForSuffixes = 16;

function shortened(name: string): string {
  const limit = longestName - roomForSuffixes;
  if (Buffer.byteLength(name) <= limit) return name;
  let cut = name.slice(0, limit);
  while (Buffer.byteLength(cut) > limit) cut = cut.slice(0, -1);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** Hands out names within one folder so that no two are equal, also where case does not count. */
export class NameRegister {
  readonly #taken = new Set<string>();

  /** A safe name for `wanted`, numbered when another has it already. */
  claim(wanted: string): string {
    const base = safeName(wanted);
    for (let number = 1; ; number++) {
      const name = number === 1 ? base : `${base} (${number})`;
      const key = name.normalize('NFC').toLowerCase();
      if (this.#taken.has(key)) continue;
      this.#taken.add(key);
      return name;
    }
  }
}
