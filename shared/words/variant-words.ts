/** What each other form of a passphrase is, for people who are asked whether to try it. */
import type { VariantKind } from '../passphrase-variants.ts';
import type { Language } from './languages.ts';

export const variantWords: Readonly<Record<Language, Readonly<Record<VariantKind, string>>>> = {
  en: {
    trimmed: 'without the spaces at its ends',
    'first-line': 'the first line alone',
    plain: 'with plain spaces, quotes and dashes, and without invisible characters',
    composed: 'each accented letter as one character (NFC)',
    decomposed: 'each accented letter as a letter and an accent (NFD)',
    'caps-lock': 'capital and small letters swapped, as with Caps Lock',
    'us-for-de': 'the same keys on an American keyboard instead of a German one',
    'de-for-us': 'the same keys on a German keyboard instead of an American one',
    'us-for-fr': 'the same keys on an American keyboard instead of a French one',
    'fr-for-us': 'the same keys on a French keyboard instead of an American one',
    'us-for-gb': 'the same keys on an American keyboard instead of a British one',
    'gb-for-us': 'the same keys on a British keyboard instead of an American one',
  },
  de: {
    trimmed: 'ohne die Leerzeichen an den Enden',
    'first-line': 'nur die erste Zeile',
    plain: 'mit einfachen Leerzeichen, Anführungszeichen und Strichen und ohne unsichtbare Zeichen',
    composed: 'Umlaute und Akzente je als ein Zeichen (NFC)',
    decomposed: 'Umlaute und Akzente je als Buchstabe und Akzent (NFD)',
    'caps-lock': 'Groß- und Kleinbuchstaben vertauscht, wie mit Feststelltaste',
    'us-for-de': 'dieselben Tasten auf einer amerikanischen statt einer deutschen Tastatur',
    'de-for-us': 'dieselben Tasten auf einer deutschen statt einer amerikanischen Tastatur',
    'us-for-fr': 'dieselben Tasten auf einer amerikanischen statt einer französischen Tastatur',
    'fr-for-us': 'dieselben Tasten auf einer französischen statt einer amerikanischen Tastatur',
    'us-for-gb': 'dieselben Tasten auf einer amerikanischen statt einer britischen Tastatur',
    'gb-for-us': 'dieselben Tasten auf einer britischen statt einer amerikanischen Tastatur',
  },
};
