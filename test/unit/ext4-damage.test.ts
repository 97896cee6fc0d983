/** Broken and hostile file systems: a fault names what is broken, and everything else stays readable. */
import { copyFile, mkdir, open, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Ext4 } from '../../main/recovery/image/ext4.ts';
import { nameKey } from '../../main/recovery/image/names.ts';
import { codeOf } from '../support/code-of.ts';
import { boundedSource, exercise, mutations } from '../support/image-damage.ts';
import {
  collected,
  debugfs,
  digestOf,
  e2fsprogs,
  inspect,
  makeImage,
  makeScratch,
  withExt4,
} from '../support/images.ts';
import { run } from '../support/tools.ts';
import { noise, writeSparseFile, writeTree } from '../support/trees.ts';

const folder = await makeScratch();
const inFolder = (name: string) => join(folder, name);
const pristine = inFolder('pristine');
const damaged = inFolder('damaged');

const BLOCK = 1024;
const WITNESS = noise(5000, 'witness');

/** Inverts the bits of a byte. */
async function invert(image: string, position: number): Promise<void> {
  const file = await open(image, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  await file.write(Buffer.of((buffer[0] ?? 0) ^ 0xff), 0, 1, position);
  await file.close();
}

/** The first number that debugfs prints where `pattern` has a group for it. */
async function found(image: string, command: string, pattern: RegExp): Promise<number> {
  const [, number] = pattern.exec(await inspect(image, command)) ?? [];
  if (number === undefined) throw new Error(`${command} did not print ${pattern}`);
  return Number(number);
}

/** Where an inode lies in an image, in bytes. */
async function positionOfInode(image: string, path: string, blockSize = BLOCK): Promise<number> {
  const block = await found(image, `imap ${path}`, /located at block (\d+)/);
  return block * blockSize + (await found(image, `imap ${path}`, /offset (0x[0-9a-f]+)/));
}

function fault(structure: RegExp, detail: RegExp): object {
  const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
  const params = { structure: matching(structure), detail: matching(detail) };
  return { problem: { code: 'filesystem-damaged', params } };
}

/** The names that a directory shows before its fault, and the fault. */
async function listed(filesystem: Ext4, path: string): Promise<{ names: string[]; thrown: unknown }> {
  const names: string[] = [];
  try {
    for await (const { name } of filesystem.readDirectory(await filesystem.lookup(path)))
      names.push(nameKey(name));
    return { names, thrown: null };
  } catch (thrown) {
    return { names, thrown };
  }
}

async function expectWitness(filesystem: Ext4): Promise<void> {
  const content = await filesystem.readFile(await filesystem.lookup('witness'), 0, 9999);
  expect(Buffer.from(content)).toEqual(WITNESS);
}

e2fsprogs.describe('a checksum that does not hold', () => {
  const entries = Array.from({ length: 300 }, (_, n) => `many/entry number ${n}`);

  beforeAll(async () => {
    const content = inFolder('content');
    await writeTree(content, { witness: WITNESS, ...Object.fromEntries(entries.map((path) => [path, ''])) });
    const comb = Array.from({ length: 20 }, (_, tooth) => tooth * 8192);
    await writeSparseFile(join(content, 'comb'), 160_000, comb, 4096);
    await makeImage(pristine, '16M', '-b', `${BLOCK}`, '-I', '128', '-d', content);
    await debugfs(pristine, [`ea_set comb user.long ${'v'.repeat(300)}`]);
    await run('bash', ['-c', 'e2fsck -fyD "$1" || test $? = 1', 'bash', pristine]);
  });

  /** Inverts a byte of a copy, opens it, and opens it again with checksums left aside. */
  async function withInverted(position: number, check: (filesystem: Ext4) => Promise<void>): Promise<void> {
    await copyFile(pristine, damaged);
    await invert(damaged, position);
    await withExt4(damaged, async (filesystem) => {
      await check(filesystem);
      await expectWitness(filesystem);
    });
  }

  /** What can be read when checksums are left aside. */
  const trusting = (check: (filesystem: Ext4) => Promise<void>) =>
    withExt4(damaged, check, { verifyChecksums: false });

  test('of the superblock leads to its backup', () =>
    withInverted(BLOCK + 0x78, (filesystem) => {
      expect(filesystem.notes).toEqual([
        { code: 'filesystem-backup-used', params: { structure: 'superblock' } },
      ]);
      return Promise.resolve();
    }));

  test.each([
    ['label', 0x78, true],
    ['checksum itself', 0x3fc, true],
    ['UUID, from which all checksums follow', 0x68, false],
  ])('of the only superblock, by its %s, is told, and the files are there', async (_what, at, isVerified) => {
    await run('bash', [
      '-c',
      'rm -rf "$1"; mkdir "$1"; cp "$2" "$1/witness"',
      'bash',
      inFolder('one'),
      inFolder('content/witness'),
    ]);
    await makeImage(damaged, '4M', '-b', '4096', '-d', inFolder('one'));
    const inode = await positionOfInode(damaged, 'witness', 4096);
    await invert(damaged, 1024 + at);
    await withExt4(damaged, async (filesystem) => {
      expect(filesystem.notes).toEqual([{ code: 'filesystem-unproven', params: { detail: 'checksum' } }]);
      await expectWitness(filesystem);
    });
    await invert(damaged, inode + 0x10);
    await withExt4(damaged, async (filesystem) => {
      const looked = await filesystem.lookup('witness').catch(codeOf);
      expect(looked === 'filesystem-damaged').toBe(isVerified);
    });
  });

  test('of a group descriptor leads to its backup', () =>
    withInverted(2 * BLOCK + 0x0c, async (filesystem) => {
      expect(await filesystem.lookup('many')).toBeGreaterThan(filesystem.root);
      const structure = 'group descriptors';
      expect(filesystem.notes).toEqual([{ code: 'filesystem-backup-used', params: { structure } }]);
    }));

  test('of an inode names the inode', async () => {
    const position = await positionOfInode(pristine, 'comb');
    await withInverted(position + 0x10, async (filesystem) => {
      const comb = await filesystem.lookup('comb').catch((error: unknown) => error);
      expect(comb).toMatchObject(fault(/^inode \d+$/, /checksum/));
    });
    await trusting(async (filesystem) => {
      expect(await filesystem.lookup('comb')).toBeGreaterThan(filesystem.root);
    });
  });

  test('of a block of extents names the file', async () => {
    const block = await found(pristine, 'ex -n comb', / 0 - +\d+ +(\d+)/);
    await withInverted(block * BLOCK + 40, async (filesystem) => {
      const comb = await filesystem.openFile(await filesystem.lookup('comb'));
      await expect(collected(comb.parts())).rejects.toMatchObject(
        fault(/^extents of inode \d+$/, /checksum/),
      );
    });
  });

  test('of a block of a directory costs the names in that block', async () => {
    const [, blocks = ''] = /^([\d ]+)$/m.exec(await inspect(pristine, 'blocks many')) ?? [];
    const [root = 0, , , leaf = 0] = blocks.trim().split(' ').map(Number);
    await withInverted(leaf * BLOCK + 20, async (filesystem) => {
      const { names, thrown } = await listed(filesystem, 'many');
      expect(thrown).toMatchObject(fault(/^block 3 of directory \d+$/, /checksum/));
      expect(names.length).toBeGreaterThan(250);
      expect(names.length).toBeLessThan(300);
    });
    await trusting(async (filesystem) => {
      expect((await listed(filesystem, 'many')).names).toHaveLength(300);
    });
    // The root of the index holds no names, and what is in no index is found all the same.
    await withInverted(root * BLOCK + 0x2c, async (filesystem) => {
      const { names, thrown } = await listed(filesystem, 'many');
      expect(thrown).toMatchObject(fault(/^block 0 of directory \d+$/, /checksum/));
      expect(names).toHaveLength(300);
      for (const path of entries.slice(0, 20)) {
        expect(await filesystem.lookup(path)).toBeGreaterThan(filesystem.root);
      }
      await expect(filesystem.lookup('many/missing')).rejects.toMatchObject(fault(/^block 0/, /checksum/));
    });
  });

  test('of a block of attributes names the block and the file', async () => {
    const block = await found(pristine, 'stat comb', /File ACL: (\d+)/);
    await withInverted(block * BLOCK + BLOCK - 2, async (filesystem) => {
      const comb = await filesystem.lookup('comb');
      const structure = new RegExp(`^attribute block ${block} of inode ${comb}$`);
      await expect(filesystem.xattrs(comb)).rejects.toMatchObject(fault(structure, /checksum/));
      await digestOf(filesystem, comb);
    });
  });
});

e2fsprogs.describe('a hostile file system', () => {
  /** Blocks that lie in the image as the contents of files, to be made part of other structures. */
  const planted = {
    'tree in itself': words([magicAnd(1), 84 | (1 << 16), 0, 0, 'self', 0]),
    'twice the same leaf': words([magicAnd(1), 84, 0, 0, 1, 30]),
    'empty node': words([magicAnd(0), 84, 0]),
  };

  /** A block of little-endian words; `self` is filled in once the block's number is known. */
  function words(values: readonly (number | 'self')[]): Buffer {
    const block = Buffer.alloc(BLOCK);
    values.forEach((value, index) => block.writeUInt32LE(value === 'self' ? 0xdead : value, index * 4));
    return block;
  }

  function magicAnd(entries: number): number {
    return (0xf30a | (entries << 16)) >>> 0;
  }

  /** The number of the only block of a file. */
  const blockOf = (image: string, path: string) => found(image, `blocks "${path}"`, /^(\d+) *$/m);

  beforeAll(async () => {
    const content = inFolder('hostile');
    await writeTree(content, {
      witness: WITNESS,
      victim: noise(3 * BLOCK, 'victim'),
      'folder/a/b/file': 'x',
      'folder/file': '',
    });
    await writeTree(content, planted);
    await makeImage(pristine, '4M', '-b', `${BLOCK}`, '-O', '^metadata_csum,^has_journal', '-d', content);
  });

  /** Changes fields of inodes in a copy and looks what becomes of it. */
  async function withFields(
    image: string,
    fields: readonly string[],
    check: (filesystem: Ext4) => Promise<void>,
  ): Promise<void> {
    await copyFile(image, damaged);
    await debugfs(
      damaged,
      fields.map((field) => `sif ${field}`),
    );
    await withExt4(damaged, async (filesystem) => {
      await check(filesystem);
      await expectWitness(filesystem);
    });
  }

  /** Fields of an inode's map: 15 words. */
  const mapOf = (path: string, values: readonly number[]) =>
    values.map((value, index) => `"${path}" block[${index}] ${value}`);

  const trees: Readonly<
    Record<
      string,
      readonly [words: (block: (path: string) => Promise<number>) => Promise<number[]>, detail: RegExp]
    >
  > = {
    'that is deeper than any': [() => Promise.resolve([magicAnd(1), 4 | (9 << 16), 0, 0, 20, 0]), /depth/],
    'that has itself as a branch': [
      async (block) => [magicAnd(1), 4 | (2 << 16), 0, 0, await block('tree in itself'), 0],
      /depth/,
    ],
    'with more entries than room': [() => Promise.resolve([magicAnd(9), 4, 0]), /number of entries/],
    'with room for more than the inode holds': [
      () => Promise.resolve([magicAnd(5), 300, 0]),
      /number of entries/,
    ],
    'without a magic number': [() => Promise.resolve([1 << 16, 4, 0, 0, 1, 30]), /magic number/],
    'with an empty branch': [
      async (block) => [magicAnd(1), 4 | (1 << 16), 0, 0, await block('empty node'), 0],
      /empty node/,
    ],
    'with a leaf on two branches': [
      async (block) => {
        const leaf = await block('twice the same leaf');
        return [magicAnd(2), 4 | (1 << 16), 0, 0, leaf, 0, 5, leaf, 0];
      },
      /order of extents/,
    ],
    'with branches out of order': [
      async (block) => {
        const leaf = await block('twice the same leaf');
        return [magicAnd(2), 4 | (1 << 16), 0, 5, leaf, 0, 5, leaf, 0];
      },
      /order of its index/,
    ],
    'with extents that overlap': [
      () => Promise.resolve([magicAnd(2), 4, 0, 0, 5, 30, 3, 5, 40]),
      /order of extents/,
    ],
    'with an extent of no length': [() => Promise.resolve([magicAnd(1), 4, 0, 0, 0, 30]), /order of extents/],
    'that leads out of the image': [() => Promise.resolve([magicAnd(1), 4, 0, 0, 10, 4090]), /outside/],
    'that leads far out of the image': [
      () => Promise.resolve([magicAnd(1), 4, 0, 0, 0xffff_0001, 0xffff_ffff]),
      /outside/,
    ],
    'that maps the same blocks again and again': [
      () => Promise.resolve([magicAnd(2), 4, 0, 0, 4000, 30, 4000, 4000, 30]),
      /more than the image/,
    ],
  };

  test.each(Object.entries(trees))('has a tree of extents %s', async (_, [tree, detail]) => {
    const map = await tree((path) => blockOf(pristine, path));
    const size = 'victim size 10000000';
    await copyFile(pristine, inFolder('aimed'));
    await aim(inFolder('aimed'));
    await withFields(inFolder('aimed'), [...mapOf('victim', map), size], async (filesystem) => {
      const victim = await filesystem.openFile(await filesystem.lookup('victim'));
      await expect(collected(victim.ranges())).rejects.toMatchObject(fault(/inode \d+$/, detail));
      await expect(collected(victim.parts())).rejects.toMatchObject(fault(/inode \d+$/, detail));
    });
  });

  /** Fills in the block's own number where a planted block is to lead to itself. */
  async function aim(image: string): Promise<void> {
    const block = await blockOf(image, 'tree in itself');
    const file = await open(image, 'r+');
    await file.write(Uint8Array.of(block & 0xff, block >> 8, 0, 0), 0, 4, block * BLOCK + 16);
    await file.close();
  }

  test('hands out the ranges before the damage', () =>
    withFields(
      pristine,
      [...mapOf('victim', [magicAnd(2), 4, 0, 0, 2, 30, 1, 2, 30]), 'victim size 100000'],
      async (filesystem) => {
        const victim = await filesystem.openFile(await filesystem.lookup('victim'));
        const ranges: unknown[] = [];
        await expect(
          (async () => {
            for await (const range of victim.ranges()) ranges.push(range);
          })(),
        ).rejects.toMatchObject(fault(/extents/, /order/));
        expect(ranges).toEqual([{ kind: 'data', position: 0, length: 2 * BLOCK }]);
      },
    ));

  test('has a file of more bytes than numbers can count', () =>
    withFields(pristine, ['victim size 0x1000000000000000'], async (filesystem) => {
      const lookup = filesystem.lookup('victim');
      await expect(lookup).rejects.toMatchObject(fault(/^inode \d+$/, /size/));
    }));

  test('has a file that is longer than any, and empty', () =>
    withFields(
      pristine,
      [...mapOf('victim', [magicAnd(0), 4, 0]), 'victim size 0x1fffffffffffff'],
      async (filesystem) => {
        const victim = await filesystem.openFile(await filesystem.lookup('victim'));
        expect(await collected(victim.ranges())).toEqual([
          { kind: 'hole', position: 0, length: 2 ** 53 - 1 },
        ]);
        expect(await collected(victim.parts())).toEqual([]);
        expect(await victim.read(2 ** 53 - 11, 10)).toEqual(new Uint8Array(10));
      },
    ));

  const directories = {
    'an entry of no length': [[12, 0, 0x01, 0x61], /length of the entry/],
    'an entry longer than the block': [[12, 2000 | (1 << 16) | (1 << 24), 0x61], /length of the entry/],
    'an entry of odd length': [[12, 13 | (1 << 16) | (1 << 24), 0x61], /length of the entry/],
    'a name longer than its entry': [[12, 12 | (200 << 16) | (1 << 24), 0x61], /length of the name/],
    'a name with a slash': [[12, 1024 | (3 << 16) | (1 << 24), 0x62_2f_61], /name at/],
    'a name with a zero byte': [[12, 1024 | (3 << 16) | (1 << 24), 0x62_00_61], /name at/],
    'a name without bytes': [[12, 1024 | (1 << 24), 0], /name at/],
    'an inode that cannot be': [[0x7fff_ffff, 1024 | (1 << 16) | (1 << 24), 0x61], /inode number/],
  } as const;

  test.each(Object.entries(directories))('has a directory with %s', async (_, [values, detail]) => {
    await copyFile(pristine, inFolder('aimed'));
    const block = await blockOf(pristine, 'folder');
    const file = await open(inFolder('aimed'), 'r+');
    await file.write(words(values), 0, BLOCK, block * BLOCK);
    await file.close();
    await withFields(inFolder('aimed'), [], async (filesystem) => {
      const { names, thrown } = await listed(filesystem, 'folder');
      expect(names).toEqual([]);
      expect(thrown).toMatchObject(fault(/^block 0 of directory \d+$/, detail));
    });
  });

  test('has a directory that lies in itself', async () => {
    await copyFile(pristine, inFolder('circle'));
    await debugfs(inFolder('circle'), ['ln folder folder/a/b/again']);
    await withFields(inFolder('circle'), [], async (filesystem) => {
      const steps = await collected(filesystem.walk(filesystem.root));
      expect(steps.length).toBeLessThan(20);
      const faults = steps.filter((step) => 'problem' in step);
      expect(faults).toMatchObject([fault(/^directory \d+$/, /more than one folder/)]);
      expect(faults[0]?.path.map(nameKey)).toEqual(['folder', 'a', 'b', 'again']);
      expect(await filesystem.lookup('folder/a/b/again/a/b/again/file')).toBe(
        await filesystem.lookup('folder/file'),
      );
    });
  });

  test('has a directory that is larger than any', () =>
    withFields(pristine, ['folder size 4294966272'], async (filesystem) => {
      const { thrown } = await listed(filesystem, 'folder');
      expect(thrown).toMatchObject(fault(/^directory \d+$/, /size/));
    }));

  test('has links of impossible length', async () => {
    const image = inFolder('links');
    await makeImage(image, '4M', '-b', `${BLOCK}`, '-O', '^metadata_csum');
    await writeFile(inFolder('witness'), WITNESS);
    await debugfs(image, [
      `write ${inFolder('witness')} witness`,
      'symlink empty target',
      'symlink endless target',
    ]);
    await withFields(image, ['empty size 0', 'endless size 5000'], async (filesystem) => {
      for (const name of ['empty', 'endless']) {
        await expect(filesystem.lookup(name)).rejects.toMatchObject(fault(/^link \d+$/, /length/));
      }
    });
  });

  test('has indirect blocks and directories that lead to themselves', async () => {
    const image = inFolder('indirect');
    const content = inFolder('indirect content');
    await writeTree(content, { witness: WITNESS, victim: noise(300 * BLOCK, 'victim'), 'folder/file': 'x' });
    await makeImage(image, '4M', '-b', `${BLOCK}`, '-t', 'ext2', '-d', content);
    const folderBlock = await blockOf(image, 'folder');
    const doubly = await found(image, 'stat victim', /\(DIND\):(\d+)/);
    await copyFile(image, inFolder('aimed'));
    const file = await open(inFolder('aimed'), 'r+');
    const itself = Buffer.alloc(4);
    itself.writeUInt32LE(doubly);
    await file.write(itself, 0, 4, doubly * BLOCK);
    await file.close();
    const fields = [
      'victim size 60000000',
      `victim block[14] ${doubly}`,
      `folder block[1] ${folderBlock}`,
      'folder size 2048',
    ];
    await withFields(inFolder('aimed'), fields, async (filesystem) => {
      const victim = await filesystem.openFile(await filesystem.lookup('victim'));
      await expect(collected(victim.ranges())).rejects.toMatchObject(fault(/^block map of inode/, /twice/));
      const { names, thrown } = await listed(filesystem, 'folder');
      expect(names).toEqual(['file']);
      expect(thrown).toMatchObject(fault(/^block 1 of directory/, /twice/));
    });
  });

  test('ends before its end', async () => {
    const image = inFolder('cut');
    await mkdir(inFolder('large'));
    await writeTree(inFolder('large'), { witness: WITNESS, 'z large': noise(3_000_000, 'large') });
    await makeImage(image, '8M', '-b', `${BLOCK}`, '-d', inFolder('large'));
    await truncate(image, 3_500_000);
    await withExt4(image, async (filesystem) => {
      expect(filesystem.notes).toEqual([
        { code: 'filesystem-cut-off', params: { size: 3_500_000, expected: 8 * 2 ** 20 } },
      ]);
      await expectWitness(filesystem);
      const large = await filesystem.lookup('z large');
      expect(Buffer.from(await filesystem.readFile(large, 0, 1_000_000))).toEqual(noise(1_000_000, 'large'));
      await expect(digestOf(filesystem, large)).rejects.toMatchObject(fault(/^inode/, /outside the image/));
    });
  });
});

e2fsprogs.describe('whatever the bytes are', () => {
  const layouts = {
    'ext4 by default': '-b 1024 -J size=1',
    'ext4 without checksums': '-b 1024 -O ^metadata_csum,^has_journal',
    'ext4 with inline data': '-b 1024 -O inline_data,^has_journal',
    'ext4 with meta block groups': '-b 1024 -g 256 -O meta_bg,^resize_inode,^has_journal',
    ext2: '-b 1024 -t ext2',
    'a journal with checksums': '-b 1024 -J size=1',
    'a journal without': '-b 1024 -t ext3 -J size=1',
  };
  const MUTATIONS = 40;

  async function makeTarget(image: string, layout: string): Promise<void> {
    const content = inFolder('target');
    const names = Array.from({ length: 60 }, (_, n) => [`folder/a longer name of a file ${n}`, '']);
    await writeTree(content, {
      'a/b/file': 'content',
      ...(Object.fromEntries(names) as Record<string, string>),
    });
    await writeSparseFile(
      join(content, 'comb'),
      100_000,
      Array.from({ length: 12 }, (_, n) => n * 8192),
      10,
    );
    await makeImage(image, '4M', ...layout.split(' '), '-d', content);
    await debugfs(image, [
      'symlink short a/b',
      `symlink long ${'x'.repeat(80)}`,
      'ea_set a user.short value',
      `ea_set a/b user.long ${'y'.repeat(400)}`,
    ]);
  }

  async function addJournal(image: string, form: string): Promise<void> {
    await writeFile(inFolder('blocks'), noise(3 * BLOCK, 'blocks'));
    await debugfs(image, [
      `journal_open ${form}`,
      `journal_write -b 3000,3001,3002 ${inFolder('blocks')}`,
      'journal_write -r 3000,3001',
      `journal_write -b 3000 ${inFolder('blocks')}`,
      'journal_close',
    ]);
  }

  test.each(Object.entries(layouts))(
    'only catalogued problems are thrown, in bounded time and memory: %s',
    async (name, layout) => {
      const image = inFolder('mutated');
      await makeTarget(image, layout);
      if (name === 'ext4 by default')
        await run('bash', ['-c', 'e2fsck -fyD "$1" || test $? = 1', 'bash', image]);
      if (name.startsWith('a journal')) await addJournal(image, name === 'a journal without' ? '' : '-c');
      const bytes = await readFile(image);
      const whole = await exercise(boundedSource(bytes, 10_000), true);
      expect(whole).toEqual({ files: 68, damages: 0 });
      const mutate = mutations(bytes);
      let files = 0;
      let damages = 0;
      for (let n = 0; n < MUTATIONS; n++) {
        const outcome = await exercise(boundedSource(mutate(`${name} ${n}`), 50_000), n % 4 === 0);
        files += outcome.files;
        damages += outcome.damages;
      }
      // The mutations must neither miss nor make everything unreadable, or this shows nothing.
      expect(files).toBeGreaterThan(MUTATIONS * 20);
      expect(damages).toBeGreaterThan(0);
    },
  );
});
