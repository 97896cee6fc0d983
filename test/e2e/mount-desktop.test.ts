/** Mounting through the services of a desktop, as they come with the system: udisks, polkit, udev and D-Bus. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { loopDevicesOf } from '../../main/recovery/mount/loop-devices.ts';
import type { Mounted } from '../../main/recovery/mount/mounted-images.ts';
import { desktops, nobody, startDesktop, type DesktopOptions } from '../support/desktop.ts';
import { lifeboat } from '../support/lifeboat.ts';
import { before, makePartitioned, makePendingImage } from '../support/pending-journal.ts';
import { findTool, run } from '../support/tools.ts';

const gate = await desktops();
const project = join(import.meta.dirname, '../..');

/** A person without rights at a desktop, with a folder for images. */
async function takeSeat(options: Pick<DesktopOptions, 'consent' | 'udev'>) {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-desktop-'));
  await chmod(folder, 0o755);
  const runtime = join(folder, 'runtime');
  await mkdir(runtime);
  await chown(runtime, nobody, nobody);
  const desktop = await startDesktop({ ...options, folder });
  const env = { ...desktop.env, XDG_RUNTIME_DIR: runtime };
  const through = desktop.asPerson;
  const document = async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { stdout } = await lifeboat([...args, '--json'], { through, env: { ...env, ...more } });
    return JSON.parse(stdout) as { mounted: Mounted; problems: { code: string; params: object }[] };
  };
  const output = async (program = '', ...args: readonly string[]) =>
    (await run(program, args, { env })).toString().trim();
  return {
    folder,
    mount: async (...args: readonly string[]) => (await document(['mount', ...args])).mounted,
    mountWith: async (path: string, ...args: readonly string[]) =>
      (await document(['mount', ...args], { PATH: path })).mounted,
    refusal: async (...args: readonly string[]) => (await document(['mount', ...args])).problems[0],
    unmount: (image: string) => lifeboat(['unmount', image], { through, env }),
    /** What another program prints that the person, or root, runs there. */
    output: (...command: readonly string[]) => output(...through, ...command),
    outputOfRoot: (...command: readonly string[]) => output(...desktop.asRoot, ...command),
    start: (...command: readonly string[]) => {
      const [program = '', ...args] = [...through, ...command];
      return spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    },
    async leave() {
      await desktop[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

type Seat = Awaited<ReturnType<typeof takeSeat>>;

gate.describe('at a desktop', () => {
  let seat: Seat;
  let image: string;
  beforeAll(async () => {
    seat = await takeSeat({ consent: true, udev: true });
    image = join(seat.folder, 'private, of work ü.img');
    const plain = join(seat.folder, 'plain');
    await makePendingImage(plain);
    await run('e2fsck', ['-p', '-E', 'journal_only', plain]);
    await rename(plain, image);
  });
  afterAll(() => seat.leave());

  const optionsAt = async (folder: string) =>
    (await seat.output('findmnt', '--noheadings', '--output', 'OPTIONS', folder)).split(',');
  const safe = expect.arrayContaining(['ro', 'nosuid', 'nodev', 'noexec']) as string[];

  gate.test('an image is mounted without a password, where drives are, and taken back', async () => {
    const mounted = await seat.mount(image);
    expect(mounted).toMatchObject({ image, way: 'udisks', journal: 'clean', partition: null, keep: true });
    expect(mounted.mountPoint).toMatch(/^(\/run)?\/media\/nobody\//);
    expect(await optionsAt(mounted.mountPoint)).toEqual(safe);
    expect(await seat.output('cat', join(mounted.mountPoint, 'note'))).toMatch(/^the newest state/);
    expect(await seat.mount(image)).toEqual(mounted);
    expect(await seat.unmount(image)).toMatchObject({ code: 0, stderr: '' });
    expect(await loopDevicesOf(image)).toEqual([]);
    expect((await seat.unmount(image)).stderr).toContain('[mount-unknown]');
  });

  gate.test(
    'a partition is mounted in the state before its last changes, where that was chosen',
    async () => {
      const disk = join(seat.folder, 'root.img');
      const part = join(seat.folder, 'part.img');
      await makePendingImage(part);
      await makePartitioned(disk, part);
      expect(await seat.refusal(disk)).toEqual({ code: 'image-journal-dirty', params: { path: disk } });
      const mounted = await seat.mount(disk, '--leave-journal');
      expect(mounted).toMatchObject({ way: 'udisks', journal: 'not-replayed', partition: 2 });
      expect(await seat.output('cat', join(mounted.mountPoint, 'note'))).toBe(before.trim());
      expect(await seat.unmount(mounted.mountPoint)).toMatchObject({ code: 0 });
    },
  );

  gate.test('an image in use stays, and is said to be in use', async () => {
    const { mountPoint } = await seat.mount(image);
    const user = seat.start('sh', '-c', 'cd "$1" && echo && read _', 'sh', mountPoint);
    await once(user.stdout, 'data');
    expect((await seat.unmount(image)).stderr).toContain('[mount-busy]');
    expect(await optionsAt(mountPoint)).toEqual(safe);
    user.stdin.end();
    await once(user, 'exit');
    expect(await seat.unmount(image)).toMatchObject({ code: 0 });
  });

  gate.test('what a file manager unmounted is cleaned up', async () => {
    await seat.mount(image);
    const [device = ''] = await loopDevicesOf(image);
    await seat.output('udisksctl', 'unmount', '--block-device', device);
    expect(await loopDevicesOf(image)).toEqual([device]);
    expect(await seat.unmount(image)).toMatchObject({ code: 0 });
    expect(await loopDevicesOf(image)).toEqual([]);
  });

  gate.test('a desktop that mounts by itself, and is faster, does not decide on the options', async () => {
    const tools = join(seat.folder, 'tools');
    await mkdir(tools);
    const real = findTool('udisksctl') ?? '';
    const faster = [
      '#!/bin/sh',
      `output=$(${real} "$@") || exit`,
      'echo "$output"',
      `[ "$1" != loop-setup ] || ${real} mount -b "$(echo "$output" | sed 's/.* as //; s/\\.$//')" >&2`,
    ];
    await writeFile(join(tools, 'udisksctl'), faster.join('\n'), { mode: 0o755 });
    const mounted = await seat.mountWith(`${tools}:${process.env['PATH'] ?? ''}`, image);
    expect(mounted.way).toBe('udisks');
    expect(await optionsAt(mounted.mountPoint)).toEqual(safe);
    expect(await seat.unmount(image)).toMatchObject({ code: 0 });
  });
});

gate.describe('where udisks wants a password and there is nobody to ask', () => {
  let seat: Seat;
  let image: string;
  beforeAll(async () => {
    seat = await takeSeat({ consent: false, udev: true });
    image = join(seat.folder, 'private.img');
    await run('mkfs.ext4', ['-q', image, '4M']);
  });
  afterAll(() => seat.leave());

  gate.test('that is said, with a command that does the same', async () => {
    const command = `sudo mount -t ext4 -o loop,ro,nosuid,nodev,noexec ${image} /mnt`;
    expect(await seat.refusal(image, '--way', 'udisks')).toEqual({
      code: 'mount-not-authorised',
      params: { command },
    });
    const folder = join(seat.folder, 'folder');
    await mkdir(folder);
    const typed = command.replace('sudo ', '').replace('/mnt', folder);
    expect(await seat.outputOfRoot('sh', '-c', `${typed} && ls ${folder}`)).toBe('lost+found');
  });

  gate.test('fuse2fs does it without', async () => {
    const mounted = await seat.mount(image);
    expect(mounted.way).toBe('fuse2fs');
    expect(await seat.output('ls', mounted.mountPoint)).toBe('lost+found');
    expect(await seat.unmount(image)).toMatchObject({ code: 0 });
  });
});

gate.test('where udisks waits for udev in vain, its time is limited and its device taken back', async () => {
  const seat = await takeSeat({ consent: true, udev: false });
  try {
    const image = join(seat.folder, 'private.img');
    await run('mkfs.ext4', ['-q', image, '4M']);
    const mounting = seat.outputOfRoot(
      process.execPath,
      '--input-type=module',
      '--eval',
      `import { mountImage } from '${project}/main/recovery/mount/mount-image.ts';
      import { thisSystem } from '${project}/main/recovery/mount/system.ts';
      const system = { ...thisSystem(), limits: { answer: 2000, person: 2000, recovery: 2000 } };
      await mountImage('${image}', { ways: ['udisks'], system }).catch(({ problem }) =>
        console.log(JSON.stringify(problem)));`,
    );
    await expect.poll(() => loopDevicesOf(image), { timeout: 10_000 }).toHaveLength(1);
    expect(JSON.parse(await mounting)).toEqual({
      code: 'mount-timed-out',
      params: { tool: 'udisksctl', seconds: 2 },
    });
    expect(await loopDevicesOf(image)).toEqual([]);
  } finally {
    await seat.leave();
  }
});
