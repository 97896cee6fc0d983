/** Starts the real code of the app on Electron's double, with pages of its own and a double of the backend. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { startApp } from '../../main/app/lifecycle.ts';
import { backendDouble, type BackendDouble } from './backend-double.ts';
import { BrowserWindow, restart, settings, type FakeSession } from './electron-double.ts';

export interface StartedApp {
  readonly window: BrowserWindow;
  /** The session that the window was opened on. */
  readonly session: FakeSession;
  readonly backend: BackendDouble;
}

/** A folder shaped like the built project. */
export async function builtProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-app-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'dist/renderer/assets'), { recursive: true });
  await mkdir(join(folder, 'user'));
  await writeFile(join(folder, 'secret.js'), 'secret');
  await writeFile(join(folder, 'dist/renderer/index.html'), '<h1>Lifeboat</h1>');
  await writeFile(join(folder, 'dist/renderer/assets/index.js'), 'export {};');
  return folder;
}

/** The app with its window open; `prepare` runs before its start. */
export async function startedApp(
  prepare: (project: string) => Promise<void> | void = () => undefined,
): Promise<StartedApp> {
  restart();
  const project = await builtProject();
  Object.assign(settings, { appPath: project, userData: join(project, 'user') });
  await prepare(project);
  const backend = backendDouble();
  startApp(backend.createBackend);
  await vi.waitFor(() => expect(backend.made).toHaveLength(1));
  const window = BrowserWindow.all[0] ?? expect.fail('no window');
  return { window, session: window.options.webPreferences['session'] as FakeSession, backend };
}
