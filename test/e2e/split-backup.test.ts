/** Backups in parts, as people cut them for FAT32 drives: opened by the first part, and a missing one is named. */
import { copyFile, readdir, readFile, rename, rm } from 'node:fs/promises';
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

gate.test('restores from parts of any names, in the order that is given', async () => {
  const folder = await scratchFolder();
  const cut = await parts();
  const names = cut.map((_, i) => join(folder, `from stick ${(i * 7) % cut.length} at ${i % 3} o’clock`));
  expect(new Set(names).size).toBe(cut.length);
  for (const [i, path] of cut.entries()) await rename(path, names[i] ?? '');
  const [first = '', ...others] = names;
  const further = others.flatMap((name) => ['--part', name]);
  const ended = await lifeboat(['verify', first, ...further, '--json'], { passphrase: standardPassphrase });
  expect([ended.code, reportOf(ended).outcome]).toEqual([0, 'verified']);
});

gate.test('takes one file by itself where a part is missing, when told to', async () => {
  const cut = await parts();
  await rm(cut[5] ?? '');
  expect(codesIn(reportOf(await lifeboat(['info', cut[0] ?? '', '--json'])))).toEqual(['part-missing']);
  const alone = await lifeboat(['info', cut[0] ?? '', '--alone', '--json']);
  expect([alone.code, reportOf(alone).problems.map(({ code }) => code)]).toEqual([1, ['backup-truncated']]);
  expect((await lifeboat(['info', cut[0] ?? '', '--alone', '--part', cut[1] ?? ''])).code).toBe(2);
});

gate.test(
  'restores a folder of which parts were decrypted by hand, as far as nothing protects them with a yes',
  async () => {
    const { path, files } = await standardBackup();
    const folder = await scratchFolder();
    await run('tar', ['-i', '-xf', path, '-C', folder]);
    const whole = await lifeboat(['verify', folder, '--json'], { passphrase: standardPassphrase });
    expect([whole.code, reportOf(whole).outcome]).toEqual([0, 'verified']);
    const chunk = 'vm1/firewall.xml.000';
    const backupId = /backup-id=(.*)/.exec(await readFile(join(folder, 'backup-header'), 'utf8'))?.[1] ?? '';
    await run('scrypt', ['dec', '-P', join(folder, `${chunk}.enc`), join(folder, chunk)], {
      input: `${backupId}!${chunk}!${standardPassphrase}\n`,
    });
    const both = await lifeboat(['verify', folder, '--json'], { passphrase: standardPassphrase });
    expect([both.code, reportOf(both).outcome]).toEqual([0, 'verified']);
    await rm(join(folder, `${chunk}.enc`));
    const refused = await lifeboat(['verify', folder, 'work', '--json'], { passphrase: standardPassphrase });
    expect([refused.code, codesIn(reportOf(refused))]).toEqual([1, ['chunk-not-sealed']]);
    const to = await scratchFolder();
    const args = ['restore', folder, 'work', '--to', to, '--accept-unsealed', '--json'];
    const taken = await lifeboat(args, { passphrase: standardPassphrase });
    expect([taken.code, codesIn(reportOf(taken))]).toEqual([1, ['chunk-unauthenticated']]);
    const made = files.find(({ archiveName }) => archiveName === 'vm1/firewall.xml');
    const report = reportOf(taken).qubes[0]?.files.find(({ name }) => name === 'firewall.xml');
    expect(report?.sha256).toBe(made?.sha256);
  },
);

gate.test(
  'says that nothing protects a backup whose seal is a copy of its header, before any passphrase',
  async () => {
    const { path } = await standardBackup();
    const folder = await scratchFolder();
    await run('tar', ['-i', '-xf', path, '-C', folder]);
    await copyFile(join(folder, 'backup-header'), join(folder, 'backup-header.hmac'));
    const refused = await lifeboat(['verify', folder, '--json']);
    expect([refused.code, codesIn(reportOf(refused))]).toEqual([5, ['backup-not-sealed']]);
    expect((await lifeboat(['verify', folder])).stderr).toContain('--accept-unsealed');
    const args = ['verify', folder, '--accept-unsealed', '--json'];
    const opened = reportOf(await lifeboat(args, { passphrase: standardPassphrase }));
    expect(codesIn(opened)).toEqual(['backup-not-sealed']);
    expect(opened.qubes.every(({ outcome }) => outcome === 'verified')).toBe(true);
  },
);

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
