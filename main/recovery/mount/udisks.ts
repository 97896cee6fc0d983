/**
 * Mounts through udisks, as file managers do: a person at a desktop needs no password for it, and finds the mount
 * where other drives are.
 *
 * Source: udisksctl(1); errors of the D-Bus interface by their names in the udisks reference manual.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { fail } from '../../../shared/problems.ts';
import { unmountCommand } from './commands.ts';
import { detach, loopDevicesOf } from './loop-devices.ts';
import { missingOptions, mountOfDevice, safeOptions } from './mount-table.ts';
import { hasDesktop, lastWords, type ToolEnd, type Tools } from './system.ts';
import type { Wanted, Way } from './way.ts';

/** Why udisks did not do something. */
export type UdisksRefusal =
  'no-daemon' | 'not-authorised' | 'consent-needed' | 'busy' | 'already-mounted' | 'not-ready' | 'other';

/** What `udisksctl` says on standard error, as one of the reasons that are told apart. */
export function udisksRefusal(stderr: string): UdisksRefusal {
  if (stderr.includes('Error connecting to the udisks daemon')) return 'no-daemon';
  // udev has not told udisks yet what is on the device.
  if (/is not a mountable filesystem|Error looking up object/.test(stderr)) return 'not-ready';
  const [, name = ''] = /org\.freedesktop\.UDisks2\.Error\.(\w+)/.exec(stderr) ?? [];
  return byName.get(name) ?? 'other';
}

const byName: ReadonlyMap<string, UdisksRefusal> = new Map([
  ['NotAuthorized', 'not-authorised'],
  ['NotAuthorizedDismissed', 'not-authorised'],
  ['NotAuthorizedCanObtain', 'consent-needed'],
  ['DeviceBusy', 'busy'],
  ['AlreadyMounted', 'already-mounted'],
]);

/** The device in what `udisksctl loop-setup` prints: `Mapped file … as /dev/loop0.` */
export function mappedDevice(stdout: string): string | null {
  return / as (\/dev\/loop\d{1,7})\.?\s*$/.exec(stdout)?.[1] ?? null;
}

export const udisks: Way = {
  async mount(wanted, tools, { note }) {
    const udisksctl = await tools.find('udisksctl');
    // udisks chooses the folder itself.
    if (udisksctl === null || wanted.at !== null) return false;
    const device = await setUpLoop(udisksctl, wanted, tools);
    if (device === null) return false;
    await note({ loopDevice: device });
    await mountDevice(udisksctl, device, wanted, tools);
    const mount = await mountOfDevice(device);
    if (!mount) fail('mount-failed', { way: 'udisks', detail: `${device} is not mounted` });
    await note({ mountPoint: mount.mountPoint });
    return true;
  },

  async unmount({ mountPoint, loopDevice }, tools) {
    const udisksctl = await tools.find('udisksctl');
    if (udisksctl === null || loopDevice === null) {
      fail('unmount-failed', { path: mountPoint, detail: 'udisksctl is not installed' });
    }
    const end = await ask(udisksctl, ['unmount', '--block-device', loopDevice], tools);
    if (end.code === 0) return;
    switch (udisksRefusal(end.stderr)) {
      case 'busy':
        return fail('mount-busy', { path: mountPoint });
      case 'not-authorised':
      case 'consent-needed':
        return fail('mount-not-authorised', { command: unmountCommand(mountPoint) });
      default:
        return fail('unmount-failed', { path: mountPoint, detail: reasonOf(end) });
    }
  },
};

/** Has the file put behind a loop device that cannot be written; null where udisks is not running. */
async function setUpLoop(udisksctl: string, wanted: Wanted, tools: Tools): Promise<string | null> {
  const { file, part } = wanted;
  const range = part ? ['--offset', String(part.offset), '--size', String(part.size)] : [];
  const before = await loopDevicesOf(file);
  try {
    const end = await ask(udisksctl, ['loop-setup', '--read-only', '--file', file, ...range], tools);
    const device = mappedDevice(end.stdout);
    if (end.code === 0 && device !== null) return device;
    if (udisksRefusal(end.stderr) === 'no-daemon') return null;
    return refuse(end, wanted);
  } catch (error) {
    // Without udev the device is set up, but udisks never hears of it and does not answer.
    const added = (await loopDevicesOf(file)).filter((device) => !before.includes(device));
    for (const device of added) await detach(device, file, tools.uncancelled());
    throw error;
  }
}

/** Between looks at whether udev has recognised what is on a new device: milliseconds, and how often. */
const recognition = { pause: 100, looks: 30 };

async function mountDevice(udisksctl: string, device: string, wanted: Wanted, tools: Tools): Promise<void> {
  const options = [...safeOptions, ...(wanted.withoutJournal ? ['noload'] : [])].join(',');
  const mounting = ['mount', '--block-device', device, '-t', wanted.fileSystem, '--options', options];
  for (let look = 1; ; look++) {
    const end = await ask(udisksctl, mounting, tools);
    if (end.code === 0) return;
    const refusal = udisksRefusal(end.stderr);
    const mayPass = refusal === 'already-mounted' || refusal === 'not-ready';
    if (!mayPass || look === recognition.looks) refuse(end, wanted);
    if (refusal === 'already-mounted') {
      // A desktop that mounts by itself was faster, with options of its own.
      const mount = await mountOfDevice(device);
      if (mount && missingOptions(mount).length === 0) return;
      await ask(udisksctl, ['unmount', '--block-device', device], tools);
    }
    await wait(recognition.pause);
  }
}

/** Asks udisks to do something: quietly first, then, where a desktop is there to ask, with the person's consent. */
async function ask(udisksctl: string, args: readonly string[], tools: Tools): Promise<ToolEnd> {
  const quiet = await tools.run(udisksctl, [...args, '--no-user-interaction']);
  if (udisksRefusal(quiet.stderr) !== 'consent-needed' || !hasDesktop(tools.system)) return quiet;
  return tools.run(udisksctl, args, { limit: tools.system.limits.person });
}

function refuse(end: ToolEnd, wanted: Wanted): never {
  const refusal = udisksRefusal(end.stderr);
  if (refusal === 'not-authorised' || refusal === 'consent-needed') {
    fail('mount-not-authorised', { command: wanted.byHand });
  }
  fail('mount-failed', { way: 'udisks', detail: reasonOf(end) });
}

/** What udisks says, without the names that D-Bus puts before it. */
function reasonOf(end: ToolEnd): string {
  return lastWords(end).replace(/GDBus\.Error:[\w.]+: /g, '');
}
