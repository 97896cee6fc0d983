/** The app's own address, `app://lifeboat/`, under which its window finds the wizard's pages and nothing else. */
import { protocol, type Session } from 'electron';
import { pageHeaders, type Pages } from '../backend/pages.ts';

const ownScheme = 'app';

export const ownAddress = `${ownScheme}://lifeboat/`;

/** Whether a URL is of the wizard's own origin; scheme and host are in lower case wherever Chromium wrote them. */
export function isOwn(url: string): boolean {
  return url.startsWith(ownAddress);
}

/** Gives the scheme an origin of its own, as the web has them; only before the app is ready. */
export function registerOwnScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: ownScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Answers the wizard's own addresses in `session` with `pages`, and every file address with a refusal. */
export function servePages(session: Session, pages: Pages): void {
  session.protocol.handle(ownScheme, (request) => pageResponse(pages, request));
  session.protocol.handle('file', () => refusal(403));
}

function pageResponse(pages: Pages, { method, url }: Request): Response {
  const page = method === 'GET' && isOwn(url) ? pages.get(new URL(url).pathname) : undefined;
  if (!page) return refusal(404);
  return new Response(page.body, { headers: { ...pageHeaders, 'content-type': page.type } });
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: pageHeaders });
}
