/** The whole wizard in a real Chromium, through the browser host, on real backups: what a person clicks is restored. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { choosePath, startBrowserSession, type BrowserSession } from '../support/browser-session.ts';
import { flipByte, operate } from '../support/container-surgery.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { fileOf, standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';

const gate = oracle(...standardTools, 'chromium');

gate.describe('the wizard in the browser', () => {
  let session: BrowserSession;
  const openWizard = (given?: string) => session.openWizard(given);

  beforeAll(async () => void (session = await startBrowserSession()));
  afterEach(() => session.stop());
  afterAll(() => session.close());

  async function unlock(page: Page, passphrase: string): Promise<void> {
    await page.getByLabel('Backup passphrase').fill(passphrase);
    await page.getByRole('button', { name: 'Unlock' }).click();
  }

  const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
  const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

  /** Walks to the qubes of the backup at `path`. */
  async function walkToQubes(page: Page, path: string): Promise<void> {
    await button(page, 'Choose backup file…').click();
    await choosePath(page, path);
    await button(page, 'Continue').click();
    await unlock(page, standardPassphrase);
    await heading(page, 'Choose what to restore').waitFor();
  }

  async function chooseEverything(page: Page): Promise<void> {
    const all = page.getByRole('checkbox', { name: 'All' });
    if (!(await all.isChecked())) await page.locator('label', { has: all }).click();
    await button(page, 'Continue').click();
  }

  async function restoreInto(page: Page, folder: string): Promise<void> {
    await button(page, 'Choose folder…').click();
    await choosePath(page, folder, 'Use this folder');
    await button(page, /^Restore \d/).click();
  }

  const sumOf = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');

  gate.test('restores a whole backup, each image with the SHA-256 of its source', async () => {
    const backup = await standardBackup();
    const to = await scratchFolder();
    const page = await openWizard();
    await walkToQubes(page, backup.path);
    await chooseEverything(page);
    await restoreInto(page, to);
    await page.getByText('vault').first().waitFor();
    await button(page, /^Open folder/)
      .first()
      .waitFor();

    for (const [path, archiveName] of [
      ['work/private.img', 'vm1/private.img'],
      ['vault/private.img', 'vm4/private.img'],
      ['vault/root.img', 'vm4/root.img'],
      ['personal/private.img', 'vm10/private.img'],
    ] as const) {
      expect(await sumOf(join(to, path)), path).toBe(fileOf(backup, archiveName).sha256);
    }
    expect((await filesBelow(to)).filter((path) => path.includes('.partial'))).toEqual([]);
  });

  gate.test('opens the backup that was named on the command line, and says where there is none', async () => {
    const page = await openWizard((await standardBackup()).path);
    await button(page, 'Continue').click();
    await unlock(page, standardPassphrase);
    await heading(page, 'Choose what to restore').waitFor();

    const elsewhere = await openWizard('/nowhere/a.backup');
    await elsewhere.getByText('/nowhere/a.backup').waitFor();
    await button(elsewhere, 'Choose backup file…').waitFor();
  });

  gate.test('leaves a rescue kit beside the backup, once', async () => {
    const drive = await scratchFolder();
    const path = join(drive, 'my.backup');
    await copyFile((await standardBackup()).path, path);
    const page = await openWizard();
    await button(page, 'Choose backup file…').click();
    await choosePath(page, path);
    await button(page, 'Save a rescue kit next to it').click();
    await page.getByText(join(drive, 'lifeboat-rescue-kit')).waitFor();
    const kit = await filesBelow(join(drive, 'lifeboat-rescue-kit'));
    expect(kit).toEqual(expect.arrayContaining(['README.txt', 'SHA256SUMS', 'lifeboat.mjs']));

    await button(page, 'Choose another…').click();
    await choosePath(page, path);
    await button(page, 'Save a rescue kit next to it').click();
    await page.getByText('A rescue kit is there already').waitFor();
  });

  gate.test(
    'a wrong passphrase is said beside the field, kept and selected; the right one goes on',
    async () => {
      const page = await openWizard();
      await button(page, 'Choose backup file…').click();
      await choosePath(page, (await standardBackup()).path);
      await button(page, 'Continue').click();
      await unlock(page, 'not this one');
      await page.getByText('That passphrase does not open this backup.').first().waitFor();
      const field = page.getByLabel('Backup passphrase');
      expect(await field.inputValue()).toBe('not this one');
      expect(await page.locator('input:focus').inputValue()).toBe('not this one');
      await unlock(page, standardPassphrase);
      await heading(page, 'Choose what to restore').waitFor();
    },
  );

  gate.test('a damaged chunk leaves one qube incomplete and the others restored', async () => {
    const backup = await standardBackup();
    const folder = await scratchFolder();
    const bad = join(folder, 'bad.backup');
    await operate(backup.path, bad, flipByte('vm1/private.img.001.enc', 'data'));
    const to = join(folder, 'to');
    await mkdir(to);
    const page = await openWizard();
    await walkToQubes(page, bad);
    await chooseEverything(page);
    await restoreInto(page, to);
    await button(page, /^Open folder/)
      .first()
      .waitFor();
    await page
      .getByText(/1 incomplete/)
      .first()
      .waitFor();
    expect(await sumOf(join(to, 'vault/private.img'))).toBe(fileOf(backup, 'vm4/private.img').sha256);
    expect(await filesBelow(to)).not.toContain('work/private.img');
  });

  gate.test('the sample backup opens with the passphrase that is shown, and verifies', async () => {
    const page = await openWizard();
    await button(page, 'Try the sample backup').click();
    await button(page, 'Continue').click();
    await unlock(page, 'lifeboat');
    await heading(page, 'Choose what to restore').waitFor();
    await chooseEverything(page);
    await page.locator('label', { has: page.getByRole('radio', { name: /Verify only/ }) }).click();
    await button(page, /^Verify \d/).click();
    await page
      .getByText(/verified/i)
      .first()
      .waitFor();
  });
});
