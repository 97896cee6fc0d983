/** Mounting without a desktop's services: by root, by anybody through fuse2fs, and what is left after a crash. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loopDevicesOf } from '../../main/recovery/mount/loop-devices.ts';
import { missingOptions, mountAt } from '../../main/recovery/mount/mount-table.ts';
import { mountImage, type MountOptions } from '../../main/recovery/mount/mount-image.ts';
import {
  cleanUpMounts,
  mountedImages,
  unmountImage,
  unmountOwn,
  type Mounted,
} from '../../main/recovery/mount/mounted-images.ts';
import { addRecord, readRecords } from '../../main/recovery/mount/records.ts';
import { thisSystem, type MountSystem } from '../../main/recovery/mount/system.ts';
import { thisProcess } from '../../main/recovery/running.ts';
import { debugfs, inspect, makeHole, makeImage, mounting } from '../support/images.ts';
import { oracle } from '../support/oracles.ts';
import { after, before, makePartitioned, makePendingImage } from '../support/pending-journal.ts';
import { findTool, missingTools, run } from '../support/tools.ts';

const project = join(import.meta.dirname, '../..');
const folder = await mkdtemp(join(tmpdir(), 'lifeboat-mount-'));
await chmod(folder, 0o755);
afterAll(async () => {
  await unmountOwn(system);
  await rm(folder, { recursive: true });
});
const inFolder = (name: string) => join(folder, name);

const system: MountSystem = {
  ...thisSystem(),
  environment: { PATH: process.env['PATH'], XDG_STATE_HOME: inFolder('state') },
};
const carrying = (code: string, params?: object) => ({ problem: { code, ...(params && { params }) } });
const digestOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
const note = (mounted: Mounted) => readFile(join(mounted.mountPoint, 'note'), 'utf8');

const root = await mounting();
const fuse = existsSync('/dev/fuse') ? oracle('fuse2fs', 'mkfs.ext4', 'debugfs') : await mounting();

const gates = { mount: root, fuse2fs: fuse } as const;
for (const way of ['mount', 'fuse2fs'] as const) {
  gates[way].describe(`through ${way}`, () => {
    const image = inFolder(`${way}.img`);
    const clean = inFolder(`${way} clean, nosuid=x?offset=9.img`);
    beforeAll(async () => {
      await makePendingImage(image);
      const plain = inFolder(`${way}-plain.img`);
      await copyFile(image, plain);
      await run('e2fsck', ['-p', '-E', 'journal_only', plain]);
      await rename(plain, clean);
    });
    const mountIt = (path: string, options: MountOptions = {}) =>
      mountImage(path, { ways: [way], system, ...options });
    const unmountIt = (path: string) => unmountImage(path, { system });

    test('an image can be read and not be written, and nothing in it can be run', async () => {
      const mounted = await mountIt(clean);
      expect(mounted).toMatchObject({
        image: clean,
        way,
        journal: 'clean',
        partition: null,
        copy: null,
        keep: false,
      });
      const seen = await mountAt(mounted.mountPoint);
      expect(seen && missingOptions(seen)).toEqual([]);
      expect(await note(mounted)).toBe(after);
      await expect(writeFile(join(mounted.mountPoint, 'note'), '')).rejects.toThrow('EROFS');
      expect(await mountedImages(system)).toEqual([mounted]);
      expect(await mountIt(clean)).toEqual(mounted);
      await unmountIt(clean);
      expect(await mountAt(mounted.mountPoint)).toBe(null);
      expect(existsSync(mounted.mountPoint)).toBe(false);
      expect(await readRecords(system)).toEqual([]);
      await expect.poll(() => loopDevicesOf(clean)).toEqual([]);
      await expect(unmountIt(clean)).rejects.toMatchObject(carrying('mount-unknown'));
    });

    test('an image whose journal holds its last changes is mounted as was chosen', async () => {
      const digest = await digestOf(image);
      await expect(mountIt(image)).rejects.toMatchObject(carrying('image-journal-dirty', { path: image }));
      const asItIs = await mountIt(image, { pendingJournal: 'leave' });
      expect([asItIs.journal, await note(asItIs)]).toEqual(['not-replayed', before]);
      await unmountIt(image);
      const progress: number[] = [];
      const recovered = await mountIt(image, {
        pendingJournal: 'recovered-copy',
        onProgress: (done, total) => progress.push(done / total),
      });
      expect([recovered.journal, await note(recovered)]).toEqual(['replayed', after]);
      expect(recovered.copy).toBe(inFolder(`${way}.recovered.img`));
      expect(progress.at(-1)).toBe(1);
      await unmountIt(image);
      expect(existsSync(recovered.copy ?? '')).toBe(false);
      expect(await digestOf(image)).toBe(digest);
    });

    test('of a disk, the partition with the file system is mounted', async () => {
      const disk = inFolder(`${way}-disk.img`);
      await makePartitioned(disk, image);
      const asItIs = await mountIt(disk, { pendingJournal: 'leave' });
      expect([asItIs.partition, await note(asItIs)]).toEqual([2, before]);
      await unmountIt(disk);
      const recovered = await mountIt(disk, { pendingJournal: 'recovered-copy' });
      expect([recovered.partition, await note(recovered)]).toEqual([2, after]);
      await unmountIt(disk);
      await expect(mountIt(disk, { partition: 1 })).rejects.toMatchObject(
        carrying('filesystem-unsupported', { name: 'blank' }),
      );
    });

    test('a folder of one’s own choice is used, and stays', async () => {
      const at = inFolder(`${way} at, noexec`);
      await mkdir(at);
      expect(await mountIt(clean, { at })).toMatchObject({ mountPoint: at });
      await unmountIt(at);
      expect((await stat(at)).isDirectory()).toBe(true);
    });

    test('an image in use is not unmounted', async () => {
      const { mountPoint } = await mountIt(clean);
      const user = await open(join(mountPoint, 'note'));
      try {
        await expect(unmountIt(clean)).rejects.toMatchObject(carrying('mount-busy', { path: mountPoint }));
        expect(await mountedImages(system)).toHaveLength(1);
      } finally {
        await user.close();
      }
      await unmountIt(clean);
    });

    test('an image that is no more than its first blocks is refused, and nothing is left', async () => {
      const torn = inFolder(`${way}-torn.img`);
      await copyFile(clean, torn);
      await truncate(torn, 3000);
      await expect(mountIt(torn)).rejects.toMatchObject(carrying('mount-failed'));
      expect(await readRecords(system)).toEqual([]);
      await expect.poll(() => loopDevicesOf(torn)).toEqual([]);
    });
  });
}

fuse.test(
  'a mount with fewer restrictions than asked for is taken down, whatever its tool says',
  async () => {
    const tools = inFolder('tools');
    await mkdir(tools);
    const careless = `#!/bin/sh\nexec ${findTool('fuse2fs')} -o "$(echo "$3" | sed s/,noexec//)" "$4" "$5"\n`;
    await writeFile(join(tools, 'fuse2fs'), careless, { mode: 0o755 });
    const image = inFolder('careless.img');
    const at = inFolder('careless');
    await makeImage(image, '4M');
    await mkdir(at);
    const environment = { ...system.environment, PATH: `${tools}:${process.env['PATH'] ?? ''}` };
    const mounting = mountImage(image, { at, ways: ['fuse2fs'], system: { ...system, environment } });
    await expect(mounting).rejects.toMatchObject(
      carrying('mount-failed', { way: 'fuse2fs', detail: 'mounted without ro, noexec' }),
    );
    expect(await mountAt(at)).toBe(null);
  },
);

fuse.describe('a process that ended', () => {
  const image = inFolder('abandoned.img');
  beforeAll(() => makeImage(image, '4M'));

  /** Mounts in a process that is killed as soon as it has. */
  async function mountAndDie(options: string): Promise<void> {
    const source = `
      import { mountImage } from '${project}/main/recovery/mount/mount-image.ts';
      await mountImage('${image}', { ways: ['fuse2fs'], ${options} });
      process.kill(process.pid, 'SIGKILL');`;
    const env = { PATH: process.env['PATH'], XDG_STATE_HOME: inFolder('state') };
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { env });
    await once(child, 'close');
  }

  test('leaves no mount behind once the next one cleans up', async () => {
    await mountAndDie('');
    const [mounted] = await mountedImages(system);
    expect(mounted).toMatchObject({ image, keep: false });
    expect(await cleanUpMounts(system)).toEqual([]);
    expect(await mountedImages(system)).toEqual([]);
    expect(await mountAt(mounted?.mountPoint ?? '')).toBe(null);
    expect(existsSync(mounted?.mountPoint ?? '')).toBe(false);
  });

  test('leaves a mount that was to be kept', async () => {
    await mountAndDie('keep: true');
    expect(await cleanUpMounts(system)).toEqual([]);
    expect(await mountedImages(system)).toMatchObject([{ image, keep: true }]);
    await unmountImage(image, { system });
  });

  test('does not concern one that is alive, which unmounts its own when it ends', async () => {
    const kept = inFolder('kept.img');
    await copyFile(image, kept);
    await mountImage(kept, { ways: ['fuse2fs'], system, keep: true });
    await mountImage(image, { ways: ['fuse2fs'], system });
    expect(await cleanUpMounts(system)).toEqual([]);
    expect(await mountedImages(system)).toHaveLength(2);
    expect(await unmountOwn(system)).toEqual([]);
    expect(await mountedImages(system)).toMatchObject([{ image: kept }]);
    await unmountImage(kept, { system });
  });

  test('and a mount that another program took away, leave nothing', async () => {
    const { mountPoint } = await mountImage(image, { ways: ['fuse2fs'], system, keep: true });
    await run('fusermount', ['-u', mountPoint]);
    expect(await mountedImages(system)).toEqual([]);
    expect(await cleanUpMounts(system)).toEqual([]);
    expect(existsSync(mountPoint)).toBe(false);
    expect(await readRecords(system)).toEqual([]);
  });
});

root.describe('a process that ended while it was mounting', () => {
  const dead = async () => ({ ...(await thisProcess()), started: '1' });
  const record = async (image: string) => ({
    version: 1 as const,
    image,
    state: 'mounting' as const,
    owner: await dead(),
    journal: 'clean' as const,
    partition: null,
    copy: null,
    way: 'udisks' as const,
    mountPoint: null,
    loopDevice: null,
    ownFolder: false,
  });

  test('leaves no loop device', async () => {
    const image = inFolder('looped.img');
    await makeImage(image, '4M');
    const loopDevice = (await run('losetup', ['--find', '--show', '--read-only', image])).toString().trim();
    await addRecord({ ...(await record(image)), loopDevice }, system);
    expect(await cleanUpMounts(system)).toEqual([]);
    expect(await loopDevicesOf(image)).toEqual([]);
    expect(await readRecords(system)).toEqual([]);
  });

  test('leaves no mount of which only the loop device was noted', async () => {
    const [image, at] = [inFolder('noted.img'), inFolder('noted')];
    await makeImage(image, '4M');
    await mkdir(at);
    await run('mount', ['-o', 'loop,ro', image, at]);
    const [loopDevice = ''] = await loopDevicesOf(image);
    await addRecord({ ...(await record(image)), way: 'mount', loopDevice }, system);
    expect(await cleanUpMounts(system)).toEqual([]);
    expect(await mountAt(at)).toBe(null);
    expect(await loopDevicesOf(image)).toEqual([]);
  });

  test('takes away no device, mount, folder or file that is another’s by now', async () => {
    const [image, other] = [inFolder('mine.img'), inFolder('other.img')];
    const at = inFolder('other');
    await mkdir(at);
    await makeImage(image, '4M');
    await makeImage(other, '4M');
    await run('mount', ['-o', 'loop,ro', other, at]);
    try {
      const [loopDevice = ''] = await loopDevicesOf(other);
      const stale = await record(image);
      const records = [
        // Something else is mounted there by now, and the folder is not empty.
        ...(['udisks', 'fuse2fs', 'mount'] as const).map((way) => ({
          ...stale,
          way,
          mountPoint: at,
          ownFolder: true,
        })),
        // The number of the device went to another file.
        { ...stale, loopDevice },
        // Another file took the name of the copy.
        { ...stale, copy: { path: other, identity: '1:1' } },
      ];
      for (const each of records) {
        await addRecord(each, system);
        expect(await cleanUpMounts(system)).toEqual([]);
      }
      expect(await mountAt(at)).toMatchObject({ source: loopDevice });
      expect(existsSync(other)).toBe(true);
      expect(await loopDevicesOf(other)).toEqual([loopDevice]);
      expect(await readRecords(system)).toEqual([]);
    } finally {
      await run('umount', [at]);
    }
  });

  test('does not stand in the way of mounting anew', async () => {
    const image = inFolder('anew.img');
    await makeImage(image, '4M');
    await addRecord(await record(image), system);
    await mountImage(image, { ways: ['mount'], system });
    await unmountImage(image, { system });
    await addRecord({ ...(await record(image)), owner: await thisProcess() }, system);
    await expect(mountImage(image, { ways: ['mount'], system })).rejects.toMatchObject(
      carrying('mount-busy'),
    );
    await rm(inFolder('state'), { recursive: true });
  });
});

fuse.describe('a recovered copy', () => {
  const image = inFolder('sparse.img');
  const recover = () => mountImage(image, { ways: ['fuse2fs'], system, pendingJournal: 'recovered-copy' });

  test('leaves out the holes', async () => {
    await makePendingImage(image);
    await truncate(image, 256 * 2 ** 20);
    await recover();
    const copy = await stat(inFolder('sparse.recovered.img'));
    expect(copy.size).toBe(256 * 2 ** 20);
    expect(copy.blocks * 512).toBeLessThan(16 * 2 ** 20);
    await unmountImage(image, { system });
  });

  test('can be made while another image is mounted', async () => {
    const other = inFolder('other-mounted.img');
    await makeImage(other, '4M');
    await mountImage(other, { ways: ['fuse2fs'], system });
    expect(await note(await recover())).toBe(after);
    await unmountImage(image, { system });
    await unmountImage(other, { system });
  });

  test('replaces nothing', async () => {
    await writeFile(inFolder('sparse.recovered.img'), 'mine');
    await expect(recover()).rejects.toMatchObject(
      carrying('dest-occupied', { path: inFolder('sparse.recovered.img') }),
    );
    expect(await readFile(inFolder('sparse.recovered.img'), 'utf8')).toBe('mine');
    await rm(inFolder('sparse.recovered.img'));
  });

  test('that is cancelled is removed', async () => {
    const abort = new AbortController();
    const making = mountImage(image, {
      ways: ['fuse2fs'],
      system,
      pendingJournal: 'recovered-copy',
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await expect(making).rejects.toMatchObject(carrying('cancelled'));
    expect(existsSync(inFolder('sparse.recovered.img'))).toBe(false);
    expect(await readRecords(system)).toEqual([]);
  });

  test('is not made of a journal that is damaged', async () => {
    const damages = {
      whole: ['clri <8>'],
      block: [`zap_block -o 700 -l 10 -p 0x55 ${await journalBlock(2)}`],
    };
    for (const [name, commands] of Object.entries(damages)) {
      const broken = inFolder(`${name}.img`);
      await copyFile(image, broken);
      await debugfs(broken, commands);
      const making = mountImage(broken, { ways: ['fuse2fs'], system, pendingJournal: 'recovered-copy' });
      await expect(making).rejects.toMatchObject(carrying('image-recovery-failed'));
      expect(existsSync(inFolder(`${name}.recovered.img`))).toBe(false);
    }
  });

  /** The block of the image in which a block of the journal lies. */
  async function journalBlock(index: number): Promise<string> {
    const [, blocks = ''] = /^([\d ]+)$/m.exec(await inspect(image, 'blocks <8>')) ?? [];
    return blocks.trim().split(' ')[index] ?? '';
  }
});

root.describe('where the file system shares blocks between files', () => {
  test.skipIf(missingTools('mkfs.btrfs').length > 0)(
    'a recovered copy costs no copying',
    async ({ skip }) => {
      const [disk, at] = [inFolder('btrfs.disk'), inFolder('btrfs')];
      await makeHole(disk, 128 * 2 ** 20);
      await run('mkfs.btrfs', ['--quiet', disk]);
      await mkdir(at);
      await run('mount', ['-o', 'loop', disk, at]).catch(() => skip('this kernel has no btrfs'));
      try {
        const image = join(at, 'private.img');
        await makePendingImage(image);
        const progress: number[] = [];
        const mounted = await mountImage(image, {
          ways: ['mount'],
          system,
          pendingJournal: 'recovered-copy',
          onProgress: (done) => progress.push(done),
        });
        expect(await note(mounted)).toBe(after);
        expect(progress).toEqual([]);
        await unmountImage(image, { system });
      } finally {
        await run('umount', [at]);
      }
    },
  );
});
