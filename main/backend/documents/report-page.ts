/** The report of a restore as a page that can be read, printed and passed on without anything else. */
import {
  isWhole,
  type BackupSummary,
  type FileReport,
  type Qube,
  type QubeReport,
  type RestoreReport,
} from '../../../shared/backup.ts';
import { problemsByQube, toldOfFile, toldOfQube } from '../../../shared/told-outcome.ts';
import type { Problem } from '../../../shared/problems.ts';
import { formatSize, visibleJson } from '../../../shared/words/formats.ts';
import type { Language } from '../../../shared/words/languages.ts';
import { lossWords } from '../../../shared/words/loss-words.ts';
import { wordsFor } from '../../../shared/words/problem-words.ts';
import { apartFromRenamings } from '../../../shared/words/renaming-words.ts';
import { documentWords, type DocumentWords } from './document-words.ts';
import { html, htmlPage, type Markup } from './markup.ts';

/** A restore that has ended, as its documents tell it. */
export interface EndedRestore {
  readonly version: string;
  readonly backup: BackupSummary;
  /** Names of the qubes that were asked for. */
  readonly qubes: readonly string[];
  /** The qubes that the backup has nothing of although it should, whether they were asked for or not. */
  readonly lost: readonly Pick<Qube, 'name' | 'lost'>[];
  /** Folder that was restored into; null when only verified. */
  readonly destination: string | null;
  readonly report: RestoreReport;
  readonly cancelled: boolean;
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
}

/** The same as data: what stands beside the restored files, with when and where. */
export function reportData({
  version,
  backup,
  destination,
  report,
  cancelled,
  finishedAt,
}: EndedRestore): string {
  const finished = new Date(finishedAt).toISOString();
  return `${visibleJson({ lifeboat: version, finished, destination, cancelled, backup, ...report })}\n`;
}

export function reportPage(restore: EndedRestore, language: Language): string {
  const words = documentWords[language];
  const { report, cancelled } = restore;
  const reported = new Set(report.qubes.map(({ name }) => name));
  const { ofQubes, others } = problemsByQube(report);
  const title = `${words.reportTitle}: ${restore.backup.fileName}`;
  return htmlPage(
    language,
    title,
    html`<h1>${title}</h1>
      ${cancelled ? html`<p>${words.cancelled}</p>` : null} ${facts(restore, words, language)}
      ${others.map((problem) => problemBlock(problem, language))}
      ${report.qubes.map((qube) => qubeSection(qube, ofQubes.get(qube.name) ?? [], words, language))}
      ${restore.qubes
        .filter((name) => !reported.has(name))
        .map((name) => html`<h2>${name}: ${words.outcomes.unfinished}</h2>`)}
      ${restore.lost
        .filter(({ name }) => !reported.has(name))
        .map(({ name, lost }) => html`<h2>${name}: ${lost && lossWords[language][lost]}</h2>`)}
      <footer>${words.madeBy(restore.version)}</footer>`,
  );
}

function facts(
  { backup, destination, report, finishedAt }: EndedRestore,
  words: DocumentWords,
  language: Language,
) {
  const { fields } = words;
  const rows: readonly (readonly [string, string])[] = [
    [fields.outcome, words.outcomes[report.outcome]],
    [fields.finished, moment(finishedAt, language)],
    [fields.into, destination ?? words.verifiedOnly],
    [fields.backup, backup.fileName],
    [fields.size, formatSize(backup.size, language)],
    [fields.format, backup.version === null ? words.unknown : String(backup.version)],
    [fields.made, backup.created?.replace('T', ' ') ?? words.unknown],
    [fields.cutOff, backup.cutOff === null ? words.unknown : backup.cutOff ? words.yes : words.no],
  ];
  return html`<table class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<tr>
          <th scope="row">${name}</th>
          <td>${value}</td>
        </tr> `,
    )}
  </table>`;
}

/** A moment in the time of this computer. */
export function moment(at: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'long' }).format(at);
}

function qubeSection(
  qube: QubeReport,
  problems: readonly Problem[],
  words: DocumentWords,
  language: Language,
): Markup {
  return html`<h2>${qube.name}: ${words.outcomes[toldOfQube(qube)]}</h2>
    ${qube.files.length > 0 ? fileTable(qube.files, words, language) : null}
    ${problems.map((problem) => problemBlock(problem, language))}
    ${qube.files.flatMap((file) => problemBlocks(file.problems, language))} `;
}

function fileTable(files: readonly FileReport[], words: DocumentWords, language: Language): Markup {
  const { fields } = words;
  return html`<table>
    <thead>
      <tr>
        <th>${fields.file}</th>
        <th>${fields.outcome}</th>
        <th>${fields.size}</th>
        <th>${fields.sha256}</th>
      </tr>
    </thead>
    <tbody>
      ${files.map((file) => fileRow(file, words, language))}
    </tbody>
  </table>`;
}

function fileRow(file: FileReport, words: DocumentWords, language: Language): Markup {
  // An empty file that is whole has a size as well.
  const hasSize = file.bytes > 0 || isWhole(file.outcome);
  const size = hasSize ? formatSize(file.bytes, language) : words.nothingWritten;
  return html`<tr>
    <td><code>${file.path ?? file.name}</code></td>
    <td>${words.outcomes[toldOfFile(file)]}</td>
    <td>${size}</td>
    <td><code>${file.sha256 ?? '–'}</code></td>
  </tr> `;
}

/** Names that were changed are one block for each reason. */
function problemBlocks(problems: readonly Problem[], language: Language): readonly Markup[] {
  const { lists, others } = apartFromRenamings(problems, language);
  return [
    ...others.map((problem) => problemBlock(problem, language)),
    ...lists.map(
      ({ heading, lines }) =>
        html`<div class="problem">
          <p><strong>${heading}</strong></p>
          <ul>
            ${lines.map((line) => html`<li><code>${line}</code></li>`)}
          </ul>
        </div> `,
    ),
  ];
}

function problemBlock(problem: Problem, language: Language): Markup {
  const { what, why, todo } = wordsFor(problem, language);
  return html`<div class="problem">
    <p><strong>${what}</strong></p>
    <p>${why}</p>
    <p>${todo}</p>
  </div> `;
}
