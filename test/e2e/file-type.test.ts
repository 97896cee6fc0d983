/** Promises of the file type that packages for Linux install: the desktop knows backups by their content, and nothing else by it. */
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';

const project = join(import.meta.dirname, '../..');
const fixtures = join(import.meta.dirname, '../fixtures');
const gate = oracle('update-mime-database', 'gio', 'tar');

gate.describe('the type of backups', () => {
  let folder: string;
  let data: string;

  beforeAll(async () => {
    folder = await scratchFolder();
    data = join(folder, 'share');
    const packages = join(data, 'mime/packages');
    await mkdir(packages, { recursive: true });
    await copyFile(join(project, 'assets/linux/qubes-backup.xml'), join(packages, 'lifeboat-wizard.xml'));
    await run('update-mime-database', [join(data, 'mime')]);
  });

  /** What the desktop takes the files at `paths` for. */
  async function typesOf(...paths: readonly string[]): Promise<readonly string[]> {
    const told = await run('gio', ['info', '-a', 'standard::content-type', ...paths], {
      env: { XDG_DATA_HOME: data, LC_ALL: 'C' },
    });
    return [...told.toString().matchAll(/standard::content-type: (.*)/g)].map(([, type = '']) => type);
  }

  gate.test('is that of backups of every format, under names that say nothing', async () => {
    // In this one the header comes last, as no Qubes writes it.
    const made = (await readdir(fixtures)).filter(
      (name) => name.endsWith('.backup') && !/reversed/.test(name),
    );
    expect(made.length).toBeGreaterThan(40);
    const paths = [join(folder, 'qubes-backup-2026-01-01T120000')];
    await copyFile(join(project, 'assets/sample.backup'), paths[0] ?? '');
    for (const name of made) {
      const path = join(folder, basename(name, '.backup').replaceAll('.', ''));
      await copyFile(join(fixtures, name), path);
      paths.push(path);
    }
    expect(await typesOf(...paths)).toEqual(paths.map(() => 'application/x-qubes-backup'));
  });

  gate.test('is not that of other archives, nor of texts about backups', async () => {
    const note = join(folder, 'backup-header.txt');
    await writeFile(note, 'backup-header');
    const archive = join(folder, 'archive');
    await run('tar', ['-cf', archive, '-C', folder, 'backup-header.txt']);
    expect(await typesOf(note, archive)).toEqual(['text/plain', 'application/x-tar']);
  });
});
