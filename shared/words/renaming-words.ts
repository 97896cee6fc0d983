/** Names that were changed, told as one list a reason: a home can have thousands of them. */
import type { Problem, ProblemCode } from '../problems.ts';
import { visible } from './formats.ts';
import type { Language } from './languages.ts';

/** The codes of renamings, each a reason of its own. */
const renamingCodes = ['entry-renamed', 'entry-numbered'] as const satisfies readonly ProblemCode[];
type RenamingCode = (typeof renamingCodes)[number];

type Heading = Readonly<Record<'one' | 'other', string>>;

const headings: Readonly<Record<Language, Readonly<Record<RenamingCode, Heading>>>> = {
  en: {
    'entry-renamed': {
      one: '1 name was changed, because this drive cannot hold it:',
      other: '{{count}} names were changed, because this drive cannot hold them:',
    },
    'entry-numbered': {
      one: '1 name got a number, because something else there has the same name on this drive:',
      other: '{{count}} names got a number, because something else there has the same name on this drive:',
    },
  },
  de: {
    'entry-renamed': {
      one: '1 Name wurde geändert, weil dieses Laufwerk ihn nicht speichern kann:',
      other: '{{count}} Namen wurden geändert, weil dieses Laufwerk sie nicht speichern kann:',
    },
    'entry-numbered': {
      one: '1 Name bekam eine Nummer, weil auf diesem Laufwerk dort schon etwas anderes so heißt:',
      other:
        '{{count}} Namen bekamen eine Nummer, weil auf diesem Laufwerk dort schon etwas anderes so heißt:',
    },
  },
};

/** Renamings of one reason, in words. */
export interface RenamingList {
  readonly code: RenamingCode;
  readonly heading: string;
  /** One a name: `from → to`. */
  readonly lines: readonly string[];
}

/** The renamings among problems as lists, and the problems that are told one by one. */
export function apartFromRenamings(
  problems: readonly Problem[],
  language: Language,
): { readonly lists: readonly RenamingList[]; readonly others: readonly Problem[] } {
  const lists = renamingCodes.flatMap((code) => {
    const lines = problems
      .filter((value) => value.code === code)
      .map(({ params }) => params as Readonly<Record<'from' | 'to', string>>)
      .map(({ from, to }) => `${visible(from)} → ${visible(to)}`);
    const words = headings[language][code];
    const heading = lines.length === 1 ? words.one : words.other;
    const count = lines.length.toLocaleString(language);
    return lines.length === 0 ? [] : [{ code, heading: heading.replace('{{count}}', count), lines }];
  });
  return { lists, others: problems.filter(({ code }) => !isRenaming(code)) };
}

function isRenaming(code: ProblemCode): boolean {
  return renamingCodes.some((renaming) => renaming === code);
}
