/** Promises of the words: complete in every language, true to their parameters, safe with foreign text. */
import { describe, expect, it } from 'vitest';
import { problemTexts } from '../../main/cli/text.ts';
import { cliWords } from '../../main/cli/words.ts';
import {
  problem,
  problemCodes,
  problemKinds,
  type Problem,
  type ProblemCode,
} from '../../shared/problems.ts';
import { formatDuration, formatMemory, formatSize, visible } from '../../shared/words/formats.ts';
import { languageFor, languages, type Language } from '../../shared/words/languages.ts';
import { apartFromRenamings } from '../../shared/words/renaming-words.ts';
import { problemCatalogues, wordsFor } from '../../shared/words/problem-words.ts';

const placeholder = /\{\{\s*(\w+)\s*(?:,\s*(\w+)\s*)?\}\}/g;
/** Numbers and units are held together by a no-break space; it is written plain here. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const fields = ['what', 'why', 'todo'] as const;

function textOf(language: Language, code: ProblemCode): string {
  return fields.map((field) => problemCatalogues[language][code][field]).join(' ');
}

function sample(code: Problem['code']): Problem {
  const params = Object.fromEntries(problemKinds[code].params.map((name) => [name, 5_000_000_000]));
  return { code, params } as unknown as Problem;
}

describe.each(languages)('the words in %s', (language) => {
  it.each(fields)('tell of every problem: %s', (field) => {
    for (const code of problemCodes) {
      const text = wordsFor(sample(code), language)[field];
      expect(text, code).toMatch(/^.{4,}[.!?“”]$/su);
      expect(text, code).not.toMatch(/\{\{|\}\}|undefined|NaN/);
    }
  });

  it('mention only what a problem carries, in formats that exist', () => {
    for (const code of problemCodes) {
      for (const [, name, format] of textOf(language, code).matchAll(placeholder)) {
        expect(problemKinds[code].params as readonly string[], code).toContain(name);
        expect([undefined, 'size', 'memory', 'duration', 'volume'], code).toContain(format);
      }
    }
  });

  it('leave out nothing that the other languages mention', () => {
    const mentioned = (each: Language, code: ProblemCode) =>
      new Set([...textOf(each, code).matchAll(placeholder)].map(([, name]) => name));
    for (const code of problemCodes) expect(mentioned(language, code), code).toEqual(mentioned('en', code));
  });

  it('never call a problem an error', () => {
    for (const code of problemCodes) {
      expect(problemCatalogues[language][code].what).not.toMatch(/\berror\b|\bfehler\b/i);
    }
  });
});

describe('words about foreign text', () => {
  it('name what fills a volume', () => {
    const holding = (name: string): Problem => ({ code: 'filesystem-unsupported', params: { name } });
    expect(wordsFor(holding('luks'), 'en').why).toContain('It holds a disk encrypted by LUKS.');
    expect(wordsFor(holding('luks'), 'de').why).toContain(
      'Es enthält einen mit LUKS verschlüsselten Datenträger.',
    );
    expect(wordsFor(holding('blank'), 'en').why).toContain('It holds nothing.');
    expect(wordsFor(holding('__proto__'), 'en').why).toContain('It holds nothing that Lifeboat knows.');
  });

  it('format sizes for the language', () => {
    const full: Problem = { code: 'dest-full', params: { needed: 48_200_000_000, free: 1_500_000_000 } };
    expect(plain(wordsFor(full, 'en').why)).toBe('48 GB are needed, 1.5 GB are free.');
    expect(plain(wordsFor(full, 'de').why)).toBe('Gebraucht werden 48 GB, frei sind 1,5 GB.');
  });

  it('take what looks like a placeholder or a reference in a name for text', () => {
    const path = '/a/{{detail}}/$t(cancelled.what)/<b>&';
    expect(wordsFor({ code: 'source-missing', params: { path } }, 'en').what).toBe(
      `There is no file at ${path}.`,
    );
  });

  it('show characters that could rewrite a terminal or turn the text around', () => {
    const path = '/a/\u001b[2J\r\u202egpj.exe';
    const { what } = wordsFor({ code: 'source-missing', params: { path } }, 'en');
    expect(what).toBe('There is no file at /a/\\u{1b}[2J\\u{d}\\u{202e}gpj.exe.');
  });

  it('answer an unknown code as something unexpected', () => {
    const unknown = { code: 'from-the-future', params: { detail: 'x' } } as unknown as Problem;
    expect(wordsFor(unknown, 'en').what).toBe(wordsFor(sample('unexpected'), 'en').what);
  });
});

describe('names that were changed', () => {
  const renamed = (from: string, to: string) => problem('entry-renamed', { from, to });

  it.each(languages)('are told together in %s, each of them, apart from everything else', (language) => {
    const problems = [
      renamed('a:b', 'a_b'),
      problem('entry-numbered', { from: 'A', to: 'A (2)' }),
      problem('entry-is-special', { path: 'pipe' }),
      renamed('con\u202e\udce9', '_con'),
    ];
    const { lists, others } = apartFromRenamings(problems, language);
    expect(others).toEqual([problems[2]]);
    expect(lists.map(({ code, lines }) => [code, lines])).toEqual([
      ['entry-renamed', ['a:b → a_b', 'con\\u{202e}\\xe9 → _con']],
      ['entry-numbered', ['A → A (2)']],
    ]);
    expect(lists.map(({ heading }) => /^\d/.exec(heading)?.[0])).toEqual(['2', '1']);
    expect(new Set(lists.map(({ heading }) => heading)).size).toBe(2);
  });

  it('are one paragraph of the command line, however many they are', () => {
    const problems = Array.from({ length: 1500 }, (_, n) => renamed(`${n}:`, `${n}_`));
    const [text = '', ...more] = problemTexts(problems, { language: 'en', words: cliWords.en });
    expect(more).toEqual([]);
    const lines = text.split('\n');
    expect(lines).toHaveLength(1502);
    expect(lines[0]).toBe('1,500 names were changed, because this drive cannot hold them:');
    expect(lines.at(-1)).toBe('  [entry-renamed]');
  });
});

describe('numbers for people', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [4_294_967_295, '4.3 GB'],
    [48_000_000_000, '48 GB'],
    [2.5e12, '2.5 TB'],
  ])('write %d bytes on a drive as %s', (bytes, text) => expect(plain(formatSize(bytes, 'en'))).toBe(text));

  it('write sizes the German way in German', () =>
    expect(plain(formatSize(1_500_000_000, 'de'))).toBe('1,5 GB'));

  it.each([
    [512 * 2 ** 20, '512 MiB'],
    [2 ** 30, '1 GiB'],
    [1.5 * 2 ** 30, '1.5 GiB'],
  ])('write %d bytes of memory as %s', (bytes, text) => expect(plain(formatMemory(bytes, 'en'))).toBe(text));

  it.each([
    [0, '5 sec'],
    [42, '45 sec'],
    [56, '1 min'],
    [3540, '59 min'],
    [3600, '1 hr'],
    [7800, '2 hr 10 min'],
  ])('write %d remaining seconds as %s', (seconds, text) =>
    expect(plain(formatDuration(seconds, 'en'))).toBe(text),
  );

  it('leave text that can be seen as it is', () => expect(visible('Müller 😀 日本')).toBe('Müller 😀 日本'));

  it.each([
    ['de-AT', 'de'],
    ['de_DE.UTF-8', 'de'],
    ['fr-FR', 'en'],
    ['', 'en'],
    ['C', 'en'],
    ['den', 'en'],
  ])('speak to the locale %j in %s', (locale, language) => expect(languageFor(locale)).toBe(language));
});
