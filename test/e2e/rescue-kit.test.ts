/** The rescue kit: alone with a backup it opens it, by its program and by its instructions, followed word by word. */
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { pathOfVariant } from '../fixtures/recipes.ts';
import { variants } from '../fixtures/variants.ts';
import { filesBelow, lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { buildSingleFile } from '../support/single-file.ts';
import { fileOf, standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';
import { run } from '../support/tools.ts';

const gate = oracle(...standardTools, 'bash', 'openssl', 'sha256sum', 'debugfs');

const kitFiles = [
  'BY-HAND.txt',
  'FORMAT.txt',
  'LIESMICH.txt',
  'README.txt',
  'SHA256SUMS',
  'VON-HAND.txt',
  'lifeboat.mjs',
];

let program: readonly string[];
beforeAll(async () => {
  program = [process.execPath, await buildSingleFile(await scratchFolder())];
});

/** A copy of a backup in a folder of its own, with a kit beside it. */
async function backupWithKit(path: string, name: string) {
  const drive = await scratchFolder();
  await copyFile(path, join(drive, name));
  const ended = await lifeboat(['rescue-kit', join(drive, name)], { program });
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  return { drive, kit: join(drive, 'lifeboat-rescue-kit') };
}

/** The commands of a by-hand text: the indented lines before its sections, and those of the section `format`. */
function commandsOf(text: string, format: 'FORMAT 4' | 'FORMAT 3'): string {
  const [beginning = '', format4 = '', format3 = ''] = text.split(/^FORMAT [34]\n-+\n/m);
  const lines = (beginning + (format === 'FORMAT 4' ? format4 : format3)).split('\n');
  return lines.flatMap((line) => (line.startsWith('    ') ? [line.slice(4)] : [])).join('\n');
}

const sha256 = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

const volumes = [
  ['work/private.img', 'vm1/private.img'],
  ['vault/root.img', 'vm4/root.img'],
  ['personal/private.img', 'vm10/private.img'],
] as const;

gate.describe('a rescue kit beside a backup', () => {
  const name = "qubes backup, Mother's.backup";
  let drive: string;
  let kit: string;

  beforeAll(async () => {
    ({ drive, kit } = await backupWithKit((await standardBackup()).path, name));
  });

  gate.test('holds what it promises, undamaged by its own sums', async () => {
    expect(await filesBelow(kit)).toEqual(kitFiles);
    const checked = (await run('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: kit })).toString();
    expect(checked.split('\n').filter((line) => line.endsWith(': OK'))).toHaveLength(kitFiles.length - 1);
    expect(await readFile(join(kit, 'lifeboat.mjs'))).toEqual(await readFile(program[1] ?? ''));
    expect(await readFile(join(kit, 'FORMAT.txt'), 'utf8')).toMatch(/scrypt container(?!.*What is tested)/s);
  });

  gate.test('restores the backup by its own program, and writes nothing into itself', async () => {
    const to = await scratchFolder();
    const ended = await lifeboat(['restore', `../${name}`, '--to', to, '--json'], {
      program: [process.execPath, 'lifeboat.mjs'],
      cwd: kit,
      passphrase: standardPassphrase,
    });
    expect([ended.code, reportOf(ended).outcome]).toEqual([0, 'restored']);
    const backup = await standardBackup();
    for (const [path, archiveName] of volumes) {
      expect(await sha256(join(to, path)), path).toBe(fileOf(backup, archiveName).sha256);
    }
    expect(await filesBelow(kit)).toEqual(kitFiles);
  });

  gate.test('leads by hand to every file, its commands executed as they stand', async () => {
    const home = await scratchFolder();
    const commands = commandsOf(await readFile(join(kit, 'BY-HAND.txt'), 'utf8'), 'FORMAT 4');
    const options = { cwd: kit, env: { HOME: home }, input: `${standardPassphrase}\n` };
    const said = (await run('bash', ['-e', '-c', commands], options)).toString();
    expect(said).toContain('The passphrase is right.');
    expect(said).not.toContain('NOT WHOLE');
    expect(said).toMatch(/name="name">work<[^]*backup-path">vm1\/?</);
    const backup = await standardBackup();
    for (const [, archiveName] of volumes) {
      const restored = join(home, 'opened-by-hand/restored', archiveName);
      expect(await sha256(restored), archiveName).toBe(fileOf(backup, archiveName).sha256);
    }
    expect(await filesBelow(join(home, 'opened-by-hand/restored/dom0-home'))).toContain('user/notes.txt');
    const mine = await filesBelow(join(home, 'opened-by-hand/my-files'));
    expect(mine.sort()).toEqual(
      (await filesBelow(backup.trees.work)).filter((path) => path.startsWith('home/')).sort(),
    );
  });

  gate.test('says by hand which file is not whole', async () => {
    const damaged = await backupWithKit(join(drive, name), name);
    const bytes = await readFile(join(damaged.drive, name));
    const at = bytes.indexOf('vm4/private.img.000.enc');
    bytes[at + 2000] = (bytes[at + 2000] ?? 0) ^ 1;
    await writeFile(join(damaged.drive, name), bytes);
    const home = await scratchFolder();
    const commands = commandsOf(await readFile(join(damaged.kit, 'BY-HAND.txt'), 'utf8'), 'FORMAT 4');
    const options = { cwd: damaged.kit, env: { HOME: home }, input: `${standardPassphrase}\n` };
    const said = (await run('bash', ['-e', '-c', commands], options)).toString();
    expect(said.match(/^NOT WHOLE: .*$/gm)).toEqual(['NOT WHOLE: vm4/private.img']);
  });

  gate.test('says the same in German, with the same commands', async () => {
    const [english, german] = await Promise.all(
      ['BY-HAND.txt', 'VON-HAND.txt'].map((file) => readFile(join(kit, file), 'utf8')),
    );
    for (const format of ['FORMAT 4', 'FORMAT 3'] as const) {
      const commands = commandsOf(german ?? '', format);
      expect(commands.split('\n').length).toBeGreaterThan(20);
      expect(commands).toBe(commandsOf(english ?? '', format));
    }
    const indented = (text: string) => text.split('\n').filter((line) => line.startsWith('    node'));
    const [readme, liesmich] = await Promise.all(
      ['README.txt', 'LIESMICH.txt'].map((file) => readFile(join(kit, file), 'utf8')),
    );
    expect(indented(liesmich ?? '')).toEqual(indented(readme ?? ''));
    expect(indented(readme ?? '')).toHaveLength(6);
  });

  gate.test(
    'warns in every language of mounting the disk of a hostile qube, and says what to do instead',
    async () => {
      for (const [file, words] of [
        ['BY-HAND.txt', ['WARNING', 'hostile', 'live USB', 'no network', 'libguestfs']],
        ['VON-HAND.txt', ['WARNUNG', 'feindlich', 'Live-USB', 'ohne Netz', 'libguestfs']],
      ] as const) {
        const text = await readFile(join(kit, file), 'utf8');
        expect([file, words.filter((word) => !text.includes(word))]).toEqual([file, []]);
        expect(text.indexOf(words[0])).toBeLessThan(text.indexOf('mount -o loop,ro'));
      }
    },
  );

  gate.test('has lines that fit a terminal', async () => {
    for (const file of kitFiles.filter((each) => /^[A-Z-]+\.txt$/.test(each) && each !== 'FORMAT.txt')) {
      const lines = (await readFile(join(kit, file), 'utf8')).split('\n');
      expect(
        lines.filter((line) => line.length > 100),
        file,
      ).toEqual([]);
    }
  });

  gate.test('is never written over, whatever stands there', async () => {
    await writeFile(join(kit, 'README.txt'), 'mine');
    const ended = await lifeboat(['rescue-kit', join(drive, name), '--json'], { program });
    expect(ended.code).toBe(5);
    expect(reportOf(ended).problems[0]?.code).toBe('kit-exists');
    expect(await readFile(join(kit, 'README.txt'), 'utf8')).toBe('mine');
    expect(await filesBelow(kit)).toEqual(kitFiles);
  });
});

const old = oracle('bash', 'tar', 'gzip', 'openssl');

old.test('leads by hand through a backup of format 3 too', async () => {
  const variant = variants.find(({ file }) => file === 'v3-gzip.backup') ?? expect.fail();
  const { kit } = await backupWithKit(await pathOfVariant(variant), 'old.backup');
  const home = await scratchFolder();
  const commands = commandsOf(await readFile(join(kit, 'BY-HAND.txt'), 'utf8'), 'FORMAT 3');
  // The last command reads an ext4 image, which this small fixture does not hold.
  const script = commands.slice(0, commands.indexOf('\nimage='));
  const options = { cwd: kit, env: { HOME: home }, input: `${variant.passphrase}\n` };
  const said = (await run('bash', ['-e', '-c', script], options)).toString();
  expect(said).toContain('The passphrase is right.');
  expect(said).not.toContain('NOT WHOLE');
  for (const [path, sum] of Object.entries(variant.expected)) {
    expect(await sha256(join(home, 'opened-by-hand/restored', path)), path).toBe(sum);
  }
});

test('a rescue kit for any backup goes into a folder, and says where the path of the backup belongs', async () => {
  const folder = await scratchFolder();
  const ended = await lifeboat(['rescue-kit', folder, '--json'], { program });
  expect(JSON.parse(ended.stdout)).toEqual({ folder: join(folder, 'lifeboat-rescue-kit'), problems: [] });
  expect(await readFile(join(folder, 'lifeboat-rescue-kit/README.txt'), 'utf8')).toContain('list BACKUP\n');
  const script = await readFile(join(folder, 'lifeboat-rescue-kit/BY-HAND.txt'), 'utf8');
  expect(script).toContain('    backup=$(realpath BACKUP)\n');
  if (process.platform !== 'win32') {
    expect((await stat(join(folder, 'lifeboat-rescue-kit/lifeboat.mjs'))).mode & 0o111).toBe(0o111);
  }
});

test('a rescue kit that comes from a kit is the same', async () => {
  const folders = [await scratchFolder(), await scratchFolder()] as const;
  await lifeboat(['rescue-kit', folders[0]], { program });
  const first = join(folders[0], 'lifeboat-rescue-kit');
  await lifeboat(['rescue-kit', folders[1]], { program: [process.execPath, join(first, 'lifeboat.mjs')] });
  const sums = (folder: string) => readFile(join(folder, 'SHA256SUMS'), 'utf8');
  expect(await sums(join(folders[1], 'lifeboat-rescue-kit'))).toBe(await sums(first));
});

test('a rescue kit for a backup that is not there is refused', async () => {
  const ended = await lifeboat(['rescue-kit', join(await scratchFolder(), 'gone'), '--json'], { program });
  expect(reportOf(ended).problems[0]?.code).toBe('source-missing');
});

const unprivileged =
  process.platform === 'win32' || process.getuid?.() === 0 ? skipped('root may write anywhere') : oracle();

unprivileged.test('a rescue kit that cannot be written says why', async () => {
  const folder = join(await scratchFolder(), 'read-only');
  await mkdir(folder);
  await chmod(folder, 0o555);
  const ended = await lifeboat(['rescue-kit', folder, '--json'], { program });
  expect(reportOf(ended).problems[0]?.code).toBe('dest-denied');
});
