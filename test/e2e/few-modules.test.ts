/** The command line in few modules, as `npx lifeboat` starts it: they find each other, and what rescue kits are made of. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { fetchNodes, newEnough } from '../support/nodes.ts';
import { gate } from '../support/oracles.ts';
import { buildFewModules, buildSingleFile } from '../support/single-file.ts';
import { fileOf, standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';
import { missingTools } from '../support/tools.ts';

const project = join(import.meta.dirname, '../..');
const own = { version: process.versions.node, path: process.execPath, ...gate([]) };
const nodes = [own, ...(await fetchNodes(newEnough))];
const missing = missingTools(...standardTools);

let first: string;
let singleFile: string;

// Built into a folder of its own, laid out as this project is: no module of it is within reach.
beforeAll(async () => {
  const folder = await scratchFolder();
  await mkdir(join(folder, 'docs'));
  await copyFile(join(project, 'docs/format.md'), join(folder, 'docs/format.md'));
  singleFile = await buildSingleFile(join(folder, 'dist'));
  first = await buildFewModules(join(folder, 'dist/cli'));
});

for (const node of nodes) {
  const judged = missing.length === 0 ? node : gate(missing);
  judged.test(
    `restores a whole backup with threads and processes of its own, on Node ${node.version}`,
    async () => {
      const backup = await standardBackup();
      const folder = await scratchFolder();
      const restored = await lifeboat(['restore', backup.path, '--to', folder, '--json'], {
        passphrase: standardPassphrase,
        program: [node.path, first],
      });
      expect([restored.code, restored.stderr]).toEqual([0, '']);
      expect(reportOf(restored).outcome).toBe('restored');
      const sum = createHash('sha256').update(await readFile(join(folder, 'work/private.img')));
      expect(sum.digest('hex')).toBe(fileOf(backup, 'vm1/private.img').sha256);
    },
  );
}

test('writes a rescue kit with the single file in it', async () => {
  const folder = await scratchFolder();
  const written = await lifeboat(['rescue-kit', folder], { program: [process.execPath, first] });
  expect([written.code, written.stderr]).toEqual([0, '']);
  const kit = join(folder, 'lifeboat-rescue-kit');
  expect(await readFile(join(kit, 'lifeboat.mjs'))).toEqual(await readFile(singleFile));
});
