/** A restore that is killed, and one that goes on from where it was: nothing finished is lost or done again. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { journalName } from '../../main/recovery/restore/journal.ts';
import type { MadeBackup } from '../support/backup-spec.ts';
import { begun, codesIn, filesBelow, lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { makeOldBackup } from '../support/make-old-backup.ts';
import { oracle } from '../support/oracles.ts';
import { noise } from '../support/trees.ts';

const gate = oracle('scrypt', 'tar', 'gzip', 'split');

gate.describe('a restore that was killed', () => {
  let made: MadeBackup;

  beforeAll(async () => {
    const folder = await scratchFolder();
    const source = (name: string) => join(folder, `${name}.img`);
    for (const name of ['one', 'two']) await writeFile(source(name), noise(6 << 20, name));
    made = await makeBackup({
      destination: join(folder, 'slow.backup'),
      passphrase: 'slow',
      chunkSize: 1 << 20,
      // The first qube is quick; the second waits for its last key, long enough to be killed meanwhile.
      cost: (member) => ({ logN: member === 'vm2/private.img.006.enc' ? 20 : 10, r: 8, p: 1 }),
      qubes: ['one', 'two'].map((name, i) => ({
        name,
        class: 'AppVM' as const,
        qid: i + 1,
        files: [{ name: 'private.img', source: source(name), sparse: 'none' as const }],
      })),
    });
  });

  const sumOf = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');

  gate.test('goes on with what is left, and does not touch what was finished', async () => {
    const to = join(await scratchFolder(), 'to');
    await mkdir(to);
    const args = ['restore', made.path, '--to', to, '--json', '--jobs', '1'];
    const killed = await lifeboat(args, {
      passphrase: 'slow',
      killed: begun(to, 'two/private.img'),
    });
    expect(killed.code).not.toBe(0);
    expect(await filesBelow(to)).toContain('one/private.img');
    expect(await filesBelow(to)).not.toContain('two/private.img');
    const before = await stat(join(to, 'one/private.img'));

    const resumed = await lifeboat(args, { passphrase: 'slow' });
    expect([resumed.code, reportOf(resumed).outcome]).toEqual([0, 'restored']);
    for (const name of ['one', 'two']) {
      const sum = made.files.find((file) => file.qube === name)?.sha256;
      expect(await sumOf(join(to, name, 'private.img'))).toBe(sum);
      expect(await readFile(join(to, 'SHA256SUMS'), 'utf8')).toContain(
        `${sum ?? '-'}  ${name}/private.img\n`,
      );
    }
    const after = await stat(join(to, 'one/private.img'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expect((await filesBelow(to)).filter((path) => /partial/.test(path))).toEqual([]);
  });

  gate.test('knows what is all there when it is asked for once more, and touches nothing', async () => {
    const to = join(await scratchFolder(), 'to');
    await mkdir(to);
    const args = ['restore', made.path, 'one', '--to', to, '--json'];
    const first = await lifeboat(args, { passphrase: 'slow' });
    expect([first.code, first.stderr]).toEqual([0, expect.not.stringContaining('already')]);
    const before = await stat(join(to, 'one/private.img'));
    const again = await lifeboat(args, { passphrase: 'slow' });
    expect([again.code, reportOf(again).outcome]).toEqual([0, 'restored']);
    expect(reportOf(again).qubes).toEqual(reportOf(first).qubes);
    expect(again.stderr).toContain('1 file is there already');
    const after = await stat(join(to, 'one/private.img'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expect(await readFile(join(to, journalName), 'utf8')).not.toContain('sealedKey');
  });

  gate.test(
    'knows a finished file by its content, whatever its time: a stick was in another time zone',
    async () => {
      const to = join(await scratchFolder(), 'to');
      await mkdir(to);
      const args = ['restore', made.path, 'one', '--to', to, '--json'];
      await lifeboat(args, { passphrase: 'slow' });
      const image = join(to, 'one/private.img');
      const before = await stat(image);
      await utimes(image, before.atime, new Date(before.mtimeMs - 3_600_000));
      const again = await lifeboat(args, { passphrase: 'slow' });
      expect([again.code, reportOf(again).outcome]).toEqual([0, 'restored']);
      expect((await stat(image)).ino).toBe(before.ino);

      // The other way round: a time can be right, and the content is not.
      const content = await readFile(image);
      await writeFile(image, content.fill(0, 4096, 8192));
      await utimes(image, before.atime, before.mtime);
      const changed = await lifeboat(args, { passphrase: 'slow' });
      expect([changed.code, codesIn(reportOf(changed))]).toEqual([5, ['dest-occupied']]);
      expect((await readFile(image)).equals(content)).toBe(true);
    },
  );

  gate.test('does not take a file that was changed since for a finished one', async () => {
    const to = join(await scratchFolder(), 'to');
    await mkdir(to);
    const args = ['restore', made.path, '--to', to, '--json', '--jobs', '1'];
    await lifeboat(args, { passphrase: 'slow', killed: begun(to, 'two/private.img') });
    await writeFile(join(to, 'one/private.img'), 'mine');
    const resumed = await lifeboat(args, { passphrase: 'slow' });
    expect([resumed.code, codesIn(reportOf(resumed))]).toEqual([1, ['dest-occupied']]);
    expect(await readFile(join(to, 'one/private.img'), 'utf8')).toBe('mine');
  });

  gate.test('a journal that was cut or tampered with is no reason to stop, nor to believe it', async () => {
    const to = join(await scratchFolder(), 'to');
    await mkdir(join(to, 'one'), { recursive: true });
    await writeFile(join(to, 'one/private.img'), 'forged');
    const forged = {
      backup: 'x',
      stored: 'vm1/private.img',
      output: ['..', 'one'],
      modified: 0,
      completed: null,
    };
    await writeFile(join(to, 'lifeboat-journal.jsonl'), `${JSON.stringify(forged)}\n{"backup":"cut`);
    const ended = await lifeboat(['restore', made.path, '--to', to, '--json'], { passphrase: 'slow' });
    expect([ended.code, codesIn(reportOf(ended))]).toEqual([1, ['dest-occupied']]);
    expect(await sumOf(join(to, 'two/private.img'))).toBe(
      made.files.find((file) => file.qube === 'two')?.sha256,
    );
  });
});

oracle('tar', 'split', 'openssl').describe(
  'two backups of format 3, of one name, size and passphrase',
  () => {
    gate.test('are not taken for each other', async () => {
      const folder = await scratchFolder();
      const backups = await Promise.all(
        ['monday', 'tuesday'].map(async (day) => {
          await mkdir(join(folder, day));
          const source = join(folder, day, 'source.img');
          await writeFile(source, noise(300 << 10, day));
          const files = [{ name: 'private.img', source, sparse: 'none' as const }];
          return makeOldBackup({
            destination: join(folder, day, 'qubes.backup'),
            passphrase: 'weekly',
            version: 3,
            compression: false,
            qubes: [{ name: 'work', class: 'AppVM', qid: 1, files }],
          });
        }),
      );
      const sizes = await Promise.all(backups.map(async ({ path }) => (await stat(path)).size));
      expect(sizes[0]).toBe(sizes[1]);
      const to = join(folder, 'to');
      await mkdir(to);
      const [monday, tuesday] = backups.map(({ path }) => path);
      const restored = (path = '') =>
        lifeboat(['restore', path, '--to', to, '--json'], { passphrase: 'weekly' });
      expect(reportOf(await restored(monday)).outcome).toBe('restored');
      const second = reportOf(await restored(tuesday));
      expect([second.outcome, codesIn(second)]).toEqual([
        'failed',
        expect.arrayContaining(['dest-occupied']),
      ]);
      expect(reportOf(await restored(monday)).outcome).toBe('restored');
    });
  },
);
