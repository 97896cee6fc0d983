/** The wizard in a real Electron window; only where Electron's program is on the machine, which npm does not bring. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasDesktop } from '../../main/browser/open-with-system.ts';
import { installedElectron } from '../../scripts/find-electron.ts';
import { wizardContract } from '../../shared/contract/wizard.ts';

const project = join(import.meta.dirname, '../..');
const program = installedElectron();

/** What is missing for these tests, or nothing. */
const lack =
  program === null
    ? 'needs Electron’s program: npx install-electron'
    : !existsSync(join(project, 'dist/main/app/main.js'))
      ? 'needs a build: npm run build'
      : !hasDesktop(process.platform, process.env)
        ? 'needs a display'
        : '';

// Where a real Electron is what is tested, its absence is a failure.
const isRequired = process.env['LIFEBOAT_REQUIRES_ELECTRON'] === 'true';

describe.skipIf(lack !== '' && !isRequired)(`the wizard in Electron${lack && ` (skipped: ${lack})`}`, () => {
  let app: ElectronApplication;
  let page: Page;

  beforeAll(async () => {
    if (lack !== '') throw new Error(lack);
    app = await _electron.launch({
      executablePath: program ?? '',
      // Chromium does not sandbox for root; everybody else tests with the sandbox.
      args: [project],
      chromiumSandbox: process.getuid?.() !== 0,
    });
    page = await app.firstWindow();
    await page.waitForSelector('h1');
  });

  afterAll(() => app.close());

  it('shows its first step at its own address, under its own title', async () => {
    expect(page.url()).toMatch(/^app:\/\/lifeboat\//);
    expect(await page.title()).toContain('Lifeboat');
  });

  it('has the contract on its window, and no Node', async () => {
    expect(await page.evaluate('Object.keys(lifeboat).sort()')).toEqual(Object.keys(wizardContract).sort());
    expect(await page.evaluate('[typeof require, typeof process, typeof module]')).toEqual(
      Array(3).fill('undefined'),
    );
  });

  it('opens the sample with an engine in a utility process', async () => {
    expect(await page.evaluate('lifeboat.backup.openSample()')).toMatchObject({
      ok: true,
      value: { summary: { version: 4, complete: true } },
    });
    const services = await app.evaluate(({ app: electron }) =>
      electron.getAppMetrics().map(({ name, serviceName }) => name ?? serviceName),
    );
    expect(services).toContain('Lifeboat engine');
  });

  it('reaches no network and no files', async () => {
    for (const url of ['https://example.org/', 'http://127.0.0.1/', 'file:///etc/hostname']) {
      expect(await page.evaluate(`fetch('${url}').then(() => 'reached', () => 'denied')`), url).toBe(
        'denied',
      );
    }
  });

  it('stays where it is and opens no window', async () => {
    await page.evaluate(`location.href = 'https://example.org/'`);
    expect(await page.evaluate(`window.open('app://lifeboat/') === null`)).toBe(true);
    expect(page.url()).toMatch(/^app:\/\/lifeboat\//);
    expect(app.windows()).toHaveLength(1);
  });

  it('is given no permission', async () => {
    const query = `navigator.permissions.query({ name: 'geolocation' }).then(({ state }) => state)`;
    expect(await page.evaluate(query)).toBe('denied');
    expect(await page.evaluate(`Notification.requestPermission()`)).toBe('denied');
  });
});
