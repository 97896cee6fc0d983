/** Pages for saving: HTML in which nothing but the program's own words is ever markup, complete in one file. */
import type { Language } from '../../../shared/words/languages.ts';
import { visibleLines } from '../../../shared/words/formats.ts';

/** Finished markup, told apart from text so that text alone is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Markup | string | number | null | readonly Piece[];

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template tag: what stands in it as text becomes text of the page, whatever characters it has. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(parts.map((part, index) => part + rendered(pieces[index] ?? null)).join(''));
}

function rendered(piece: Piece): string {
  if (piece === null) return '';
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'object') return piece.map(rendered).join('');
  // Line breaks are kept, for notes; all else that cannot be seen is written out.
  return visibleLines(String(piece)).replace(/[&<>"']/g, (character) => references[character] ?? '');
}

/** A whole page. Its own policy lets it load nothing and run nothing, wherever it is opened. */
export function htmlPage(language: Language, title: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}

const style = new Markup(`
:root { color-scheme: light dark; --line: #8886; --soft: #888; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2.5rem 0 0.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.2rem; }
h3 { margin: 1.25rem 0 0.25rem; font-size: 1rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: start; vertical-align: top; }
.facts th { width: 12rem; font-weight: 600; }
code { font-size: 0.85em; }
.problem { margin: 0.75rem 0; padding: 0.5rem 1rem; border-inline-start: 0.25rem solid #c60; }
.problem p { margin: 0.15rem 0; }
.notes { padding: 0.5rem 1rem; border: 1px solid var(--line); font-family: inherit; white-space: pre-wrap; }
.swatch { display: inline-block; width: 0.8rem; height: 0.8rem; margin-inline-end: 0.4rem; border: 1px solid #888; }
footer { margin-top: 3rem; color: var(--soft); font-size: 0.85rem; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } .problem, tr { break-inside: avoid; } }
`);
