/** `lifeboat mount` and `lifeboat unmount` as a person without rights runs them, with fuse2fs alone to help. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mounted } from '../../main/recovery/mount/mounted-images.ts';
import { asNobody, nobody } from '../support/desktop.ts';
import { lifeboat } from '../support/lifeboat.ts';
import { oracle, skipped, type Oracle } from '../support/oracles.ts';
import { after, before, makePendingImage } from '../support/pending-journal.ts';
import { run } from '../support/tools.ts';

const through = process.getuid?.() === 0 ? asNobody : [];
const folder = await mkdtemp(join(tmpdir(), 'lifeboat-mount-'));
const image = join(folder, 'work', 'private.img');
const env = {
  XDG_RUNTIME_DIR: join(folder, 'runtime'),
  // No desktop: this machine may have one.
  DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent',
};

function gate(): Oracle {
  if (!existsSync('/dev/fuse')) return skipped('needs /dev/fuse');
  // Root may have Lifeboat in a folder that is closed to others.
  const isReadable = spawnSync('env', [...through, 'test', '-r', import.meta.filename]).status === 0;
  return isReadable ? oracle('fuse2fs', 'mkfs.ext4', 'debugfs') : skipped('nobody can read the program');
}

const command = (language: string, ...args: readonly string[]) =>
  lifeboat(args, { through, env: { ...env, LANG: language } });
const shown = async (path: string) => (await run('env', [...through, 'cat', path])).toString();

gate().describe('a person without rights', () => {
  beforeAll(async () => {
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'work'));
    await mkdir(join(folder, 'runtime'));
    await makePendingImage(image);
    if (through.length === 0) return;
    for (const path of ['work', 'runtime', 'work/private.img'])
      await chown(join(folder, path), nobody, nobody);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is warned, told of the choice there is, and nothing is mounted', async () => {
    const { code, stdout, stderr } = await command('en_US.UTF-8', 'mount', image);
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toMatch(
      /\[mount-untrusted\].*lifeboat ls.*\[image-journal-dirty\].*--recover.*--leave-journal/s,
    );
    expect(await readdir(join(folder, 'runtime/lifeboat/mounts'))).toEqual([]);
  });

  test('mounts, looks, and unmounts', async () => {
    const ended = await command('de_DE.UTF-8', 'mount', '--leave-journal', image);
    const [, mountPoint = ''] = /^Nur zum Lesen eingehängt unter (.*) \(fuse2fs\)$/m.exec(ended.stdout) ?? [];
    expect(ended.stdout).toContain(`Aushängen: lifeboat unmount ${image}`);
    expect(ended.stderr).toContain('[mount-hides-changes]');
    expect(mountPoint).toMatch(`${folder}/runtime/lifeboat/work-private-`);
    expect(await shown(join(mountPoint, 'note'))).toBe(before);
    const end = await command('de_DE.UTF-8', 'unmount', mountPoint);
    expect(end).toEqual({ code: 0, stdout: `Ausgehängt: ${mountPoint}\n`, stderr: '' });
    expect(existsSync(mountPoint)).toBe(false);
  });

  test('mounts a recovered copy for a script, which gets one document', async () => {
    const { code, stdout, stderr } = await command('C', 'mount', '--recover', '--json', image);
    const { mounted, problems } = JSON.parse(stdout) as { mounted: Mounted; problems: unknown };
    expect([code, stderr]).toEqual([0, '']);
    expect(problems).toEqual([{ code: 'mount-untrusted', params: {} }]);
    expect(mounted).toMatchObject({ image, way: 'fuse2fs', journal: 'replayed', keep: true });
    expect(await shown(join(mounted.mountPoint, 'note'))).toBe(after);
    expect((await command('C', 'unmount', image)).code).toBe(0);
    expect((await readdir(join(folder, 'work'))).filter((name) => name.includes('recovered'))).toEqual([]);
  });

  test('cannot have both the recovered copy and the image without its last changes', async () => {
    expect((await command('C', 'mount', '--recover', '--leave-journal', image)).code).toBe(2);
  });
});
