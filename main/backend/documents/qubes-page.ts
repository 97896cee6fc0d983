/** "My qubes": every qube of the system that was backed up with its settings, as a page to rebuild it from. */
import type { Qube, QubeSettings } from '../../../shared/backup.ts';
import { firewallRuleText } from '../../../shared/words/firewall-words.ts';
import { labelColourOf, labelNameOf, type LabelColour } from '../../../shared/words/label-words.ts';
import type { Language } from '../../../shared/words/languages.ts';
import { lossWords } from '../../../shared/words/loss-words.ts';
import { documentWords, type DocumentWords } from './document-words.ts';
import { html, htmlPage, Markup } from './markup.ts';
import { moment, type EndedRestore } from './report-page.ts';

/** @param settings by the names of the qubes that were restored */
export function qubesPage(
  restore: EndedRestore,
  qubes: readonly Qube[],
  settings: ReadonlyMap<string, QubeSettings>,
  language: Language,
): string {
  const words = documentWords[language];
  const { fields } = words;
  return htmlPage(
    language,
    words.qubesTitle,
    html`<h1>${words.qubesTitle}</h1>
      <p>${words.qubesLead}</p>
      ${restore.destination === null ? html`<p>${words.settingsNotRestored}</p>` : null}
      <table>
        <thead>
          <tr>
            <th>${fields.qube}</th>
            <th>${fields.label}</th>
            <th>${fields.class}</th>
            <th>${fields.template}</th>
            <th>${fields.netvm}</th>
            <th>${fields.inBackup}</th>
          </tr>
        </thead>
        <tbody>
          ${qubes.map((qube) => qubeRow(qube, words, language))}
        </tbody>
      </table>
      ${[...settings].map(([name, each]) => settingsSection(name, each, words, language))}
      <footer>
        ${restore.backup.fileName}, ${moment(restore.finishedAt, language)}. ${words.madeBy(restore.version)}
      </footer>`,
  );
}

function qubeRow(qube: Qube, words: DocumentWords, language: Language): Markup {
  const { included, lost } = qube;
  const inBackup = lost ? lossWords[language][lost] : included ? words.yes : words.no;
  return html`<tr>
    <td>${qube.name}</td>
    <td>${swatch(qube.label)}${labelNameOf(qube.label, language)}</td>
    <td>${qube.class}</td>
    <td>${qube.template ?? words.none}</td>
    <td>${netvmName(qube, words)}</td>
    <td>${inBackup}</td>
  </tr> `;
}

/** The colours of Qubes OS; a name that is none of them never gets into the style. */
const colours: Readonly<Record<LabelColour, string>> = {
  red: '#cc0000',
  orange: '#f57900',
  yellow: '#edd400',
  green: '#73d216',
  gray: '#555753',
  blue: '#3465a4',
  purple: '#75507b',
  black: '#000000',
};

function swatch(label: string): Markup | null {
  const colour = labelColourOf(label);
  return colour === null
    ? null
    : html`<span class="swatch" style="background: ${new Markup(colours[colour])}"></span>`;
}

/** A list of Qubes OS 4 names no network where the system's default applies, and an empty one for none. */
function netvmName({ netvm }: Qube, words: DocumentWords): string {
  if (netvm === null) return words.systemDefault;
  return netvm === '' ? words.none : netvm;
}

function settingsSection(
  name: string,
  { notes, firewall }: QubeSettings,
  words: DocumentWords,
  language: Language,
): Markup | null {
  if (notes === null && firewall === null) return null;
  return html`<h2>${name}</h2>
    ${
      notes === null
        ? null
        : html`<h3>${words.notes}</h3>
            <pre class="notes">${notes}</pre>`
    }
    ${
      firewall === null
        ? null
        : html`<h3>${words.firewall}</h3>
            <ol>
              ${firewall.map((rule) => html`<li>${firewallRuleText(rule, language)}</li> `)}
            </ol>`
    } `;
}
