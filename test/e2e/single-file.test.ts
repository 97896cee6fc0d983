/** The command line as one file: alone in a folder, on every Node that it promises, it does all that the sources do. */
import { createHash } from 'node:crypto';
import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { pathOfVariant } from '../fixtures/recipes.ts';
import { variants } from '../fixtures/variants.ts';
import {
  codesIn,
  filesBelow,
  lifeboat,
  reportOf,
  scratchFolder,
  type LifeboatOptions,
} from '../support/lifeboat.ts';
import { fetchNodes, knowsZstd, newEnough } from '../support/nodes.ts';
import { missingTools } from '../support/tools.ts';
import { gate } from '../support/oracles.ts';
import { buildSingleFile } from '../support/single-file.ts';
import { fileOf, standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';

const own = { version: process.versions.node, path: process.execPath, ...gate([]) };
const nodes = [own, ...(await fetchNodes(newEnough))];
/** For what needs the tools that make backups, too. */
const missing = missingTools(...standardTools);

let built: string;
/** A folder that holds the file and nothing else. */
let alone: string;

beforeAll(async () => {
  built = await buildSingleFile(await scratchFolder());
  alone = await scratchFolder();
  await copyFile(built, join(alone, 'lifeboat.mjs'));
});

/** Runs the file as somebody would in its folder, with nothing of this project within reach. */
function run(node: { readonly path: string }, args: readonly string[], options: LifeboatOptions = {}) {
  const program = [node.path, 'lifeboat.mjs'];
  return lifeboat(args, { ...options, program, cwd: alone, env: { PATH: '/usr/bin:/bin', ...options.env } });
}

test('comes out the same, byte by byte, whenever it is built', async () => {
  const again = await buildSingleFile(await scratchFolder());
  expect(await readFile(again)).toEqual(await readFile(built));
});

test('knows nothing of the folder it was built in', async () =>
  expect(await readFile(built, 'utf8')).not.toContain(join(import.meta.dirname, '../..')));

test('is small, can be started by name, and carries the licences of what is in it', async () => {
  const text = await readFile(built, 'utf8');
  expect((await stat(built)).size).toBeLessThan(1_500_000);
  expect(text).toMatch(/^#!\/usr\/bin\/env node\n/);
  for (const name of ['commander', 'i18next', 'saxes', 'scrypt-js', 'zod']) {
    expect(text).toMatch(new RegExp(`^## ${name} - [\\d.]+ \\((MIT|ISC)\\)$`, 'm'));
  }
  expect(text.slice(-40_000)).toContain(await readFile(join(import.meta.dirname, '../../LICENSE'), 'utf8'));
});

describe.each(nodes)('on Node $version', (node) => {
  const judged = missing.length === 0 ? node : gate(missing);

  judged.test('restores a whole backup, with threads and processes of its own', async () => {
    const backup = await standardBackup();
    const folder = await scratchFolder();
    const restored = await run(node, ['restore', backup.path, '--to', folder, '--json'], {
      passphrase: standardPassphrase,
    });
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    expect(reportOf(restored).outcome).toBe('restored');
    for (const [path, archiveName] of [
      ['work/private.img', 'vm1/private.img'],
      ['vault/root.img', 'vm4/root.img'],
      ['personal/private.img', 'vm10/private.img'],
    ] as const) {
      const sum = createHash('sha256').update(await readFile(join(folder, path)));
      expect(sum.digest('hex'), path).toBe(fileOf(backup, archiveName).sha256);
    }
    expect(await filesBelow(alone)).toEqual(['lifeboat.mjs']);

    const listed = await run(node, ['ls', join(folder, 'work/private.img'), '/']);
    expect([listed.code, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout).toContain('home');
  });

  const files = ['v4-xz', 'v4-lzma', 'v4-bzip2', 'v4-zstd', 'v3-gzip', 'v2-zlib'];
  for (const name of files) {
    node.test(`reads ${name}`, async () => {
      const variant = variants.find(({ file }) => file === `${name}.backup`) ?? expect.fail(name);
      const ended = await run(node, ['verify', await pathOfVariant(variant), '--json'], {
        passphrase: variant.passphrase,
      });
      const report = reportOf(ended);
      if (name === 'v4-zstd' && !knowsZstd(node.version)) {
        expect(ended.code).toBe(5);
        expect(codesIn(report)).toContain('compression-needs-newer-node');
      } else {
        expect([ended.code, codesIn(report)]).toEqual([0, []]);
        const sums = report.qubes.flatMap((qube) => qube.files.map((file) => file.sha256));
        expect(sums).toContain(variant.expected['vm1/private.img']);
      }
    });
  }

  node.test('takes the names of its own entries for commands that do not exist', async () => {
    for (const name of ['engine-process', 'lane-worker', 'chunk-worker', 'decoding-thread']) {
      const ended = await run(node, [name]);
      expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(`unknown command '${name}'`)]);
    }
  });
});
