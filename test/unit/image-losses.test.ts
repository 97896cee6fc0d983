/** Images of which parts were lost in the backup: what lay there is told by name, and never handed out as zeros. */
import { copyFile, open, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import type { CopyReport, SearchHit } from '../../shared/image.ts';
import { copyOut } from '../../main/recovery/copy-out/copy-out.ts';
import { openImageFile } from '../../main/recovery/image/image-file.ts';
import { openImage, openVolume } from '../../main/recovery/image/image.ts';
import { lostBytesOf } from '../../main/recovery/image/content.ts';
import type { Ext4 } from '../../main/recovery/image/ext4.ts';
import { listFolder } from '../../main/recovery/image/listing.ts';
import { searchNames } from '../../main/recovery/image/search.ts';
import { previewFile } from '../../main/recovery/preview/preview.ts';
import { collected, debugfs, e2fsprogs, inspect, makeImage, makeScratch } from '../support/images.ts';
import { lifeboat } from '../support/lifeboat.ts';
import { noise, writeTree } from '../support/trees.ts';

const folder = await makeScratch();
const pristine = join(folder, 'pristine');
const block = 1024;
const part = noise(3_000_000, 'part');
const names = Array.from({ length: 200 }, (_, index) => `entry number ${index} with a long name`);

type Lost = readonly [start: number, end: number];

/** A copy of the image in which ranges are lost, as a restore leaves it: zeros, and a map beside it. */
async function partial(name: string, lost: readonly Lost[], map?: string): Promise<string> {
  const image = join(folder, `${name}.partial`);
  await copyFile(pristine, image);
  const file = await open(image, 'r+');
  for (const [start, end] of lost) await file.write(Buffer.alloc(end - start), 0, end - start, start);
  await file.close();
  const { size } = await stat(image);
  await writeFile(`${image}.map`, map ?? mapOf(lost, size));
  return image;
}

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** A map as GNU ddrescue writes it. */
function mapOf(lost: readonly Lost[], size: number): string {
  const hex = (value: number) => `0x${value.toString(16).toUpperCase()}`;
  const lines = ['# Mapfile. Created by a test', '0x0  +  1', '#  pos  size  status'];
  let at = 0;
  for (const [start, end] of [...lost, [size, size] as const]) {
    if (start > at) lines.push(`${hex(at)}  ${hex(start - at)}  +`);
    if (end > start) lines.push(`${hex(start)}  ${hex(end - start)}  -`);
    at = end;
  }
  return `${lines.join('\n')}\n`;
}

/** The blocks of a file by debugfs, in order. */
async function blocksOf(path: string): Promise<number[]> {
  return (await inspect(pristine, `blocks ${path}`)).trim().split(/\s+/).map(Number);
}

/** Where the inode of a file lies, in bytes. */
async function placeOfInode(path: string): Promise<number> {
  const told = await inspect(pristine, `imap ${path}`);
  const [, at, offset] = /located at block (\d+), offset (0x[0-9a-f]+)/.exec(told) ?? [];
  return Number(at) * block + Number(offset);
}

async function withImage<Result>(path: string, work: (filesystem: Ext4) => Promise<Result>): Promise<Result> {
  const { source } = await openImageFile(path);
  try {
    const { volumes } = await openImage(source);
    return await work(await openVolume(volumes[0] ?? expect.fail('no volume')));
  } finally {
    await source.close();
  }
}

/** Copies out of an image into a new folder. */
async function copied(image: string, paths: readonly string[], acceptPartial = false) {
  const destination = await makeScratch();
  const { source, problems: losses } = await openImageFile(image);
  await source.close();
  const report: CopyReport = await withImage(image, (filesystem) =>
    copyOut(
      filesystem,
      paths.map((path) => Buffer.from(path)),
      { destination, conflict: 'refuse', image, losses, acceptPartial },
    ),
  );
  return { destination, report, losses };
}

e2fsprogs.describe('an image of which parts were lost', () => {
  /** 5,000 bytes within the file `hit/part`, at no border of a block. */
  let inFile: Lost;
  let image: string;

  beforeAll(async () => {
    const tree = join(folder, 'tree');
    await writeTree(tree, {
      'whole.txt': 'whole\n',
      'hit/part': part,
      'hit/below/other': 'other\n',
      ...Object.fromEntries(names.map((name) => [`many/${name}`, 'x'])),
    });
    await makeImage(pristine, '24M', '-b', `${block}`, '-d', tree);
    await debugfs(pristine, ['ln hit/part hit/twin', 'sif hit/part links_count 2']);
    const blocks = await blocksOf('/hit/part');
    const index = blocks.findIndex((at, i) => i > 1000 && blocks[i + 9] === at + 9);
    inFile = [(blocks[index] ?? 0) * block + 300, (blocks[index] ?? 0) * block + 5300];
    image = await partial('file', [inFile]);
  });

  e2fsprogs.test('names the lost bytes of a file, and reads the others', () =>
    withImage(image, async (filesystem) => {
      const content = await filesystem.openFile(await filesystem.lookup('/hit/part'));
      expect(await lostBytesOf(content)).toBe(5000);
      const [lost] = (await collected(content.ranges())).filter(({ kind }) => kind === 'lost');
      const { position, length } = lost ?? expect.fail('nothing is lost');
      expect(length).toBe(5000);
      expect(Buffer.from(await content.read(0, position)).equals(part.subarray(0, position))).toBe(true);
      const rest = position + length;
      expect(Buffer.from(await content.read(rest, content.size - rest)).equals(part.subarray(rest))).toBe(
        true,
      );
      for (const at of [position - 1, position, rest - 1]) {
        await expect(content.read(at, 2)).rejects.toMatchObject({
          problem: {
            code: 'filesystem-part-lost',
            params: { structure: matching(/^inode \d+$/) },
          },
        });
      }
      await expect(collected(content.parts())).rejects.toMatchObject({
        problem: { code: 'filesystem-part-lost' },
      });
      const known = (await collected(content.parts(true))).reduce((sum, { bytes }) => sum + bytes.length, 0);
      expect(known).toBe(part.length - 5000);
    }),
  );

  e2fsprogs.test('is copied out with the file incomplete by its name and all others whole', async () => {
    const { destination, report } = await copied(image, ['/hit', '/whole.txt', '/hit/part']);
    expect(report.items.map(({ outcome, path }) => [outcome, path])).toEqual([
      ['partial', 'hit'],
      ['copied', 'whole.txt'],
      ['partial', 'part.partial'],
    ]);
    const params = { path: 'hit/part', lost: 5000, size: part.length };
    expect(report.items[0]?.problems).toEqual([{ code: 'file-part-lost', params }]);
    expect((await readdir(join(destination, 'hit'))).sort()).toEqual([
      'below',
      'part.partial',
      'twin.partial',
    ]);
    const saved = await readFile(join(destination, 'hit/part.partial'));
    const lostAt = saved.findIndex((byte, i) => byte !== part[i]);
    const differing = saved.reduce((count, byte, i) => count + (byte === part[i] ? 0 : 1), 0);
    expect(saved.length).toBe(part.length);
    // Of 5,000 bytes of noise some are zeros by chance.
    expect(differing).toBeGreaterThan(4900);
    expect(saved.subarray(lostAt, lostAt + 4990).every((byte) => byte === 0)).toBe(true);
    expect(await readFile(join(destination, 'part.partial'))).toEqual(saved);
  });

  e2fsprogs.test('gives an incomplete file its own name where that was accepted', async () => {
    const { destination, report } = await copied(image, ['/hit/part'], true);
    expect(report.items[0]).toMatchObject({ outcome: 'partial', path: 'part' });
    expect(await readdir(destination)).toEqual(['part']);
  });

  e2fsprogs.test('is listed, searched and looked into with the losses told', () =>
    withImage(image, async (filesystem) => {
      const { entries } = await listFolder(filesystem, Buffer.from('hit'));
      expect(entries.map(({ name, lostBytes }) => [name, lostBytes]).sort()).toEqual([
        ['below', 0],
        ['part', 5000],
        ['twin', 5000],
      ]);
      const hits: SearchHit[] = [];
      await searchNames(filesystem, 'part', { onFound: (hit) => hits.push(hit) });
      expect(hits.map(({ entry }) => [entry.name, entry.lostBytes])).toEqual([['part', 5000]]);
      const whole = await filesystem.lookup('/whole.txt');
      expect(await previewFile(filesystem, whole)).toMatchObject({ kind: 'text', text: 'whole\n' });
    }),
  );

  e2fsprogs.test('shows no zeros in the place of a text', async () => {
    const [at = 0] = await blocksOf('/whole.txt');
    const lost = await partial('text', [[at * block, at * block + 3]]);
    await withImage(lost, async (filesystem) => {
      const whole = await filesystem.lookup('/whole.txt');
      await expect(previewFile(filesystem, whole)).rejects.toMatchObject({
        problem: { code: 'filesystem-part-lost' },
      });
    });
  });

  e2fsprogs.test('lists what the other blocks of a folder hold, and tells of the lost one', async () => {
    const blocks = await blocksOf('/many');
    const at = (blocks[blocks.length - 2] ?? 0) * block;
    const lost = await partial('folder', [[at, at + block]]);
    await withImage(lost, async (filesystem) => {
      const { entries, problems } = await listFolder(filesystem, Buffer.from('many'));
      expect(problems).toMatchObject([
        {
          code: 'filesystem-part-lost',
          params: { structure: matching(/^block \d+ of directory/) },
        },
      ]);
      expect(entries.length).toBeGreaterThan(names.length - block / 30);
      expect(entries.length).toBeLessThan(names.length);
      const missing = names.find((name) => !entries.some((entry) => entry.name === name)) ?? '';
      await expect(filesystem.lookup(`/many/${missing}`)).rejects.toMatchObject({
        problem: { code: 'filesystem-part-lost' },
      });
    });
    const { report } = await copied(lost, ['/']);
    expect(report.items[0]).toMatchObject({
      outcome: 'partial',
      problems: [{ code: 'entry-part-lost', params: { path: 'image/many' } }],
    });
  });

  e2fsprogs.test('tells of a lost inode, which hides none of its neighbours', async () => {
    const at = await placeOfInode('/hit/part');
    const lost = await partial('inode', [[at, at + 10]]);
    await withImage(lost, async (filesystem) => {
      const { entries, problems } = await listFolder(filesystem, Buffer.from('hit'));
      expect(entries.map(({ name, isSound }) => [name, isSound]).sort()).toEqual([
        ['below', true],
        ['part', false],
        ['twin', false],
      ]);
      expect(problems[0]).toMatchObject({ code: 'filesystem-part-lost' });
    });
    const { report } = await copied(lost, ['/hit']);
    expect(report.items[0]).toMatchObject({
      outcome: 'partial',
      files: 1,
      problems: [
        { code: 'entry-part-lost', params: { path: 'hit/part' } },
        { code: 'entry-part-lost', params: { path: 'hit/twin' } },
      ],
    });
  });

  e2fsprogs.test('is opened by a copy of its superblock where the first was lost', async () => {
    const lost = await partial('start', [[0, 2 * block]]);
    await withImage(lost, async (filesystem) => {
      expect(filesystem.notes.map(({ code }) => code)).toContain('filesystem-backup-used');
      expect(await filesystem.readFile(await filesystem.lookup('/whole.txt'), 0, 6)).toEqual(
        new Uint8Array(Buffer.from('whole\n')),
      );
    });
  });

  e2fsprogs.test('is no blank one where nothing is left of its start', async () => {
    const lost = await partial('all', [[0, 24 * 2 ** 20]]);
    await expect(withImage(lost, () => Promise.resolve())).rejects.toMatchObject({
      problem: { code: 'filesystem-part-lost', params: { structure: 'superblock' } },
    });
  });

  e2fsprogs.test(
    'whose map is missing, cut or of another image says so, and copies nothing as whole',
    async () => {
      const { size } = await stat(pristine);
      const whole = mapOf([inFile], size);
      const cases: readonly [name: string, map: string | null, code: string][] = [
        ['none', null, 'lost-map-missing'],
        ['empty', '', 'lost-map-unusable'],
        ['cut', whole.slice(0, -20), 'lost-map-unusable'],
        ['short', mapOf([inFile], size - 1), 'lost-map-unusable'],
        ['torn', whole.replace(/0x0 {2}0x/, '0x1  0x'), 'lost-map-unusable'],
        ['noise', noise(3000, 'map').toString('latin1'), 'lost-map-unusable'],
      ];
      for (const [name, map, code] of cases) {
        const path = await partial(`map-${name}`, [inFile], map ?? '');
        if (map === null) await rm(`${path}.map`);
        const { report, losses } = await copied(path, ['/whole.txt']);
        expect([name, losses.map((value) => value.code)]).toEqual([name, [code]]);
        expect(report.items).toMatchObject([{ outcome: 'partial', problems: [{ code }] }]);
      }
    },
  );

  e2fsprogs.test(
    'is known by its map under the name that it was accepted at, and through a link',
    async () => {
      const accepted = join(folder, 'accepted.img');
      await copyFile(image, accepted);
      await copyFile(`${image}.map`, `${accepted}.partial.map`);
      const link = join(folder, 'link');
      await symlink(image, link);
      for (const path of [accepted, link]) {
        const { source, lostBytes } = await openImageFile(path);
        await source.close();
        expect([path, lostBytes]).toEqual([path, 5000]);
      }
    },
  );

  e2fsprogs.test('fails `cat` and `cp` by their exit codes, and is listed with what is lost', async () => {
    const cat = await lifeboat(['cat', image, '/hit/part']);
    expect([cat.code, cat.stderr]).toEqual([1, expect.stringContaining('[file-part-lost]')]);
    const other = await lifeboat(['cat', image, '/whole.txt']);
    expect([other.code, other.stdout]).toEqual([0, 'whole\n']);
    const to = await makeScratch();
    const cp = await lifeboat(['cp', image, '/hit/part', '/whole.txt', '--to', to]);
    expect([cp.code, cp.stdout]).toEqual([1, expect.stringContaining('INCOMPLETE')]);
    expect((await readdir(to)).sort()).toEqual(['part.partial', 'whole.txt']);
    const accepted = await lifeboat(['cp', image, '/hit/part', '--to', to, '--accept-partial', '--json']);
    expect(accepted.code).toBe(1);
    expect(JSON.parse(accepted.stdout)).toMatchObject({ outcome: 'partial', items: [{ path: 'part' }] });
    const ls = await lifeboat(['ls', image, '/hit']);
    expect([ls.code, ls.stdout, ls.stderr]).toEqual([
      0,
      expect.stringMatching(/part {2}\(5\u00a0kB lost in the backup\)/),
      expect.stringContaining('[image-partial]'),
    ]);
    await rm(`${image}.map`);
    const unknown = await lifeboat(['cp', image, '/whole.txt', '--to', await makeScratch()]);
    expect([unknown.code, unknown.stdout]).toEqual([1, expect.stringContaining('[lost-map-missing]')]);
    expect((await lifeboat(['cat', image, '/whole.txt'])).code).toBe(1);
    expect((await lifeboat(['ls', image])).code).toBe(1);
  });
});
