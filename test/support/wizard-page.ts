/** The built wizard in a real Chromium, with the double in place of its backend. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { build, type Rolldown } from 'vite';
import { findTool } from './tools.ts';
import type { Scenario } from './wizard-double.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Chromium without windows where there is one: the same in all that a page can see, and quicker to start and to answer. */
export const chromiumPath =
  process.env['CHROMIUM'] ?? findTool('chromium-headless-shell') ?? findTool('chromium') ?? '';

/** The policy under which every host serves the page. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

export interface WizardPages {
  /** Opens the wizard on a fresh page; complaints of the page fail `complaints`. */
  readonly open: (scenario?: Scenario, options?: BrowserContextOptions) => Promise<WizardPage>;
  readonly close: () => Promise<void>;
}

export interface WizardPage {
  readonly page: Page;
  /** Sends an event of the contract into the page, and waits until it is shown. */
  readonly send: (name: string, payload: unknown) => Promise<void>;
  /** Names of the calls that the wizard has made. */
  readonly calls: () => Promise<readonly { readonly name: string; readonly args: unknown }[]>;
  /** What the page wrote to its console as a warning or worse, content policy violations among it. */
  readonly complaints: readonly string[];
  readonly close: () => Promise<void>;
}

/** Builds the wizard and the double in memory, serves them, and starts a browser. */
export async function startWizardPages(): Promise<WizardPages> {
  const files = await builtWizard();
  const double = await builtDouble();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1) || 'index.html';
    const content = files.get(path);
    response.writeHead(content === undefined ? 404 : 200, {
      'content-type': types[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': contentSecurityPolicy,
    });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });

  return {
    open: (scenario = {}, options = {}) => openPage(browser, origin, double, scenario, options),
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function openPage(
  browser: Browser,
  origin: string,
  double: string,
  scenario: Scenario,
  options: BrowserContextOptions,
): Promise<WizardPage> {
  const context = await browser.newContext({ viewport: { width: 1024, height: 640 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript({
    content: `${double}
      globalThis.double = WizardDouble.wizardDouble(${JSON.stringify(scenario)});
      globalThis.lifeboat = globalThis.double.client;`,
  });
  await page.goto(origin);
  await page.getByRole('heading', { level: 1 }).waitFor();
  return {
    page,
    complaints,
    // Events of a restore are gathered before they are shown; a longer timer that began later ends later.
    send: (name, payload) =>
      page.evaluate(`globalThis.double.send(${JSON.stringify(name)}, ${JSON.stringify(payload)});
        new Promise((resolve) => setTimeout(resolve, 100));`),
    calls: () => page.evaluate('globalThis.double.calls'),
    close: () => context.close(),
  };
}

async function builtWizard(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const output = await outputOf({ configFile: `${root}/vite.config.ts`, root: `${root}/renderer` });
  return new Map(output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]));
}

async function builtDouble(): Promise<string> {
  const output = await outputOf({
    configFile: false,
    root,
    build: { lib: { entry: 'test/support/wizard-double.ts', formats: ['iife'], name: 'WizardDouble' } },
  });
  const [chunk] = output;
  if (chunk?.type !== 'chunk') throw new Error('the double was not bundled');
  return chunk.code;
}

async function outputOf(
  config: NonNullable<Parameters<typeof build>[0]>,
): Promise<(Rolldown.OutputChunk | Rolldown.OutputAsset)[]> {
  // As it ships: under the tests' own NODE_ENV the libraries would be others.
  process.env['NODE_ENV'] = 'production';
  const built = await build({ ...config, logLevel: 'error', build: { ...config.build, write: false } });
  const first = Array.isArray(built) ? built[0] : built;
  if (!first || !('output' in first)) throw new Error('vite did not answer with a bundle');
  return first.output;
}
