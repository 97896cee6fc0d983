/**
 * The services of a desktop in a corner of their own: D-Bus, udev, polkit and udisks as the system has them, which
 * only those commands meet that are run there, and which are gone without a trace in the end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { oracle, skipped, type Oracle } from './oracles.ts';
import { toolEnvironment } from './tools.ts';

const daemons = {
  udevd: ['/usr/lib/systemd/systemd-udevd', '/lib/systemd/systemd-udevd'],
  polkitd: ['/usr/lib/polkit-1/polkitd', '/usr/libexec/polkitd'],
  udisksd: ['/usr/libexec/udisks2/udisksd', '/usr/lib/udisks2/udisksd'],
};

type Daemon = keyof typeof daemons;

function pathOf(daemon: Daemon): string | undefined {
  return daemons[daemon].find((path) => existsSync(path));
}

/** The user without rights whom every Linux has. */
export const nobody = 65_534;

export interface Desktop extends AsyncDisposable {
  /** What starts a command there as a person without rights. */
  readonly asPerson: readonly string[];
  readonly asRoot: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface DesktopOptions {
  /** Whether polkit lets a person use udisks, as one who sits at a desktop; otherwise it wants a password. */
  readonly consent: boolean;
  /** Without udev, udisks waits for devices in vain. */
  readonly udev: boolean;
  /** Files below this folder are taken off loop devices in the end. */
  readonly folder: string;
}

const bus = 'unix:path=/run/bus';

const script = `
set -u
for folder in /run /media /etc/polkit-1/rules.d; do [ ! -d $folder ] || mount -t tmpfs -o mode=755 tmpfs $folder; done
mkdir -p /run/udev /run/lock
cat > /run/bus.conf <<'END'
<busconfig>
  <type>system</type><listen>${bus}</listen><auth>EXTERNAL</auth>
  <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow eavesdrop="true"/></policy>
</busconfig>
END
[ -z "$CONSENT" ] || cat > /etc/polkit-1/rules.d/10.rules <<'END'
polkit.addRule(function (action, subject) {
  if (subject.user === 'nobody' && action.id.indexOf('org.freedesktop.udisks2.') === 0) return polkit.Result.YES;
});
END
dbus-daemon --config-file=/run/bus.conf --nofork &
until [ -S /run/bus ]; do sleep 0.02; done
[ -z "$UDEVD" ] || "$UDEVD" &
"$POLKITD" --no-debug &
"$UDISKSD" &
until udisksctl status > /dev/null 2>&1; do sleep 0.05; done
echo ready
read -r _
for file in /sys/block/loop*/loop/backing_file; do
  case $(cat "$file" 2>/dev/null) in "$FOLDER"/*) losetup -d /dev/$(basename "\${file%/loop/*}");; esac
done
`;

/** Starts the services, which end when what this gives is disposed of. */
export async function startDesktop({ consent, udev, folder }: DesktopOptions): Promise<Desktop> {
  const apart = ['--mount', '--net', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const child = spawn('unshare', [...apart, '--propagation', 'private', 'bash', '-c', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...toolEnvironment,
      DBUS_SYSTEM_BUS_ADDRESS: bus,
      CONSENT: consent ? 'given' : '',
      UDEVD: (udev && pathOf('udevd')) || '',
      POLKITD: pathOf('polkitd'),
      UDISKSD: pathOf('udisksd'),
      FOLDER: folder,
    },
  });
  const stop = async () => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    if (child.exitCode === null) await once(child, 'exit');
    clearTimeout(timer);
  };
  try {
    await once(child.stdout, 'data', { signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    await stop();
    throw error;
  }
  const [inner = ''] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).split(' ');
  const asRoot = ['nsenter', '--target', inner, '--mount', '--net', '--pid', '--'];
  return {
    asRoot,
    asPerson: [...asRoot, ...asNobody],
    env: { DBUS_SYSTEM_BUS_ADDRESS: bus },
    [Symbol.asyncDispose]: stop,
  };
}

/** What starts a command as a person without rights. */
export const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'];

/**
 * The gate of tests that need a desktop's services. Where root is missing, or the right to set up a corner, they are
 * skipped, also with `CI=true`: neither is a program to install.
 */
export async function desktops(): Promise<Oracle> {
  const reason = 'setting up services apart from the system takes root';
  if (process.getuid?.() !== 0) return skipped(reason);
  const absent = (Object.keys(daemons) as Daemon[]).filter((daemon) => pathOf(daemon) === undefined);
  const tools = [
    'unshare',
    'nsenter',
    'setpriv',
    'dbus-daemon',
    'udisksctl',
    'losetup',
    'mkfs.ext4',
    ...absent,
  ];
  const gate = oracle(...tools);
  if (absent.length > 0) return gate;
  try {
    const desktop = await startDesktop({ consent: false, udev: false, folder: '/nonexistent' });
    await desktop[Symbol.asyncDispose]();
    return gate;
  } catch {
    return skipped(reason);
  }
}
