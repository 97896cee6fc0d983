/** Destinations that fail while a restore runs, and a person who cancels: nothing half done stands at a final name. */
import { spawnSync } from 'node:child_process';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect } from 'vitest';
import { journalName } from '../../main/recovery/restore/journal.ts';
import { begun, codesIn, filesBelow, lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';

const gate = oracle(...standardTools);

const mounted: string[] = [];
afterEach(() => {
  for (const point of mounted.splice(0)) spawnSync('umount', ['-l', point]);
});

/** Mounts a small file system of memory; undefined where that is not allowed. */
async function mountTmpfs(options: string): Promise<string | undefined> {
  const point = join(await scratchFolder(), 'mount');
  await mkdir(point);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', point]);
  if (status !== 0) return undefined;
  mounted.push(point);
  return point;
}

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.skipIf(!mayMount && process.env['CI'] !== 'true')('a destination (needs the right to mount)', () => {
  gate.test('that cannot hold what is restored is refused before anything is written', async () => {
    const to = await mountTmpfs('size=4m');
    const { path } = await standardBackup();
    const restore = (...more: readonly string[]) =>
      lifeboat(['restore', path, '--to', to ?? '', ...more], { passphrase: standardPassphrase });
    for (const quietly of [[], ['--quiet']]) {
      const ended = await restore(...quietly);
      expect([ended.code, ended.stdout, ended.stderr]).toEqual([
        5,
        '',
        expect.stringContaining('[dest-full]'),
      ]);
    }
    const ended = await restore('--json');
    expect([ended.code, codesIn(reportOf(ended))]).toEqual([5, ['dest-full']]);
    expect(await filesBelow(to ?? '')).toEqual([]);
  });

  gate.test('that may run full is told so; where it does, what was finished stays', async () => {
    const to = await mountTmpfs('size=6m');
    const folder = await scratchFolder();
    const source = (name: string) => join(folder, `${name}.img`);
    await writeFile(source('one'), noise(1 << 20, 'one'));
    await writeFile(source('two'), 'the same words again and again\n'.repeat(400_000));
    const { path } = await makeBackup({
      destination: join(folder, 'compressed.backup'),
      passphrase: standardPassphrase,
      qubes: ['one', 'two'].map((name, index) => ({
        name,
        class: 'AppVM' as const,
        qid: index + 1,
        files: [{ name: 'private.img', source: source(name), sparse: 'none' as const }],
      })),
    });
    const ended = await lifeboat(['restore', path, '--to', to ?? '', '--json', '--jobs', '1'], {
      passphrase: standardPassphrase,
    });
    expect(ended.stderr).toContain('[dest-may-fill]');
    const report = reportOf(ended);
    expect(codesIn(report)).toContain('dest-ran-full');
    expect([1, 5]).toContain(ended.code);
    for (const file of report.qubes.flatMap((qube) => qube.files)) {
      if (file.outcome === 'restored') expect(file.path).not.toBeNull();
      else expect(file.sha256).toBeNull();
    }
    const images = (await filesBelow(to ?? '')).filter((name) => name.endsWith('.img'));
    const whole = report.qubes.flatMap((qube) => qube.files).filter((file) => file.outcome === 'restored');
    expect(images).toEqual(whole.map((file) => file.path).filter((name) => name?.endsWith('.img')));
  });

  oracle('mkfs.vfat', ...standardTools).test(
    'that cannot hold files so large is refused before anything is written, with the name of the file',
    async ({ skip }) => {
      const folder = await scratchFolder();
      const [drive, to, source] = [join(folder, 'drive'), join(folder, 'mount'), join(folder, 'volume')];
      await writeFile(source, noise(1 << 16, 'volume'));
      await writeFile(drive, '');
      await truncate(drive, 16 * 2 ** 30);
      await mkdir(to);
      await run('mkfs.vfat', ['-F', '32', drive]);
      if (spawnSync('mount', ['-o', 'loop', drive, to]).status !== 0) skip('this kernel cannot mount FAT');
      mounted.push(to);
      const { path } = await makeBackup({
        destination: join(folder, 'large.backup'),
        passphrase: standardPassphrase,
        qubes: [
          {
            name: 'vault',
            class: 'AppVM',
            files: [{ name: 'private.img', source }],
            volumes: { private: 5 * 2 ** 30 },
          },
        ],
      });
      const ended = await lifeboat(['restore', path, '--to', to], { passphrase: standardPassphrase });
      expect([ended.code, ended.stdout]).toEqual([5, '']);
      expect(ended.stderr).toContain('[dest-file-limit]');
      expect(ended.stderr).toContain('vault/private.img');
      expect(await filesBelow(to)).toEqual([]);
    },
  );

  gate.test('that is read-only is refused with its own code', async () => {
    const to = await mountTmpfs('ro');
    const { path } = await standardBackup();
    const ended = await lifeboat(['restore', path, 'vault', '--to', to ?? '', '--json'], {
      passphrase: standardPassphrase,
    });
    expect([ended.code, new Set(codesIn(reportOf(ended)))]).toEqual([5, new Set(['dest-read-only'])]);
  });
});

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

gate.test('every signal to end does so in order: exit code 130, nothing unfinished left', async () => {
  const folder = await scratchFolder();
  const source = join(folder, 'big.img');
  await writeFile(source, noise(24 << 20, 'big'));
  // A dozen expensive chunks: long enough to be interrupted on any machine.
  const made = await makeBackup({
    destination: join(folder, 'slow.backup'),
    passphrase: 'slow',
    chunkSize: 2 << 20,
    cost: (member) => ({ logN: member.startsWith('vm') ? 17 : 10, r: 8, p: 1 }),
    qubes: ['work', 'waiting'].map((name) => ({
      name,
      class: 'AppVM' as const,
      files: [{ name: 'private.img', source, sparse: 'none' as const }],
    })),
  });
  for (const signal of signals) {
    const to = join(folder, signal);
    await mkdir(to);
    const ended = await lifeboat(['restore', made.path, '--to', to, '--json', '--jobs', '1'], {
      passphrase: 'slow',
      interrupted: begun(to, 'work/private.img'),
      signal,
    });
    expect([signal, ended.code]).toEqual([signal, 130]);
    const { outcome, qubes } = reportOf(ended);
    expect([outcome, codesIn(reportOf(ended))]).toEqual(['unfinished', []]);
    expect(qubes.map((qube) => qube.outcome)).toEqual(['unfinished', 'unfinished']);
    // Its keys need not be derived again.
    expect((await filesBelow(to)).filter((name) => name !== journalName)).toEqual([]);
  }
});
