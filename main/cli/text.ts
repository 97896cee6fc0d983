/** The human face of the command line: what each command prints when nobody asked for JSON. */
import type { BackupSummary, Inventory, Qube, RestoreReport } from '../../shared/backup.ts';
import { problemsByQube, toldOfFile, toldOfQube } from '../../shared/told-outcome.ts';
import { commandOf, type Problem } from '../../shared/problems.ts';
import { formatSize, visible } from '../../shared/words/formats.ts';
import type { Language } from '../../shared/words/languages.ts';
import { lossWords } from '../../shared/words/loss-words.ts';
import { wordsFor } from '../../shared/words/problem-words.ts';
import { apartFromRenamings } from '../../shared/words/renaming-words.ts';
import type { CliWords } from './words.ts';

/** How the command line speaks to this person. */
export interface Speech {
  readonly words: CliWords;
  readonly language: Language;
}

/** A problem as a paragraph: what happened, why, what to do, and by which command where there is one. */
export function problemText(problem: Problem, { words, language }: Speech): string {
  const { what, why, todo: usual } = wordsFor(problem, language);
  const todo = words.todos[problem.code] ?? usual;
  const command = commandOf(problem);
  return [what, why, todo, command === null ? '' : `  ${visible(command)}`, `[${problem.code}]`]
    .filter((line) => line !== '')
    .join('\n  ');
}

/** Problems as paragraphs; names that were changed are one of them for each reason. */
export function problemTexts(problems: readonly Problem[], speech: Speech): readonly string[] {
  const { lists, others } = apartFromRenamings(problems, speech.language);
  return [
    ...others.map((problem) => problemText(problem, speech)),
    ...lists.map(({ code, heading, lines }) => [heading, ...lines, `[${code}]`].join('\n  ')),
  ];
}

/** Qubes of which nothing is in the backup: why, and which. */
type LostQubes = Extract<Problem, { readonly code: 'qube-has-no-files' | 'qube-cut-off' }>;

/** As many qubes that are lost for one reason are told one by one; more of them together. */
const mostToldSingly = 3;

/** One paragraph for each reason for which many qubes are lost, and the problems that are told on their own. */
export function apartFromLostQubes(
  problems: readonly Problem[],
  { words, language }: Speech,
): { readonly paragraphs: readonly string[]; readonly others: readonly Problem[] } {
  const lost = problems.filter((each): each is LostQubes => each.code in words.lostQubes);
  const many = (['qube-has-no-files', 'qube-cut-off'] as const)
    .map((code) => lost.filter((each) => each.code === code))
    .filter((each) => each.length > mostToldSingly);
  const together = new Set<Problem>(many.flat());
  const paragraphs = many.flatMap((each) => {
    const [first] = each;
    if (!first) return [];
    const names = each.map(({ params }) => visible(String(params.qube))).join(', ');
    const { todo } = wordsFor(first, language);
    return [
      [words.manyLost(each.length, names), words.lostQubes[first.code], todo, `[${first.code}]`].join('\n  '),
    ];
  });
  return { paragraphs, others: problems.filter((each) => !together.has(each)) };
}

export function infoText(summary: BackupSummary, { words, language }: Speech): string {
  const { fields } = words;
  const truth = (value: boolean | null) => (value === null ? words.unknown : value ? words.yes : words.no);
  // Without a readable header nobody knows.
  const compression =
    summary.version === null ? words.unknown : visible(summary.compression ?? words.nothing);
  return table([
    [fields.file, visible(summary.fileName)],
    [fields.size, formatSize(summary.size, language)],
    [fields.format, summary.version === null ? words.unknown : String(summary.version)],
    [fields.created, summary.created?.replace('T', ' ') ?? words.unknown],
    [fields.encrypted, truth(summary.encrypted)],
    [fields.compression, compression],
    [fields.files, String(summary.fileCount)],
    [fields.cutOff, truth(summary.cutOff)],
  ]);
}

export function listText(inventory: Inventory, speech: Speech): string {
  const rows = inventory.qubes.map((qube) => [
    visible(qube.name),
    visible(qube.class),
    visible(qube.label),
    visible(qube.template ?? '-'),
    storedText(qube, speech),
  ]);
  return table([[...speech.words.columns], ...rows]);
}

/** How much the backup has of a qube, or why nothing. */
function storedText({ included, lost, files, problems }: Qube, { words, language }: Speech): string {
  if (!included) return words.notIncluded;
  if (lost) return lossWords[language][lost];
  const size = formatSize(
    files.reduce((sum, file) => sum + file.storedBytes, 0),
    language,
  );
  return problems.length === 0 ? size : words.incomplete(size);
}

export function reportText(report: RestoreReport, speech: Speech): string {
  const { words, language } = speech;
  const { paragraphs, others: told } = apartFromLostQubes(report.problems, speech);
  const { ofQubes, others } = problemsByQube({ qubes: report.qubes, problems: [...told] });
  const toldSingly = new Set(told);
  const toldTogether = new Set(
    report.problems.flatMap((each) =>
      !toldSingly.has(each) && 'qube' in each.params ? [each.params.qube] : [],
    ),
  );
  const lines: string[] = [];
  for (const qube of report.qubes) {
    if (toldTogether.has(qube.name)) continue;
    lines.push(`${visible(qube.name)}: ${words.outcomes[toldOfQube(qube)]}`);
    for (const file of qube.files) {
      const size = file.bytes > 0 ? `  ${formatSize(file.bytes, language)}` : '';
      const outcome = file.outcome === qube.outcome ? '' : `  ${words.outcomes[toldOfFile(file)]}`;
      lines.push(`  ${visible(file.path ?? file.name)}${size}${outcome}`);
      lines.push(...problemTexts(file.problems, speech).map((text) => indent(text, 4)));
    }
    const ofQube = ofQubes.get(qube.name) ?? [];
    lines.push(...ofQube.map((problem) => indent(problemText(problem, speech), 2)));
  }
  lines.push(...paragraphs.map((text) => `${words.outcomes.failed}: ${text}`));
  lines.push(...others.map((problem) => problemText(problem, speech)));
  return lines.join('\n');
}

function indent(text: string, by: number): string {
  return text.replace(/^/gm, ' '.repeat(by));
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
