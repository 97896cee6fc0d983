/** The words for every problem, for the wizard and the command line alike. */
import { createInstance, type i18n } from 'i18next';
import { problemCodes, type Problem } from '../problems.ts';
import type { ProblemCatalogue, Words } from './catalogue.ts';
import { formatDuration, formatMemory, formatSize, visible } from './formats.ts';
import { languages, type Language } from './languages.ts';
import { problemWords as german } from './problem-words.de.ts';
import { problemWords as english } from './problem-words.en.ts';
import { volumeWordsFor } from './volume-words.ts';

export const problemCatalogues: Readonly<Record<Language, ProblemCatalogue>> = { en: english, de: german };

/** Teaches an i18next instance the formats that words use: `{{value, size}}`, `{{value, memory}}`, `{{value, duration}}`, `{{value, volume}}`. */
export function addFormats(instance: i18n): void {
  const formatter = instance.services.formatter;
  formatter?.add('size', (value, language) => formatSize(Number(value), language as Language));
  formatter?.add('memory', (value, language) => formatMemory(Number(value), language as Language));
  formatter?.add('duration', (value, language) => formatDuration(Number(value), language as Language));
  formatter?.add('volume', (value, language) => volumeWordsFor(String(value), language as Language));
}

function speaker(): i18n {
  const instance = createInstance();
  void instance.init({
    initAsync: false,
    fallbackLng: false,
    supportedLngs: languages,
    resources: Object.fromEntries(languages.map((each) => [each, { translation: problemCatalogues[each] }])),
    // The words go into text, not markup: React and terminals need no entities.
    interpolation: { escapeValue: false },
  });
  addFormats(instance);
  return instance;
}

let shared: i18n | undefined;

/** The words for `problem`; text that came from a backup or the system is made visible first. */
export function wordsFor(problem: Problem, language: Language): Words {
  shared ??= speaker();
  // A problem that crossed a wire from an older or newer build may carry a code that is unknown here.
  const code = problemCodes.includes(problem.code) ? problem.code : 'unexpected';
  const params = Object.fromEntries(
    Object.entries(problem.params as Readonly<Record<string, string | number>>).map(([name, value]) => [
      name,
      typeof value === 'string' ? visible(value) : value,
    ]),
  );
  const say = shared.getFixedT(language);
  const word = (field: keyof Words) => say(`${code}.${field}`, params);
  return { what: word('what'), why: word('why'), todo: word('todo') };
}
