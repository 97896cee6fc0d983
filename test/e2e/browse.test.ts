/** Files of an image through the whole program, in a real Chromium: browsed, searched, looked into, copied out, mounted. */
import { copyFile, mkdir, open, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { missingOptions, mountAt } from '../../main/recovery/mount/mount-table.ts';
import { openFolder, row } from '../support/browse-states.ts';
import { choosePath, startBrowserSession, type BrowserSession } from '../support/browser-session.ts';
import { changed, hostile, makeHomeImage, manyFiles } from '../support/home-image.ts';
import { makeImage, makeScratch, mounting } from '../support/images.ts';
import { scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { after, makePartitioned, makePendingImage } from '../support/pending-journal.ts';
import { standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';

const gate = oracle('chromium', 'mkfs.ext4', 'debugfs');
const root = await mounting();

let session: BrowserSession;
let folder: string;
let tree: string;
let image: string;
beforeAll(async () => {
  folder = await makeScratch();
  // Records of what is mounted belong to the test and not to who runs it.
  process.env['XDG_RUNTIME_DIR'] = '';
  process.env['XDG_STATE_HOME'] = join(folder, 'state');
  [tree, image] = [join(folder, 'tree'), join(folder, 'home.img')];
  await mkdir(tree);
  await makeHomeImage(tree, image);
  session = await startBrowserSession();
});
afterEach(() => session.stop());
afterAll(() => session.close());

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

/** Opens an image from the first screen. */
async function openImage(path: string): Promise<Page> {
  const page = await session.openWizard();
  await button(page, 'Open an image you already have…').click();
  await choosePath(page, path);
  return page;
}

async function goTo(page: Page, ...names: readonly string[]): Promise<void> {
  for (const name of names) await openFolder({ page } as Parameters<typeof openFolder>[0], name);
}

async function copyInto(page: Page, to: string): Promise<void> {
  await button(page, 'Copy out…').click();
  await choosePath(page, to, 'Use this folder');
}

/** What the tests use of a picture; the page's own types stay in the page. */
interface PictureLike {
  readonly naturalWidth: number;
  decode(): Promise<void>;
}

const widthOnceDrawn = (picture: PictureLike) => picture.decode().then(() => picture.naturalWidth);

const preview = (page: Page) => page.getByRole('region', { name: 'Preview' });

gate.describe('files of an image', () => {
  gate.test('are found in folders, by name, and by their odd names', async () => {
    const page = await openImage(image);
    await goTo(page, 'home', 'user', 'Mail');
    await page.getByRole('searchbox').fill('REPORT');
    await page.keyboard.press('Enter');
    await page.getByText('2 found in the whole image').waitFor();
    await row(page, 'report-again.txt').click();
    await preview(page).getByText('Grüße aus dem Büro.').waitFor();
    await button(page, 'Show in its folder').click();
    await row(page, 'old-windows.txt').click();
    await preview(page).getByText('Grüße', { exact: false }).waitFor();

    const trees = page.getByRole('treegrid', { name: 'Folders' });
    await trees.getByRole('row', { name: 'odd' }).click();
    await row(page, 'sch\\xf6n.txt').click();
    await preview(page).getByText('odd bytes').waitFor();
    // Of three thousand rows those in sight are in the page.
    await trees.getByRole('row', { name: 'Mail' }).click();
    await row(page, '0.eml').waitFor();
    expect(Number(await page.getByRole('grid').getAttribute('aria-rowcount'))).toBe(manyFiles + 1);
    expect(await page.getByRole('grid').getByRole('row').count()).toBeLessThan(60);
  });

  gate.test('are looked into without anything of them being run', async () => {
    const page = await openImage(image);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await goTo(page, 'home', 'user', 'odd');
    for (const [name, content] of [
      ['page.html', hostile.html],
      ['drawing.svg', hostile.svg],
    ] as const) {
      await row(page, name).click();
      await preview(page).locator('pre', { hasText: 'script' }).waitFor();
      expect(await preview(page).locator('pre').textContent()).toBe(content);
    }
    expect(await page.evaluate('[typeof top.owned, document.title, document.scripts.length]')).toEqual([
      'undefined',
      `${basename(folder)} – home.img – Lifeboat`,
      1,
    ]);
    await page.getByRole('treegrid').getByRole('row', { name: 'Pictures' }).click();
    await row(page, 'sea.png').click();
    const drawn = page.getByRole('img', { name: 'Picture sea.png' });
    await drawn.waitFor();
    expect(await drawn.evaluate(widthOnceDrawn)).toBe(64);
    await row(page, 'bomb.png').click();
    await page.getByText('too large for a preview').waitFor();
    expect(
      requests.filter((url) => !/^(http:\/\/127\.0\.0\.1|blob:http:\/\/127\.0\.0\.1)/.test(url)),
    ).toEqual([]);
  });

  gate.test('are copied out beside or over what is there, with an account of it', async () => {
    const to = await scratchFolder();
    await writeFile(join(to, 'report.txt'), 'mine');
    const theirs = await readFile(join(tree, 'home/user/Documents/report.txt'), 'utf8');
    const page = await openImage(image);
    await goTo(page, 'home', 'user', 'Documents');
    await row(page, 'report.txt').click();

    await copyInto(page, to);
    await page.getByText('Something named “report.txt” is there already.').waitFor();
    await button(page, 'Copy').click();
    await page.getByRole('heading', { name: 'Copied' }).waitFor();
    await page.getByText('report (2).txt', { exact: true }).waitFor();
    await page.getByText('report.txt → report (2).txt').waitFor();
    await button(page, 'Done').click();
    expect(await readFile(join(to, 'report.txt'), 'utf8')).toBe('mine');
    expect(await readFile(join(to, 'report (2).txt'), 'utf8')).toBe(theirs);

    await copyInto(page, to);
    await page.locator('label', { has: page.getByRole('radio', { name: /^Replace/ }) }).click();
    await button(page, 'Copy').click();
    await button(page, 'Done').click();
    expect(await readFile(join(to, 'report.txt'), 'utf8')).toBe(theirs);

    await page.getByRole('treegrid').getByRole('row', { name: 'user' }).click();
    await row(page, 'odd').click();
    await row(page, 'Documents').click({ modifiers: ['Control'] });
    await page.getByText('2 selected').first().waitFor();
    await copyInto(page, to);
    await button(page, 'Copy').click();
    await page.getByText('The link way-out was left out.').waitFor();
    await button(page, 'Done').click();
    expect((await readdir(to)).sort()).toEqual(['Documents', 'odd', 'report (2).txt', 'report.txt']);
    expect(await readdir(join(to, 'odd'))).toContain('a:b?.txt');
    expect(await readlink(join(to, 'Documents/latest'))).toBe('report.txt');
    expect((await stat(join(to, 'Documents/report.txt'))).mtimeMs).toBe(changed.getTime());
  });

  gate.test('are shown in their newest state where it is still in the journal', async () => {
    const pending = join(folder, 'pending.img');
    await makePendingImage(pending);
    const page = await openImage(pending);
    await page
      .getByText(/journal/i)
      .first()
      .waitFor();
    await row(page, 'note').click();
    await preview(page).getByText(after.slice(0, 16)).waitFor();
  });

  gate.test('of a disk are in its partitions, and those that cannot be read are named', async () => {
    const [disk, small] = [join(folder, 'disk.img'), join(folder, 'small.img')];
    await makeImage(small, '8M');
    await makePartitioned(disk, small);
    const page = await openImage(disk);
    await row(page, 'lost+found').waitFor();
    await button(page, /Partition/).click();
    await page.getByRole('option', { name: /empty/ }).click();
    await page.getByText('Lifeboat cannot show what is in here: empty.').waitFor();
  });

  gate.test('of a hostile image are a problem in words, and everything else goes on', async () => {
    const broken = join(folder, 'broken.img');
    await copyFile(image, broken);
    await using file = await open(broken, 'r+');
    // The tables of inodes: the root is among them.
    await file.write(Buffer.alloc(2 ** 20, 0xff), 0, 2 ** 20, 2 ** 16);
    const page = await openImage(broken);
    await page
      .getByRole('alert')
      .getByText(/Its inode 2 is damaged/)
      .waitFor();
    await button(page, 'Back').click();
    await button(page, 'Open an image you already have…').click();
    await choosePath(page, image);
    await row(page, 'home').waitFor();
  });
});

gate.describe('a restored qube', () => {
  oracle(...standardTools, 'chromium').test('is browsed from the results', async () => {
    const to = await scratchFolder();
    const page = await session.openWizard();
    await button(page, 'Choose backup file…').click();
    await choosePath(page, (await standardBackup()).path);
    await button(page, 'Continue').click();
    await page.getByLabel('Backup passphrase').fill(standardPassphrase);
    await button(page, 'Unlock').click();
    await page.getByRole('grid').waitFor();
    await page.getByRole('row', { name: 'work' }).first().click();
    await button(page, 'Continue').click();
    await button(page, 'Choose folder…').click();
    await choosePath(page, to, 'Use this folder');
    await page.getByRole('button', { name: /^Restore \d/ }).click();
    await button(page, 'Browse the files of work').click();
    await goTo(page, 'home', 'user', 'Documents');
    await row(page, 'größe Übersicht ☂.txt').waitFor();
    await button(page, 'Back').click();
    await page.getByRole('heading', { level: 1, name: /restored/ }).waitFor();
  });
});

root.describe('an image that is mounted from the wizard', () => {
  oracle('chromium').test(
    'is read-only, in sight, and gone when unmounted or when the program ends',
    async () => {
      const page = await openImage(image);
      const mount = async () => {
        await button(page, 'Mount…').click();
        await page.getByText('A hostile qube may have prepared its image', { exact: false }).waitFor();
        await button(page, 'Mount').click();
        const line = page.locator('.mount-line .mono');
        await line.waitFor();
        return (await line.textContent()) ?? '';
      };
      const first = await mount();
      const entry = await mountAt(first);
      expect(entry && missingOptions(entry)).toEqual([]);
      expect(await readdir(join(first, 'home/user'))).toContain('Documents');
      await button(page, 'Unmount').click();
      await page.locator('.mount-line').waitFor({ state: 'detached' });
      expect(await mountAt(first)).toBeNull();

      const second = await mount();
      expect(await mountAt(second)).not.toBeNull();
      await session.stop();
      expect(await mountAt(second)).toBeNull();
    },
  );
});
