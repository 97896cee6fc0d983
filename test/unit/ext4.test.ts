/** The reader of ext2, ext3 and ext4 against file systems that e2fsprogs and Linux made in many layouts. */
import { chmod, chown, link, lstat, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openFileSource, type ByteSource } from '../../main/recovery/bytes/source.ts';
import { openExt4, type Ext4 } from '../../main/recovery/image/ext4.ts';
import type { Timestamp } from '../../main/recovery/image/inode.ts';
import { nameKey } from '../../main/recovery/image/names.ts';
import {
  collected,
  debugfs,
  describeImage,
  e2fsprogs,
  judge,
  makeImage,
  makeScratch,
  mounting,
  withExt4,
  withMounted,
} from '../support/images.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';
import { describeTree, noise, writeSparseFile, writeTree } from '../support/trees.ts';

/** Layouts by the arguments of mkfs.ext4; small groups make many of them. */
const layouts = {
  'ext4 as it is made by default': '',
  'ext4 with blocks of 1 KiB': '-b 1024',
  'ext4 with blocks of 2 KiB': '-b 2048',
  'ext4 with blocks of 4 KiB': '-b 4096',
  'ext4 with blocks of 64 KiB': '-b 65536 -O ^has_journal',
  'ext4 with 32-bit block numbers': '-O ^64bit',
  'ext4 without checksums': '-O ^metadata_csum',
  'ext4 with checksums of group descriptors only': '-O ^metadata_csum,uninit_bg',
  'ext4 with checksums of 32-bit group descriptors only': '-O ^64bit,^metadata_csum,uninit_bg',
  'ext4 with a seed of checksums apart from its UUID': '-O metadata_csum_seed',
  'ext4 without extents': '-O ^extent,^64bit -b 1024',
  'ext4 with meta block groups': '-O meta_bg,^resize_inode -b 1024 -g 512',
  'ext4 with meta block groups and 32-bit block numbers': '-O meta_bg,^resize_inode,^64bit -b 1024 -g 512',
  'ext4 without flexible block groups': '-O ^flex_bg -b 1024 -g 1024',
  'ext4 with two backups of the superblock': '-O sparse_super2,^resize_inode -b 1024',
  'ext4 with a backup of the superblock in every group': '-O ^sparse_super,^resize_inode -b 1024',
  'ext4 with clusters': '-O bigalloc -C 16384',
  'ext4 with clusters and blocks of 1 KiB': '-O bigalloc -b 1024 -C 16384',
  'ext4 with clusters, blocks of 1 KiB and meta block groups':
    '-O bigalloc,meta_bg,^resize_inode -b 1024 -C 16384',
  'ext4 with small inodes': '-I 128',
  'ext4 with large directories': '-O large_dir',
  'ext4 with encryption, verity, quota, projects and mount protection':
    '-O encrypt,verity,quota,project,mmp -I 256',
  'ext4 with case folding': '-O casefold',
  'ext4 with a file of orphans': '-O orphan_file',
  'ext3 with blocks of 1 KiB': '-t ext3 -b 1024',
  'ext3 with blocks of 4 KiB': '-t ext3 -b 4096',
  'ext2 with blocks of 1 KiB': '-t ext2 -b 1024',
  'ext2 with blocks of 4 KiB': '-t ext2 -b 4096',
  'ext2 without types of files in directories': '-t ext2 -O ^filetype',
  'ext2 of the first revision': '-t ext2 -r 0 -O none',
};

/** Layouts in which mkfs.ext4 -d writes no file with holes as it is: it starts them as inline and loses their end. */
const layoutsForWholeFiles = {
  'ext4 with inline data': '-O inline_data',
  'ext4 with inline data in large inodes': '-O inline_data -I 1024',
};

/** Files around every border of size, links, and many names. */
async function writeWholeFiles(folder: string): Promise<void> {
  const sizes = [0, 1, 59, 60, 61, 100, 150, 500, 4095, 4096, 4097, 13 * 1024, 400_000];
  await writeTree(folder, {
    ...Object.fromEntries(sizes.map((size) => [`${size} bytes`, noise(size, `${size}`)])),
    ...Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`many/${n}-${'x'.repeat(n % 60)}`, `${n}`])),
    'deep/er/and/deeper/still': 'here',
    ['n'.repeat(255)]: 'a long name',
    'Grüße 🛟': 'hello',
  });
  await chmod(join(folder, '1 bytes'), 0o4711);
  await link(join(folder, '4097 bytes'), join(folder, 'deep', 'hard link'));
  for (const length of [1, 59, 60, 61, 1000]) {
    await symlink('t'.repeat(length), join(folder, `link of ${length}`));
  }
  await mkdir(join(folder, 'nothing inside'));
}

/** Files with holes: few, many, behind three levels of indirect blocks of 1 KiB, and nothing but one. */
async function writeFilesWithHoles(folder: string): Promise<void> {
  const comb = Array.from({ length: 800 }, (_, tooth) => tooth * 8192);
  await mkdir(folder);
  await writeSparseFile(join(folder, 'few'), 3_000_000, [0, 8192, 1_000_000, 2_990_000]);
  await writeSparseFile(join(folder, 'far'), 67_600_000, [0, 300_000, 67_500_000]);
  await writeSparseFile(join(folder, 'comb'), 7_000_000, comb, 1000);
  await writeSparseFile(join(folder, 'nothing else'), 1_000_000, []);
}

const folder = await makeScratch();
const inFolder = (name: string) => join(folder, name);
const wholeFiles = inFolder('content');
const allFiles = inFolder('all');
const linux = await mounting();

/** A moment in nanoseconds, as `lstat` gives it. */
function nanoseconds({ seconds, nanoseconds: rest }: Timestamp): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}

function names(filesystem: Ext4, directory: number): Promise<string[]> {
  return collected(filesystem.readDirectory(directory)).then((entries) =>
    entries.map(({ name }) => nameKey(name)),
  );
}

e2fsprogs.describe('ext4', () => {
  beforeAll(async () => {
    await writeWholeFiles(wholeFiles);
    await writeWholeFiles(allFiles);
    await writeFilesWithHoles(join(allFiles, 'holes'));
  });

  describe('reads what mkfs.ext4 -d wrote to', () => {
    const expected: Record<string, Record<string, string>> = {};
    beforeAll(async () => {
      for (const content of [wholeFiles, allFiles]) expected[content] = await describeTree(content);
    });

    const cases = [
      ...Object.entries(layouts).map(([name, args]) => [name, args, allFiles] as const),
      ...Object.entries(layoutsForWholeFiles).map(([name, args]) => [name, args, wholeFiles] as const),
    ];
    test.each(cases)('%s', async (_, args, content) => {
      const image = inFolder('layout');
      await makeImage(image, '48M', ...args.split(' ').filter(Boolean), '-d', content);
      await withExt4(image, async (filesystem) => {
        expect(await describeImage(filesystem)).toEqual(expected[content]);
        expect(filesystem.notes).toEqual([]);
      });
    });
  });

  describe('content', () => {
    const image = inFolder('content.img');
    beforeAll(() => makeImage(image, '48M', '-b', '4096', '-d', join(allFiles, 'holes')));

    test('tells data from holes', () =>
      withExt4(image, async (filesystem) => {
        const file = await filesystem.openFile(await filesystem.lookup('few'));
        expect(await collected(file.ranges())).toEqual([
          { kind: 'data', position: 0, length: 4096 },
          { kind: 'hole', position: 4096, length: 4096 },
          { kind: 'data', position: 8192, length: 4096 },
          { kind: 'hole', position: 12_288, length: 987_136 },
          { kind: 'data', position: 999_424, length: 8192 },
          { kind: 'hole', position: 1_007_616, length: 1_978_368 },
          { kind: 'data', position: 2_985_984, length: 8192 },
          { kind: 'hole', position: 2_994_176, length: 5824 },
        ]);
      }));

    test.each(['few', 'comb', 'nothing else'])('hands out %s in parts that leave the holes out', (name) =>
      withExt4(image, async (filesystem) => {
        const file = await filesystem.openFile(await filesystem.lookup(name));
        const parts = await collected(file.parts());
        const copy = Buffer.alloc(file.size);
        for (const { position, bytes } of parts) copy.set(bytes, position);
        expect(copy.equals(await readFile(join(allFiles, 'holes', name)))).toBe(true);
        expect(parts.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(file.size / 1.9);
      }),
    );

    test.each([
      [0, 1],
      [4000, 5000],
      [8191, 2],
      [999_999, 4098],
      [2_999_000, 9999],
      [3_000_000, 1],
      [9_000_000, 1],
    ])('reads from %d on %d bytes, or what there is', (position, length) =>
      withExt4(image, async (filesystem) => {
        const original = await readFile(join(allFiles, 'holes/few'));
        const bytes = await filesystem.readFile(await filesystem.lookup('few'), position, length);
        expect(Buffer.from(bytes)).toEqual(original.subarray(position, position + length));
      }),
    );

    test('reads blocks that were reserved but never written as zeros', async () => {
      const reserved = inFolder('reserved');
      await writeFile(inFolder('kilobyte'), noise(1024, 'kilobyte'));
      await makeImage(reserved, '4M', '-b', '1024');
      await debugfs(reserved, [`write ${inFolder('kilobyte')} file`, 'fallocate file 0 9']);
      const [, physical = ''] = /\(1-9\[u\]\):(\d+)/.exec(await debugfs(reserved, ['stat file'])) ?? [];
      await debugfs(reserved, [`zap_block -p 0xAA ${physical}`, 'sif file size 10240']);
      await withExt4(reserved, async (filesystem) => {
        const bytes = await filesystem.readFile(await filesystem.lookup('file'), 0, 99_999);
        expect(Buffer.from(bytes)).toEqual(Buffer.concat([noise(1024, 'kilobyte'), Buffer.alloc(9216)]));
      });
    });

    test('opens an image inside the image', async () => {
      await mkdir(inFolder('outer'));
      await makeImage(inFolder('outer/inner'), '4M', '-b', '1024', '-L', 'inner');
      await makeImage(inFolder('outer.img'), '16M', '-d', inFolder('outer'));
      await withExt4(inFolder('outer.img'), async (filesystem) => {
        const inner = await openExt4(await filesystem.openFile(await filesystem.lookup('inner')));
        expect(inner.label).toBe('inner');
        expect(await names(inner, inner.root)).toEqual(['lost+found']);
      });
    });
  });

  describe('directories', () => {
    test('finds every name through an index that e2fsck made', async () => {
      const image = inFolder('indexed');
      await makeImage(image, '16M', '-b', '1024', '-d', wholeFiles);
      // 1 says that it changed something, as asked.
      await run('bash', ['-c', 'e2fsck -fyD "$1" || test $? = 1', 'bash', image]);
      await withExt4(image, async (filesystem) => {
        const many = await filesystem.lookup('many');
        expect((await filesystem.stat(many)).flags).toContain('indexed');
        const entries = await collected(filesystem.readDirectory(many));
        expect(entries).toHaveLength(400);
        for (const { name, inode } of entries) {
          expect(await filesystem.lookup(Buffer.concat([Buffer.from('many/'), name]))).toBe(inode);
        }
      });
      // Of the blocks of the directory two are read: the root of the index, and the one with the name.
      const source = await openFileSource(image);
      let bytes = 0;
      const counted: ByteSource = {
        ...source,
        read(position, length, into) {
          bytes += length;
          return source.read(position, length, into);
        },
      };
      const filesystem = await openExt4(counted);
      const { size } = await filesystem.stat(await filesystem.lookup('many'));
      bytes = 0;
      await filesystem.lookup(`many/77-${'x'.repeat(17)}`);
      expect(bytes).toBeLessThan(size / 2);
      await source.close();
    });

    linux.test('lists 20,000 entries and finds them through the index', async () => {
      const image = inFolder('large-directory');
      await makeImage(image, '64M', '-b', '4096');
      const expected = new Set(Array.from({ length: 20_000 }, (_, n) => `entry number ${n}`));
      await withMounted(image, [], async (root) => {
        await mkdir(join(root, 'large'));
        await writeFile(join(root, 'file'), 'x');
        for (const name of expected) await link(join(root, 'file'), join(root, 'large', name));
      });
      await withExt4(image, async (filesystem) => {
        const large = await filesystem.lookup('large');
        expect(new Set(await names(filesystem, large))).toEqual(expected);
        const file = await filesystem.lookup('file');
        for (const n of [0, 1, 777, 19_999])
          expect(await filesystem.lookup(`large/entry number ${n}`)).toBe(file);
        await expect(filesystem.lookup('large/entry number 20000')).rejects.toThrow(
          'filesystem-entry-missing',
        );
      });
    });

    test('keeps the bytes of names that are not text', async () => {
      const content = inFolder('bytes');
      const name = Buffer.from([0x66, 0xff, 0xfe, 0x2d, 0xe9]);
      await mkdir(content);
      await writeFile(Buffer.concat([Buffer.from(`${content}/`), name]), 'bytes');
      await makeImage(inFolder('bytes.img'), '4M', '-d', content);
      await withExt4(inFolder('bytes.img'), async (filesystem) => {
        expect(await names(filesystem, filesystem.root)).toContain(name.toString('latin1'));
        const inode = await filesystem.lookup(name);
        expect(Buffer.from(await filesystem.readFile(inode, 0, 9)).toString()).toBe('bytes');
      });
    });

    test('leaves out what was deleted', async () => {
      const image = inFolder('deleted');
      await makeImage(image, '16M', '-d', wholeFiles);
      await debugfs(image, ['rm "1 bytes"', 'rm "59 bytes"', 'sif "60 bytes" links_count 0']);
      await withExt4(image, async (filesystem) => {
        const found = await names(filesystem, filesystem.root);
        expect(found).not.toContain('1 bytes');
        expect(found).toContain('61 bytes');
        await expect(filesystem.lookup('59 bytes')).rejects.toThrow('filesystem-entry-missing');
        // Its entry is still there, but the inode is not.
        expect(found).toContain('60 bytes');
        await expect(filesystem.lookup('60 bytes')).rejects.toThrow('filesystem-damaged');
      });
    });

    test('says of what is no directory what it is', () =>
      withExt4(inFolder('deleted'), async (filesystem) => {
        const file = await filesystem.lookup('61 bytes');
        await expect(collected(filesystem.readDirectory(file))).rejects.toMatchObject({
          problem: { code: 'filesystem-entry-unfit', params: { expected: 'directory', found: 'file' } },
        });
        await expect(filesystem.openFile(filesystem.root)).rejects.toThrow('filesystem-entry-is-folder');
        await expect(filesystem.readLink(file)).rejects.toThrow('filesystem-entry-unfit');
      }));
  });

  describe('paths', () => {
    const image = inFolder('paths.img');
    beforeAll(async () => {
      const content = inFolder('paths');
      await writeTree(content, { 'a/b/file': 'found' });
      const links = {
        relative: 'a/b',
        absolute: '/a/b/file',
        'a/up': '../relative/file',
        'a/above the root': '../../../../a/b/file',
        first: 'second',
        second: 'first',
        dangling: 'nowhere',
        'to dangling': 'dangling',
        'leads out': '../../etc/shadow',
        ...Object.fromEntries(
          Array.from({ length: 40 }, (_, n) => [`chain ${n + 1}`, n === 0 ? 'a' : `chain ${n}`]),
        ),
        'chain 41': 'chain 40',
      };
      for (const [path, target] of Object.entries(links)) await symlink(target, join(content, path));
      await makeImage(image, '4M', '-d', content);
    });

    test.each([
      'a/b/file',
      '/a/b/file',
      '//a//b/./file',
      'a/b/../b/file',
      '../../a/b/file',
      'relative/file',
      'absolute',
      'a/up',
      'a/above the root',
      'relative/../b/file',
      'chain 40/b/file',
    ])('finds %s', (path) =>
      withExt4(image, async (filesystem) => {
        expect(Buffer.from(await filesystem.readFile(await filesystem.lookup(path), 0, 9)).toString()).toBe(
          'found',
        );
      }),
    );

    test.each([
      ['a/c', 'filesystem-entry-missing'],
      ['dangling', 'filesystem-link-dangling'],
      ['to dangling', 'filesystem-link-dangling'],
      ['dangling/file', 'filesystem-link-dangling'],
      ['leads out', 'filesystem-link-dangling'],
      ['relative/c', 'filesystem-entry-missing'],
      ['first', 'filesystem-link-loop'],
      ['first/file', 'filesystem-link-loop'],
      ['chain 41', 'filesystem-link-loop'],
      ['a/b/file/more', 'filesystem-entry-unfit'],
    ])('refuses %s: %s', (path, code) =>
      withExt4(image, async (filesystem) => {
        await expect(filesystem.lookup(path)).rejects.toMatchObject({ problem: { code, params: { path } } });
      }),
    );

    test('finds a link itself when asked', () =>
      withExt4(image, async (filesystem) => {
        const inode = await filesystem.lookup('relative/../../dangling', { followLast: false });
        expect(Buffer.from(await filesystem.readLink(inode)).toString()).toBe('nowhere');
      }));
  });

  describe('what is told of a file', () => {
    linux.test('is what Linux tells of it', async () => {
      const image = inFolder('status');
      await makeImage(image, '16M', '-b', '1024');
      await withMounted(image, [], async (root) => {
        await writeSparseFile(join(root, 'before 1970'), 100_000, [0, 50_000]);
        await chown(join(root, 'before 1970'), 70_000, 3_000_000_000);
        await utimes(join(root, 'before 1970'), -2_000_000_000.25, -1.75);
        await writeFile(join(root, 'after 2106'), 'x', { mode: 0o640 });
        await run('touch', ['-d', '2440-01-02 03:04:05.987654321', join(root, 'after 2106')]);
        await mkdir(join(root, 'folder'), { mode: 0o1777 });
        await link(join(root, 'after 2106'), join(root, 'folder/another'));
        await run('mkfifo', [join(root, 'pipe')]);
        await run('mknod', [join(root, 'zero'), 'c', '1', '5']);
        await run('mknod', [join(root, 'disk'), 'b', '8', '0']);
        await symlink('target', join(root, 'link'));
      });
      const kinds = {
        'before 1970': 'file',
        'after 2106': 'file',
        folder: 'directory',
        pipe: 'pipe',
        zero: 'character-device',
        disk: 'block-device',
        link: 'link',
      };
      await withMounted(image, ['ro'], (root) =>
        withExt4(image, async (filesystem) => {
          for (const [name, kind] of Object.entries(kinds)) {
            const told = await lstat(join(root, name), { bigint: true });
            const status = await filesystem.stat(await filesystem.lookup(name, { followLast: false }));
            expect(status).toMatchObject({
              number: Number(told.ino),
              kind,
              permissions: Number(told.mode) & 0o7777,
              user: Number(told.uid),
              group: Number(told.gid),
              size: Number(told.size),
              links: Number(told.nlink),
              allocated: Number(told.blocks) * 512,
            });
            const { accessed, modified, changed, created } = status;
            expect([accessed, modified, changed].map(nanoseconds)).toEqual([
              told.atimeNs,
              told.mtimeNs,
              told.ctimeNs,
            ]);
            expect(created && nanoseconds(created)).toBe(told.birthtimeNs);
          }
        }),
      );
    });

    test('has no moment of birth in inodes of 128 bytes', async () => {
      await makeImage(inFolder('small-inodes'), '4M', '-I', '128');
      await withExt4(inFolder('small-inodes'), async (filesystem) => {
        expect((await filesystem.stat(filesystem.root)).created).toBeNull();
      });
    });
  });

  describe('extended attributes', () => {
    test.each(['-I 128 -b 1024', '-I 256 -b 1024', '-I 512 -b 4096', '-O ^metadata_csum'])(
      'are read from the inode and from a block (%s)',
      async (args) => {
        const image = inFolder('attributes');
        await makeImage(image, '4M', ...args.split(' '));
        const long = 'l'.repeat(600);
        await debugfs(image, [
          'mkdir folder',
          'ea_set folder user.short value',
          `ea_set folder user.long ${long}`,
          'ea_set folder security.selinux system_u:object_r:home_t',
          'ea_set folder trusted.empty ""',
        ]);
        await withExt4(image, async (filesystem) => {
          const attributes = await filesystem.xattrs(await filesystem.lookup('folder'));
          const told = Object.fromEntries(
            attributes.map(({ name, value }) => [name, Buffer.from(value).toString()]),
          );
          expect(told).toEqual({
            'user.short': 'value',
            'user.long': long,
            'security.selinux': 'system_u:object_r:home_t',
            'trusted.empty': '',
          });
        });
      },
    );

    oracle('setfattr', 'setfacl', 'getfattr').describe('as the tools of Linux set them', () => {
      linux.test('are what getfattr shows, with lists of access and values in inodes', async () => {
        const image = inFolder('linux-attributes');
        await makeImage(image, '16M', '-b', '1024', '-O', 'ea_inode');
        const file = (root: string) => join(root, 'file');
        const shown = await withMounted(image, [], async (root) => {
          await writeFile(file(root), 'x');
          await run('setfattr', ['-n', 'user.huge', '-v', 'h'.repeat(5000), file(root)]);
          await run('setfattr', ['-n', 'user.bytes', '-v', '0x00ff80', file(root)]);
          await run('setfattr', ['-n', 'trusted.overlay', '-v', 'x', file(root)]);
          await run('setfacl', ['-m', 'u:1234:rw,g:5:r', file(root)]);
          return (
            await run('getfattr', ['-d', '-m', '-', '-e', 'hex', '--absolute-names', file(root)])
          ).toString();
        });
        const expected = [...shown.matchAll(/^([^#\n]+)=0x(.*)$/gm)].map(([, name, value]) => [name, value]);
        expect(expected).toHaveLength(4);
        await withExt4(image, async (filesystem) => {
          const attributes = await filesystem.xattrs(await filesystem.lookup('file'));
          const told = attributes.map(({ name, value }) => [name, Buffer.from(value).toString('hex')]);
          expect(Object.fromEntries(told)).toEqual(Object.fromEntries(expected));
        });
      });
    });
  });

  describe('size', () => {
    test('is no border at 4 GiB of image or file', async () => {
      const image = inFolder('large');
      await writeFile(inFolder('nothing'), '');
      await writeSparseFile(inFolder('far'), 5 * 2 ** 30, [0, 2 ** 32 - 2048, 5 * 2 ** 30 - 4096]);
      await makeImage(image, '6G', '-b', '4096', '-J', 'size=4', '-E', 'lazy_itable_init=1');
      await debugfs(image, [
        `write ${inFolder('nothing')} filler`,
        'fallocate filler 0 1200000',
        `write ${inFolder('far')} far`,
      ]);
      expect(await debugfs(image, ['ex far'])).toMatch(/ 12\d\d\d\d\d - /);
      await withExt4(image, async (filesystem) => {
        const file = await filesystem.openFile(await filesystem.lookup('far'));
        expect(file.size).toBe(5 * 2 ** 30);
        const parts = await collected(file.parts());
        expect(parts.map(({ position, bytes }) => [position, bytes.length])).toEqual([
          [0, 4096],
          [2 ** 32 - 4096, 8192],
          [5 * 2 ** 30 - 4096, 4096],
        ]);
        expect(Buffer.from(await file.read(2 ** 32 - 2048, 4096))).toEqual(noise(4096, `${2 ** 32 - 2048}`));
      });
      await rm(image);
    });

    linux.test('may be 15 TiB', async () => {
      const image = inFolder('huge');
      const options = ['lazy_itable_init=1', 'lazy_journal_init=1', 'nodiscard'].join(',');
      const features = 'bigalloc,sparse_super2,^resize_inode';
      await makeImage(
        image,
        '15T',
        '-b',
        '4096',
        '-J',
        'size=4',
        '-N',
        '200000',
        '-E',
        options,
        '-O',
        features,
      );
      // Linux puts new folders at the root into groups of their own, chosen by a hash that is salted when the file
      // system is made: of so many, one is far out.
      const files = Array.from({ length: 16 }, (_, index) => `folder-${index}/file`);
      await withMounted(image, [], (root) =>
        writeTree(root, Object.fromEntries(files.map((file) => [file, 'far out']))),
      );
      const blocks = await Promise.all(
        files.map(async (file) => Number((await debugfs(image, [`blocks ${file}`])).match(/^\d+/m)?.[0])),
      );
      const farthest = Math.max(...blocks);
      expect(farthest).toBeGreaterThan(2 ** 28);
      await withExt4(image, async (filesystem) => {
        const inode = await filesystem.lookup(files[blocks.indexOf(farthest)] ?? '');
        expect(Buffer.from(await filesystem.readFile(inode, 0, 99)).toString()).toBe('far out');
      });
      await rm(image);
    });
  });

  describe('features that cannot be read', () => {
    test.each([
      ['compression', 'compression'],
      ['dirdata', 'dirdata'],
      ['FEATURE_I31', 'incompat 0x80000000'],
      ['FEATURE_I25', 'incompat 0x2000000'],
    ])('are refused by name: %s', async (feature, named) => {
      const image = inFolder('feature');
      await makeImage(image, '4M');
      await debugfs(image, [`feature ${feature}`]);
      await withExt4(image, () => Promise.resolve()).then(
        () => expect.fail('it was opened'),
        (error: unknown) =>
          expect(error).toMatchObject({
            problem: { code: 'filesystem-feature-unsupported', params: { features: named } },
          }),
      );
    });

    test('are read over where only a writer must know them', async () => {
      const image = inFolder('feature');
      await makeImage(image, '4M');
      await debugfs(image, ['mkdir folder', 'feature FEATURE_R31', 'feature FEATURE_C31']);
      await withExt4(image, async (filesystem) => {
        expect(await names(filesystem, filesystem.root)).toContain('folder');
      });
    });

    linux.test('leave encrypted files told and the others readable', async () => {
      const image = inFolder('encrypted');
      await makeImage(image, '16M', '-O', 'encrypt');
      await withMounted(image, ['test_dummy_encryption'], async (root) => {
        await writeTree(root, { 'secret/file': 'secret', plain: 'plain' });
        await symlink('target', join(root, 'secret/link'));
      });
      await debugfs(image, ['ln <13> exposed']);
      await withExt4(image, async (filesystem) => {
        const encrypted = { problem: { code: 'filesystem-entry-encrypted' } };
        const secret = await filesystem.lookup('secret');
        expect((await filesystem.stat(secret)).flags).toContain('encrypted');
        await expect(collected(filesystem.readDirectory(secret))).rejects.toMatchObject(encrypted);
        await expect(filesystem.lookup('secret/file')).rejects.toMatchObject(encrypted);
        await expect(filesystem.openFile(await filesystem.lookup('exposed'))).rejects.toMatchObject(
          encrypted,
        );
        const steps = await collected(filesystem.walk(filesystem.root));
        expect(steps.filter((step) => 'problem' in step)).toMatchObject([encrypted]);
      });
    });
  });

  test('judges that what these tests made is whole', () => judge(inFolder('indexed')));
});
