/** Promises of the page in a real Chromium: every state is accessible, and the whole way goes by keyboard alone. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { oracle } from '../support/oracles.ts';
import { jobId } from '../support/wizard-double.ts';
import { startWizardPages, type WizardPages } from '../support/wizard-page.ts';
import {
  cutInventory,
  diagnostics,
  folderPlace,
  longInventory,
  program,
  progress,
  reportOf,
} from '../support/wizard-sample.ts';
import {
  scenes,
  toBackup,
  toDestination,
  toPassphrase,
  toProgress,
  toQubes,
  unlock,
} from '../support/wizard-states.ts';

/** The smallest window, and the same one at 200 %. */
const smallest = { width: 1024, height: 640 };
const magnified = { width: 512, height: 320 };

const gate = oracle('chromium');

gate.describe('the wizard in Chromium', () => {
  let pages: WizardPages;
  beforeAll(async () => {
    pages = await startWizardPages();
  });
  afterAll(() => pages.close());

  it.each(scenes)(
    'is accessible, fits, and keeps to its content policy: $name',
    async ({ scenario, walk }) => {
      const wizard = await pages.open(scenario, { reducedMotion: 'reduce' });
      const { page } = wizard;
      await walk(wizard);
      expect(await violationsOf(new AxeBuilder({ page }))).toEqual([]);
      // The colours are all that differs.
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await violationsOf(new AxeBuilder({ page }).withRules('color-contrast'))).toEqual([]);
      for (const viewport of [smallest, magnified]) {
        await page.setViewportSize(viewport);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
        expect(await page.evaluate(cutOff)).toEqual([]);
      }
      expect(wizard.complaints).toEqual([]);
      await wizard.close();
    },
  );

  it('is walked from end to end by keyboard alone', async () => {
    const wizard = await pages.open();
    const { page } = wizard;
    await press(page, 'Choose backup file…');
    await press(page, 'Continue');
    await tabTo(page, () => page.getByLabel('Backup passphrase'));
    await page.keyboard.type('lifeboat');
    await page.keyboard.press('Enter');
    await page.getByRole('grid').waitFor();

    await tabTo(page, () => page.getByRole('searchbox'));
    await page.keyboard.type('work');
    await page.keyboard.press('Tab');
    await tabTo(page, () => page.getByRole('row', { name: 'work' }));
    await page.keyboard.press('Space');
    expect(await page.getByText('1 qube · 32 GB').isVisible()).toBe(true);
    await press(page, 'Continue');

    await tabTo(page, () => page.getByRole('radio', { name: /^Restore/ }));
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('radio', { name: /^Verify only/ }).isChecked()).toBe(true);
    await page.keyboard.press('ArrowUp');
    await press(page, 'Choose folder…');
    await page.getByText('1 file will be written').waitFor();
    await press(page, 'Restore 1 qube');

    await page.getByRole('progressbar').first().waitFor();
    await wizard.send('restore.progress', { jobId, progress });
    await press(page, 'Cancel…');
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await wizard.send('restore.finished', {
      jobId,
      report: { outcome: 'restored', qubes: [reportOf('work', 'restored')], problems: [] },
      cancelled: false,
    });
    await page.getByRole('heading', { name: '1 qube restored' }).waitFor();
    await press(page, 'Open folder');
    expect((await wizard.calls()).at(-1)).toEqual({
      name: 'results.openFolder',
      args: { jobId, qube: null },
    });
    await wizard.close();
  });

  it('asks before its window is closed in the middle of a restore, and closes only if told to', async () => {
    const wizard = await pages.open();
    const { page } = wizard;
    // In the app the window just stays; a browser asks as well.
    let held = 0;
    page.on('dialog', (dialog) => {
      held++;
      void dialog.dismiss();
    });
    const tryToClose = () => page.close({ runBeforeUnload: true });
    await toProgress(wizard);

    await tryToClose();
    const question = page.getByRole('alertdialog', { name: 'Lifeboat is still restoring' });
    await question.waitFor();
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    expect((await wizard.calls()).map(({ name }) => name)).not.toContain('program.quit');

    await tryToClose();
    await question.getByRole('button', { name: 'Stop and close' }).click();
    expect((await wizard.calls()).at(-1)?.name).toBe('program.quit');
    expect(held).toBe(2);
    const closed = page.waitForEvent('close');
    await tryToClose();
    await closed;
    expect(held).toBe(2);
    await wizard.close();
  });

  it('is closed without a question where nothing is under way', async () => {
    const wizard = await pages.open();
    await toDestination(wizard);
    const closed = wizard.page.waitForEvent('close');
    await wizard.page.close({ runBeforeUnload: true });
    await closed;
    await wizard.close();
  });

  it('finds, looks into and copies out files of an image by keyboard alone', async () => {
    const wizard = await pages.open();
    const { page } = wizard;
    const files = page.getByRole('grid', { name: 'Files and folders' });
    await press(page, 'Open an image you already have…');
    await files.getByRole('row', { name: 'home' }).waitFor();
    expect(await focused(page)).toBe('work – private.img');
    for (const name of ['home', 'user', 'Documents']) {
      await arrowTo(page, files, name);
      await page.keyboard.press('Enter');
      await page
        .getByRole('navigation', { name: 'Where you are' })
        .getByText(name, { exact: true })
        .waitFor();
    }
    await arrowTo(page, files, 'notes.txt');
    await page.getByRole('region', { name: 'Preview' }).getByText('To do before the move').waitFor();
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('2 selected').first().waitFor();
    await press(page, 'Copy out…');
    await press(page, 'Copy');
    await page.getByRole('heading', { name: 'Copied, but not all of it' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await tabTo(page, () => page.getByRole('searchbox'));
    await page.keyboard.type('bank');
    await page.keyboard.press('Enter');
    await page.getByText('found in the whole image').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('navigation', { name: 'Where you are' }).waitFor();
    await press(page, 'Back');
    await page.getByRole('heading', { level: 1, name: 'Choose a backup' }).waitFor();
    await wizard.close();
  });

  it('puts the focus on the heading of each new step, and its name into the title', async () => {
    const wizard = await pages.open();
    await toPassphrase(wizard);
    expect(await focused(wizard.page)).toBe('Unlock the backup');
    expect(await wizard.page.title()).toBe('Unlock the backup – Lifeboat');
    await unlock(wizard);
    await wizard.page.getByRole('grid').waitFor();
    expect(await focused(wizard.page)).toBe('Choose what to restore');
    await wizard.close();
  });

  it('shows the progress in the title', async () => {
    const wizard = await pages.open();
    await toProgress(wizard);
    await wizard.send('restore.progress', { jobId, progress });
    expect(await wizard.page.title()).toBe('45 % – Restoring 3 qubes – Lifeboat');
    expect(await wizard.page.getByRole('progressbar').first().getAttribute('aria-valuetext')).toBe(
      '45 percent, Restoring and verifying, About 5 min left'.replaceAll('5 min', '5\u00a0min'),
    );
    await wizard.close();
  });

  it('shows on top of a running restore what is being worked on', async () => {
    const wizard = await pages.open();
    await toProgress(wizard);
    const names = () => wizard.page.locator('.row .qube-name').allTextContents();
    const asListed = await names();
    const last = asListed.at(-1) ?? expect.fail();
    const active = [{ qube: last, file: 'private.img', doneBytes: 1, totalBytes: 2 }];
    await wizard.send('restore.progress', { jobId, progress: { ...progress, active } });
    expect(await names()).toEqual([last, ...asListed.slice(0, -1)]);
    await wizard.send('restore.progress', { jobId, progress: { ...progress, active: [] } });
    expect(await names()).toEqual(asListed);
    await wizard.close();
  });

  it('touches no row of a running restore but the one in which something happened', async () => {
    const wizard = await pages.open();
    await toProgress(wizard);
    await wizard.send('restore.progress', { jobId, progress });
    await wizard.page.evaluate(`globalThis.touched = [];
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          touched.push(element.closest('.row, .overall, .rail, .bar')?.textContent ?? element.nodeName);
        }
      }).observe(document.querySelector('.frame'), { subtree: true, childList: true, attributes: true, characterData: true });`);
    await wizard.send('restore.progress', { jobId, progress });
    expect(await wizard.page.evaluate('touched')).toEqual([]);
    const active = progress.active.map((file, index) => ({
      ...file,
      doneBytes: index === 0 ? 0 : file.doneBytes,
    }));
    await wizard.send('restore.progress', { jobId, progress: { ...progress, active } });
    const touched = await wizard.page.evaluate<string[]>('touched');
    expect(touched.length).toBeGreaterThan(0);
    for (const text of touched) expect(text).toContain(active[0]?.qube);
    await wizard.close();
  });

  it('keeps, selects and describes a passphrase that was rejected', async () => {
    const wizard = await pages.open({
      'backup.unlock': { problem: { code: 'passphrase-rejected', params: {} } },
    });
    const { page } = wizard;
    await toPassphrase(wizard);
    await unlock(wizard, ' spaces are kept ');
    const field = page.getByLabel('Backup passphrase');
    await page.getByRole('alert').waitFor();
    expect(await field.inputValue()).toBe(' spaces are kept ');
    expect(await field.evaluate((each: FieldLike) => each === each.ownerDocument.activeElement)).toBe(true);
    expect(await field.evaluate((each: FieldLike) => [each.selectionStart, each.selectionEnd])).toEqual([
      0, 17,
    ]);
    expect(await field.evaluate(describedBy)).toContain('That passphrase does not open this backup.');
    expect(await field.evaluate(describedBy)).toContain('The passphrase ends with a space.');
    await wizard.close();
  });

  it('warns of Caps Lock', async () => {
    const wizard = await pages.open();
    await toPassphrase(wizard);
    const field = wizard.page.getByLabel('Backup passphrase');
    await field.evaluate((each: FieldLike) =>
      each.dispatchEvent(new KeyboardEvent('keydown', { key: 'A', bubbles: true, modifierCapsLock: true })),
    );
    await wizard.page.getByText('Caps Lock is on.').waitFor();
    await wizard.close();
  });

  it('takes an empty passphrase for a slip, and asks nobody', async () => {
    const wizard = await pages.open();
    await toPassphrase(wizard);
    await wizard.page.getByRole('button', { name: 'Unlock' }).click();
    await wizard.page.getByText('Please type the passphrase first.').waitFor();
    expect((await wizard.calls()).map(({ name }) => name)).not.toContain('backup.unlock');
    await wizard.close();
  });

  it('draws only the rows in sight of a list of 500 qubes, and chooses all 400 that can be restored', async () => {
    const wizard = await pages.open({ 'backup.unlock': { value: longInventory } });
    await toQubes(wizard);
    expect(await wizard.page.getByRole('row').count()).toBeLessThan(60);
    await wizard.page.getByRole('columnheader').first().click();
    await wizard.page.getByText(/^400 qubes · /).waitFor();
    await wizard.close();
  });

  it('names lost qubes that nobody can choose, and asks for them with the whole backup', async () => {
    const wizard = await pages.open({ 'backup.unlock': { value: cutInventory } });
    const { page } = wizard;
    await toQubes(wizard);
    await page.getByRole('searchbox').fill('mail');
    const row = page.getByRole('row', { name: 'mail' });
    expect(await row.innerText()).toContain('Lost: the backup ends before it');
    expect(await row.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('searchbox').fill('vault');
    expect(await page.getByRole('row', { name: 'vault' }).innerText()).toContain(', incomplete');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('columnheader').first().click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Choose folder…' }).click();
    await page.getByRole('button', { name: 'Restore 8 qubes' }).click();
    await page.getByRole('progressbar').first().waitFor();
    const started = (await wizard.calls()).find(({ name }) => name === 'restore.start');
    const { qubes } = started?.args as { readonly qubes: readonly string[] };
    expect(qubes).toHaveLength(10);
    expect(qubes.slice(-2)).toEqual(['mail', 'dev']);
    await wizard.close();
  });

  it('keeps what a search hides as it was chosen', async () => {
    const wizard = await pages.open();
    await toDestination(wizard);
    await wizard.page.getByRole('button', { name: 'Back' }).click();
    await wizard.page.getByRole('searchbox').fill('mail');
    await wizard.page.getByRole('columnheader').first().click();
    await wizard.page.getByText(/^4 qubes · /).waitFor();
    await wizard.close();
  });

  it('sorts by a column', async () => {
    const wizard = await pages.open();
    await toQubes(wizard);
    const size = wizard.page.getByRole('columnheader', { name: 'In backup' });
    await size.click();
    await size.click();
    expect(await size.getAttribute('aria-sort')).toBe('descending');
    expect(await wizard.page.getByRole('row').nth(1).innerText()).toContain('work');
    await wizard.close();
  });

  it('opens a dropped file by the path that the host tells', async () => {
    const wizard = await pages.open();
    await wizard.page.evaluate('globalThis.lifeboatFiles = { pathOf: (file) => "/dropped/" + file.name }');
    await drop(wizard.page, 'qubes-backup');
    await wizard.page.getByRole('heading', { name: 'Your backup' }).waitFor();
    expect((await wizard.calls()).map(({ args }) => args)).toContainEqual({
      path: '/dropped/qubes-backup',
      kind: 'backup',
    });
    await wizard.close();
  });

  it('opens the folder list for a dropped file without a path, and says why', async () => {
    const wizard = await pages.open({
      'program.describe': { value: { ...program, host: 'browser', nativeDialogs: false } },
    });
    await drop(wizard.page, 'qubes-backup');
    await wizard.page.getByRole('dialog', { name: 'Choose a backup file' }).waitFor();
    await wizard.page.keyboard.press('Escape');
    await wizard.page.getByText('This browser does not tell where a dropped file is.').waitFor();
    await wizard.close();
  });

  it('opens a path that was typed into the folder list', async () => {
    const wizard = await pages.open({
      'program.describe': { value: { ...program, host: 'browser', nativeDialogs: false } },
      'places.locate': { problem: { code: 'source-missing', params: { path: '/nowhere' } } },
    });
    await toBackup(wizard);
    await wizard.page.getByLabel('Path').fill('/nowhere');
    await wizard.page.keyboard.press('Enter');
    await wizard.page.getByText('There is no file at /nowhere.').waitFor();
    await wizard.close();
  });

  it('speaks German to whoever wants it, and says so to screen readers', async () => {
    const wizard = await pages.open({ 'program.describe': { value: { ...program, locale: 'de-AT' } } });
    await wizard.page.getByRole('heading', { name: 'Backup wählen' }).waitFor();
    expect(await wizard.page.locator('html').getAttribute('lang')).toBe('de');
    await wizard.page.getByRole('button', { name: /Sprache/ }).click();
    await wizard.page.getByRole('option', { name: 'English' }).click();
    await wizard.page.getByRole('heading', { name: 'Choose a backup' }).waitFor();
    await wizard.close();
  });

  it('is dark or light as somebody chose, whatever the system is, and remembers it', async () => {
    const wizard = await pages.open({}, { colorScheme: 'light' });
    const { page } = wizard;
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await background()).toBe('rgb(255, 255, 255)');
    await page.getByRole('button', { name: /Appearance/ }).click();
    await page.getByRole('option', { name: 'Dark' }).click();
    expect(await background()).toBe('rgb(26, 31, 33)');
    expect((await wizard.calls()).at(-1)).toEqual({
      name: 'preferences.save',
      args: { theme: 'dark', language: null, keepFolders: false },
    });
    await wizard.close();
  });

  it('begins as it was set up, and offers the folders of whoever wanted them remembered', async () => {
    const wizard = await pages.open({
      'preferences.read': { value: { theme: 'dark', language: 'de', keepFolders: true } },
      'places.recentFolders': { value: [folderPlace] },
    });
    const { page } = wizard;
    await page.getByRole('heading', { name: 'Backup wählen' }).waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    await page.getByRole('button', { name: /Sprache/ }).click();
    await page.getByRole('option', { name: 'English' }).click();
    await toDestination(wizard);
    await page.getByRole('button', { name: folderPlace.path }).click();
    await page.getByText('3 files will be written').waitFor();
    await wizard.close();
  });

  it('copies diagnostics also where every permission is denied', async () => {
    const wizard = await pages.open();
    const { page } = wizard;
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("denied"))');
    await page.getByRole('button', { name: 'Help' }).click();
    await page.getByRole('button', { name: 'Show diagnostics…' }).click();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('Copied.').waitFor();
    await page.context().grantPermissions(['clipboard-read']);
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(diagnostics);
    await wizard.close();
  });

  it('keeps the computer awake from a browser, except while it is paused', async () => {
    const wizard = await pages.open({ 'program.describe': { value: { ...program, host: 'browser' } } });
    await wizard.page.evaluate(`globalThis.held = 0;
      Object.defineProperty(navigator, 'wakeLock', { value: { request: async () => {
        globalThis.held++;
        return { release: async () => void globalThis.held-- };
      } } });`);
    const held = (count: number) =>
      expect.poll(() => wizard.page.evaluate('globalThis.held'), { timeout: 10_000 }).toBe(count);
    await toProgress(wizard);
    await held(1);
    await wizard.send('restore.progress', { jobId, progress: { ...progress, paused: true } });
    await held(0);
    await wizard.send('restore.progress', { jobId, progress });
    await held(1);
    await wizard.send('restore.finished', {
      jobId,
      report: { outcome: 'restored', qubes: [reportOf('work', 'restored')], problems: [] },
      cancelled: false,
    });
    await held(0);
    await wizard.close();
  });

  it('announces each finished qube', async () => {
    const wizard = await pages.open();
    await toProgress(wizard);
    await wizard.send('restore.qubeFinished', { jobId, qube: reportOf('vault', 'partial') });
    await wizard.page
      .locator('[aria-live=polite]', { hasText: 'vault: Incomplete' })
      .waitFor({ state: 'attached' });
    await wizard.close();
  });
});

/** In the page: words that are cut off where nobody can scroll to them, without the sign of an ellipsis. */
const cutOff = `(() => {
  const found = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const parent = text.parentElement;
    if (text.textContent.trim() === '' || parent.closest('[aria-hidden=true], [inert], [data-live-announcer]')) continue;
    if (!parent.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const words = range.getBoundingClientRect();
    if (words.width === 0) continue;
    for (let each = parent; each; each = each.parentElement) {
      const { overflowX, overflowY, textOverflow } = getComputedStyle(each);
      if (/auto|scroll/.test(overflowX + overflowY)) break;
      const box = each.getBoundingClientRect();
      // Meant for screen readers alone.
      if (box.width <= 1) break;
      const wide = overflowX !== 'visible' && (words.left < box.left - 1 || words.right > box.right + 1);
      const high = overflowY !== 'visible' && (words.top < box.top - 1 || words.bottom > box.bottom + 1);
      if (textOverflow === 'ellipsis') break;
      if (wide || high) found.add(each.className + ': ' + text.textContent);
    }
  }
  return [...found];
})()`;

async function violationsOf(axe: AxeBuilder): Promise<unknown> {
  // Its other mode opens a page of its own for what frames of other origins hold, of which there are none.
  const { violations } = await axe.setLegacyMode().analyze();
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}

/** What the tests use of an input element; the page's own types stay in the page. */
interface FieldLike {
  readonly selectionStart: number;
  readonly selectionEnd: number;
  readonly ownerDocument: {
    readonly activeElement: unknown;
    getElementById(id: string): { textContent: string };
  };
  getAttribute(name: string): string | null;
  dispatchEvent(event: unknown): void;
}
declare const KeyboardEvent: new (type: string, init: object) => unknown;

function describedBy(field: FieldLike): string {
  const ids = field.getAttribute('aria-describedby')?.split(' ') ?? [];
  return ids.map((id) => field.ownerDocument.getElementById(id).textContent).join(' ');
}

async function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent');
}

/** Presses Tab until the element has the focus, as a person would, and gives up after a round through the page. */
async function tabTo(page: Page, target: () => ReturnType<Page['locator']>): Promise<void> {
  await target().waitFor();
  for (let presses = 0; presses < 40; presses++) {
    if (await target().evaluate((each: FieldLike) => each === each.ownerDocument.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('Tab does not lead there');
}

/** Presses Tab until the focus is in a list, if it is not. */
async function tabInto(page: Page, list: ReturnType<Page['locator']>): Promise<void> {
  const hasFocus = () => list.evaluate((each: ListLike) => each.contains(each.ownerDocument.activeElement));
  for (let presses = 0; presses < 40; presses++) {
    if (await hasFocus()) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('Tab does not lead there');
}

/** Goes from the top of a list to one of its rows by the arrow keys, once the row has arrived. */
async function arrowTo(page: Page, list: ReturnType<Page['locator']>, name: string): Promise<void> {
  const row = list.getByRole('row', { name });
  await row.waitFor();
  await tabInto(page, list);
  await page.keyboard.press('Home');
  for (let presses = 0; presses < 40; presses++) {
    if ((await row.getAttribute('aria-selected')) === 'true') return;
    await page.keyboard.press('ArrowDown');
  }
  throw new Error('no arrow leads there');
}

interface ListLike {
  readonly ownerDocument: { readonly activeElement: unknown };
  contains(element: unknown): boolean;
}

async function press(page: Page, name: string): Promise<void> {
  await tabTo(page, () => page.getByRole('button', { name, exact: true }));
  await page.keyboard.press('Enter');
}

async function drop(page: Page, name: string): Promise<void> {
  await page.evaluate(`{
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], ${JSON.stringify(name)}));
    for (const type of ['dragenter', 'dragover', 'drop']) {
      window.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
  }`);
}
