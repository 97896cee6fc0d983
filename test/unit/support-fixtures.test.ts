/** The committed fixtures and the sample, judged by the procedures that Qubes publishes. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeVariant, pathOfVariant } from '../fixtures/recipes.ts';
import { samplePassphrase } from '../fixtures/sample.ts';
import { variants, type Variant } from '../fixtures/variants.ts';
import { aboutFile } from '../support/make-backup.ts';
import { restoreOfficially2, restoreOfficially3 } from '../support/official-old-procedures.ts';
import { listMembers, restoreOfficially } from '../support/official-procedure.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';

const fixtures = join(import.meta.dirname, '../fixtures');
const sample = join(import.meta.dirname, '../../assets/sample.backup');

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-fixtures-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The files of a backup that a variant promises something of: `dom0-home/user`, not what lies in it. */
function archivesOf(variant: Variant): string[] {
  const names = Object.keys(variant.expected).map((path) => {
    if (path.startsWith('dom0-home/')) return path.split('/').slice(0, 2).join('/');
    return path.startsWith('vm2/') ? 'vm2/.' : path;
  });
  return [...new Set(names)];
}

function restore(variant: Variant, path: string): Promise<string> {
  const destination = join(folder, variant.file);
  const { passphrase, decompress, cipher = 'aes-256-cbc', digest = 'SHA512' } = variant;
  const options = { decompress, only: archivesOf(variant), cipher, digest };
  if (variant.version === 4) return restoreOfficially(path, passphrase, destination, options);
  const procedure = variant.version === 3 ? restoreOfficially3 : restoreOfficially2;
  return procedure(path, passphrase, destination, options);
}

test('every fixture is small and in the table', async () => {
  const files = (await readdir(fixtures)).filter((name) => name.endsWith('.backup'));
  const committed = variants.filter(({ generated }) => generated !== true).map(({ file }) => file);
  expect(files.sort()).toEqual(committed.sort());
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(fixtures, name))).size));
  expect(Math.max(...sizes)).toBeLessThan(60_000);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(1_500_000);
  expect((await stat(sample)).size).toBeLessThan(600_000);
});

describe('the official procedure', () => {
  for (const variant of variants.filter(({ generated }) => generated !== true)) {
    const tools = [
      'tar',
      variant.version === 4 ? 'scrypt' : 'openssl',
      variant.decompress.split(' ')[0] ?? '',
    ];
    oracle(...tools).test(`on ${variant.file}`, async () => {
      const path = await pathOfVariant(variant);
      if (variant.refusedOfficially !== undefined) {
        await expect(restore(variant, path)).rejects.toThrow('scrypt');
        return;
      }
      const restored = await restore(variant, path);
      for (const [name, sha256] of Object.entries(variant.expected)) {
        const file = join(restored, name);
        if (variant.huge) expect((await stat(file)).size).toBe(9 * 2 ** 30);
        else expect(await aboutFile(file), name).toMatchObject({ sha256 });
      }
    });
  }
});

oracle('scrypt', 'tar', 'split').test(
  'a variant too large to commit is made when asked for',
  async () => {
    const variant = variants.find(({ file }) => file === 'v4-thousand-chunks.backup');
    if (variant === undefined) throw new Error('the table lacks it');
    const members = await listMembers(await pathOfVariant(variant));
    expect(members.filter((name) => name.startsWith('vm1/private.img.'))).toHaveLength(1025);
    expect(members.at(-1)).toBe('vm1/private.img.1024.enc');
  },
  60_000,
);

oracle('scrypt', 'tar', 'split', 'gzip').test(
  'a recipe refuses contents that the table does not list',
  async () => {
    const [variant] = variants;
    if (variant === undefined) throw new Error('the table is empty');
    const wrong = { ...variant, expected: { 'vm1/private.img': '00' } };
    await expect(makeVariant(wrong, join(folder, 'wrong.backup'))).rejects.toThrow('the table should give');
  },
);

oracle('scrypt', 'tar', 'gzip', 'debugfs', 'e2fsck').test('the sample holds three sound qubes', async () => {
  const restored = await restoreOfficially(sample, samplePassphrase, join(folder, 'sample'));
  for (const qid of [5, 6, 7]) await run('e2fsck', ['-fn', join(restored, `vm${qid}/private.img`)]);
  const list = await run('debugfs', ['-R', 'ls -l /home/user/Documents', join(restored, 'vm5/private.img')]);
  expect(list.toString()).toMatch(/ 1000 +1000 .* evening-sail\.png/);
  const picture = await run('debugfs', [
    '-R',
    'cat /home/user/Documents/evening-sail.png',
    join(restored, 'vm5/private.img'),
  ]);
  expect(picture.subarray(1, 4).toString()).toBe('PNG');
  expect((await stat(join(restored, 'dom0-home/user/.bashrc'))).isFile()).toBe(true);
});
