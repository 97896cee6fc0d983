/** The browser host's server: the wizard's pages, its calls and its events, on the loopback address only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callPath, eventsPath, pageHeader, pageParameter } from '../../shared/contract/channels.ts';
import { contentSecurityPolicy, pageHeaders, type Pages } from '../backend/pages.ts';
import { createGate, type Gate } from './gate.ts';
import { createPageSession, type PageSession, type PageSessionOptions } from './page-session.ts';

/** Above any call: twenty thousand ids of files, or a passphrase with each character escaped. */
const largestCall = 16 * 2 ** 20;

/** The ids that pages make for themselves. */
const pageIdPattern = /^[0-9a-f-]{36}$/;

/** How long a request may take to arrive, in milliseconds: whoever sends it in drops holds no connection with it. */
const requestTimeout = 30_000;

/** Connections at once, beyond which new ones are closed: a browser opens six, and one for events. */
const mostConnections = 64;

export interface WizardServer {
  /** The address to open first; it works once. */
  readonly address: string;
  close(): Promise<void>;
}

/** @param patience as `requestTimeout`; tests have less of it */
export async function serveWizard(
  pages: Pages,
  options: PageSessionOptions,
  patience = requestTimeout,
): Promise<WizardServer> {
  const session = createPageSession(options);
  const server = createServer({ requestTimeout: patience, connectionsCheckingInterval: patience / 2 });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gate = createGate(authority);
  server.on('request', (request, response) => {
    // What is left to go wrong is a connection that broke while its request was read.
    answer(request, response, { pages, session, gate, authority }).catch(() => response.destroy());
  });

  return {
    address: `http://${authority}${gate.entrance}`,
    async close() {
      await session.close();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

interface Parts {
  readonly pages: Pages;
  readonly session: PageSession;
  readonly gate: Gate;
  readonly authority: string;
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { method = '', url = '', headers } = request;
  const target = URL.parse(url, `http://${parts.authority}`);
  if (target?.host !== parts.authority) {
    refuse(response, 400, 'not an address');
    return;
  }
  const path = target.pathname;
  const entering = path.startsWith('/enter/');
  const navigation = path === '/' || entering;
  const refusal = parts.gate.refusal({ method, headers, navigation, cookieNeeded: !entering });
  if (refusal !== null) refuse(response, 403, refusal);
  else if (path.startsWith(callPath)) await answerCall(request, response, path.slice(callPath.length), parts);
  else if (method !== 'GET') refuse(response, 405, 'only calls are posted');
  else if (entering) enter(response, path, parts);
  else if (path === eventsPath) stream(response, target.searchParams.get(pageParameter) ?? '', parts);
  else answerPage(response, path, parts);
}

/** Trades the one-time entrance for the cookie, and leads on to an address without a secret in it. */
function enter(response: ServerResponse, path: string, { gate }: Parts): void {
  const cookie = gate.enter(path);
  if (cookie === null)
    refuse(response, 403, 'This address was used already. Start Lifeboat again for a new one.');
  else response.writeHead(303, { ...commonHeaders, 'set-cookie': cookie, location: '/' }).end();
}

function answerPage(response: ServerResponse, path: string, { pages }: Parts): void {
  const page = pages.get(path);
  if (!page) refuse(response, 404, 'no such page');
  else response.writeHead(200, { ...commonHeaders, 'content-type': page.type }).end(page.body);
}

function stream(response: ServerResponse, pageId: string, { session }: Parts): void {
  if (!pageIdPattern.test(pageId)) {
    refuse(response, 400, 'not the id of a page');
    return;
  }
  const accepted = session.connect(pageId, () => {
    response.writeHead(200, { ...commonHeaders, 'content-type': 'text/event-stream' });
    // Milliseconds before a page whose connection broke tries again.
    response.write('retry: 500\n\n');
    return response;
  });
  if (!accepted) refuse(response, 409, 'the wizard is open in another window');
}

async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  { session }: Parts,
): Promise<void> {
  const dispatch = session.dispatchFor(String(request.headers[pageHeader] ?? ''));
  if (request.method !== 'POST') {
    refuse(response, 405, 'calls are posted');
  } else if (request.headers['content-type'] !== 'application/json') {
    refuse(response, 415, 'calls are JSON');
  } else if (!dispatch) {
    refuse(response, 409, 'the wizard is open in another window');
  } else {
    const body = await bodyOf(request, largestCall);
    if (body === null) {
      refuse(response, 413, 'too much for a call');
      return;
    }
    const args = parseArguments(body);
    // It may have held a passphrase.
    body.fill(0);
    if (args === null) {
      refuse(response, 400, 'not JSON');
      return;
    }
    const result = JSON.stringify(await dispatch(name, args.value));
    response.writeHead(200, { ...commonHeaders, 'content-type': 'application/json' }).end(result);
  }
}

/** The whole body, or null when it is longer than `limit` bytes, of which no more are taken in. */
async function bodyOf(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let length = 0;
  // The connection stays, for the refusal to go out on it.
  const incoming: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const part of incoming) {
    length += part.length;
    if (length > limit) return null;
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  for (const part of parts) part.fill(0);
  return body;
}

/** The arguments of a call, which are nothing where the body is empty; null when it is not JSON. */
function parseArguments(body: Buffer): { readonly value: unknown } | null {
  try {
    return { value: body.length === 0 ? undefined : JSON.parse(body.toString()) };
  } catch {
    return null;
  }
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response
    .writeHead(status, { ...commonHeaders, 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    .end(reason);
}

/** As in the window of the app, except that the page reaches its own server for calls and events. */
const commonHeaders = {
  ...pageHeaders,
  'content-security-policy': `${contentSecurityPolicy}; connect-src 'self'`,
  'cache-control': 'no-store',
} as const;
