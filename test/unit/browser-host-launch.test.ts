/** Promises of the wizard in the browser from its start to its end, with the real pages. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { launchInBrowser, type LaunchOptions } from '../../main/browser/launch.ts';
import { backendDouble } from '../security/backend-double.ts';

const project = join(import.meta.dirname, '../..');
const built = existsSync(join(project, 'dist/renderer/index.html'));

describe.skipIf(!built && process.env['CI'] !== 'true')(
  `the wizard in the browser${built ? '' : ' (skipped: npm run build)'}`,
  () => {
    /** Launches with a double of the backend; `opened` is how the system opens the address. */
    function launched(
      openAddress: LaunchOptions['openAddress'],
      patience = 60_000,
      given: string | null = null,
    ) {
      const backend = backendDouble();
      const said: string[] = [];
      const interrupted = new AbortController();
      const over = launchInBrowser(backend.createBackend, {
        say: (line) => said.push(line),
        openAddress,
        given,
        signal: interrupted.signal,
        patience,
      });
      return { backend, said, interrupted, over };
    }

    /** Comes in like a browser, as far as being the one page. */
    async function pageAt(address: string) {
      const { headers } = await fetch(address, { redirect: 'manual' });
      const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const page = crypto.randomUUID();
      const leave = new AbortController();
      const events = await fetch(new URL(`/events?page=${page}`, address), {
        headers: { cookie },
        signal: leave.signal,
      });
      expect(events.status).toBe(200);
      const call = (name: string) =>
        fetch(new URL(`/call/${name}`, address), {
          method: 'POST',
          headers: {
            cookie,
            origin: new URL(address).origin,
            'content-type': 'application/json',
            'lifeboat-page': page,
          },
        }).then((response) => response.json());
      const html = await fetch(new URL('/', address), { headers: { cookie } }).then((response) =>
        response.text(),
      );
      return { call, html, leave };
    }

    const addressIn = (line = '') => /http:\S+/.exec(line)?.[0] ?? expect.fail(`no address in: ${line}`);

    it('gives each page that it serves the backup named on the command line', async () => {
      const { backend, said, interrupted, over } = launched(null, 60_000, '/media/usb/a backup');
      await vi.waitFor(() => expect(said).toHaveLength(1));
      const page = await pageAt(addressIn(said[0]));
      expect(backend.made.map(({ given }) => given)).toEqual([['/media/usb/a backup']]);
      page.leave.abort();
      interrupted.abort();
      await over;
    });

    it('opens in the browser of the system, and says where in one line', async () => {
      const openAddress = vi.fn<(address: string) => Promise<void>>(() => Promise.resolve());
      const { said, interrupted, over } = launched(openAddress);
      await vi.waitFor(() => expect(said).toHaveLength(1));
      expect(openAddress).toHaveBeenCalledExactlyOnceWith(addressIn(said[0]));
      interrupted.abort();
      await over;
      expect(said).toHaveLength(1);
    });

    it.each([
      ['there is no desktop', null],
      ['nothing there opens addresses', () => Promise.reject(new Error('spawn xdg-open ENOENT'))],
    ])('prints the address where %s', async (_, openAddress) => {
      const { said, interrupted, over } = launched(openAddress);
      await vi.waitFor(() => expect(said).toEqual([expect.stringMatching(/^Open this address .*: http:/)]));
      interrupted.abort();
      await over;
    });

    it('serves the real wizard, with a backend that knows its host', async () => {
      const { said, backend, interrupted, over } = launched(null);
      await vi.waitFor(() => expect(said).toHaveLength(1));
      const { call, html } = await pageAt(addressIn(said[0]));
      expect(html).toMatch(/<title>.*Lifeboat.*<\/title>/s);
      expect(await call('program.describe')).toMatchObject({
        ok: true,
        value: { host: 'browser', nativeDialogs: false },
      });
      const host = backend.made[0]?.host;
      expect(host?.samplePath).toBe(join(project, 'assets/sample.backup'));
      expect(existsSync(host?.samplePath ?? '')).toBe(true);
      expect(host?.version).toMatch(/^\d+\.\d+\.\d+$/);
      interrupted.abort();
      await over;
      expect(backend.made[0]?.closed).toBe(true);
    });

    it('ends when the person closes the wizard, and answers that last call', async () => {
      const { said, backend, over } = launched(null);
      await vi.waitFor(() => expect(said).toHaveLength(1));
      const { call } = await pageAt(addressIn(said[0]));
      expect(await call('program.quit')).toEqual({ ok: true });
      await over;
      expect(backend.made[0]?.closed).toBe(true);
    });

    it('ends after its engine when its page is gone', async () => {
      const { said, backend, over } = launched(null, 200);
      await vi.waitFor(() => expect(said).toHaveLength(1));
      const { leave } = await pageAt(addressIn(said[0]));
      leave.abort();
      await over;
      expect(backend.made[0]?.closed).toBe(true);
    });
  },
);
