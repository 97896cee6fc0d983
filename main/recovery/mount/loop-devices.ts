/** The loop devices of Linux, and which file lies behind each. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Tools } from './system.ts';

const LOOP_DEVICE = /^\/dev\/loop\d{1,7}$/;

export function isLoopDevice(path: string): boolean {
  return LOOP_DEVICE.test(path);
}

/** Whether a loop device still holds the file it was set up for: its number may have gone to another one since. */
export async function holds(device: string, file: string): Promise<boolean> {
  if (!isLoopDevice(device)) return false;
  try {
    const name = device.slice('/dev/'.length);
    const text = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8');
    return text === `${file}\n` || text === `${file} (deleted)\n`;
  } catch {
    return false;
  }
}

/** The loop devices that hold a file. */
export async function loopDevicesOf(file: string): Promise<readonly string[]> {
  const names = (await readdir('/sys/block').catch(() => [])).filter((name) => name.startsWith('loop'));
  const devices = names.map((name) => `/dev/${name}`);
  const found = await Promise.all(devices.map((device) => holds(device, file)));
  return devices.filter((_, index) => found[index]);
}

/** How long a device that was let go may still be looked at by udev: milliseconds, and how often they pass. */
const lettingGo = { pause: 50, looks: 20 };

/**
 * Takes `file` off a loop device, by whoever is there to do it. A device that holds something else by now is left
 * alone, and so is one that cannot be had: it is read-only, and ends with the next start of the computer.
 */
export async function detach(device: string, file: string, tools: Tools): Promise<void> {
  const attempts = [
    ['udisksctl', ['loop-delete', '--block-device', device, '--no-user-interaction']],
    ['losetup', ['--detach', device]],
  ] as const;
  for (const [name, args] of attempts) {
    if (!(await holds(device, file))) return;
    const tool = await tools.find(name);
    if (tool === null || (name === 'losetup' && tools.system.uid !== 0)) continue;
    const end = await tools.run(tool, args).catch(() => null);
    for (let look = 0; end?.code === 0 && look < lettingGo.looks && (await holds(device, file)); look++) {
      await wait(lettingGo.pause);
    }
  }
}
