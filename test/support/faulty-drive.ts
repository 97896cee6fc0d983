/**
 * A drive that can be made to fail while a program uses it: ext4 on a loop device, over a block device that nbdkit serves
 * and whose every request it refuses while a file stands in the way. Needs root, FUSE and loop devices.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scratchFolder } from './lifeboat.ts';
import { oracle, skipped, type Oracle } from './oracles.ts';
import { findTool, run } from './tools.ts';

export interface FaultyDrive extends AsyncDisposable {
  /** Where it is mounted. */
  readonly point: string;
  /** From now on refuses whatever is read or written, as a drive does that breaks. */
  fail(): Promise<void>;
  /** Has its file system meet an error, upon which it turns read-only, as Linux has it by default on many systems. */
  turnReadOnly(): Promise<void>;
  /** Fails, and is taken off the tree of folders, with the folder that it was mounted at. */
  vanish(): Promise<void>;
  /** Answers again, is checked as after a crash, and mounted where it was. */
  comeBack(): Promise<void>;
}

/** Opens where this machine has what such drives are made of. */
export function faultyDriveGate(...tools: readonly string[]): Oracle {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return skipped('needs root on Linux');
  if (!existsSync('/dev/fuse')) return skipped('needs FUSE, which this kernel or container lacks');
  if (spawnSync('losetup', ['--find']).status !== 0)
    return skipped('needs loop devices, which this kernel or container lacks');
  return oracle('nbdkit', 'nbdfuse', 'fusermount3', 'mkfs.ext4', 'e2fsck', 'losetup', 'blockdev', ...tools);
}

/** Makes an empty drive of `size` bytes, or one that holds the files of `content`. */
export async function faultyDrive(size: number, content?: string): Promise<FaultyDrive> {
  const folder = await scratchFolder();
  const at = (name: string) => join(folder, name);
  const [disk, point, served, trouble] = [at('disk'), at('drive'), at('served'), at('trouble')];
  await mkdir(served);
  await run('truncate', ['--size', String(size), disk]);
  await run('mkfs.ext4', ['-q', '-F', ...(content === undefined ? [] : ['-d', content]), disk]);
  const refusing = ['--filter=error', 'file', disk, 'error=EIO', 'error-rate=100%', `error-file=${trouble}`];
  const server = spawn(
    findTool('nbdfuse') ?? '',
    [served, '--command', 'nbdkit', '-s', '--exit-with-parent', ...refusing],
    { stdio: 'ignore' },
  );
  const device = join(served, 'nbd');
  while (!existsSync(device)) {
    if (server.exitCode !== null) throw new Error(`nbdfuse ended with ${server.exitCode}`);
    await sleep(20);
  }

  let loop = '';
  const attach = async () => {
    await mkdir(point, { recursive: true });
    loop = (await run('losetup', ['--find', '--show', '--direct-io=on', device])).toString().trim();
    // What was read ahead would still be answered when the drive is not.
    await run('blockdev', ['--setra', '0', loop]);
    await run('mount', ['-o', 'errors=remount-ro', loop, point]);
  };
  const detach = async () => {
    if ((await stat(point).catch(() => null)) !== null) spawnSync('umount', ['--lazy', point]);
    if (loop !== '') spawnSync('losetup', ['--detach', loop]);
    // A lazily unmounted file system lets go of its device once the last file on it is closed.
    while (loop !== '' && existsSync(`/sys/block/${basename(loop)}/loop/backing_file`)) await sleep(20);
    loop = '';
  };
  await attach();
  return {
    point,
    fail: () => writeFile(trouble, ''),
    turnReadOnly: () => writeFile(`/sys/fs/ext4/${basename(loop)}/trigger_fs_error`, 'made by a test'),
    async vanish() {
      await writeFile(trouble, '');
      spawnSync('umount', ['--lazy', point]);
      await rm(point, { recursive: true });
    },
    async comeBack() {
      await rm(trouble, { force: true });
      await detach();
      // 1 says that something was put right.
      const { status } = spawnSync(findTool('e2fsck') ?? '', ['-fy', device]);
      if (status !== 0 && status !== 1) throw new Error(`e2fsck ended with ${status ?? 'nothing'}`);
      await attach();
    },
    async [Symbol.asyncDispose]() {
      await rm(trouble, { force: true });
      await detach();
      spawnSync('fusermount3', ['-u', served]);
      server.kill();
    },
  };
}
