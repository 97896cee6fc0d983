/**
 * How the names of a backup's parts follow each other: `.aa`, `.ab` by split, `x00`, `.part1`, `disk1/b`, `disk2/b`. Names
 * only propose which files may be parts; what they hold decides (find-parts.ts).
 */

/** Digits of suffixes, in their order. */
const alphabets = [
  '0123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  '0123456789abcdef',
  '0123456789ABCDEF',
];

/** Longest suffix that is looked for; that of split has 2 or 3 characters, and more for many parts. */
const longestSuffix = 12;

/** A name taken apart: what counts, and what stands around it. */
interface Numbered {
  readonly before: string;
  readonly suffix: string;
  readonly after: string;
  readonly alphabet: string;
}

/** Parts that follow each other by their names, the first of them the one that was asked for. */
export interface PartNames {
  readonly names: readonly string[];
  /** The name that should follow, where later ones are there; null where none is. */
  readonly missing: string | null;
  /** The first of those later ones. */
  readonly later: string | null;
}

/**
 * The rows of parts that may begin with `name`, the longest first; those of one name are rows with a gap behind it.
 *
 * @param present the names that are there
 */
export function partsFrom(name: string, present: ReadonlySet<string>): readonly PartNames[] {
  const rows = new Map<string, PartNames>();
  for (const numbered of readingsOf(name)) {
    const names = [name];
    let suffix = numbered.suffix;
    for (;;) {
      const next = successorsOf(suffix, numbered.alphabet).find((each) => present.has(spell(numbered, each)));
      if (next === undefined) break;
      suffix = next;
      names.push(spell(numbered, suffix));
    }
    const later = laterThan({ ...numbered, suffix }, present);
    const [successor] = successorsOf(suffix, numbered.alphabet);
    const missing = later === null || successor === undefined ? null : spell(numbered, successor);
    if (names.length < 2 && missing === null) continue;
    const key = names.join('\n');
    const known = rows.get(key);
    if (!known || (known.missing === null && missing !== null)) rows.set(key, { names, missing, later });
  }
  return [...rows.values()].toSorted((a, b) => b.names.length - a.names.length);
}

/**
 * The names that may be the first part of the row that `name` is a later part of, each with the name that would come before
 * it; the one that is furthest back first.
 */
export function firstPartsOf(
  name: string,
  present: ReadonlySet<string>,
): readonly { readonly first: string; readonly before: string | null; readonly steps: number }[] {
  const found = [...readingsOf(name)].map((numbered) => {
    let { suffix } = numbered;
    let steps = 0;
    for (;;) {
      const before = predecessorsOf(suffix, numbered.alphabet).find((each) =>
        present.has(spell(numbered, each)),
      );
      if (before === undefined) break;
      suffix = before;
      steps++;
    }
    const [before] = predecessorsOf(suffix, numbered.alphabet);
    return {
      first: spell(numbered, suffix),
      before: before === undefined ? null : spell(numbered, before),
      steps,
    };
  });
  return found.toSorted((a, b) => b.steps - a.steps);
}

/** Where a name may be numbered: in what stands before a character that is neither letter nor digit, or at the end. */
function* readingsOf(name: string): Generator<Numbered> {
  for (const alphabet of alphabets) {
    for (let end = name.length; end > 0; end--) {
      if (end < name.length && /[A-Za-z0-9]/.test(name.charAt(end))) continue;
      for (let start = end - 1; start >= Math.max(0, end - longestSuffix); start--) {
        if (!alphabet.includes(name.charAt(start))) break;
        const [before, suffix, after] = [name.slice(0, start), name.slice(start, end), name.slice(end)];
        yield { before, suffix, after, alphabet };
      }
    }
  }
}

function spell({ before, after }: Numbered, suffix: string): string {
  return before + suffix + after;
}

/** The suffixes that may follow: counted on, made longer as GNU split does (`89`, `9000`), or grown (`9`, `10`). */
function successorsOf(suffix: string, alphabet: string): readonly string[] {
  const first = alphabet.charAt(0);
  const last = alphabet.charAt(alphabet.length - 1);
  const next = counted(suffix, alphabet, 1);
  if (next === undefined) return alphabet.length === 10 ? [`1${first.repeat(suffix.length)}`] : [];
  const run = leadingRun(next, last);
  const isAtEdge = run > 0 && next.slice(run) === first.repeat(next.length - run);
  return isAtEdge ? [next, last.repeat(run) + first.repeat(next.length - run + 2)] : [next];
}

/** The suffixes that may precede, the other way round. */
function predecessorsOf(suffix: string, alphabet: string): readonly string[] {
  const first = alphabet.charAt(0);
  const last = alphabet.charAt(alphabet.length - 1);
  const before = counted(suffix, alphabet, -1);
  const run = leadingRun(suffix, last);
  const zeros = suffix.length - run;
  const shorter =
    run > 0 && zeros > 1 && suffix.slice(run) === first.repeat(zeros)
      ? counted(last.repeat(run) + first.repeat(zeros - 2), alphabet, -1)
      : undefined;
  const grown = alphabet.length === 10 && /^10+$/.test(suffix) ? '9'.repeat(suffix.length - 1) : undefined;
  return [shorter, before, grown].filter((each) => each !== undefined);
}

function leadingRun(text: string, character: string): number {
  let run = 0;
  while (run < text.length && text.charAt(run) === character) run++;
  return run;
}

/** The suffix of the same length before or behind, undefined where there is none. */
function counted(suffix: string, alphabet: string, step: 1 | -1): string | undefined {
  const [from, to] = step === 1 ? [alphabet.length - 1, 0] : [0, alphabet.length - 1];
  let rest = '';
  for (let i = suffix.length - 1; i >= 0; i--) {
    const digit = alphabet.indexOf(suffix.charAt(i));
    if (digit !== from) return suffix.slice(0, i) + alphabet.charAt(digit + step) + rest;
    rest = alphabet.charAt(to) + rest;
  }
  return undefined;
}

/** Later parts are looked for so many places behind a missing one. */
const widestGap = 100;

/** The first part behind the one that should follow, null where none is near. */
function laterThan(numbered: Numbered, present: ReadonlySet<string>): string | null {
  let suffix: string | undefined = numbered.suffix;
  for (let i = 0; i <= widestGap; i++) {
    suffix = successorsOf(suffix, numbered.alphabet)[0];
    if (suffix === undefined) return null;
    if (present.has(spell(numbered, suffix))) return spell(numbered, suffix);
  }
  return null;
}

/** How much of two names is alike, from 0 to 1: the beginning that they share, as a part of the shorter one. */
export function likeness(name: string, other: string): number {
  let shared = 0;
  while (shared < Math.min(name.length, other.length) && name.charAt(shared) === other.charAt(shared))
    shared++;
  return shared / Math.max(1, Math.min(name.length, other.length));
}

const collator = new Intl.Collator('en', { numeric: true });

/** Files that a person chose together, in the order in which their names number them: `.part9` is before `.part10`. */
export function inOrderOfNames(names: readonly string[]): readonly string[] {
  const present = new Set(names);
  const whole = names
    .flatMap((name) => partsFrom(name, present))
    .find((row) => row.names.length === present.size);
  return whole?.names ?? [...present].toSorted(collator.compare);
}
