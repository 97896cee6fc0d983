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

/**
 * The path of the program, or null where it was not fetched yet, or not whole: an installation that was interrupted has
 * no `path.txt`, which is written last, or the version of another one.
 */
export function installedElectron(environment = process.env, installation = folder): string | null {
  const name = programs[process.platform] ?? 'electron';
  const override = environment['ELECTRON_OVERRIDE_DIST_PATH'];
  const program = join(override ?? join(installation, 'dist'), name);
  if (!existsSync(program)) return null;
  return override !== undefined || isWhole(installation, name) ? program : null;
}

function isWhole(installation: string, name: string): boolean {
  const textOf = (path: string) => readFileSync(join(installation, path), 'utf8').trim();
  try {
    return (
      textOf('path.txt') === name && textOf('dist/version').replace(/^v/, '') === versionIn(installation)
    );
  } catch {
    return false;
  }
}

function versionIn(installation: string): string {
  const manifest = readFileSync(join(installation, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/** Where Linux says whether programs may use namespaces of users, which Chromium makes its sandbox of. */
const restriction = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';

/**
 * Whether this system refuses the sandbox of a program that was only fetched, as Ubuntu does since 23.10: without one, the
 * program ends at its start. Packages that are installed bring a profile with them.
 */
export function sandboxIsRefused(
  platform: NodeJS.Platform = process.platform,
  file = restriction,
  user = process.getuid?.(),
): boolean {
  if (platform !== 'linux' || user === 0) return false;
  try {
    return readFileSync(file, 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

/**
 * Whether the place that Electron's own installer fetches from answers. The installer itself would try for long on
 * a machine without a network.
 */
export async function electronIsWithinReach(environment = process.env): Promise<boolean> {
  const version = versionIn(folder);
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
