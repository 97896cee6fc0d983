/** The command line on a whole backup: what it restores is what went in, and what the official procedure gives. */
import { createHash } from 'node:crypto';
import { lstat, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { oracle } from '../support/oracles.ts';
import { restoreOfficially } from '../support/official-procedure.ts';
import {
  fileOf,
  standardBackup,
  standardPassphrase,
  standardTools,
  type StandardBackup,
} from '../support/standard-backup.ts';
import { codesIn, filesBelow, lifeboat, reportOf, scratchFolder, type Ended } from '../support/lifeboat.ts';

const gate = oracle(...standardTools);

gate.describe('lifeboat on the standard backup', () => {
  let backup: StandardBackup;
  let folder: string;
  let restored: Ended;

  beforeAll(async () => {
    backup = await standardBackup();
    folder = await scratchFolder();
    restored = await lifeboat(['restore', backup.path, '--to', folder, '--json'], {
      passphrase: standardPassphrase,
    });
  });

  const volumes = [
    ['work/private.img', 'vm1/private.img'],
    ['work/firewall.xml', 'vm1/firewall.xml'],
    ['work/notes.txt', 'vm1/notes.txt'],
    ['vault/private.img', 'vm4/private.img'],
    ['vault/root.img', 'vm4/root.img'],
    ['personal/private.img', 'vm10/private.img'],
    ['default-dvm/empty', 'vm5/empty'],
  ] as const;

  gate.test('restores every file with the SHA-256 of its source', async () => {
    expect(restored.code).toBe(0);
    expect(reportOf(restored).outcome).toBe('restored');
    for (const [path, archiveName] of volumes) {
      const bytes = await readFile(join(folder, path));
      expect(createHash('sha256').update(bytes).digest('hex'), path).toBe(fileOf(backup, archiveName).sha256);
    }
  });

  gate.test('gives byte for byte what the official procedure gives', async () => {
    const official = await restoreOfficially(backup.path, standardPassphrase, await scratchFolder());
    for (const [path, archiveName] of volumes) {
      const [ours, theirs] = await Promise.all([
        readFile(join(folder, path)),
        readFile(join(official, archiveName)),
      ]);
      expect(ours.equals(theirs), path).toBe(true);
    }
    expect(await readFile(join(folder, 'qubes.xml'))).toEqual(await readFile(join(official, 'qubes.xml')));
  });

  gate.test('leaves holes where the source has zeros', async () => {
    const { size, blocks } = await stat(join(folder, 'vault/private.img'));
    expect(size).toBe(6 * 1024 * 1024);
    expect(blocks * 512).toBeLessThan(size / 2);
  });

  gate.test(
    'restores the home of dom0 with its links, and leaves out the link that leads out of it',
    async () => {
      const home = join(folder, 'dom0/user');
      expect(await readFile(join(home, 'notes.txt'), 'utf8')).toBe('dom0 has notes too\n');
      expect(await readlink(join(home, 'link-to-folder'))).toBe('.config/xfce4');
      expect((await lstat(join(home, 'hard-link-to-notes'))).ino).toBe(
        (await lstat(join(home, 'notes.txt'))).ino,
      );
      await expect(lstat(join(home, 'link-out'))).rejects.toThrow();
      const source = await readFile(join(backup.trees.dom0Home, 'Pictures/wallpaper ñ 山.raw'));
      expect(await readFile(join(home, 'Pictures/wallpaper ñ 山.raw'))).toEqual(source);
    },
  );

  gate.test('writes a list of checksums that names every restored file and is right', async () => {
    const lines = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n');
    for (const line of lines) {
      const [sum, path = ''] = line.split('  ');
      expect(
        createHash('sha256')
          .update(await readFile(join(folder, path)))
          .digest('hex'),
      ).toBe(sum);
    }
    const listed = lines.map((line) => line.slice(66));
    for (const [path] of volumes) expect(listed).toContain(path);
    expect(listed).toContain('dom0/user/notes.txt');
  });

  gate.test('leaves nothing unfinished, and its report beside the files', async () => {
    const files = await filesBelow(folder);
    expect(files.filter((path) => path.includes('.partial'))).toEqual([]);
    expect(files).toContain('lifeboat-report.json');
    const report = JSON.parse(await readFile(join(folder, 'lifeboat-report.json'), 'utf8')) as {
      outcome: string;
    };
    expect(report.outcome).toBe('restored');
  });

  gate.test('lists the qubes in the form that scripts rely on', async () => {
    const ended = await lifeboat(['list', backup.path, '--json'], { passphrase: standardPassphrase });
    expect(ended.code).toBe(0);
    const { backup: about, qubes } = JSON.parse(ended.stdout) as {
      backup: Record<string, unknown>;
      qubes: Record<string, unknown>[];
    };
    expect(about).toEqual({
      version: 4,
      backupId: '20240229T123456-4321',
      compression: 'gzip',
      encrypted: true,
      created: '2024-02-29T12:34:56',
      size: (await stat(backup.path)).size,
    });
    const work = qubes.find((qube) => qube['name'] === 'work');
    expect(work).toMatchObject({
      class: 'AppVM',
      label: 'blue',
      template: 'debian-12',
      included: true,
      path: 'vm1',
    });
    expect(Object.keys(work ?? {})).toEqual([
      'name',
      'class',
      'label',
      'template',
      'included',
      'lost',
      'path',
      'files',
    ]);
    const image = fileOf(backup, 'vm1/private.img');
    expect(work?.['files']).toContainEqual({
      name: 'private.img',
      chunks: image.chunks.length,
      storedBytes: expect.any(Number) as number,
      virtualSize: image.size,
    });
    expect(qubes.find((qube) => qube['name'] === 'debian-12')).toMatchObject({ included: false, files: [] });
  });

  gate.test('verifies without writing anything', async () => {
    const before = await filesBelow(folder);
    const ended = await lifeboat(['verify', backup.path, '--json'], { passphrase: standardPassphrase });
    expect(ended.code).toBe(0);
    const report = reportOf(ended);
    expect(report.outcome).toBe('verified');
    const [image] = report.qubes.find((qube) => qube.name === 'vault')?.files ?? [];
    expect(image?.sha256).toBe(fileOf(backup, `vm4/${image?.name ?? ''}`).sha256);
    expect(await filesBelow(folder)).toEqual(before);
  });

  gate.test('restores only the qubes that are named', async () => {
    const to = await scratchFolder();
    const ended = await lifeboat(['restore', backup.path, 'vault', '--to', to], {
      passphrase: standardPassphrase,
    });
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('vault: restored');
    expect((await filesBelow(to)).filter((path) => path.startsWith('work/'))).toEqual([]);
  });

  gate.test('refuses to overwrite, and leaves what stood there as it was', async () => {
    const to = await scratchFolder();
    const first = await lifeboat(['restore', backup.path, 'vault', '--to', to], {
      passphrase: standardPassphrase,
    });
    expect(first.code).toBe(0);
    await writeFile(join(to, 'vault/private.img'), 'mine');
    const again = await lifeboat(['restore', backup.path, 'vault', '--to', to, '--json'], {
      passphrase: standardPassphrase,
    });
    expect([again.code, codesIn(reportOf(again))]).toEqual([1, ['dest-occupied']]);
    // It is told before anything starts, and apart from what a damaged backup would make of it.
    expect(again.stderr).toContain(`Something already exists at ${join(to, 'vault/private.img')}`);
    const told = await lifeboat(['restore', backup.path, 'vault', '--to', to], {
      passphrase: standardPassphrase,
    });
    expect(told.stdout).toContain('NOT WRITTEN');
    expect(told.stdout).not.toContain('FAILED');
    expect(await readFile(join(to, 'vault/private.img'), 'utf8')).toBe('mine');
  });

  gate.test('tells what can be known without the passphrase, and that it is not verified', async () => {
    const ended = await lifeboat(['info', backup.path]);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/Format version\s+4/);
    expect(ended.stdout).toContain('Not verified');
  });

  gate.test(
    'takes the passphrase from a file without its newline, and tells where it had to guess',
    async () => {
      const file = join(await scratchFolder(), 'passphrase');
      await writeFile(file, `${standardPassphrase}\n`);
      const right = await lifeboat(['list', backup.path, '--passphrase-file', file]);
      expect([right.code, right.stderr]).toEqual([0, '']);
      await writeFile(file, `${standardPassphrase} \n`);
      const guessed = await lifeboat(['list', backup.path, '--passphrase-file', file]);
      expect([guessed.code, guessed.stderr]).toEqual([
        0,
        expect.stringContaining('Trying without the spaces at its ends'),
      ]);
      await writeFile(file, `${standardPassphrase.toUpperCase()}\n`);
      expect((await lifeboat(['list', backup.path, '--passphrase-file', file])).code).toBe(3);
    },
  );

  gate.test('stays within the memory and the threads it is given', async () => {
    const args = ['verify', backup.path, '--memory', '300M', '--jobs', '1', '--quiet'];
    const ended = await lifeboat(args, { passphrase: standardPassphrase });
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([0, '', '']);
  });

  gate.test('speaks German where the system does', async () => {
    const ended = await lifeboat(['list', backup.path], {
      passphrase: 'falsch',
      env: { LANG: 'de_DE.UTF-8' },
    });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/Passphrase/);
    expect(ended.stderr).not.toMatch(/does not open/);
  });
});

gate.test('says how it is used when it is called wrongly', async () => {
  for (const args of [[], ['restore'], ['restore', 'x'], ['list', '--memory', 'much'], ['fly']]) {
    expect((await lifeboat(args)).code, args.join(' ')).toBe(2);
  }
  expect((await lifeboat(['--help'])).code).toBe(0);
  expect((await lifeboat(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
