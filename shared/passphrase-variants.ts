/**
 * Other forms of a passphrase that was rejected, which the same fingers or the same memory may have produced when
 * the backup was made. A person is told which they are before any is tried.
 */
import { keyboards, type Keyboard } from './keyboards.ts';

export const variantKinds = [
  'trimmed',
  'first-line',
  'plain',
  'composed',
  'decomposed',
  'caps-lock',
  'us-for-de',
  'de-for-us',
  'us-for-fr',
  'fr-for-us',
  'us-for-gb',
  'gb-for-us',
] as const;
/** `us-for-de`: the keyboard was set to American English when the backup was made, and is German now. */
export type VariantKind = (typeof variantKinds)[number];

/** Those that a file rather than fingers or memory brings about: what an editor or a web page put into it. */
export const fileVariantKinds: readonly VariantKind[] = ['trimmed', 'first-line', 'plain'];

export interface PassphraseVariant {
  readonly kind: VariantKind;
  readonly passphrase: string;
}

/** The variants that differ from what was typed and from each other, the likeliest first. */
export function variantsOf(
  typed: string,
  kinds: readonly VariantKind[] = variantKinds,
): readonly PassphraseVariant[] {
  const found = new Map<string, VariantKind>();
  for (const kind of kinds) {
    const passphrase = makers[kind](typed);
    if (passphrase !== null && passphrase !== '' && passphrase !== typed && !found.has(passphrase)) {
      found.set(passphrase, kind);
    }
  }
  return [...found].map(([passphrase, kind]) => ({ kind, passphrase }));
}

/** Each answers null where the form does not exist. */
const makers: Readonly<Record<VariantKind, (typed: string) => string | null>> = {
  trimmed: (typed) => typed.trim(),
  'first-line': (typed) => firstLineOf(typed).trim(),
  plain: (typed) => plainCharacters(typed).trim(),
  composed: (typed) => typed.normalize('NFC'),
  decomposed: (typed) => typed.normalize('NFD'),
  'caps-lock': withCapsLock,
  'us-for-de': (typed) => retyped(typed, keyboards.de, keyboards.us),
  'de-for-us': (typed) => retyped(typed, keyboards.us, keyboards.de),
  'us-for-fr': (typed) => retyped(typed, keyboards.fr, keyboards.us),
  'fr-for-us': (typed) => retyped(typed, keyboards.us, keyboards.fr),
  'us-for-gb': (typed) => retyped(typed, keyboards.gb, keyboards.us),
  'gb-for-us': (typed) => retyped(typed, keyboards.us, keyboards.gb),
};

/** As Qubes OS reads a file of a passphrase: nothing behind the first end of a line counts. */
function firstLineOf(typed: string): string {
  return /^[^\r\n]*/.exec(typed)?.[0] ?? '';
}

/** Characters that editors and web pages put in the place of those of a keyboard. */
const typographic: readonly (readonly [RegExp, string])[] = [
  [/\p{Cf}/gu, ''],
  [/\p{Zs}/gu, ' '],
  [/[\u2018\u2019\u201a\u201b\u2032]/g, "'"],
  [/[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]/g, '"'],
  [/\p{Pd}|\u2212/gu, '-'],
  [/\u2026/g, '...'],
];

function plainCharacters(typed: string): string {
  return typographic.reduce((text, [pattern, plain]) => text.replace(pattern, plain), typed);
}

/** Letters the other way round; those without one counterpart stay. */
function withCapsLock(typed: string): string {
  return Array.from(typed, (character) => {
    const [lower, upper] = [character.toLowerCase(), character.toUpperCase()];
    const other = character === lower ? upper : lower;
    return Array.from(other).length === 1 ? other : character;
  }).join('');
}

/** What the keys that give `typed` on one keyboard give on another; null where a character is on neither. */
function retyped(typed: string, from: Keyboard, to: Keyboard): string | null {
  const characters = Array.from(typed, (character) => onSameKey(character, from, to));
  return characters.includes(null) ? null : characters.join('');
}

function onSameKey(character: string, from: Keyboard, to: Keyboard): string | null {
  if (character === ' ') return character;
  for (const [name, key] of Object.entries(from)) {
    const level = key.indexOf(character);
    if (level < 0) continue;
    const there = to[name] ?? [];
    // A keyboard without a third level gives the first of the key instead.
    return there[level] ?? (level === 2 ? (there[0] ?? null) : null);
  }
  return null;
}
