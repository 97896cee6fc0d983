/** The command line as one file and in few modules, built anew from the sources, and the Nodes of this computer that may run it. */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './tools.ts';

const project = join(import.meta.dirname, '../..');

/** Builds the single file into the new folder `folder`, and gives its path. */
export async function buildSingleFile(folder: string): Promise<string> {
  return build('vite.cli.config.ts', folder);
}

/** Builds what `npx lifeboat` starts into the new folder `folder`, and gives the path of its first module. */
export async function buildFewModules(folder: string): Promise<string> {
  return build('vite.npx.config.ts', folder);
}

async function build(config: string, folder: string): Promise<string> {
  const command = ['node_modules/vite/bin/vite.js', 'build', '--config', config];
  await run(process.execPath, [...command, '--outDir', folder, '--logLevel', 'warn'], { cwd: project });
  return join(folder, 'lifeboat.mjs');
}

export interface InstalledNode {
  readonly path: string;
  readonly version: string;
  /** Whether it reads zstd, which came with 22.15. */
  readonly knowsZstd: boolean;
}

/** Every Node on the PATH that the single file promises to run on, the Node of the tests among them. */
export function installedNodes(): readonly InstalledNode[] {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = [process.execPath, ...folders.map((folder) => join(folder, name))];
  const found = new Map<string, InstalledNode>();
  for (const path of paths) {
    const node = askNode(path);
    if (node && !found.has(node.version)) found.set(node.version, node);
  }
  return [...found.values()];
}

const facts = `JSON.stringify([process.version, 'createZstdDecompress' in require('zlib')])`;

function askNode(path: string): InstalledNode | undefined {
  try {
    const answer = execFileSync(realpathSync(path), ['-p', facts], { encoding: 'utf8' });
    const [version, knowsZstd] = JSON.parse(answer) as [string, boolean];
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
    return major > 20 || (major === 20 && minor >= 19) ? { path, version, knowsZstd } : undefined;
  } catch {
    return undefined;
  }
}
