/** How the wizard speaks: its words in the language of the person, with sizes and times written the same way. */
import { createInstance, type i18n } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import type { Problem } from '../../shared/problems.ts';
import type { Words } from '../../shared/words/catalogue.ts';
import { formatDuration, formatMemory, formatSize, visible } from '../../shared/words/formats.ts';
import { languageFor, languages, type Language } from '../../shared/words/languages.ts';
import { addFormats, wordsFor } from '../../shared/words/problem-words.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import type { WordKey } from './words.ts';

/** Each language by its own name. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' };

export function createSpeech(language: Language): i18n {
  const instance = createInstance().use(initReactI18next);
  void instance.init({
    initAsync: false,
    lng: language,
    supportedLngs: languages,
    fallbackLng: false,
    resources: { en: { translation: en }, de: { translation: de } },
    interpolation: { escapeValue: false },
  });
  addFormats(instance);
  return instance;
}

export interface Speech {
  readonly language: Language;
  /** Says a word; text from outside that stands in it is made visible. */
  readonly say: (key: WordKey, values?: Readonly<Record<string, string | number>>) => string;
  readonly sayProblem: (problem: Problem) => Words;
  /** Bytes on a drive. */
  readonly size: (bytes: number) => string;
  /** Bytes of memory. */
  readonly memory: (bytes: number) => string;
  /** Seconds, as an estimate. */
  readonly duration: (seconds: number) => string;
  /** The person's own variety of the language, for dates. */
  readonly locale: string;
  readonly speakIn: (language: Language) => void;
}

export function useSpeech(): Speech {
  const { t, i18n } = useTranslation();
  const language = i18n.language as Language;
  return {
    language,
    say: (key, values = {}) => t(key, shown(values)),
    sayProblem: (problem) => wordsFor(problem, language),
    size: (bytes) => formatSize(bytes, language),
    memory: (bytes) => formatMemory(bytes, language),
    duration: (seconds) => formatDuration(seconds, language),
    locale: navigator.languages.find((each) => languageFor(each) === language) ?? language,
    speakIn: (next) => void i18n.changeLanguage(next),
  };
}

function shown(values: Readonly<Record<string, string | number>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? visible(value) : value]),
  );
}
