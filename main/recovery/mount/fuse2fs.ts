/**
 * Mounts through fuse2fs: a program of e2fsprogs that reads the file system in user space, with no more rights than
 * the person has, and shows all files whoever they belong to.
 *
 * Source: fuse2fs(1), mount.fuse3(8), fusermount3(1).
 */
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { fail } from '../../../shared/problems.ts';
import { mountAt, type MountEntry } from './mount-table.ts';
import { inheritedFile, lastWords } from './system.ts';
import type { Wanted, Way } from './way.ts';

/** The arguments of fuse2fs. */
export function fuse2fsArguments({ part, withoutJournal }: Wanted, folder: string): readonly string[] {
  const options = [
    'ro',
    'nosuid',
    'nodev',
    'noexec',
    // Files belong to users of the qube, who are others here or nobody.
    'fakeroot',
    ...(withoutJournal ? ['norecovery'] : []),
    ...(part ? [`offset=${part.offset}`] : []),
  ];
  // It keeps `ro` for itself; `-r` makes the mount read-only too. A comma in the file's own name would be taken for
  // the end of an option.
  return ['-r', '-o', options.join(','), inheritedFile, folder];
}

export const fuse2fs: Way = {
  async mount(wanted, tools, { makeFolder, note }) {
    const tool = await tools.find('fuse2fs');
    const unmounter = await tools.find('fusermount3', 'fusermount');
    if (tool === null || unmounter === null || !(await canUseFuse())) return false;
    const folder = wanted.at ?? (await makeFolder());
    await note({ mountPoint: folder });
    await using image = await open(wanted.file, constants.O_RDONLY);
    const end = await tools.run(tool, fuse2fsArguments(wanted, folder), { file: image.fd });
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

/** Whether a mount is one of fuse2fs, and not another file system in user space. */
export function isFuse2fs({ fileSystem, source }: MountEntry): boolean {
  return fileSystem === 'fuse.ext4' || (fileSystem.startsWith('fuse') && source === inheritedFile);
}
