/** Promises of the wizard's words: the same things said in every language. (That no key is missing, the types hold.) */
import { describe, expect, it } from 'vitest';
import { de } from '../../renderer/i18n/de.ts';
import { en } from '../../renderer/i18n/en.ts';

/** Every word with its key, as `['backup.heading', …]`. */
function wordsOf(words: object, before = ''): readonly (readonly [string, string])[] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'string'
      ? [[before + key, value] as const]
      : wordsOf(value as object, `${before}${key}.`),
  );
}

const placeholders = (text: string) => [...text.matchAll(/\{\{.*?\}\}/g)].map(([match]) => match).sort();

describe.each([
  ['en', en],
  ['de', de],
])('the words in %s', (_language, words) => {
  const spoken = new Map(wordsOf(words));

  it('say something for every key', () => {
    for (const [key, text] of spoken) expect(text.trim(), key).not.toBe('');
  });

  it('mention what the English words mention', () => {
    for (const [key, text] of wordsOf(en)) {
      expect(placeholders(spoken.get(key) ?? ''), key).toEqual(placeholders(text));
    }
  });

  it('have a singular for every plural', () => {
    for (const key of spoken.keys()) {
      if (key.endsWith('_other')) expect(spoken.has(key.replace(/_other$/, '_one')), key).toBe(true);
    }
  });

  it('ask for patience and choices with a single sign', () => {
    for (const [key, text] of spoken) expect(text, key).not.toContain('...');
  });
});
