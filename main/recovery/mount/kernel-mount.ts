/** Mounts with `mount` itself, as root alone may. Source: mount(8), umount(8). */
import { fail } from '../../../shared/problems.ts';
import { mountArguments, unmountCommand } from './commands.ts';
import { isLoopDevice } from './loop-devices.ts';
import { mountAt } from './mount-table.ts';
import { lastWords } from './system.ts';
import type { Way } from './way.ts';

export const kernelMount: Way = {
  async mount(wanted, tools, { makeFolder, note }) {
    const tool = await tools.find('mount');
    if (tool === null || tools.system.uid !== 0) return false;
    const folder = wanted.at ?? (await makeFolder());
    await note({ mountPoint: folder });
    const end = await tools.run(tool, mountArguments(wanted, folder));
    const mount = await mountAt(folder);
    if (end.code !== 0 || !mount) fail('mount-failed', { way: 'mount', detail: lastWords(end) });
    await note({ loopDevice: isLoopDevice(mount.source) ? mount.source : null });
    return true;
  },

  async unmount({ mountPoint }, tools) {
    const tool = await tools.find('umount');
    if (tool === null) fail('unmount-failed', { path: mountPoint, detail: 'umount is not installed' });
    // The kernel gives the loop device back by itself.
    const end = await tools.run(tool, [mountPoint]);
    if (end.code === 0) return;
    if (/busy/i.test(end.stderr)) fail('mount-busy', { path: mountPoint });
    if (/superuser/i.test(end.stderr)) {
      fail('mount-not-authorised', { command: unmountCommand(mountPoint) });
    }
    fail('unmount-failed', { path: mountPoint, detail: lastWords(end) });
  },
};
