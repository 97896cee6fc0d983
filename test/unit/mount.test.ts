/** Promises of mounting that need no rights: what tools print is understood, and tools that misbehave are outlived. */
import { chmod, mkdir, readFile, rm, stat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { mountCommand, unmountCommand } from '../../main/recovery/mount/commands.ts';
import { fuse2fsOptions } from '../../main/recovery/mount/fuse2fs.ts';
import { mountImage, type MountOptions } from '../../main/recovery/mount/mount-image.ts';
import { mountedImages, unmountImage } from '../../main/recovery/mount/mounted-images.ts';
import { missingOptions, parseMountTable } from '../../main/recovery/mount/mount-table.ts';
import { copyPath } from '../../main/recovery/mount/recovered-copy.ts';
import { addRecord, readRecords } from '../../main/recovery/mount/records.ts';
import { lastWords, toolsOf, type MountSystem } from '../../main/recovery/mount/system.ts';
import { mappedDevice, udisksRefusal } from '../../main/recovery/mount/udisks.ts';
import { isRunning, startTime, thisProcess } from '../../main/recovery/running.ts';
import type { ProblemCode } from '../../shared/problems.ts';
import { scratchFolder } from '../support/lifeboat.ts';
import { e2fsprogs, makeImage } from '../support/images.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { run } from '../support/tools.ts';

let folder: string;
let tools: string;
beforeEach(async () => {
  folder = await scratchFolder();
  tools = join(folder, 'tools');
  await mkdir(tools);
});

const linux = process.platform === 'linux' ? oracle() : skipped('for Linux');
const findmnt = process.platform === 'linux' ? oracle('findmnt') : linux;
const limits = { answer: 5000, person: 5000, recovery: 5000 };

/** A user without rights, on a computer whose tools are found in `tools` first. */
function system(changes: Partial<MountSystem> & { desktop?: boolean } = {}): MountSystem {
  const { desktop, ...rest } = changes;
  const environment = {
    PATH: `${tools}:${process.env['PATH'] ?? ''}`,
    XDG_STATE_HOME: join(folder, 'state'),
    SECRET: 'of the person',
    ...(desktop && { DISPLAY: ':0' }),
  };
  return { environment, uid: process.getuid?.() ?? -1, limits, ...rest };
}

/** Makes a tool out of lines of shell. */
async function fake(name: string, ...lines: readonly string[]): Promise<void> {
  await writeFile(join(tools, name), ['#!/bin/sh', ...lines, ''].join('\n'));
  await chmod(join(tools, name), 0o755);
}

const said = async (name: string) => (await readFile(join(folder, name), 'utf8')).trimEnd().split('\n');
const carrying = (code: ProblemCode, params?: object) => ({ problem: { code, ...(params && { params }) } });

describe('the table of mounts', () => {
  const line = (point: string, options: string, source: string, optional = '') =>
    `42 27 7:0 / ${point} ${options} ${optional}- ext4 ${source} ro,errors=remount-ro`;

  it.each([
    ['a mount', line('/media/a', 'ro,nosuid', '/dev/loop0'), '/media/a', '/dev/loop0'],
    ['optional fields', line('/a', 'ro', '/dev/loop0', 'shared:2 master:1 '), '/a', '/dev/loop0'],
    ['blanks and backslashes', line('/a\\040b\\134c\\011', 'ro', '/x\\012y'), '/a b\\c\t', '/x\ny'],
    ['letters that are not ASCII', line('/ümläut', 'ro', '/dev/loop0'), '/ümläut', '/dev/loop0'],
  ])('is read with %s', (_, text, mountPoint, source) => {
    expect(parseMountTable(`${text}\n`)).toMatchObject([{ mountPoint, source, fileSystem: 'ext4' }]);
  });

  it.each([
    '',
    '\n\n',
    'x',
    '42 27 7:0 / /media/a ro',
    '42 27 7:0 / /media/a ro - ext4',
    '1 2 3 4 5 6 7 8 9',
  ])('has nothing to say in %j', (text) => expect(parseMountTable(text)).toEqual([]));

  it.each([
    ['ro,nosuid,nodev,noexec,relatime', []],
    ['ro,nosuid,nodev,relatime', ['noexec']],
    ['rw,relatime', ['ro', 'nosuid', 'nodev', 'noexec']],
  ])('tells what %s lacks', (options, missing) => {
    const [mount] = parseMountTable(line('/a', options, '/dev/loop0'));
    expect(mount && missingOptions(mount)).toEqual(missing);
  });

  findmnt.test('is read as findmnt reads it', async () => {
    const own = parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'));
    const { filesystems } = JSON.parse((await run('findmnt', ['--list', '--json'])).toString()) as {
      filesystems: { target: string; fstype: string; options: string }[];
    };
    expect(own.map(({ mountPoint, fileSystem }) => [mountPoint, fileSystem])).toEqual(
      filesystems.map(({ target, fstype }) => [target, fstype]),
    );
    for (const [index, { options }] of filesystems.entries()) {
      const all = new Set(options.split(','));
      expect([...(own[index]?.options ?? [])].filter((option) => !all.has(option))).toEqual([]);
    }
  });
});

describe('what udisksctl prints', () => {
  const error = (name: string) =>
    `Error mounting /dev/loop0: GDBus.Error:org.freedesktop.UDisks2.Error.${name}: …`;

  it.each([
    ['Error connecting to the udisks daemon: Could not connect: No such file or directory', 'no-daemon'],
    [error('NotAuthorized'), 'not-authorised'],
    [error('NotAuthorizedDismissed'), 'not-authorised'],
    [error('NotAuthorizedCanObtain'), 'consent-needed'],
    [error('DeviceBusy'), 'busy'],
    [error('AlreadyMounted'), 'already-mounted'],
    [error('Failed'), 'other'],
    [error('constructor'), 'other'],
    ['Object /org/freedesktop/UDisks2/block_devices/loop0 is not a mountable filesystem.', 'not-ready'],
    ['Error looking up object for device /dev/loop0', 'not-ready'],
    ['', 'other'],
  ])('%j is %s', (stderr, refusal) => expect(udisksRefusal(stderr)).toBe(refusal));

  it.each([
    ['Mapped file /home/user/private.img as /dev/loop0.\n', '/dev/loop0'],
    ['Mapped file /home/user/private.img as /dev/loop12\n', '/dev/loop12'],
    ['Mapped file /home/ as /dev/loop1./private.img as /dev/loop2.\n', '/dev/loop2'],
    ['Mapped file /x as /dev/sda.\n', null],
    ['Mapped file /x as /dev/loop0/../sda.\n', null],
    ['', null],
  ])('%j names %s', (stdout, device) => expect(mappedDevice(stdout)).toBe(device));

  it.each([
    [
      'mount: /r: wrong fs type.\n       dmesg(1) may have more information after failed mount system call.\n',
      'mount: /r: wrong fs type',
    ],
    ['/proc/self/fd/3: Bad magic number.\nPlease run e2fsck -fy /proc/self/fd/3.\n', 'Bad magic number'],
    [
      "fuse: mountpoint is not empty\nfuse: if you are sure this is safe, use the 'nonempty' mount option\n",
      'fuse: mountpoint is not empty',
    ],
    ['\n \n', 'exit code 32'],
    [`${'x'.repeat(5000)}\n`, 'x'.repeat(300)],
  ])('the reason in %j is %j', (stderr, reason) => {
    expect(lastWords({ code: 32, stdout: '', stderr })).toBe(reason);
  });
});

describe('commands', () => {
  const source = { file: '/r/private.img', part: null, fileSystem: 'ext4', withoutJournal: false } as const;
  const part = { offset: 1_048_576, size: 4096 };

  it.each([
    [source, 'sudo mount -t ext4 -o loop,ro,nosuid,nodev,noexec /r/private.img /mnt'],
    [
      { ...source, file: "/a b/it's;$x" },
      `sudo mount -t ext4 -o loop,ro,nosuid,nodev,noexec '/a b/it'\\''s;$x' /mnt`,
    ],
    [
      { ...source, part, fileSystem: 'ext3' as const, withoutJournal: true },
      'sudo mount -t ext3 -o loop,ro,nosuid,nodev,noexec,noload,offset=1048576,sizelimit=4096 /r/private.img /mnt',
    ],
  ])('to copy mount %j', (wanted, command) => expect(mountCommand(wanted, '/mnt')).toBe(command));

  it('to copy come out of a shell as they went in', async () => {
    const path = `/a b/it's "$HOME" \`x\` \\ * ~ ü`;
    const typed = unmountCommand(path).replace(/^sudo umount/, 'printf %s');
    expect((await run('sh', ['-c', typed])).toString()).toBe(path);
  });

  it.each([
    [{ part: null, withoutJournal: false }, 'ro,nosuid,nodev,noexec,fakeroot'],
    [{ part, withoutJournal: true }, 'ro,nosuid,nodev,noexec,fakeroot,norecovery,offset=1048576'],
  ])('of fuse2fs for %j have the options %s', (wanted, options) => {
    expect(fuse2fsOptions(wanted)).toBe(options);
  });

  it.each([
    ['/r/private.img', '/r/private.recovered.img'],
    ['/r/private', '/r/private.recovered'],
    ['/r/.img', '/r/.img.recovered'],
    ['/r.d/a.b.img', '/r.d/a.b.recovered.img'],
  ])('name the copy of %s %s', (image, copy) => expect(copyPath(image)).toBe(copy));
});

linux.describe('a tool', () => {
  it('gets an environment that can be parsed and nothing of the person', async () => {
    await fake('tool', `cat /proc/$$/environ > ${folder}/environment`);
    await toolsOf(system()).run(join(tools, 'tool'), []);
    const environment = (await readFile(join(folder, 'environment'), 'utf8')).split('\0').filter(Boolean);
    expect(environment.map((each) => each.split('=')[0]).sort()).toEqual(['LC_ALL', 'PATH']);
    expect(environment).toContain('LC_ALL=C');
  });

  it('gets its arguments as they are, and never a shell', async () => {
    await fake('tool', 'printf "%s\\n" "$@"');
    const args = ['a b', '$(touch /tmp/x)', ';', "'", '--', ''];
    const { stdout } = await toolsOf(system()).run(join(tools, 'tool'), args);
    expect(stdout).toBe(args.map((each) => `${each}\n`).join(''));
  });

  it('is not looked for in folders that are relative, nor taken where it is none', async () => {
    await mkdir(join(tools, 'udisksctl'));
    await writeFile(join(tools, 'tool-of-lifeboat'), '');
    const found = (PATH: string) =>
      toolsOf(system({ environment: { PATH } })).find('udisksctl', 'tool-of-lifeboat');
    expect(await found(tools)).not.toBe(join(tools, 'udisksctl'));
    expect(await toolsOf(system({ environment: { PATH: tools } })).find('tool-of-lifeboat')).toBe(null);
    await chmod(join(tools, 'tool-of-lifeboat'), 0o755);
    expect(await toolsOf(system()).find('tool-of-lifeboat')).toBe(join(tools, 'tool-of-lifeboat'));
    expect(await toolsOf(system({ environment: { PATH: '.:tools' } })).find('tool-of-lifeboat')).toBe(null);
  });

  it('may print without end', async () => {
    await fake('tool', 'head -c 50000000 /dev/zero | tr "\\0" x', 'exit 3');
    const { code, stdout } = await toolsOf(system()).run(join(tools, 'tool'), []);
    expect([code, stdout.length]).toEqual([3, 16_384]);
  });

  it('that hangs is ended with all it started, and said by name', async () => {
    await fake('udisksctl', 'sleep 600 &', `echo $! > ${folder}/sleeper`, 'trap "" TERM', 'wait');
    const started = performance.now();
    await expect(toolsOf(system()).run(join(tools, 'udisksctl'), [], { limit: 300 })).rejects.toMatchObject(
      carrying('mount-timed-out', { tool: 'udisksctl', seconds: 0.3 }),
    );
    expect(performance.now() - started).toBeLessThan(2000);
    await expectEnded(Number((await said('sleeper'))[0]));
  });

  it('that is cancelled is ended too', async () => {
    await fake('tool', `echo $$ > ${folder}/started`, 'exec sleep 600');
    const abort = new AbortController();
    const running = toolsOf(system(), abort.signal).run(join(tools, 'tool'), []);
    await expect.poll(() => said('started').catch(() => null)).not.toBe(null);
    abort.abort();
    await expect(running).rejects.toMatchObject(carrying('cancelled'));
    await expectEnded(Number((await said('started'))[0]));
  });

  async function expectEnded(pid: number): Promise<void> {
    const state = async () =>
      (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z')).split(') ')[1]?.[0];
    await expect.poll(state).toMatch(/[ZX]/);
  }
});

(process.platform === 'linux' ? e2fsprogs : linux).describe('through udisks', () => {
  const refusal = (name: string) =>
    `echo "Error setting up loop device: GDBus.Error:org.freedesktop.UDisks2.Error.${name}: Not authorized" >&2; exit 1`;
  const log = () => `echo "$*" >> ${folder}/log`;
  let image: string;
  beforeEach(async () => {
    image = join(folder, 'private.img');
    await makeImage(image, '4M');
  });
  const mounting = (options: MountOptions = {}) =>
    mountImage(image, { ways: ['udisks'], system: system(), ...options });

  it('a daemon that never answers costs the time limit, and leaves nothing on record', async () => {
    await fake('udisksctl', 'exec sleep 600');
    await expect(mounting({ system: system({ limits: { ...limits, answer: 300 } }) })).rejects.toMatchObject(
      carrying('mount-timed-out'),
    );
    expect(await readRecords(system())).toEqual([]);
  });

  it('a person is asked only where there is a desktop to ask on', async () => {
    await fake(
      'udisksctl',
      log(),
      `case "$*" in *--no-user*) ${refusal('NotAuthorizedCanObtain')};; esac`,
      refusal('NotAuthorizedDismissed'),
    );
    const refused = carrying('mount-not-authorised', {
      command: `sudo mount -t ext4 -o loop,ro,nosuid,nodev,noexec ${image} /mnt`,
    });
    await expect(mounting()).rejects.toMatchObject(refused);
    const quiet = `loop-setup --read-only --file ${image} --no-user-interaction`;
    expect(await said('log')).toEqual([quiet]);
    await rm(join(folder, 'log'));
    await expect(mounting({ system: system({ desktop: true }) })).rejects.toMatchObject(refused);
    expect(await said('log')).toEqual([quiet, `loop-setup --read-only --file ${image}`]);
  });

  it('a refusal that no consent can lift is not asked about', async () => {
    await fake('udisksctl', log(), refusal('NotAuthorized'));
    await expect(mounting({ system: system({ desktop: true }) })).rejects.toMatchObject(
      carrying('mount-not-authorised'),
    );
    expect(await said('log')).toHaveLength(1);
  });

  it('the word of a tool does not count when the kernel knows nothing of the mount', async () => {
    await fake('udisksctl', 'case $1 in loop-setup) echo "Mapped file x as /dev/loop9999999.";; esac');
    await expect(mounting()).rejects.toMatchObject(
      carrying('mount-failed', { way: 'udisks', detail: '/dev/loop9999999 is not mounted' }),
    );
  });

  it('a device that udev is slow to recognise is waited for', async () => {
    const notYet = 'Object /org/x is not a mountable filesystem.';
    await fake(
      'udisksctl',
      log(),
      'case $1 in loop-setup) echo "Mapped file x as /dev/loop9999999."; exit;; esac',
      `[ $(grep -c ^mount ${folder}/log) -gt 2 ] || { echo "${notYet}" >&2; exit 1; }`,
    );
    await expect(mounting()).rejects.toMatchObject(carrying('mount-failed'));
    expect((await said('log')).filter((line) => line.startsWith('mount'))).toHaveLength(3);
  });

  it('what it says of the image counts more than that another way is not there', async () => {
    await fake('udisksctl', 'exec sleep 600');
    await fake('fuse2fs', 'echo "/proc/self/fd/3: Bad magic number in super-block." >&2; exit 2');
    await fake('fusermount3');
    const impatient = system({ uid: process.getuid?.() ?? -1, limits: { ...limits, answer: 300 } });
    await expect(mounting({ ways: ['udisks', 'fuse2fs'], system: impatient })).rejects.toMatchObject(
      carrying('mount-failed', { way: 'fuse2fs', detail: 'Bad magic number in super-block' }),
    );
  });

  it('or not at all: then a person gets a command to copy', async () => {
    await fake('udisksctl', 'echo "Error connecting to the udisks daemon: Could not connect" >&2; exit 1');
    await expect(mounting()).rejects.toMatchObject(
      carrying('mount-unsupported', {
        command: `sudo mount -t ext4 -o loop,ro,nosuid,nodev,noexec ${image} /mnt`,
      }),
    );
  });

  it('nothing is tried for what is no file system of Linux, or no file', async () => {
    await fake('udisksctl', log());
    const other = join(folder, 'other');
    await writeFile(other, 'x'.repeat(5000));
    await expect(mountImage(other, { system: system() })).rejects.toMatchObject(
      carrying('filesystem-unsupported', { name: 'unknown' }),
    );
    await expect(mountImage(folder, { system: system() })).rejects.toMatchObject(
      carrying('source-not-a-file'),
    );
    await expect(mountImage(`${other}2`, { system: system() })).rejects.toMatchObject(
      carrying('source-missing'),
    );
    await expect(mounting({ at: join(folder, 'none') })).rejects.toMatchObject(carrying('dest-missing'));
    await expect(mounting({ at: tools })).rejects.toMatchObject(carrying('dest-occupied'));
    await expect(mounting({ at: image })).rejects.toMatchObject(carrying('dest-not-a-folder'));
    await expect(said('log')).rejects.toThrow('ENOENT');
  });
});

linux.describe('records', () => {
  const record = async () => ({
    version: 1 as const,
    image: '/r/private.img',
    state: 'mounting' as const,
    owner: await thisProcess(),
    journal: 'clean' as const,
    partition: null,
    copy: null,
    way: null,
    mountPoint: null,
    loopDevice: null,
    ownFolder: false,
  });
  const recordFolder = () => join(folder, 'state/lifeboat/mounts');

  it('are for the person alone, and come back as they were written', async () => {
    expect(await addRecord(await record(), system())).toBe(true);
    expect(await readRecords(system())).toEqual([await record()]);
    expect((await stat(join(folder, 'state/lifeboat'))).mode & 0o077).toBe(0);
  });

  it('cannot be added twice for an image, as two processes might', async () => {
    const attempts = Array.from({ length: 10 }, async () => addRecord(await record(), system()));
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
    await expect(unmountImage('/r/private.img', { system: system() })).rejects.toMatchObject(
      carrying('mount-busy'),
    );
  });

  it.each([
    ['no JSON', () => '{'],
    ['another version', (text: string) => text.replace('"version":1', '"version":2')],
    [
      'a device that is no loop device',
      (text: string) => text.replace('"loopDevice":null', '"loopDevice":"/dev/sda"'),
    ],
    ['a relative path', (text: string) => text.replace('"mountPoint":null', '"mountPoint":"x"')],
    ['another image', (text: string) => text.replace('/r/private.img', '/r/root.img')],
    ['too much', (text: string) => text + ' '.repeat(40_000)],
  ])('with %s are not believed', async (_, change) => {
    await addRecord(await record(), system());
    const [name = ''] = await readdir(recordFolder());
    const path = join(recordFolder(), name);
    await writeFile(path, change(await readFile(path, 'utf8')));
    expect(await readRecords(system())).toEqual([]);
    expect(await mountedImages(system())).toEqual([]);
  });

  it('lie in the folder that ends with the session, where that is the person’s own', async () => {
    const runtime = join(folder, 'runtime');
    await mkdir(runtime);
    const environment = { ...system().environment, XDG_RUNTIME_DIR: runtime };
    await addRecord(await record(), system({ environment }));
    await stat(join(runtime, 'lifeboat/mounts'));
    await rm(join(runtime, 'lifeboat'), { recursive: true });
    await addRecord(
      await record(),
      system({ environment: { ...environment, XDG_RUNTIME_DIR: '/proc/1' }, uid: 4711 }),
    );
    await stat(recordFolder());
  });

  it.each([
    ['1 (init) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 77 9', '77'],
    ['9 (a) b) ) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 9 9', '123456'],
    ['', null],
  ])('tell a process by its start in %j', (status, started) => expect(startTime(status)).toBe(started));

  it('do not take a later process with the same number for their owner', async () => {
    const own = await thisProcess();
    expect(await isRunning(own)).toBe(true);
    expect(await isRunning({ ...own, started: '1' })).toBe(false);
    expect(await isRunning({ pid: 2 ** 22 + 1, started: own.started })).toBe(false);
  });
});

it('mounting is for Linux', async () => {
  const { platform } = process;
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  try {
    await expect(mountImage('/r/private.img')).rejects.toMatchObject(carrying('mount-needs-linux'));
  } finally {
    Object.defineProperty(process, 'platform', { value: platform });
  }
});
