/**
 * Mounts through fuse2fs: a program of e2fsprogs that reads the file system in user space, with no more rights than
 * the person has, and shows all files whoever they belong to.
 *
 * Source: fuse2fs(1), mount.fuse3(8), fusermount3(1).
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { mountAt, type MountEntry } from './mount-table.ts';
import { stateFolder } from './records.ts';
import { lastWords, type MountSystem } from './system.ts';
import type { Wanted, Way } from './way.ts';

/** The options of fuse2fs; `ro` it keeps for itself. */
export function fuse2fsOptions({ part, withoutJournal }: Pick<Wanted, 'part' | 'withoutJournal'>): string {
  return [
    'ro',
    'nosuid',
    'nodev',
    'noexec',
    // Files belong to users of the qube, who are others here or nobody.
    'fakeroot',
    ...(withoutJournal ? ['norecovery'] : []),
    ...(part ? [`offset=${part.offset}`] : []),
  ].join(',');
}

export const fuse2fs: Way = {
  async mount(wanted, tools, { makeFolder, note }) {
    const tool = await tools.find('fuse2fs');
    const unmounter = await tools.find('fusermount3', 'fusermount');
    if (tool === null || unmounter === null || !(await canUseFuse())) return false;
    const folder = wanted.at ?? (await makeFolder());
    await note({ mountPoint: folder });
    const end = await withPlainName(wanted.file, tools.system, (file) =>
      // Of the two, `-r` is what makes the mount read-only.
      tools.run(tool, ['-r', '-o', fuse2fsOptions(wanted), file, folder]),
    );
    // It answers 0 for some failures too.
    const mount = await mountAt(folder);
    if (end.code !== 0 || !mount || !isFuse2fs(mount)) {
      fail('mount-failed', { way: 'fuse2fs', detail: lastWords(end) });
    }
    return true;
  },

  async unmount({ mountPoint }, tools) {
    const tool = await tools.find('fusermount3', 'fusermount');
    if (tool === null) fail('unmount-failed', { path: mountPoint, detail: 'fusermount3 is not installed' });
    const end = await tools.run(tool, ['-u', mountPoint]);
    if (end.code === 0) return;
    if (/busy/i.test(end.stderr)) fail('mount-busy', { path: mountPoint });
    fail('unmount-failed', { path: mountPoint, detail: lastWords(end) });
  },
};

async function canUseFuse(): Promise<boolean> {
  return access('/dev/fuse', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Runs `work` with a path of the file that has no comma: fuse2fs makes the name an option of its own making, and what
 * follows a comma in it would be a further option.
 */
async function withPlainName<R>(
  file: string,
  system: MountSystem,
  work: (path: string) => Promise<R>,
): Promise<R> {
  if (!/[,\\]/.test(file)) return work(file);
  const link = join(await stateFolder(system), `${randomUUID()}.img`);
  await symlink(file, link);
  try {
    return await work(link);
  } finally {
    await unlink(link);
  }
}

/** Whether a mount is one of fuse2fs, and not another file system in user space. */
export function isFuse2fs({ fileSystem }: MountEntry): boolean {
  return fileSystem.startsWith('fuse.ext');
}
