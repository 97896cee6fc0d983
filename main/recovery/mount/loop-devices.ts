/** The loop devices of Linux, and which file lies behind each. */
import { readdir, readFile } from 'node:fs/promises';
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

/**
 * Takes `file` off a loop device, by whoever is there to do it; one that holds something else by now is left alone.
 *
 * @returns whether it is off
 */
export async function detach(device: string, file: string, tools: Tools): Promise<boolean> {
  const attempts = [
    ['udisksctl', ['loop-delete', '--block-device', device, '--no-user-interaction']],
    ['losetup', ['--detach', device]],
  ] as const;
  for (const [name, args] of attempts) {
    if (!(await holds(device, file))) return true;
    const tool = await tools.find(name);
    if (tool === null || (name === 'losetup' && tools.system.uid !== 0)) continue;
    await tools.run(tool, args).catch(() => undefined);
  }
  return !(await holds(device, file));
}
