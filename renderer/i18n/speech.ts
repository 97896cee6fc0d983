/** How the wizard speaks: its words in the language of the person, with sizes and times written the same way. */
import { createInstance } from 'i18next';
import { createContext, useContext } from 'react';
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
  /** A day in a list, of milliseconds since 1970. */
  readonly day: (time: number) => string;
  /** The person's own variety of the language, for dates. */
  readonly locale: string;
  /** Changes the language of the whole wizard. */
  readonly speakIn: (language: Language) => void;
}

const speaker = createInstance();
void speaker.init({
  initAsync: false,
  supportedLngs: languages,
  fallbackLng: false,
  resources: { en: { translation: en }, de: { translation: de } },
  interpolation: { escapeValue: false },
});
addFormats(speaker);

/** Made once for a language and shared by all that speak it: a list has hundreds of rows. */
export function speechIn(language: Language, speakIn: Speech['speakIn']): Speech {
  const word = speaker.getFixedT(language);
  const locale = navigator.languages.find((each) => languageFor(each) === language) ?? language;
  const days = new Intl.DateTimeFormat(locale, { year: 'numeric', month: '2-digit', day: '2-digit' });
  return {
    language,
    say: (key, values = {}) => word(key, shown(values)),
    sayProblem: (problem) => wordsFor(problem, language),
    size: (bytes) => formatSize(bytes, language),
    memory: (bytes) => formatMemory(bytes, language),
    duration: (seconds) => formatDuration(seconds, language),
    day: (time) => days.format(time),
    locale,
    speakIn,
  };
}

function shown(values: Readonly<Record<string, string | number>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? visible(value) : value]),
  );
}

export const SpeechContext = createContext<Speech | null>(null);

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (!speech) throw new Error('useSpeech outside of its provider');
  return speech;
}
