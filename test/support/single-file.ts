/** The command line as one file and in few modules, built anew from the sources. */
import { join } from 'node:path';
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
