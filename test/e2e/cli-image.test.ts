/** `lifeboat ls`, `cat` and `cp` on a restored image: the files that mkfs.ext4 put in come out as they were. */
import { mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { fileOf, standardBackup, standardTools, type StandardBackup } from '../support/standard-backup.ts';
import { filesBelow, lifeboat, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';

const gate = oracle(...standardTools);

gate.describe('files of an image', () => {
  let backup: StandardBackup;
  let image: string;

  beforeAll(async () => {
    backup = await standardBackup();
    image = fileOf(backup, 'vm1/private.img').source;
  });

  gate.test('are listed with their kinds, sizes and times', async () => {
    const ended = await lifeboat(['ls', image, '/home/user/Documents', '--json']);
    expect(ended.code).toBe(0);
    const { entries } = JSON.parse(ended.stdout) as { entries: Record<string, unknown>[] };
    const report = await stat(join(backup.trees.work, 'home/user/Documents/report.txt'));
    expect(entries.find(({ name }) => name === 'report.txt')).toMatchObject({
      kind: 'file',
      size: report.size,
      modified: new Date(Math.floor(report.mtimeMs / 1000) * 1000).toISOString(),
    });
    expect(entries.find(({ name }) => name === 'latest')).toMatchObject({
      kind: 'link',
      target: 'report.txt',
    });
    expect(entries.map(({ name }) => name)).toContain('größe Übersicht ☂.txt');
  });

  gate.test('are written to standard output byte for byte', async () => {
    const ended = await lifeboat(['cat', image, '/home/user/Documents/report.txt']);
    expect(ended.stdout).toBe(
      await readFile(join(backup.trees.work, 'home/user/Documents/report.txt'), 'utf8'),
    );
  });

  gate.test('are copied out as a tree: contents, links, times, holes', async () => {
    const to = await scratchFolder();
    const ended = await lifeboat(['cp', image, '/home/user', '/home/user/.bashrc', '--to', to, '--json']);
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    const source = join(backup.trees.work, 'home/user');
    const copied = join(to, 'user');
    expect(await filesBelow(copied)).toEqual(await filesBelow(source));
    for (const path of (await filesBelow(source)).filter((name) => !name.endsWith('latest'))) {
      expect((await readFile(join(copied, path))).equals(await readFile(join(source, path))), path).toBe(
        true,
      );
    }
    expect(await readlink(join(copied, 'Documents/latest'))).toBe('report.txt');
    expect((await stat(join(copied, 'sparse.bin'))).blocks * 512).toBeLessThan(1 << 20);
    expect(await readFile(join(to, '.bashrc'), 'utf8')).toBe('export EDITOR=vi\n');
  });

  gate.test('are never copied over what is there', async () => {
    const to = await scratchFolder();
    await writeFile(join(to, '.bashrc'), 'mine');
    const ended = await lifeboat(['cp', image, '/home/user/.bashrc', '--to', to, '--json']);
    expect(ended.code).toBe(5);
    expect(ended.stdout).toContain('dest-occupied');
    expect(await readFile(join(to, '.bashrc'), 'utf8')).toBe('mine');
  });

  gate.test('are copied beside or over what is there for whoever says so', async () => {
    const to = await scratchFolder();
    await writeFile(join(to, '.bashrc'), 'mine');
    const cp = (choice: string) =>
      lifeboat(['cp', image, '/home/user/.bashrc', '--to', to, '--conflict', choice]);
    expect((await cp('skip')).code).toBe(0);
    expect(await readFile(join(to, '.bashrc'), 'utf8')).toBe('mine');
    expect((await cp('keep-both')).code).toBe(0);
    expect(await readFile(join(to, '.bashrc'), 'utf8')).toBe('mine');
    expect((await cp('replace')).code).toBe(0);
    expect(await filesBelow(to)).toEqual(['.bashrc', '.bashrc (2)']);
    expect(await readFile(join(to, '.bashrc'), 'utf8')).toBe('export EDITOR=vi\n');
  });

  gate.test('are found in the partition of a divided image', async () => {
    const root = fileOf(backup, 'vm4/root.img').source;
    const ended = await lifeboat(['cat', root, '/home/user/keys/ledger.txt']);
    expect(ended.stdout).toBe('account  balance\n');
  });

  gate.test('are not looked for in what is no image, which is told for what it is', async () => {
    const folder = await scratchFolder();
    const at = (name: string) => join(folder, name);
    await writeFile(at('empty.img'), '');
    await writeFile(at('blank.img'), new Uint8Array(8 << 20));
    for (const [path, code] of [
      [at('empty.img'), 'image-empty'],
      [at('blank.img'), 'image-blank'],
      [at('nowhere.img'), 'image-missing'],
      [folder, 'image-not-a-file'],
    ] as const) {
      for (const command of [
        ['ls', path],
        ['cat', path, '/x'],
        ['cp', path, '/x', '--to', folder],
      ]) {
        const { code: exit, stdout, stderr } = await lifeboat(command);
        expect([command[0], exit, stdout, stderr]).toEqual([
          command[0],
          5,
          '',
          expect.stringContaining(`[${code}]`),
        ]);
        expect(stderr).not.toMatch(/backup itself|image itself is complete/);
      }
    }
  });

  gate.test('are told to be a folder, or a link to what is elsewhere, by what was asked for', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'tree/home'), { recursive: true });
    await symlink('/usr/share/notes', join(folder, 'tree/home/notes'));
    const made = join(folder, 'links.img');
    await run('mkfs.ext4', ['-q', '-F', '-d', join(folder, 'tree'), made, '4M']);
    const cat = await lifeboat(['cat', made, '/home']);
    expect([cat.code, cat.stdout, cat.stderr]).toEqual([
      5,
      '',
      expect.stringMatching(/^\/home is a folder\.\n.*\n {2}Use lifeboat cp to copy a folder/),
    ]);
    for (const command of [
      ['ls', made, '/home/notes'],
      ['cat', made, 'home/notes/file'],
      ['cp', made, '/home/notes', '--to', folder],
    ]) {
      const { code, stdout, stderr } = await lifeboat(command);
      expect([command[0], code]).toEqual([command[0], 5]);
      expect(stdout + stderr).toMatch(
        /home\/notes\S* leads to \/usr\/share\/notes, which is not in this image\./,
      );
    }
  });

  gate.test('are missed in words and with a code of their own', async () => {
    const missing = await lifeboat(['ls', image, '/nowhere']);
    expect([missing.code, missing.stderr]).toEqual([
      5,
      expect.stringContaining('[filesystem-entry-missing]'),
    ]);
    const noImage = await lifeboat(['ls', fileOf(backup, 'vm1/firewall.xml').source]);
    expect([noImage.code, noImage.stderr]).toEqual([5, expect.stringContaining('[filesystem-unsupported]')]);
    for (const command of ['ls', 'mount']) {
      const noPartition = await lifeboat([command, image, '--partition', '7']);
      expect([noPartition.code, noPartition.stderr], command).toEqual([
        5,
        expect.stringContaining('There is no partition 7 in this image.'),
      ]);
    }
  });
});
