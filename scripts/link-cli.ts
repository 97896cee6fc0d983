/** Makes the built command line runnable as `npx lifeboat` in this folder, where npm links no program of its own. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..');
const programs = join(project, 'node_modules/.bin');

chmodSync(join(project, 'dist/main/cli/lifeboat.js'), 0o755);
mkdirSync(programs, { recursive: true });
if (process.platform === 'win32') {
  writeFileSync(join(programs, 'lifeboat.cmd'), '@node "%~dp0..\\..\\dist\\main\\cli\\lifeboat.js" %*\r\n');
} else {
  rmSync(join(programs, 'lifeboat'), { force: true });
  symlinkSync('../../dist/main/cli/lifeboat.js', join(programs, 'lifeboat'));
}
