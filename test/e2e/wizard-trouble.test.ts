/** The wizard when things go wrong or people change their mind, in a real Chromium, on real backups and drives. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, onTestFinished } from 'vitest';
import type { MadeBackup } from '../support/backup-spec.ts';
import { choosePath, startBrowserSession, type BrowserSession } from '../support/browser-session.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { fileOf, standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';
import { noise } from '../support/trees.ts';

const gate = oracle(...standardTools, 'chromium');
const asRoot = process.getuid?.() === 0 ? gate : skipped('mounting needs root');

const passphrase = 'slow';

let session: BrowserSession;
let folder: string;
/** One qube that is quick, and one that takes long enough to be stopped in. */
let slow: MadeBackup;

beforeAll(async () => {
  folder = await scratchFolder();
  // What the wizard remembers belongs to the test and not to who runs it.
  process.env['XDG_CONFIG_HOME'] = join(folder, 'config');
  for (const name of ['one', 'two']) await writeFile(join(folder, `${name}.img`), noise(6 << 20, name));
  slow = await makeBackup({
    destination: join(folder, 'slow.backup'),
    passphrase,
    chunkSize: 512 * 1024,
    // Seconds of two processors: the page may tell of the first qube late where much else is going on.
    cost: (member) => (member.startsWith('vm2/') ? { logN: 17, r: 8, p: 4 } : { logN: 10, r: 8, p: 1 }),
    qubes: ['one', 'two'].map((name, i) => ({
      name,
      class: 'AppVM' as const,
      qid: i + 1,
      files: [{ name: 'private.img', source: join(folder, `${name}.img`), sparse: 'none' as const }],
    })),
  });
  session = await startBrowserSession();
});
afterEach(() => session.stop());
afterAll(() => session.close());

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

async function unlock(page: Page, text: string): Promise<void> {
  await page.getByLabel('Backup passphrase').fill(text);
  await button(page, 'Unlock').click();
}

async function toQubes(path: string, text: string): Promise<Page> {
  const page = await session.openWizard();
  await button(page, 'Choose backup file…').click();
  await choosePath(page, path);
  await button(page, 'Continue').click();
  await unlock(page, text);
  await heading(page, 'Choose what to restore').waitFor();
  return page;
}

async function chooseAll(page: Page): Promise<void> {
  await page.locator('label', { has: page.getByRole('checkbox', { name: 'All' }) }).click();
  await button(page, 'Continue').click();
}

async function restoreInto(page: Page, to: string): Promise<void> {
  await chooseAll(page);
  await button(page, 'Choose folder…').click();
  await choosePath(page, to, 'Use this folder');
  await button(page, /^Restore \d/).click();
}

async function newFolder(): Promise<string> {
  const to = join(await scratchFolder(), 'to');
  await mkdir(to);
  return to;
}

/** Starts the slow restore, and waits until the first qube is done and the second is not. */
async function halfWay(to: string): Promise<Page> {
  const page = await toQubes(slow.path, passphrase);
  await restoreInto(page, to);
  await page.getByRole('listitem').filter({ hasText: 'one' }).getByText('Restored').waitFor();
  return page;
}

const sumOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

async function expectWhole(to: string): Promise<void> {
  for (const name of ['one', 'two']) {
    const made = slow.files.find(({ qube }) => qube === name);
    expect(await sumOf(join(to, name, 'private.img')), name).toBe(made?.sha256);
  }
  expect((await filesBelow(to)).filter((path) => /partial/.test(path))).toEqual([]);
}

gate.describe('the wizard', () => {
  gate.test(
    'names the other forms of a rejected passphrase, tries them, and says which one opened it',
    async () => {
      const page = await session.openWizard();
      await button(page, 'Choose backup file…').click();
      await choosePath(page, (await standardBackup()).path);
      await button(page, 'Continue').click();
      await unlock(page, `${standardPassphrase} `);
      await page.getByText('without the spaces at its ends').waitFor();
      await button(page, /^Try these \d forms/).click();
      await page.getByText('It opened with another form of what you typed: without the spaces').waitFor();
    },
  );

  gate.test('is paused, goes on, and comes out whole', async () => {
    const to = await newFolder();
    const page = await halfWay(to);
    await button(page, 'Pause').click();
    await page.getByText('Paused', { exact: true }).waitFor();
    expect(await filesBelow(to)).not.toContain('two/private.img');
    await button(page, 'Resume').click();
    await heading(page, '2 qubes restored').waitFor();
    await expectWhole(to);
  });

  gate.test('has the browser ask before its page is closed in the middle of a restore', async () => {
    const to = await newFolder();
    const page = await halfWay(to);
    const asked = new Promise<string>((resolve) => {
      page.once('dialog', (question) => void question.dismiss().then(() => resolve(question.type())));
    });
    await page.close({ runBeforeUnload: true });
    expect(await asked).toBe('beforeunload');
    await heading(page, '2 qubes restored').waitFor();
    await expectWhole(to);
  });

  gate.test('keeps what was finished when it is stopped so, and goes on from there', async () => {
    const to = await newFolder();
    const page = await halfWay(to);
    await button(page, 'Pause').click();
    await button(page, 'Cancel…').click();
    await button(page, 'Stop and keep what is finished').click();
    await page.getByText('You stopped before the end.').waitFor();
    expect(await filesBelow(to)).toContain('one/private.img');
    expect(await filesBelow(to)).not.toContain('two/private.img');
    await button(page, 'Resume').click();
    await page.getByText('1 file is finished already').waitFor();
    await button(page, 'Restore the rest').click();
    await heading(page, '2 qubes restored').waitFor();
    await expectWhole(to);
  });

  gate.test('leaves nothing behind when it is stopped so', async () => {
    const to = await newFolder();
    const page = await halfWay(to);
    await button(page, 'Pause').click();
    await button(page, 'Cancel…').click();
    await button(page, 'Stop and delete what was restored').click();
    await heading(page, 'Stopped before anything was finished').waitFor();
    expect(await filesBelow(to)).toEqual([]);
  });

  gate.test('goes on after its engine was killed, once the passphrase was given again', async () => {
    const to = await newFolder();
    const page = await halfWay(to);
    expect(await filesBelow(to)).not.toContain('two/private.img');
    for (const pid of await engines()) process.kill(pid, 'SIGKILL');
    await page.getByText('The restore stopped unexpectedly.').waitFor();
    await button(page, 'Resume').click();
    await page.getByText('the passphrase is needed once more').waitFor();
    await unlock(page, passphrase);
    await page.getByText('1 file is finished already').waitFor();
    await button(page, 'Restore the rest').click();
    await heading(page, '2 qubes restored').waitFor();
    await expectWhole(to);
  });

  gate.test('verifies everything and writes nothing', async () => {
    const to = await newFolder();
    const page = await toQubes(slow.path, passphrase);
    await chooseAll(page);
    await page.locator('label', { has: page.getByRole('radio', { name: /Verify only/ }) }).click();
    await button(page, 'Verify 2 qubes').click();
    await heading(page, '2 qubes verified').waitFor();
    expect(await filesBelow(to)).toEqual([]);
  });

  gate.test(
    'shows notes and rules of what it restored, and saves pages of it that are only read',
    async () => {
      const to = await newFolder();
      const page = await toQubes((await standardBackup()).path, standardPassphrase);
      await restoreInto(page, to);
      await button(page, 'Details of work').click();
      await page.getByText('Ask before deleting.').waitFor();
      await page.getByText('Allow protocol tcp, to 192.0.2.10, ports 443').waitFor();
      for (const [item, file, words] of [
        [
          'Report to read',
          'lifeboat-report.html',
          fileOf(await standardBackup(), 'vm1/private.img').sha256 ?? '-',
        ],
        ['My qubes', 'my-qubes.html', 'Allow protocol tcp, to 192.0.2.10, ports 443'],
      ] as const) {
        await button(page, 'Save').click();
        await page.getByRole('menuitem', { name: item }).click();
        await page.getByText(`Saved as ${join(to, file)}`).waitFor();
        const saved = (await page.context().browser()?.newPage()) ?? expect.fail('no browser');
        const complaints: string[] = [];
        saved.on('console', (message) => complaints.push(message.text()));
        await saved.goto(`file://${join(to, file)}`);
        await saved.getByText(words).first().waitFor();
        expect(complaints).toEqual([]);
        await saved.close();
      }
    },
  );

  gate.test('draws the rows in sight of 500 qubes and finds one of them', async () => {
    const many = await makeBackup({
      destination: join(folder, 'many.backup'),
      passphrase,
      qubes: Array.from({ length: 500 }, (_, i) => ({
        name: `client-${i + 1}`,
        class: 'AppVM' as const,
        qid: i + 1,
        ...(i === 437 && { files: [{ name: 'private.img', source: join(folder, 'one.img') }] }),
      })),
    });
    const page = await toQubes(many.path, passphrase);
    await page.getByText('1 qube can be restored').waitFor();
    await page.getByRole('row', { name: 'client-438' }).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(60);
    await page.getByRole('grid').press('End');
    await page.getByRole('row', { name: 'client-500' }).waitFor();
    await page.getByRole('searchbox').fill('client-438');
    await page.getByRole('row', { name: 'client-438' }).click();
    await page.getByText(/^1 qube · /).waitFor();
  });
});

gate.test('takes pieces without a seal only from who says so, and puts them in place if asked', async () => {
  const backup = await makeBackup({
    destination: join(folder, 'unsealed.backup'),
    passphrase,
    chunkSize: 2 << 20,
    sealAs: (name) => (name === 'vm1/private.img.001' ? undefined : name),
    qubes: [
      {
        name: 'one',
        class: 'AppVM',
        qid: 1,
        files: [{ name: 'private.img', source: join(folder, 'one.img'), sparse: 'none' }],
      },
    ],
  });
  const to = await newFolder();
  const page = await toQubes(backup.path, passphrase);
  await restoreInto(page, to);
  await page.getByText('Some pieces of this backup have no seal').waitFor();
  await button(page, 'Unlock again to take them').click();
  const accept = page.getByRole('checkbox', { name: 'Take pieces without a seal as they are' });
  await page.getByText('neither encrypted nor authenticated').waitFor();
  expect(await accept.isChecked()).toBe(false);
  await page.locator('label', { has: accept }).click();
  await unlock(page, passphrase);
  await button(page, 'Advanced').click();
  await page
    .locator('label', { has: page.getByRole('checkbox', { name: /damaged files in place/ }) })
    .click();
  await button(page, 'Restore 1 qube').click();
  await heading(page, '1 incomplete').waitFor();
  await page.getByText('was taken without any check').waitFor();
  expect(await sumOf(join(to, 'one/private.img'))).toBe(fileOf(backup, 'vm1/private.img').sha256);
  await button(page, 'Browse the files of one').waitFor();
});

asRoot.test(
  'a drive that fills up half way costs nothing that was finished, and is gone on with',
  async () => {
    const to = await newFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=9m', 'tmpfs', to]);
    // The engine, which ends after this, is still there.
    onTestFinished(() => void execFileSync('umount', ['-l', to]));
    const page = await toQubes(slow.path, passphrase);
    await page.getByRole('row', { name: 'one' }).click();
    await page.getByRole('row', { name: 'two' }).click();
    await button(page, 'Continue').click();
    await button(page, 'Choose folder…').click();
    await choosePath(page, to, 'Use this folder');
    // Twice six megabytes do not fit, and the wizard knows: so the drive shrinks after it looked.
    await page.getByText('There is not enough space.').waitFor();
    execFileSync('mount', ['-o', 'remount,size=32m', to]);
    await button(page, 'Look again').click();
    await page.getByText('2 files will be written').waitFor();
    execFileSync('mount', ['-o', 'remount,size=9m', to]);
    await button(page, 'Restore 2 qubes').click();
    await page.getByText('The destination drive is full.').first().waitFor();
    expect(await filesBelow(to)).toContain('one/private.img');
    execFileSync('mount', ['-o', 'remount,size=32m', to]);
    await button(page, 'Resume').click();
    await page.getByText('1 file is finished already').waitFor();
    await button(page, 'Restore the rest').click();
    await heading(page, '2 qubes restored').waitFor();
    await expectWhole(to);
  },
);

/** The engines that this test's own wizards have started. */
async function engines(): Promise<number[]> {
  const found: number[] = [];
  for (const name of (await readdir('/proc')).filter((each) => /^\d+$/.test(each))) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (parent === process.pid && command.includes('engine-process')) found.push(Number(name));
  }
  return found;
}
