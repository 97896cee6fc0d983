/** What npm runs after `npm ci`, and again when `npx lifeboat` links this folder: builds, unless it was built before. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..');
const isLinking = process.env['npm_command'] === 'exec';

if (!isLinking || !existsSync(join(project, 'dist/cli/lifeboat.mjs'))) {
  const { status } = spawnSync('npm', ['run', 'build'], {
    cwd: project,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}
