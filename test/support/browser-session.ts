/** The whole program behind a page in a real Chromium, as the browser host serves it, and what a person does there. */
import { chromium, type Browser, type Page } from 'playwright-core';
import { createBackend } from '../../main/backend/backend.ts';
import { launchInBrowser } from '../../main/browser/launch.ts';
import { deferred } from '../../main/recovery/deferred.ts';
import { chromiumPath } from './wizard-page.ts';

export interface BrowserSession {
  /** Starts the program, with a backup to begin with if any, and opens its page, whose exceptions fail the test. */
  readonly openWizard: (given?: string) => Promise<Page>;
  /** Ends the programs that were started. */
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startBrowserSession(): Promise<BrowserSession> {
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox'],
  });
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0)) await each();
  };
  return {
    async openWizard(given) {
      const abort = new AbortController();
      const address = deferred<string>();
      const over = launchInBrowser(createBackend, {
        say: (line) => address.resolve(/http\S+/.exec(line)?.[0] ?? ''),
        openAddress: null,
        given: given ?? null,
        signal: abort.signal,
      });
      const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, locale: 'en' });
      const page = await context.newPage();
      // Shorter than that of a test, so that it is told what was waited for; long enough for a machine that is slow.
      page.setDefaultTimeout(60_000);
      page.on('pageerror', (error) => {
        throw error;
      });
      await page.goto(await address.promise);
      stops.push(async () => {
        await context.close();
        abort.abort();
        await over;
      });
      return page;
    },
    stop,
    async close() {
      await stop();
      await browser.close();
    },
  };
}

/** Chooses a file or folder in the page's own list by typing its path. */
export async function choosePath(page: Page, path: string, confirm?: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  // A path that is filled in while the first folder arrives would be joined to that folder's own.
  await dialog.getByRole('grid').waitFor();
  await dialog.getByRole('textbox').first().fill(path);
  await page.keyboard.press('Enter');
  if (confirm !== undefined) await dialog.getByRole('button', { name: confirm }).click();
  await dialog.getByRole('textbox').first().waitFor({ state: 'hidden' });
}
