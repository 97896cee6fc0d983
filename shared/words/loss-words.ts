/** What is said of a qube that is in the backup by its list only, in a few words. */
import type { QubeLoss } from '../backup.ts';
import type { Language } from './languages.ts';

export const lossWords: Readonly<Record<Language, Readonly<Record<QubeLoss, string>>>> = {
  en: {
    'cut-off': 'Lost: the backup ends before it',
    missing: 'Lost: its files are missing from the backup',
  },
  de: {
    'cut-off': 'Verloren: das Backup endet vorher',
    missing: 'Verloren: seine Dateien fehlen im Backup',
  },
};
