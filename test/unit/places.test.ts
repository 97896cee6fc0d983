/** Promises of the places a wizard may speak of, and of what is found out about a destination. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { homedir, hostname, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod/mini';
import {
  destinationFindings,
  probeDestination,
  type DestinationFacts,
} from '../../main/backend/destination.ts';
import { removableMounts } from '../../main/backend/drives.ts';
import {
  behindFuse,
  fileLimitOf,
  fileSystemAt,
  fileSystemOf,
  knownFileSystem,
} from '../../main/backend/file-system.ts';
import { fatFileLimit } from '../../main/recovery/writing/destination-error.ts';
import { createPlaces, readingsOf } from '../../main/backend/places.ts';
import { freeBytesOf } from '../../main/recovery/writing/free-bytes.ts';
import { folderListing } from '../../shared/contract/wizard.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { run } from '../support/tools.ts';

/** What the tools of GNU make or say. */
const linux = process.platform === 'linux' ? oracle('mkfifo', 'df') : skipped('for Linux');

let folder: string;
// Not by `afterEach`, which comes before what a test itself undoes, such as its mounts.
beforeEach(async ({ onTestFinished }) => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-places-'));
  onTestFinished(() => rm(folder, { recursive: true }));
});

/** What a rejection carries for the wizard. */
const carrying = (code: string, params?: object) => ({ problem: { code, ...(params && { params }) } });

describe('ids of places', () => {
  it('stand for the path they were handed out for, the same for the same path', () => {
    const places = createPlaces();
    const place = places.remember('/a/b.backup');
    expect(place).toMatchObject({ name: 'b.backup', path: '/a/b.backup' });
    expect(places.pathOf(place.id)).toBe('/a/b.backup');
    expect(places.remember('/a/b.backup').id).toBe(place.id);
  });

  it('cannot be forged: a path, or an id of another wizard, is refused', () => {
    const foreign = createPlaces().remember('/etc/shadow');
    const places = createPlaces();
    for (const id of ['/etc/shadow', foreign.id, '', '__proto__']) {
      expect(() => places.pathOf(id)).toThrow('unexpected');
    }
  });

  it('are bounded: the longest unused is forgotten, one in use is not', () => {
    const places = createPlaces();
    const kept = places.remember('/kept');
    const forgotten = places.remember('/forgotten');
    for (let n = 0; n < 30_000; n++) {
      places.remember(`/other/${n}`);
      if (n % 1000 === 0) places.pathOf(kept.id);
    }
    expect(places.pathOf(kept.id)).toBe('/kept');
    expect(() => places.pathOf(forgotten.id)).toThrow('unexpected');
  });
});

describe('locating what a person typed, pasted or dropped', () => {
  it.each([
    ['as it is', (path: string) => path],
    ['with blanks around', (path: string) => `  ${path}\n`],
    ['in double quotes', (path: string) => `"${path}"`],
    ['in single quotes', (path: string) => ` '${path}' `],
    ['as a file URL', (path: string) => pathToFileURL(path).href],
  ])('finds a backup written %s', async (_, write) => {
    const path = join(folder, 'qubes backup é%20.bak');
    await writeFile(path, '');
    const place = await createPlaces().locate(write(path), 'backup');
    expect(place).toMatchObject({ path, name: basename(path) });
  });

  // Windows keeps no blank at the end of a name.
  it.skipIf(process.platform === 'win32')(
    'takes a path literally first, blanks at its ends and all',
    async () => {
      await writeFile(join(folder, 'odd '), '');
      await writeFile(join(folder, 'odd'), '');
      const place = await createPlaces().locate(join(folder, 'odd '), 'backup');
      expect(place.name).toBe('odd ');
    },
  );

  it('expands ~ alone and before a slash only', () => {
    const home = resolve('/home/u');
    expect(readingsOf('~', home)).toEqual([home]);
    expect(readingsOf('~/x', home)).toEqual([join(home, 'x')]);
    expect(readingsOf('~root/x', home)).toEqual([]);
  });

  it('ends a folder without its slash, so that one folder has one id', async () => {
    const places = createPlaces();
    const plain = await places.locate(folder, 'folder');
    expect(await places.locate(`${folder}/`, 'folder')).toEqual(plain);
  });

  it.each([
    ['nothing there', '/nonexistent/x', 'backup', 'source-missing'],
    ['nothing there', '/nonexistent/x', 'folder', 'dest-missing'],
    ['a relative path', 'package.json', 'backup', 'source-missing'],
    ['a NUL character', '/etc/passwd\0.png', 'backup', 'source-missing'],
    ['a path no system can hold', `/${'x'.repeat(30_000)}`, 'folder', 'dest-missing'],
    ['a URL of another host', 'file://host/share/x', 'backup', 'source-missing'],
    ['a broken file URL', 'file://%zz', 'folder', 'dest-missing'],
    ['a path through a file', '/etc/passwd/x', 'backup', 'source-missing'],
    ['a file for a folder', '/etc/passwd', 'folder', 'dest-not-a-folder'],
  ] as const)('refuses %s', async (_, path, kind, code) => {
    await expect(createPlaces().locate(path, kind)).rejects.toMatchObject(carrying(code));
  });
});

describe('listing folders', () => {
  const listed = async (places = createPlaces()) => {
    const { id } = places.remember(folder);
    const listing = await places.list(id);
    return z.parse(folderListing, listing);
  };

  it('shows folders first, then files by number and name, with sizes and without hidden ones', async () => {
    for (const name of ['b 10', 'b 9', '.hidden', 'A.bak']) await writeFile(join(folder, name), 'xyz');
    for (const name of ['z folder', '.cache', '$RECYCLE.BIN']) await mkdir(join(folder, name));
    const { entries, omitted } = await listed();
    expect(entries.map(({ name, kind, size }) => [name, kind, size])).toEqual([
      ['z folder', 'folder', null],
      ['A.bak', 'file', 3],
      ['b 9', 'file', 3],
      ['b 10', 'file', 3],
    ]);
    expect(omitted).toBe(0);
    expect(entries[1]?.modified).toBeCloseTo(Date.now(), -5);
  });

  linux.test('follows links, and leaves out broken ones and what is neither file nor folder', async () => {
    await mkdir(join(folder, 'real'));
    await symlink(join(folder, 'real'), join(folder, 'link'));
    await symlink('/nonexistent', join(folder, 'broken'));
    await run('mkfifo', [join(folder, 'pipe')]);
    expect((await listed()).entries.map(({ name, kind }) => [name, kind])).toEqual([
      ['link', 'folder'],
      ['real', 'folder'],
    ]);
  });

  it('is bounded and says how much it left out', async () => {
    await Promise.all(Array.from({ length: 2_100 }, (_, n) => writeFile(join(folder, `f${n}`), '')));
    const { entries, omitted } = await listed();
    expect(entries).toHaveLength(2_000);
    expect(omitted).toBe(100);
    expect(entries[0]?.name).toBe('f0');
  });

  it('starts in the home folder', async () => {
    expect((await createPlaces().list(null)).folder.path).toBe(homedir());
  });

  it('leads from the home folder up to the drives, among them home and the root', async () => {
    const places = createPlaces();
    const { parent } = await places.list(null);
    expect(parent?.name).toBe(hostname());
    const drives = await places.list(parent?.id ?? '');
    expect(drives.parent).toBeNull();
    expect(drives.entries.map(({ path }) => path)).toEqual(expect.arrayContaining([homedir(), '/']));
  });

  it('leads from any other folder to the one above, and from the root to the drives', async () => {
    const places = createPlaces();
    expect((await listed(places)).parent?.path).toBe(dirname(folder));
    const root = await places.list(places.remember('/').id);
    expect(root.parent?.name).toBe(hostname());
    expect(root.folder.name).toBe('/');
  });

  it('has no path behind the list of drives, so nothing is restored into it', async () => {
    const places = createPlaces();
    const id = (await places.list(null)).parent?.id ?? '';
    expect(() => places.pathOf(id)).toThrow('dest-not-a-folder');
    await expect(places.createFolder(id, 'x')).rejects.toMatchObject(carrying('dest-not-a-folder'));
  });

  it('says what is wrong with a folder that went away, or is none', async () => {
    const places = createPlaces();
    const missing = places.remember(join(folder, 'missing'));
    const file = places.remember('/etc/passwd');
    await expect(places.list(missing.id)).rejects.toMatchObject(carrying('dest-missing'));
    await expect(places.list(file.id)).rejects.toMatchObject(carrying('dest-not-a-folder'));
  });
});

describe('drives', () => {
  it('are read from the table of mounts, with blanks in their names', () => {
    const table = [
      '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      String.raw`90 22 8:17 / /run/media/user/USB\040DISK rw,nosuid shared:1 - vfat /dev/sdb1 rw`,
      '91 22 8:18 / /media/user/Daten rw shared:2 - ntfs3 /dev/sdb2 rw',
      '92 22 0:44 / /mnt rw - nfs4 host:/x rw',
      '93 22 0:45 / /media/cd rw - autofs systemd-1 rw',
      '94 22 0:46 / /mediathek rw - ext4 /dev/vdb rw',
      'a torn line',
      '',
    ].join('\n');
    expect(removableMounts(table)).toEqual(['/run/media/user/USB DISK', '/media/user/Daten', '/mnt']);
  });
});

describe('making a folder', () => {
  it('makes it, and answers it again when it is there already', async () => {
    const places = createPlaces();
    const wanted = [places.remember(folder).id, 'Restored qubes'] as const;
    const made = await places.createFolder(...wanted);
    expect(made.path).toBe(join(folder, 'Restored qubes'));
    expect(await readdir(folder)).toEqual(['Restored qubes']);
    expect(await places.createFolder(...wanted)).toEqual(made);
  });

  it.each(['../x', 'a/b', 'a\\b', '..', '.', ' .. ', 'x\0y', 'x'.repeat(300)])(
    'refuses the name %j',
    async (name) => {
      const places = createPlaces();
      const parentId = places.remember(folder).id;
      await expect(places.createFolder(parentId, name)).rejects.toMatchObject(
        carrying('dest-name-invalid', { name }),
      );
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('refuses the name of a file', async () => {
    await writeFile(join(folder, 'taken'), '');
    const places = createPlaces();
    const wanted = [places.remember(folder).id, 'taken'] as const;
    await expect(places.createFolder(...wanted)).rejects.toMatchObject(carrying('dest-occupied'));
  });
});

describe('findings about a destination', () => {
  const facts: DestinationFacts = {
    path: '/dest',
    refusal: null,
    freeBytes: 100 * 2 ** 30,
    fileSystem: null,
    reclaimableBytes: 0,
    occupied: [],
  };
  const wanted = {
    outputs: [
      { path: 'work/private.img', bytes: 2 ** 32 },
      { path: 'work/notes.txt', bytes: null },
      { path: 'vault/private.img', bytes: 10 * 2 ** 30 },
    ],
    neededBytes: 14 * 2 ** 30,
    leastBytes: 2 ** 30,
  };
  const storing = (fileSystem: string) => ({ code: 'dest-stores-holes', params: { fileSystem } });

  it('count the space of unfinished files, which make way', () => {
    const tight = { ...facts, freeBytes: 2 ** 20 };
    expect(destinationFindings(tight, wanted).map(({ code }) => code)).toEqual(['dest-full']);
    expect(destinationFindings({ ...tight, reclaimableBytes: 14 * 2 ** 30 }, wanted)).toEqual([]);
  });

  it('are none where everything fits', () => expect(destinationFindings(facts, wanted)).toEqual([]));

  it('are none of space where the system does not tell the free bytes', () =>
    expect(destinationFindings({ ...facts, freeBytes: null }, wanted)).toEqual([]));

  it('warn of a drive that is too small for full images, and refuse one too small for empty ones', () => {
    const needed = wanted.neededBytes;
    const at = (free: number) => destinationFindings({ ...facts, freeBytes: free }, wanted);
    expect(at(needed)).toEqual([]);
    expect(at(needed - 1)).toEqual([{ code: 'dest-may-fill', params: { needed, free: needed - 1 } }]);
    expect(at(wanted.leastBytes)).toMatchObject([{ code: 'dest-may-fill' }]);
    const free = wanted.leastBytes - 1;
    expect(at(free)).toEqual([{ code: 'dest-full', params: { needed, free } }]);
  });

  it('tell of a file system that stores holes, and refuse it where only holes would make things fit', () => {
    const exfat: DestinationFacts = { ...facts, fileSystem: 'exFAT' };
    expect(destinationFindings(exfat, wanted)).toEqual([storing('exFAT')]);
    const free = wanted.neededBytes - 1;
    expect(destinationFindings({ ...exfat, freeBytes: free }, wanted)).toEqual([
      { code: 'dest-full', params: { needed: wanted.neededBytes, free } },
      storing('exFAT'),
    ]);
    expect(destinationFindings({ ...facts, fileSystem: 'NTFS' }, wanted)).toEqual([]);
  });

  it('name the largest file over the limit, and none that just fits', () => {
    expect(destinationFindings({ ...facts, fileSystem: 'FAT32' }, wanted)).toEqual([
      { code: 'dest-file-limit', params: { path: 'vault/private.img', limit: fatFileLimit } },
    ]);
    const fits = { outputs: [{ path: 'a', bytes: fatFileLimit }], neededBytes: 0, leastBytes: 0 };
    expect(destinationFindings({ ...facts, fileSystem: 'FAT32' }, fits)).toEqual([storing('FAT32')]);
  });

  it('name what stands in the way, or the first of many', () => {
    const occupied = ['/dest/work/private.img', '/dest/vault/private.img'];
    expect(destinationFindings({ ...facts, occupied }, wanted)).toEqual([
      { code: 'dest-files-occupied', params: { count: 2, path: '/dest/work/private.img' } },
    ]);
    expect(destinationFindings({ ...facts, occupied: occupied.slice(1) }, wanted)).toEqual([
      { code: 'dest-occupied', params: { path: '/dest/vault/private.img' } },
    ]);
  });

  it('say only why nothing can be written, where that is so', () => {
    const refusal = { code: 'dest-read-only', params: { path: '/dest' } } as const;
    expect(destinationFindings({ ...facts, refusal, freeBytes: 0, fileSystem: 'FAT32' }, wanted)).toEqual([
      refusal,
    ]);
  });
});

describe('probing a destination', () => {
  linux.test('finds free bytes as df does, no refusal, and leaves nothing behind', async () => {
    const facts = await probeDestination(folder, []);
    expect(facts).toMatchObject({ path: folder, refusal: null, fileSystem: null, occupied: [] });
    const df = Number((await run('df', ['--output=avail', '-B1', folder])).toString().split('\n')[1]);
    expect(Math.abs((facts.freeBytes ?? 0) - df)).toBeLessThan(2 ** 30);
    expect(await readdir(folder)).toEqual([]);
  });

  it('finds what stands in the way, links that lead nowhere among it', async () => {
    await mkdir(join(folder, 'work'));
    await symlink('/nonexistent', join(folder, 'work/private.img'));
    const { occupied } = await probeDestination(folder, [
      { path: 'work/private.img', bytes: 1 },
      { path: 'vault/private.img', bytes: 1 },
    ]);
    expect(occupied).toEqual([join(folder, 'work/private.img')]);
  });

  it.each([
    ['/nonexistent/x', 'dest-missing'],
    ['/etc/passwd', 'dest-not-a-folder'],
    ['/proc', 'dest-denied'],
  ])('says of %s that it is %s', async (path, code) => {
    expect((await probeDestination(path, [])).refusal?.code).toBe(code);
  });

  it('says that a folder of somebody else is denied', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('changing the user needs root');
    await chmod(folder, 0o755);
    process.seteuid?.(65534);
    onTestFinished(() => process.seteuid?.(0));
    expect((await probeDestination(folder, [])).refusal?.code).toBe('dest-denied');
  });
});

describe('a destination on a file system of its own', () => {
  /** Mounts, until the test is over, at a folder of its own; skips where this machine cannot. */
  async function mounted(skip: (reason: string) => never, ...args: readonly string[]): Promise<string> {
    if (process.getuid?.() !== 0) skip('mounting needs root');
    const at = join(folder, 'mount');
    await mkdir(at);
    try {
      execFileSync('mount', [...args, at], { stdio: 'pipe' });
    } catch (error) {
      skip(`this kernel cannot mount it: ${String(error).split('\n')[1] ?? ''}`);
    }
    onTestFinished(() => void execFileSync('umount', [at]));
    return at;
  }

  async function image(megabytes: number, ...maker: readonly [string, ...string[]]): Promise<string> {
    const path = join(folder, 'image');
    await writeFile(path, '');
    await truncate(path, megabytes * 2 ** 20);
    const [command, ...args] = maker;
    await run(command, [...args, path]);
    return path;
  }

  it('is found out to be a small one', async ({ skip }) => {
    const at = await mounted(skip, '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs');
    const facts = await probeDestination(at, []);
    expect(facts).toMatchObject({ refusal: null, freeBytes: 4 * 2 ** 20, fileSystem: null });
  });

  it('is found out to be full, which is no refusal but zero bytes', async ({ skip }) => {
    const at = await mounted(skip, '-t', 'tmpfs', '-o', 'size=1m,nr_inodes=2', 'tmpfs');
    await writeFile(join(at, 'all'), Buffer.alloc(2 ** 20));
    const facts = await probeDestination(at, []);
    expect(facts).toMatchObject({ refusal: null, freeBytes: 0 });
    expect(destinationFindings(facts, { outputs: [], neededBytes: 1, leastBytes: 1 })).toEqual([
      { code: 'dest-full', params: { needed: 1, free: 0 } },
    ]);
    const places = createPlaces();
    const wanted = [places.remember(at).id, 'new'] as const;
    await expect(places.createFolder(...wanted)).rejects.toMatchObject(carrying('dest-ran-full'));
  });

  oracle('mkfs.ext4').test('is found out to be read-only', async ({ skip }) => {
    const at = await mounted(skip, '-o', 'loop,ro', await image(8, 'mkfs.ext4', '-q'));
    expect((await probeDestination(at, [])).refusal).toEqual({
      code: 'dest-read-only',
      params: { path: at },
    });
    const places = createPlaces();
    const wanted = [places.remember(at).id, 'new'] as const;
    await expect(places.createFolder(...wanted)).rejects.toMatchObject(carrying('dest-read-only'));
  });

  oracle('mkfs.vfat').test('is found out to be FAT, with its limit', async ({ skip }) => {
    const at = await mounted(skip, '-o', 'loop', await image(64, 'mkfs.vfat'));
    expect(fileLimitOf(await fileSystemOf(at))).toBe(fatFileLimit);
    await expect(truncate(join(at, 'x'), fatFileLimit + 1)).rejects.toThrow();
  });

  oracle('mkfs.exfat').test('is found out to be exFAT, without a limit', async ({ skip }) => {
    const at = await mounted(skip, '-o', 'loop', await image(64, 'mkfs.exfat'));
    expect(await fileSystemOf(at)).toBe('exFAT');
    expect(fileLimitOf('exFAT')).toBeNull();
  });

  it('appears among the drives when it is mounted where desktops mount', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('mounting needs root');
    const at = await mkdtemp('/mnt/lifeboat test ');
    onTestFinished(() => rm(at, { recursive: true }));
    await run('mount', ['-t', 'tmpfs', 'tmpfs', at]);
    onTestFinished(() => void execFileSync('umount', [at]));
    expect(await readFile('/proc/self/mountinfo', 'utf8')).toContain('lifeboat\\040test');
    const places = createPlaces();
    const drivesId = (await places.list(null)).parent?.id ?? '';
    const { entries } = await places.list(drivesId);
    const drive = entries.find(({ path }) => path === at);
    expect(drive?.kind).toBe('folder');
    expect((await places.list(drive?.id ?? '')).parent?.id).toBe(drivesId);
  });
});

describe('names of file systems', () => {
  it.each([
    ['FAT32', ['FAT32', 'FAT', 'msdos', 'fat16', 'FAT32\r\n']],
    ['exFAT', ['exFAT', 'exfat']],
    ['HFS+', ['hfs']],
    ['NTFS', ['NTFS\r\n', 'ntfs', 'ntfs-3g', 'lowntfs-3g']],
    ['FAT32', ['vfat', 'fusefat']],
    ['exFAT', ['exfat-fuse']],
    [null, ['apfs', 'ReFS', 'smbfs', 'notfat32', '']],
  ])('of %s are known as systems spell them', (fileSystem, names) =>
    expect(names.map(knownFileSystem)).toEqual(names.map(() => fileSystem)),
  );

  it('are known behind drivers in user space, by the name of the driver or by what udev says of the device', async () => {
    const facts = (type: string) => () =>
      Promise.resolve(`N:sdb1\nE:ID_FS_VERSION=1\nE:ID_FS_TYPE=${type}\nG:x\n`);
    const source = '/dev/sdb1';
    expect(await behindFuse({ fileSystem: 'fuse.fusefat', source }, facts('ext4'))).toBe('FAT32');
    expect(await behindFuse({ fileSystem: 'fuse.sshfs', source }, facts('exfat'))).toBeNull();
    expect(await behindFuse({ fileSystem: 'fuseblk', source }, facts('exfat'))).toBe('exFAT');
    expect(await behindFuse({ fileSystem: 'fuseblk', source }, facts('ntfs'))).toBe('NTFS');
  });

  it('are read from what mount prints on macOS, for the innermost mount', () => {
    const mounts = [
      '/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)',
      'devfs on /dev (devfs, local, nobrowse)',
      '/dev/disk4s1 on /Volumes/NO NAME (1) (msdos, local, nodev, nosuid, noowners)',
      '//u@host/on /x on /Volumes/share (smbfs, nodev)',
    ].join('\n');
    expect(fileSystemAt('/Volumes/NO NAME (1)', mounts)).toBe('msdos');
    expect(fileSystemAt('/Volumes/NO NAME (1)/a/b', mounts)).toBe('msdos');
    expect(fileSystemAt('/Volumes/NO NAME', mounts)).toBe('apfs');
    expect(fileSystemAt('/Volumes/shared', mounts)).toBe('apfs');
    expect(fileSystemAt('/x', '')).toBe('');
  });

  it('free bytes of what is not there are unknown, not zero', async () =>
    expect(await freeBytesOf('/nonexistent')).toBeNull());
});

it('files that were taken together are one place, in the order of their names, and any other place is itself', () => {
  const places = createPlaces();
  const paths = ['/a/b.part10', '/a/b.part9', '/a/b.part8', '/a/b.part9'];
  const together = places.together(paths);
  expect(together).toMatchObject({ name: 'b.part8', path: '/a/b.part8' });
  expect(places.filesOf(together.id)).toEqual(['/a/b.part8', '/a/b.part9', '/a/b.part10']);
  const { id } = places.together(['/a/b.part8']);
  expect(places.filesOf(id)).toEqual(['/a/b.part8']);
  expect(id).toBe(places.remember('/a/b.part8').id);
  expect(() => places.filesOf('/etc/shadow')).toThrow();
});
