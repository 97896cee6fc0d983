/** Promises of the browser host to its one page, in a real browser: events, coming back, and being gone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { build } from 'vite';
import type { Host } from '../../main/backend/host.ts';
import { readPages, type Pages } from '../../main/backend/pages.ts';
import { hasDesktop } from '../../main/browser/open-with-system.ts';
import { serveWizard, type WizardServer } from '../../main/browser/serve.ts';
import { backendDouble, someProgress, somePlace, type BackendDouble } from '../security/backend-double.ts';
import { findTool, missingTools } from '../support/tools.ts';

/** Leaves on its window what the tests ask for: the client, what it heard, and what its policy forbade. */
const pageSource = `
  import { connect } from ${JSON.stringify(fileURLToPath(new URL('../../renderer/connection/connect.ts', import.meta.url)))};
  window.heard = [];
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
  connect().then(
    (client) => {
      window.client = client;
      for (const name of ['progress', 'qubeFinished']) client.restore[name]((payload) => window.heard.push([name, payload]));
      document.title = 'connected';
    },
    (refused) => {
      window.refused = refused.problem;
      document.title = 'refused';
    },
  );
`;

const host: Host = {
  kind: 'browser',
  version: '1.2.3',
  locale: 'de',
  dialogs: null,
  samplePath: '/sample',
  preferencesFile: '/nonexistent/preferences.json',
  spawnEngine: () => expect.fail('no engine is needed'),
  showFolder: () => Promise.resolve(),
  quit: () => undefined,
};

const missing = missingTools('chromium');

describe.skipIf(missing.length > 0 && !process.env['CI'])('the page of the browser host', () => {
  let folder: string;
  let pages: Pages;
  let browser: Browser;
  let context: BrowserContext;
  let backend: BackendDouble;
  let server: WizardServer;
  const onGone = vi.fn<() => void>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-page-'));
    await writeFile(
      join(folder, 'index.html'),
      '<!doctype html><script type="module" src="./page.js"></script>',
    );
    await writeFile(join(folder, 'page.js'), pageSource);
    await build({ root: folder, configFile: false, logLevel: 'error', build: { modulePreload: false } });
    pages = await readPages(join(folder, 'dist'));
    browser = await chromium.launch({ executablePath: findTool('chromium') ?? '', args: ['--no-sandbox'] });
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(async ({ onTestFinished }) => {
    onGone.mockReset();
    backend = backendDouble();
    server = await serveWizard(pages, {
      createBackend: (emit) => backend.createBackend(host, emit),
      patience: 700,
      onGone,
    });
    context = await browser.newContext();
    onTestFinished(async () => {
      await context.close();
      await server.close();
    });
  });

  async function opened(address = server.address, title = 'connected'): Promise<Page> {
    const page = await context.newPage();
    await page.goto(address);
    await expect.poll(() => page.title(), { timeout: 4_000 }).toBe(title);
    return page;
  }

  const described = (page: Page) => page.evaluate('client.program.describe()');

  const wizardAddress = () => new URL('/', server.address).href;

  it('comes in by the first address, and shows none of its secret', async () => {
    const page = await opened();
    expect(page.url()).toBe(wizardAddress());
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await context.cookies()).toEqual([
      expect.objectContaining({ name: 'lifeboat', httpOnly: true, sameSite: 'Strict', expires: -1 }),
    ]);
  });

  it('calls, with and without arguments, and is answered values and problems', async () => {
    const page = await opened();
    expect(await described(page)).toMatchObject({
      ok: true,
      value: { host: 'browser', version: '1.2.3', locale: 'de' },
    });
    const others = await page.evaluate(`Promise.all([
      client.places.locate({ path: '/ü', kind: 'backup' }),
      client.backup.unlock({ backupId: 'x', passphrase: 'p', acceptUnsealed: false, allowSlow: false }),
      client.restore.pause({ jobId: 'x' }),
    ])`);
    expect(others).toEqual([
      { ok: true, value: { ...somePlace, path: '/ü' } },
      { ok: false, problem: { code: 'passphrase-rejected', params: {} } },
      { ok: true },
    ]);
  });

  it('hears events, in order, without a violation of its policy', async () => {
    const page = await opened();
    const restore = backend.made[0]?.emit.restore;
    restore?.progress({ jobId: 'j', progress: someProgress });
    restore?.qubeFinished({ jobId: 'j', qube: { name: 'wörk\n\n', outcome: 'restored', files: [] } });
    await expect.poll(() => page.evaluate('heard.length')).toBe(2);
    expect(await page.evaluate('heard')).toEqual([
      ['progress', { jobId: 'j', progress: someProgress }],
      ['qubeFinished', { jobId: 'j', qube: { name: 'wörk\n\n', outcome: 'restored', files: [] } }],
    ]);
    expect(await page.evaluate('violations')).toEqual([]);
  });

  it('starts anew when it is reloaded: the old backend is closed', async () => {
    const page = await opened();
    await page.reload();
    await expect.poll(() => page.title()).toBe('connected');
    expect(await described(page)).toMatchObject({ ok: true });
    expect(backend.made.map(({ closed }) => closed)).toEqual([true, false]);
    expect(onGone).not.toHaveBeenCalled();
  });

  it('is the only one: another tab is told so, and takes its place when it closes', async () => {
    const first = await opened();
    const second = await opened(wizardAddress(), 'refused');
    expect(await second.evaluate('refused')).toMatchObject({
      code: 'unexpected',
    });
    expect(await described(first)).toMatchObject({ ok: true });
    await first.close();
    await second.reload();
    await expect.poll(() => second.title()).toBe('connected');
    expect(await described(second)).toMatchObject({ ok: true });
  });

  it('once closed, is gone after some moments, and not before', async () => {
    const page = await opened();
    await page.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(onGone).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(onGone).toHaveBeenCalledOnce(), 3_000);
  });

  it('is told that the program is gone when it is', async () => {
    const page = await opened();
    await server.close();
    expect(backend.made[0]?.closed).toBe(true);
    expect(await described(page)).toEqual({
      ok: false,
      problem: { code: 'engine-gone', params: { reason: 'connection lost' } },
    });
  });

  it('cannot be called, read or framed by another server on this computer, which gets its cookie', async () => {
    await opened();
    const evil = createServer((request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(request.headers.cookie ?? 'no cookie');
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
    expect(await page.evaluate('document.body.textContent')).toMatch(/^lifeboat=/);
    const ours = wizardAddress();
    const statuses: number[] = [];
    page.on('response', (response) => {
      if (response.url().startsWith(ours)) statuses.push(response.status());
    });
    const read = await page.evaluate(`Promise.allSettled([
      fetch('${ours}', { credentials: 'include' }),
      fetch('${ours}call/program.describe', { method: 'POST', credentials: 'include', mode: 'no-cors' }),
    ]).then((ends) => ends.map((end) => end.status))`);
    await page.evaluate(`document.body.innerHTML = '<iframe src="${ours}"></iframe>'`);
    await expect.poll(() => statuses.length).toBeGreaterThan(0);
    expect(read).toEqual(['rejected', 'rejected']);
    expect(new Set(statuses)).toEqual(new Set([403]));
    expect(backend.reached).toEqual([]);
    evil.closeAllConnections();
    evil.close();
  });
});

describe('a page whose connection breaks', () => {
  const pageId = '00000000-0000-4000-8000-000000000001';
  const qube = (name: string) => ({ jobId: 'j', qube: { name, outcome: 'restored' as const, files: [] } });

  it('misses nothing when it comes back in time, and keeps its backend', async ({ onTestFinished }) => {
    const backend = backendDouble();
    const onGone = vi.fn<() => void>();
    const server = await serveWizard(new Map(), {
      createBackend: (emit) => backend.createBackend(host, emit),
      patience: 700,
      onGone,
    });
    onTestFinished(() => server.close());
    const entered = await fetch(server.address, { redirect: 'manual' });
    const cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const connected = async (signal: AbortSignal) => {
      const url = new URL(`/events?page=${pageId}`, server.address);
      // Only the cookie is sent along: Node adds `sec-fetch-mode` of its own, and no site.
      const { body } = await fetch(url, { headers: { cookie }, signal });
      return body?.pipeThrough(new TextDecoderStream()).getReader();
    };

    const first = new AbortController();
    const stream = await connected(first.signal);
    expect((await stream?.read())?.value).toBe('retry: 500\n\n');
    first.abort();
    await new Promise((resolve) => setTimeout(resolve, 100));
    backend.made[0]?.emit.restore.qubeFinished(qube('one'));
    backend.made[0]?.emit.restore.qubeFinished(qube('two'));

    const again = await connected(new AbortController().signal);
    let received = '';
    while (!received.includes('two'))
      received += (await again?.read())?.value ?? expect.fail('the stream ended');
    const messages = [...received.matchAll(/^data: (.*)$/gm)].map(
      ([, json = '']) => JSON.parse(json) as unknown,
    );
    expect(messages).toEqual(
      ['one', 'two'].map((name) => ({ name: 'restore.qubeFinished', payload: qube(name) })),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(onGone).not.toHaveBeenCalled();
    expect(backend.made).toHaveLength(1);
  });
});

describe('a desktop to open the wizard on', () => {
  it.each([
    ['linux', { DISPLAY: ':0' }, true],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
    ['linux', {}, false],
    ['linux', { DISPLAY: '' }, false],
    ['darwin', {}, true],
    ['darwin', { SSH_CONNECTION: '::1' }, false],
    ['win32', {}, true],
  ] as const)('on %s with %j: %s', (platform, environment, expected) =>
    expect(hasDesktop(platform, environment)).toBe(expected),
  );
});
