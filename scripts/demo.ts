/** `npm run demo`: restores the sample backup in the terminal, for whoever has no display. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const project = join(import.meta.dirname, '..');
/** Of the sample, which holds nothing but made-up notes; a real passphrase is asked for and never stored. */
const samplePassphrase = 'lifeboat';

const destination = await mkdtemp(join(tmpdir(), 'lifeboat-demo-'));
const command = ['restore', join(project, 'assets/sample.backup'), '--to', destination];
console.log(`lifeboat ${command.map((word) => relative(process.cwd(), word) || word).join(' ')}\n`);

const lifeboat = spawn(
  process.execPath,
  [join(project, 'main/cli/lifeboat.ts'), ...command, '--passphrase-fd', '3'],
  { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] },
);
(lifeboat.stdio[3] as NodeJS.WritableStream).end(`${samplePassphrase}\n`);
const [code] = (await once(lifeboat, 'close')) as [number | null];

console.log(`\n${destination} now holds:`);
const entries = await readdir(destination, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
for (const path of files.sort()) {
  const { size } = await stat(path);
  console.log(`${size.toLocaleString('en').padStart(14)}  ${relative(destination, path)}`);
}
process.exitCode = code ?? 1;
