/** Recovery from the journal, judged by e2fsck and by Linux, on journals that debugfs and Linux wrote. */
import { copyFile, link, mkdir, open, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Ext4 } from '../../main/recovery/image/ext4.ts';
import {
  debugfs,
  describeImage,
  digestOf,
  e2fsprogs,
  inspect,
  makeImage,
  makeScratch,
  mounting,
  withExt4,
  withMounted,
} from '../support/images.ts';
import { run } from '../support/tools.ts';
import { describeTree, noise } from '../support/trees.ts';

const folder = await makeScratch();
const inFolder = (name: string) => join(folder, name);
const linux = await mounting();

const JOURNAL_MAGIC = Buffer.from([0xc0, 0x3b, 0x39, 0x98]);

/** The number of transactions that opening a file system replayed. */
function replayed(filesystem: Ext4): number | string {
  const note = filesystem.notes.find(({ code }) => code === 'journal-replayed');
  return note?.code === 'journal-replayed' ? note.params.transactions : 0;
}

/** Writes a file that is on the disk, or in its journal, when this ends. */
async function writeSynced(path: string, content: string | Uint8Array, flags = 'w'): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, flags);
  await file.writeFile(content);
  await file.sync();
  await file.close();
}

e2fsprogs.describe('a journal written by debugfs', () => {
  /** Blocks of a file in an image, counted in the image. */
  async function blocksOf(image: string, path: string): Promise<string[]> {
    const [, blocks = ''] = /^([\d ]+)$/m.exec(await debugfs(image, [`blocks ${path}`])) ?? [];
    return blocks.trim().split(' ');
  }

  const forms = {
    'with 64-bit numbers and whole checksums': ['-b 1024', '-c'],
    'with 64-bit numbers and half checksums': ['-b 1024', '-c -v 2'],
    'with 64-bit numbers and no checksums': ['-b 1024 -O ^metadata_csum', ''],
    'with 32-bit numbers and whole checksums': ['-b 1024 -O ^64bit', '-c'],
    'with 32-bit numbers and half checksums': ['-b 1024 -O ^64bit', '-c -v 2'],
    'with 32-bit numbers and no checksums': ['-t ext3 -b 1024', ''],
    'with blocks of 4 KiB': ['-b 4096', '-c'],
  } as const;

  test.each(Object.entries(forms))('%s is replayed as e2fsck does', async (_, [layout, form]) => {
    const image = inFolder('written');
    const judged = inFolder('judged');
    const blockSize = layout.includes('4096') ? 4096 : 1024;
    const content = (name: string, blocks: number) =>
      writeFile(inFolder(name), noise(blocks * blockSize, name));
    await makeImage(image, '8M', ...layout.split(' '));
    await content('file', 30);
    await content('first', 4);
    await content('second', 3);
    await content('third', 2);
    await writeFile(inFolder('escaped'), Buffer.concat([JOURNAL_MAGIC, noise(blockSize - 4, 'escaped')]));
    await debugfs(image, [`write ${inFolder('file')} file`]);
    const at = await blocksOf(image, 'file');
    const some = (...indices: number[]) => indices.map((index) => at[index]).join(',');
    await debugfs(image, [
      `journal_open ${form}`,
      `journal_write -b ${some(0, 1, 2, 3)} ${inFolder('first')}`,
      `journal_write -b ${some(1, 4, 5)} ${inFolder('second')}`,
      `journal_write -r ${some(2, 4, 6)}`,
      `journal_write -b ${some(6, 7)} ${inFolder('third')}`,
      `journal_write -b ${some(8)} ${inFolder('escaped')}`,
      // Not committed, so it does not count.
      `journal_write -b ${some(9, 10, 11, 12)} -c ${inFolder('first')}`,
      'journal_close',
    ]);
    await copyFile(image, judged);
    await run('bash', ['-c', 'e2fsck -fy -E journal_only "$1" || test $? = 1', 'bash', judged]);

    await withExt4(image, (recovered) =>
      withExt4(judged, async (written) => {
        expect(replayed(recovered)).toBe(5);
        expect(written.notes).toEqual([]);
        const file = await recovered.lookup('file');
        const whole = await recovered.readFile(file, 0, 30 * blockSize);
        expect(Buffer.from(whole)).toEqual(Buffer.from(await written.readFile(file, 0, 30 * blockSize)));
        const block = (index: number) =>
          Buffer.from(whole.subarray(index * blockSize, (index + 1) * blockSize));
        const part = (name: string, index: number) =>
          noise((index + 1) * blockSize, name).subarray(index * blockSize);
        expect(block(0)).toEqual(part('first', 0));
        expect(block(1)).toEqual(part('second', 0));
        expect(block(2)).toEqual(part('file', 2));
        expect(block(4)).toEqual(part('file', 4));
        expect(block(6)).toEqual(part('third', 0));
        expect(block(8).subarray(0, 4)).toEqual(JOURNAL_MAGIC);
        expect(block(9)).toEqual(part('file', 9));
      }),
    );
  });

  test('that follows an older one ends where the new one does', async () => {
    const image = inFolder('older');
    await makeImage(image, '8M', '-b', '1024');
    await writeFile(inFolder('file'), noise(4096, 'file'));
    for (const name of ['old', 'new']) await writeFile(inFolder(name), noise(1024, name));
    await debugfs(image, [`write ${inFolder('file')} file`]);
    const at = await blocksOf(image, 'file');
    const write = (index: number, name: string) => `journal_write -b ${at[index]} ${inFolder(name)}`;
    await debugfs(image, ['journal_open -c', ...[0, 1, 2].map((n) => write(n, 'old')), 'journal_close']);
    await run('bash', ['-c', 'e2fsck -fy -E journal_only "$1" || test $? = 1', 'bash', image]);
    await debugfs(image, ['journal_open -c', write(3, 'new'), 'journal_close']);
    expect(await inspect(image, 'logdump')).toMatch(/Found sequence 2 \(not \d\) at block 4/);
    await withExt4(image, async (filesystem) => {
      expect(replayed(filesystem)).toBe(1);
      const content = Buffer.from(await filesystem.readFile(await filesystem.lookup('file'), 0, 4096));
      expect(content.subarray(3072)).toEqual(noise(1024, 'new'));
    });
  });

  test('that is broken in the middle is replayed up to there, and told', async () => {
    const image = inFolder('broken');
    await makeImage(image, '8M', '-b', '1024');
    await writeFile(inFolder('file'), noise(4096, 'file'));
    await writeFile(inFolder('block'), noise(1024, 'block'));
    await debugfs(image, [`write ${inFolder('file')} file`]);
    const at = await blocksOf(image, 'file');
    const write = (index: number) => `journal_write -b ${at[index]} ${inFolder('block')}`;
    await debugfs(image, ['journal_open -c', write(0), write(1), write(2), 'journal_close']);
    const journal = await blocksOf(image, '<8>');
    // Each transaction is a descriptor, a block and a commit; the log starts at block 1.
    const damages = {
      'descriptor block of transaction 2': 4,
      'content of a block': 5,
      'commit block of transaction 2': 6,
    };
    for (const [detail, position] of Object.entries(damages)) {
      const damaged = inFolder('damaged');
      await copyFile(image, damaged);
      await debugfs(damaged, [`zap_block -o 700 -l 10 -p 0x55 ${journal[position]}`]);
      await withExt4(damaged, async (filesystem) => {
        const isContent = detail.startsWith('content');
        expect(filesystem.notes).toContainEqual({ code: 'journal-damaged', params: { detail } });
        expect(replayed(filesystem)).toBe(isContent ? 3 : 1);
        const content = Buffer.from(await filesystem.readFile(await filesystem.lookup('file'), 0, 4096));
        expect(content.subarray(0, 1024)).toEqual(noise(1024, 'block'));
        expect(content.subarray(1024, 2048)).toEqual(noise(2048, 'file').subarray(1024));
        expect(content.subarray(2048, 3072)).toEqual(
          isContent ? noise(1024, 'block') : noise(3072, 'file').subarray(2048),
        );
      });
    }
  });

  test('on another disk is refused by name when it is needed', async () => {
    const image = inFolder('external');
    await makeImage(inFolder('journal'), '4M', '-b', '1024', '-O', 'journal_dev');
    await makeImage(image, '8M', '-b', '1024');
    await debugfs(image, [
      'feature has_journal',
      'ssv journal_inum 0',
      'ssv journal_dev 0x801',
      'mkdir folder',
    ]);
    await withExt4(image, async (filesystem) => {
      expect(await filesystem.lookup('folder')).toBeGreaterThan(filesystem.root);
    });
    await debugfs(image, ['feature needs_recovery']);
    const refused = (features: string) => ({
      problem: { code: 'filesystem-feature-unsupported', params: { features } },
    });
    const opening = (path: string) => withExt4(path, () => Promise.resolve());
    await expect(opening(image)).rejects.toMatchObject(refused('journal on another disk'));
    await expect(opening(inFolder('journal'))).rejects.toMatchObject(refused('journal_dev'));
  });
});

linux.describe('an image taken while Linux was writing', () => {
  /**
   * Makes a file system, lets Linux change it, and takes the image before it is unmounted. The image is opened as
   * it is, and must show what Linux shows after its own recovery of a copy.
   */
  async function takeAndCompare(
    layout: string,
    options: readonly string[],
    work: (root: string) => Promise<void>,
    examine: (filesystem: Ext4, taken: string) => Promise<void>,
  ): Promise<void> {
    const image = inFolder('in-use');
    const taken = inFolder('taken');
    await makeImage(image, '24M', ...layout.split(' '));
    await withMounted(image, options, async (root) => {
      await writeSynced(join(root, 'before'), noise(50_000, 'before'));
      await run('sync', ['-f', root]);
      await work(root);
      await copyFile(image, taken);
    });
    await copyFile(taken, inFolder('recovered'));
    const expected = await withMounted(inFolder('recovered'), [], async (root) => {
      await rm(join(root, 'lost+found'), { recursive: true });
      return describeTree(root);
    });
    await withExt4(taken, async (filesystem) => {
      expect(await describeImage(filesystem)).toEqual(expected);
      expect(filesystem.notes.map(({ code }) => code)).toEqual(['journal-replayed']);
      await examine(filesystem, taken);
    });
  }

  const forms = {
    'ext4 as it is made by default': ['-b 4096', []],
    'ext4 with blocks of 1 KiB': ['-b 1024', []],
    'ext4 that journals contents': ['-b 1024', ['data=journal']],
    'ext4 without checksums of metadata': ['-b 1024 -O ^metadata_csum', []],
    'ext4 with checksums over transactions': ['-b 1024 -O ^metadata_csum', ['journal_checksum']],
    'ext4 that commits asynchronously': ['-b 1024', ['journal_async_commit', 'data=writeback']],
    ext3: ['-t ext3 -b 1024', []],
  } as const;

  for (const [name, [layout, options]] of Object.entries(forms)) {
    linux.test(`${name} shows the file that was synced last`, () =>
      takeAndCompare(
        layout,
        options,
        async (root) => {
          await writeSynced(
            join(root, 'documents/last'),
            Buffer.concat([JOURNAL_MAGIC, noise(9000, 'last')]),
          );
          await rename(join(root, 'before'), join(root, 'documents/moved'));
          await writeSynced(join(root, 'documents/very last'), 'the end');
        },
        async (filesystem, taken) => {
          const last = await filesystem.lookup('documents/last');
          expect(Buffer.from(await filesystem.readFile(last, 0, 9999))).toEqual(
            Buffer.concat([JOURNAL_MAGIC, noise(9000, 'last')]),
          );
          // Without the journal it is not there: what debugfs sees, which does not replay it.
          expect(await inspect(taken, 'ls -p /')).not.toContain('documents');
        },
      ),
    );
  }

  linux.test('is right about blocks that were metadata and are content now', () =>
    takeAndCompare(
      '-b 1024',
      [],
      async (root) => {
        const names = Array.from({ length: 200 }, (_, n) => join(root, 'folder', `${n}${'x'.repeat(150)}`));
        await mkdir(join(root, 'folder'));
        for (const name of names) await writeFile(name, '');
        await writeSynced(join(root, 'one'), '1');
        await rm(join(root, 'folder'), { recursive: true });
        await writeSynced(join(root, 'two'), '2');
        for (let n = 0; n < 40; n++) await writeSynced(join(root, `content ${n}`), noise(100_000, `${n}`));
      },
      async (filesystem, taken) => {
        expect(await inspect(taken, 'logdump -a')).toContain('revoke block');
        expect(filesystem.notes).not.toEqual([]);
      },
    ),
  );

  linux.test('follows a log from its end to its start', () => {
    const commitsIn = async (image: string) => {
      const log = await inspect(image, 'logdump');
      return [...log.matchAll(/\(commit block\) at block (\d+)/g)].map(([, block]) => Number(block));
    };
    const wraps = (commits: readonly number[]) =>
      commits.some((block, index) => block < (commits[index - 1] ?? 0));
    return takeAndCompare(
      '-b 1024 -J size=1',
      ['data=journal'],
      async (root) => {
        for (let n = 0; n < 100 && !(n > 30 && wraps(await commitsIn(inFolder('in-use')))); n++) {
          await writeSynced(join(root, `file ${n % 7}`), noise(20_000 + n * 100, `${n}`));
        }
      },
      async (filesystem, taken) => {
        const commits = await commitsIn(taken);
        expect(wraps(commits)).toBe(true);
        expect(replayed(filesystem)).toBe(commits.length);
      },
    );
  });

  linux.test('replays fast commits', () =>
    takeAndCompare(
      '-b 1024 -O fast_commit -J fast_commit_size=64',
      [],
      async (root) => {
        const path = (name: string) => join(root, name);
        for (const name of ['gone', 'moved', 'covered', 'cover', 'cut']) {
          await writeSynced(path(`folder/${name}`), noise(10_000, name));
        }
        await writeSynced(path('folder/grows'), 'start');
        await run('sync', ['-f', root]);
        await writeSynced(path('folder/grows'), noise(30_000, 'grown'), 'a');
        await unlink(path('folder/gone'));
        await writeSynced(path('folder/in its place'), 'a new file in the old inode');
        await rename(path('folder/moved'), path('folder/has moved'));
        await rename(path('folder/cover'), path('folder/covered'));
        await link(path('folder/grows'), path('another name'));
        await writeSynced(path('folder/new'), noise(3000, 'new'));
        await truncate(path('folder/cut'), 1500);
        await writeSynced(path('folder/cut'), 'and on', 'a');
        await mkdir(path('new folder'));
        await writeSynced(path('new folder/within'), 'within');
      },
      async (filesystem, taken) => {
        const log = await inspect(taken, 'logdump -a');
        for (const tag of ['ADD_RANGE', 'DEL_RANGE', 'CREAT_DENTRY', 'ADD_ENTRY', 'DEL_ENTRY']) {
          expect(log).toContain(`tag ${tag}`);
        }
        expect(await digestOf(filesystem, await filesystem.lookup('another name'))).toBe(
          await digestOf(filesystem, await filesystem.lookup('folder/grows')),
        );
      },
    ),
  );
});
