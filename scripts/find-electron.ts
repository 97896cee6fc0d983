/** Finds Electron's program, which npm leaves out of the package: on this machine, or by fetching it once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** How long the place it is fetched from may take to answer before this machine counts as offline. */
const patience = 3_000;

const releases = 'https://github.com/electron/electron/releases/download/';

const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));

const programs: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};

/** The path of the program, or null where it was not fetched yet. */
export function installedElectron(environment = process.env): string | null {
  const dist = environment['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist');
  const program = join(dist, programs[process.platform] ?? 'electron');
  return existsSync(program) ? program : null;
}

/**
 * Whether the place that Electron's own installer fetches from answers. The installer itself would try for long on
 * a machine without a network.
 */
export async function electronIsWithinReach(environment = process.env): Promise<boolean> {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const base = environment['ELECTRON_MIRROR'] ?? environment['npm_config_electron_mirror'] ?? releases;
  try {
    const url = `${base}v${version}/electron-v${version}-${process.platform}-${process.arch}.zip`;
    const answer = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(patience),
    });
    return answer.status < 400;
  } catch {
    return false;
  }
}

/** Fetches the program by Electron's own installer, which checks its hash and shows its progress. */
export async function fetchElectron(): Promise<string | null> {
  const installer = spawn(process.execPath, [join(folder, 'install.js')], { stdio: 'inherit' });
  await once(installer, 'close');
  return installedElectron();
}
