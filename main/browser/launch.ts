/** Runs the wizard in the local browser: where Electron cannot be had, and for developing and testing. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CreateBackend, Host } from '../backend/host.ts';
import { forkEngine } from '../backend/fork-engine.ts';
import { readPages } from '../backend/pages.ts';
import { hasDesktop, openInBrowser, showFolder } from './open-with-system.ts';
import { serveWizard } from './serve.ts';

/** Long enough for a page to be reloaded, short enough not to linger. */
const defaultPatience = 10_000;

/** The answer to `quit` goes out before the server ends. */
const lastAnswer = 200;

/** The project's folder, seen from the sources and from `dist`. */
const project = new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url);
const inProject = (path: string) => fileURLToPath(new URL(path, project));

export interface LaunchOptions {
  /** Tells the person one line: the address, and what to do with it. */
  readonly say: (line: string) => void;
  /** Opens the address in a browser; null where only a person can. */
  readonly openAddress: ((address: string) => Promise<void>) | null;
  /** The backup to begin with, which was named on the command line; null for none. */
  readonly given: string | null;
  /** Ends the wizard from outside. */
  readonly signal: AbortSignal;
  readonly patience?: number;
}

/** Serves the wizard until its page is closed; the engine has ended when the promise resolves. */
export async function launchInBrowser(createBackend: CreateBackend, options: LaunchOptions): Promise<void> {
  const closed = new AbortController();
  const pages = await readPages(inProject('dist/renderer'));
  const version = await versionOf(inProject('package.json'));
  const host: Host = {
    kind: 'browser',
    version,
    locale: new Intl.DateTimeFormat().resolvedOptions().locale,
    dialogs: null,
    samplePath: inProject('assets/sample.backup'),
    preferencesFile: join(settingsFolder(process.platform, process.env), 'preferences.json'),
    spawnEngine: () => forkEngine(),
    showFolder,
    quit: () => void setTimeout(() => closed.abort(), lastAnswer),
  };
  const server = await serveWizard(pages, {
    createBackend(emit) {
      const backend = createBackend(host, emit);
      if (options.given !== null) backend.give(options.given);
      return backend;
    },
    patience: options.patience ?? defaultPatience,
    onGone: () => closed.abort(),
  });
  await present(server.address, options);
  const over = AbortSignal.any([options.signal, closed.signal]);
  if (!over.aborted) await once(over, 'abort');
  await server.close();
}

/** Where programs of this user keep what they remember. */
export function settingsFolder(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): string {
  if (platform === 'win32') return join(environment['APPDATA'] ?? homedir(), 'Lifeboat');
  if (platform === 'darwin') return join(homedir(), 'Library/Application Support/Lifeboat');
  // An empty variable means what a missing one does (XDG Base Directory Specification).
  return join(environment['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'lifeboat');
}

async function present(address: string, { say, openAddress }: LaunchOptions): Promise<void> {
  try {
    if (!openAddress) throw new Error('no desktop');
    await openAddress(address);
    say(`Lifeboat opens in your browser. If it does not, open this address there: ${address}`);
  } catch {
    say(`Open this address in a browser on this computer: ${address}`);
  }
}

async function versionOf(packageFile: string): Promise<string> {
  return (JSON.parse(await readFile(packageFile, 'utf8')) as { version: string }).version;
}

/** What a terminal gives the wizard: its output, Ctrl+C, and the system's browser where there is a desktop. */
export function terminalOptions(given: string | null): LaunchOptions {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interrupted.abort());
  }
  return {
    say: (line) => console.log(line),
    openAddress: hasDesktop(process.platform, process.env) ? openInBrowser : null,
    given,
    signal: interrupted.signal,
  };
}
