/** Backups in parts, as people cut them for FAT32 drives: opened by the first part, and a missing one is named. */
import { copyFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { codesIn, lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';
import { run } from '../support/tools.ts';

const gate = oracle(...standardTools);

/** Cuts the standard backup by the real `split` and gives the paths of its parts in order. */
async function parts(...suffixOptions: readonly string[]): Promise<readonly string[]> {
  const { path } = await standardBackup();
  const folder = await scratchFolder();
  await run('split', ['-b', '700000', ...suffixOptions, path, join(folder, 'qubes.backup.')]);
  return (await readdir(folder)).sort().map((name) => join(folder, name));
}

const ways: readonly (readonly [string, readonly string[]])[] = [
  ['.aa', []],
  ['.000', ['-d', '-a', '3']],
  ['.001', ['--numeric-suffixes=1', '-a', '3']],
];

for (const [suffix, options] of ways) {
  gate.test(`restores from parts that begin with ${suffix}`, async () => {
    const [first = ''] = await parts(...options);
    expect(first.endsWith(suffix)).toBe(true);
    const ended = await lifeboat(['verify', first, '--json'], { passphrase: standardPassphrase });
    expect([ended.code, reportOf(ended).outcome]).toEqual([0, 'verified']);
  });
}

gate.test('restores from parts named .part1, .part2 and on past .part9', async () => {
  const cut = await parts();
  const renamed = cut.map((path, i) => path.replace(/\.[a-z]+$/, `.part${i + 1}`));
  expect(renamed.length).toBeGreaterThan(10);
  for (const [i, path] of cut.entries()) await rename(path, renamed[i] ?? '');
  const ended = await lifeboat(['verify', renamed[0] ?? '', '--json'], { passphrase: standardPassphrase });
  expect([ended.code, reportOf(ended).outcome]).toEqual([0, 'verified']);
});

gate.test('names a part that is missing between others', async () => {
  const cut = await parts();
  await rm(cut[2] ?? '');
  const report = reportOf(await lifeboat(['info', cut[0] ?? '', '--json']));
  expect(report.problems).toEqual([{ code: 'part-missing', params: { part: 'qubes.backup.ac' } }]);
});

gate.test('says which part to choose when a later one was chosen', async () => {
  const cut = await parts();
  const report = reportOf(await lifeboat(['info', cut[1] ?? '', '--json']));
  expect(report.problems).toEqual([{ code: 'part-not-first', params: { first: cut[0] } }]);
});

gate.test('a missing last part is a truncated backup', async () => {
  const cut = await parts();
  await rm(cut.at(-1) ?? '');
  const args = ['restore', cut[0] ?? '', '--to', await scratchFolder(), '--json'];
  const ended = await lifeboat(args, { passphrase: standardPassphrase });
  expect(codesIn(reportOf(ended))).toContain('backup-truncated');
  expect(ended.code).toBe(1);
});

gate.test('a whole backup whose name looks like a part is opened as it is', async () => {
  const folder = await scratchFolder();
  const path = join(folder, 'backup.000');
  await copyFile((await standardBackup()).path, path);
  expect((await lifeboat(['info', path])).code).toBe(0);
});
