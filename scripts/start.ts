/** `npm start [-- BACKUP]`: the app, where Electron's program is here or can be fetched, else the wizard in the local browser. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createBackend } from '../main/backend/backend.ts';
import { windowShown } from '../main/app/shown.ts';
import { filesAmong } from '../main/backend/given.ts';
import { launchInBrowser, terminalOptions } from '../main/browser/launch.ts';
import { hasDesktop } from '../main/browser/open-with-system.ts';
import {
  electronIsWithinReach,
  fetchElectron,
  installedElectron,
  sandboxIsRefused,
} from './find-electron.ts';

const project = join(import.meta.dirname, '..');

/** Runs the app to its end; false when it ended without having shown its window, as for want of a library. */
async function ranInElectron(program: string): Promise<boolean> {
  const environment = { ...process.env, ELECTRON_RUN_AS_NODE: undefined };
  const app = spawn(program, given === null ? [project] : [project, given], {
    // The app tells over the channel that its window is there (`main/app/lifecycle.ts`).
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: environment,
  });
  let wasShown = false;
  app.on('message', (message) => (wasShown ||= message === windowShown));
  const code = await once(app, 'close').then(
    ([code]) => code as number | null,
    () => null,
  );
  return code === 0 || wasShown;
}

async function findElectron(): Promise<string | null> {
  if (sandboxIsRefused()) {
    console.log('This system lets Electron run only where it is installed as a package.');
    return null;
  }
  const installed = installedElectron();
  if (installed !== null || !(await electronIsWithinReach())) return installed;
  console.log('Fetching Electron, once, about 120 MB …');
  return fetchElectron();
}

if (!existsSync(join(project, 'dist/renderer/index.html'))) {
  console.error('There is no wizard to show yet. Build it first: npm run build');
  process.exit(1);
}

/** npm runs this in the project's folder, whichever the person is in. */
const [given = null] = filesAmong(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd());
const wantsBrowser = process.argv.includes('--browser') || !hasDesktop(process.platform, process.env);
const electron = wantsBrowser ? null : await findElectron();
if (electron === null || !(await ranInElectron(electron))) {
  if (!wantsBrowser)
    console.log('Electron cannot be had on this computer, so the wizard comes in your browser.');
  await launchInBrowser(createBackend, terminalOptions(given));
  // Nothing is left to do, whatever still holds the process.
  process.exit();
}
