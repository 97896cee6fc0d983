/** The wizard's built pages, read once: what is not among them cannot be asked for, however a URL is written. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

export interface Page {
  /** Media type with its charset. */
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Pages by the path of their URL, such as `/assets/index.js`; `/` is the wizard itself. */
export type Pages = ReadonlyMap<string, Page>;

/** What a build of the wizard consists of; a file of any other kind is not served. */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** Reads the pages below `folder`; links are not followed. */
export async function readPages(folder: string): Promise<Pages> {
  const pages = new Map(await pagesBelow(folder, ''));
  const index = pages.get('/index.html');
  if (!index) throw new Error(`${folder} holds no wizard: build it first`);
  return pages.set('/', index);
}

async function pagesBelow(folder: string, url: string): Promise<[string, Page][]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry): Promise<[string, Page][]> => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesBelow(path, `${url}/${entry.name}`);
    const type = entry.isFile() ? types[extname(entry.name)] : undefined;
    return type === undefined ? [] : [[`${url}/${entry.name}`, { type, body: await bytesOf(path) }]];
  });
  return (await Promise.all(found)).flat();
}

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await readFile(path));
}

/**
 * Nothing but the program's own scripts, styles, pictures and fonts; no framing, no forms, no network. Pictures also
 * from `blob:`, which only the program's own scripts can make: previews of bitmaps.
 */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The headers of every answer to a page. */
export const pageHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;
