/** The colours of labels, told from labels of any other name, and what they are called. */
import { labelColours } from '../backup.ts';
import type { Language } from './languages.ts';

export type LabelColour = (typeof labelColours)[number];

/** The colour of a label, or null for one of any other name. */
export function labelColourOf(label: string): LabelColour | null {
  return labelColours.find((colour) => colour === label) ?? null;
}

const labelWords: Readonly<Record<Language, Readonly<Record<LabelColour, string>>>> = {
  en: {
    red: 'red',
    orange: 'orange',
    yellow: 'yellow',
    green: 'green',
    gray: 'gray',
    blue: 'blue',
    purple: 'purple',
    black: 'black',
  },
  de: {
    red: 'rot',
    orange: 'orange',
    yellow: 'gelb',
    green: 'grün',
    gray: 'grau',
    blue: 'blau',
    purple: 'violett',
    black: 'schwarz',
  },
};

/** What a label is called: its colour in words, or its own name. */
export function labelNameOf(label: string, language: Language): string {
  const colour = labelColourOf(label);
  return colour === null ? label : labelWords[language][colour];
}
