/** Promises of the browser host to everybody but its one page: other programs, other sites, other windows. */
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request as ask, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../../main/backend/host.ts';
import { contentSecurityPolicy, readPages } from '../../main/backend/pages.ts';
import type { PageSessionOptions } from '../../main/browser/page-session.ts';
import { serveWizard, type WizardServer } from '../../main/browser/serve.ts';
import { backendDouble, somePlace, type BackendDouble } from './backend-double.ts';

const host: Host = {
  kind: 'browser',
  version: '1.2.3',
  locale: 'en',
  dialogs: null,
  samplePath: '/sample',
  preferencesFile: '/nonexistent/preferences.json',
  spawnEngine: () => expect.fail('no engine is needed'),
  showFolder: () => Promise.resolve(),
  quit: () => undefined,
};

let server: WizardServer;
let backend: BackendDouble;
let authority: string;
let entrance: string;

const sessionOptions = (): PageSessionOptions => ({
  createBackend: (emit) => backend.createBackend(host, emit),
  patience: 60_000,
  onGone: () => undefined,
});

beforeEach(async ({ onTestFinished }) => {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-pages-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'renderer/assets'), { recursive: true });
  await writeFile(join(folder, 'secret.js'), 'secret');
  await writeFile(join(folder, 'renderer/index.html'), '<h1>Lifeboat</h1>');
  await writeFile(join(folder, 'renderer/assets/index.js'), 'export {};');
  await writeFile(join(folder, 'renderer/notes.txt'), 'not for the web');
  await symlink(join(folder, 'secret.js'), join(folder, 'renderer/assets/link.js'));
  backend = backendDouble();
  server = await serveWizard(await readPages(join(folder, 'renderer')), sessionOptions());
  onTestFinished(() => server.close());
  ({ host: authority, pathname: entrance } = new URL(server.address));
});

interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Sends just these headers: no client of ours adds what a browser would. */
async function open(
  path: string,
  { method = 'GET', headers = {}, body = '' }: Asked = {},
): Promise<IncomingMessage> {
  const [hostname, port] = authority.split(':');
  const request = ask({ hostname, port, path, method, headers: { host: authority, ...headers } });
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function fetched(path: string, asked?: Asked) {
  const response = await open(path, asked);
  const parts: Buffer[] = [];
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() };
}

/** The cookie that the first page gets. */
async function admitted(): Promise<string> {
  const { headers } = await fetched(entrance);
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

const pageId = '00000000-0000-4000-8000-000000000001';
const otherPageId = '00000000-0000-4000-8000-000000000002';

/** What the page's own script sends with a call. */
function callHeaders(cookie: string, page = pageId): Record<string, string> {
  return {
    cookie,
    origin: `http://${authority}`,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
    'lifeboat-page': page,
  };
}

/** Comes in as the one page, with its stream of events open. */
async function asPage(): Promise<string> {
  const cookie = await admitted();
  const stream = await open(`/events?page=${pageId}`, {
    headers: { cookie, 'sec-fetch-site': 'same-origin' },
  });
  expect(stream.statusCode).toBe(200);
  return cookie;
}

const locate = '/call/places.locate';
const locateBody = JSON.stringify({ path: '/a/b', kind: 'backup' });

/** Nothing of the request came as far as a handler. */
function expectRefused({ status, body }: { status: number | undefined; body: string }, code: number): void {
  expect(status).toBe(code);
  expect(body).not.toContain('secret');
  expect(backend.reached).toEqual([]);
}

describe('the browser host listens', () => {
  it('on the loopback address only, on a port that changes', async () => {
    expect(authority).toMatch(/^127\.0\.0\.1:\d+$/);
    const other = await serveWizard(new Map(), {
      createBackend: (emit) => backend.createBackend(host, emit),
      patience: 1,
      onGone: () => undefined,
    });
    expect(new URL(other.address).host).not.toBe(authority);
    expect(new URL(other.address).pathname).not.toBe(entrance);
    await other.close();
  });

  it('for nobody who comes by another address of this computer', async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address);
    // Of 127.0.0.0/8, Linux has all.
    if (process.platform === 'linux') addresses.push('127.0.0.2');
    for (const address of addresses) {
      const socket = connect(Number(authority.split(':')[1]), address);
      const met = await once(socket, 'connect').then(
        () => 'let in',
        () => 'refused',
      );
      socket.destroy();
      expect(met, address).toBe('refused');
    }
  });
});

describe('the token', () => {
  it('is long, leads to a page without it, and brings a cookie that scripts and other sites cannot use', async () => {
    expect(entrance).toMatch(/^\/enter\/[0-9a-f]{64}$/);
    const { status, headers } = await fetched(entrance, { headers: { 'sec-fetch-site': 'none' } });
    expect(status).toBe(303);
    expect(headers.location).toBe('/');
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(/^lifeboat=[0-9a-f]{64}; HttpOnly; SameSite=Strict; Path=\/$/),
    ]);
  });

  it('works once', async () => {
    await admitted();
    const again = await fetched(entrance);
    expectRefused(again, 403);
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  it.each(['/enter/', `/enter/${'0'.repeat(64)}`, '/enter/x/../y'])('is not %s', async (path) => {
    expectRefused(await fetched(path), 403);
    expect((await fetched(entrance)).status).toBe(303);
  });

  it.each(['/', '/index.html', '/assets/index.js', `/events?page=${pageId}`, '/nothing'])(
    'missing, or guessed, leaves %s closed',
    async (path) => {
      const cookie = await admitted();
      const guesses = [
        undefined,
        'lifeboat=',
        `lifeboat=${'0'.repeat(64)}`,
        cookie.slice(0, -1),
        `${cookie}0`,
        `x${cookie}`,
      ];
      for (const guess of guesses) {
        expectRefused(await fetched(path, guess === undefined ? {} : { headers: { cookie: guess } }), 403);
      }
      expect(backend.made).toEqual([]);
    },
  );

  it('missing closes the calls', async () => {
    await asPage();
    const headers = callHeaders('lifeboat=0');
    expectRefused(await fetched(locate, { method: 'POST', headers, body: locateBody }), 403);
  });

  it('is found among the cookies of other servers on this computer', async () => {
    const cookie = await admitted();
    expect((await fetched('/', { headers: { cookie: `a=b; ${cookie}; c=d` } })).status).toBe(200);
  });
});

describe('another site in the same browser is refused', () => {
  it.each(['localhost', 'evil.example', '127.0.0.1', '127.0.0.1:1'])(
    'when its name was rebound to this computer: Host %j',
    async (name) => {
      const cookie = await asPage();
      for (const path of ['/', '/assets/index.js', entrance]) {
        expectRefused(await fetched(path, { headers: { host: name, cookie } }), 403);
      }
      const headers = { ...callHeaders(cookie), host: name };
      expectRefused(await fetched(locate, { method: 'POST', headers, body: locateBody }), 403);
    },
  );

  it.each(['http://evil.example', 'null', 'https://127.0.0.1', 'http://localhost:1', ''])(
    'when it posts a call: Origin %j',
    async (origin) => {
      const headers = { ...callHeaders(await asPage()), origin };
      expectRefused(await fetched(locate, { method: 'POST', headers, body: locateBody }), 403);
    },
  );

  it('when it posts without naming its origin', async () => {
    const named = Object.entries(callHeaders(await asPage()));
    const headers = Object.fromEntries(named.filter(([name]) => name !== 'origin'));
    expectRefused(await fetched(locate, { method: 'POST', headers, body: locateBody }), 403);
  });

  it.each(['cross-site', 'same-site', 'none'])('when it posts a call: Sec-Fetch-Site %s', async (site) => {
    const headers = { ...callHeaders(await asPage()), 'sec-fetch-site': site };
    expectRefused(await fetched(locate, { method: 'POST', headers, body: locateBody }), 403);
  });

  it.each(['cross-site', 'same-site'])('when it links to the wizard or takes its parts: %s', async (site) => {
    const cookie = await admitted();
    for (const path of ['/', '/assets/index.js', `/events?page=${pageId}`]) {
      expectRefused(await fetched(path, { headers: { cookie, 'sec-fetch-site': site } }), 403);
    }
  });

  it('when it leads somebody through the entrance, which stays open for its owner', async () => {
    expectRefused(await fetched(entrance, { headers: { 'sec-fetch-site': 'cross-site' } }), 403);
    expect((await fetched(entrance)).status).toBe(303);
  });

  it('when it asks beforehand whether it may call', async () => {
    const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
    const { status, headers: answered } = await fetched(locate, { method: 'OPTIONS', headers });
    expect(status).toBe(403);
    expect(Object.keys(answered).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('when it posts a form', async () => {
    const cookie = await asPage();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; x']) {
      const headers = { ...callHeaders(cookie), 'content-type': type };
      expectRefused(await fetched(locate, { method: 'POST', headers, body: locateBody }), 415);
    }
  });
});

describe('the pages', () => {
  it('come with a policy that allows nothing but themselves', async () => {
    const cookie = await admitted();
    const { status, headers, body } = await fetched('/', { headers: { cookie } });
    expect([status, body]).toEqual([200, '<h1>Lifeboat</h1>']);
    expect(headers).toMatchObject({
      'content-security-policy': `${contentSecurityPolicy}; connect-src 'self'`,
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    for (const path of ['/assets/index.js', '/nothing', '/enter/x']) {
      const answer = await fetched(path, { headers: { cookie } });
      expect(answer.headers['content-security-policy'], path).toBe(headers['content-security-policy']);
    }
  });

  it.each([
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.js',
    '/..%5csecret.js',
    '/assets/..\\..\\secret.js',
    '/assets//../../secret.js',
    '/assets/link.js',
    '/notes.txt',
    '/assets/',
    '/assets/index.js%00.html',
    '/etc/passwd',
  ])('are those of the build and no others: %s', async (path) => {
    const cookie = await admitted();
    expectRefused(await fetched(path, { headers: { cookie } }), 404);
  });

  it.each(['http://evil.example/', '//evil.example/', 'http://', '*', '//'])(
    'are not fetched for others, as a proxy would: %s',
    async (target) => {
      const cookie = await admitted();
      const { status } = await fetched(target, { headers: { cookie } });
      expect([400, 404]).toContain(status);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'HEAD'])('cannot be changed: %s', async (method) => {
    const headers = { ...callHeaders(await admitted()) };
    expect((await fetched('/', { method, headers })).status).toBe(405);
  });
});

describe('calls', () => {
  it('are answered for the one page', async () => {
    const headers = callHeaders(await asPage());
    const {
      status,
      headers: answered,
      body,
    } = await fetched(locate, { method: 'POST', headers, body: locateBody });
    expect(status).toBe(200);
    expect(answered['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toEqual({ ok: true, value: { ...somePlace, path: '/a/b' } });
    expect(backend.reached).toEqual([['places.locate', { path: '/a/b', kind: 'backup' }]]);
  });

  it.each([
    ['an unknown name', '/call/places.forget', locateBody],
    ['the name of an event', '/call/restore.progress', '{}'],
    ['a name out of prototypes', '/call/constructor.constructor', '{}'],
    ['no name', '/call/', '{}'],
    ['arguments of a wrong shape', locate, '{"path":7,"kind":"backup"}'],
    ['arguments that are missing', locate, ''],
    ['an unknown kind', locate, '{"path":"/a","kind":"anything"}'],
    ['a path longer than paths can be', locate, JSON.stringify({ path: 'x'.repeat(40_000), kind: 'backup' })],
    [
      'a passphrase beyond its bound',
      '/call/backup.unlock',
      JSON.stringify({ backupId: 'x', passphrase: 'x'.repeat(70_000) }),
    ],
  ])('with %s are refused', async (_, path, body) => {
    const headers = callHeaders(await asPage());
    const answer = await fetched(path, { method: 'POST', headers, body });
    expectRefused(answer, 200);
    expect(JSON.parse(answer.body)).toMatchObject({ ok: false, problem: { code: 'unexpected' } });
  });

  it('that are not JSON are refused', async () => {
    const headers = callHeaders(await asPage());
    expectRefused(await fetched(locate, { method: 'POST', headers, body: '{"path":' }), 400);
  });

  it.each([
    ['announced', { 'content-length': 17 * 2 ** 20 }],
    ['not announced', { 'transfer-encoding': 'chunked' }],
  ])('beyond 16 MiB are refused, when their length is %s', async (_, length) => {
    const headers = { ...callHeaders(await asPage()), ...length };
    const body = Buffer.alloc(17 * 2 ** 20, 0x20);
    expectRefused(await fetched(locate, { method: 'POST', headers, body }), 413);
  });

  it('by GET are refused', async () => {
    const headers = callHeaders(await asPage());
    expectRefused(await fetched(locate, { headers }), 405);
  });

  it('whose connection breaks half way harm nobody', async () => {
    const cookie = await asPage();
    const [hostname, port] = authority.split(':');
    const socket = connect(Number(port), hostname);
    const lines = Object.entries({ host: authority, ...callHeaders(cookie), 'content-length': 100 });
    socket.write(
      `POST ${locate} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n{"pa`,
    );
    await once(socket, 'ready');
    socket.destroy();
    const answer = await fetched(locate, { method: 'POST', headers: callHeaders(cookie), body: locateBody });
    expect(answer.status).toBe(200);
  });

  it('carry no passphrase into what is answered', async () => {
    const headers = callHeaders(await asPage());
    const args = { backupId: 'x', passphrase: 'canary-7391', acceptUnsealed: false, allowSlow: false };
    const body = JSON.stringify(args);
    const answer = await fetched('/call/backup.unlock', { method: 'POST', headers, body });
    expect(backend.reached).toEqual([['backup.unlock', args]]);
    expect(answer.body).toBe('{"ok":false,"problem":{"code":"passphrase-rejected","params":{}}}');
  });
});

describe('connections', () => {
  /** A connection that sends what it is given and nothing more; resolves once it stands. */
  async function connected(text = ''): Promise<Socket> {
    const [hostname, port] = authority.split(':');
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  }

  it('beyond 64 at once are closed, and there is room again when one ends', async () => {
    const open = await Promise.all(Array.from({ length: 64 }, () => connected()));
    expect(await fetched('/').catch(() => 'closed')).toBe('closed');
    open[0]?.destroy();
    await expect
      .poll(() =>
        fetched('/').then(
          ({ status }) => status,
          () => 'closed',
        ),
      )
      .toBe(403);
    for (const socket of open) socket.destroy();
  });

  it.each(['nothing', 'half a head', 'half a call'])(
    'that send %s are closed after a while',
    async (what) => {
      await server.close();
      server = await serveWizard(new Map(), sessionOptions(), 200);
      ({ host: authority, pathname: entrance } = new URL(server.address));
      const headers = { host: authority, ...callHeaders(await asPage()), 'content-length': 100 };
      const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const call = `POST ${locate} HTTP/1.1\r\n${head.join('')}\r\n{"pa`;
      const sent = { nothing: '', 'half a head': call.slice(0, 30), 'half a call': call }[what];
      const socket = await connected(sent);
      socket.resume();
      await once(socket, 'close');
      await server.close();
    },
  );
});

describe('a second window', () => {
  it('with the same cookie is refused its events and its calls while the first is open', async () => {
    const cookie = await asPage();
    const events = await fetched(`/events?page=${otherPageId}`, {
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    });
    expect(events.status).toBe(409);
    for (const page of [otherPageId, '', 'null']) {
      const headers = callHeaders(cookie, page);
      expectRefused(await fetched(locate, { method: 'POST', headers, body: locateBody }), 409);
    }
    expect(backend.made).toHaveLength(1);
    expect(backend.made[0]?.closed).toBe(false);
  });

  it('cannot come with an id of its own making', async () => {
    const cookie = await admitted();
    for (const id of ['', 'x', `${pageId}0`, encodeURIComponent(`${pageId}\n`)]) {
      expectRefused(await fetched(`/events?page=${id}`, { headers: { cookie } }), 400);
    }
    expect(backend.made).toEqual([]);
  });
});
