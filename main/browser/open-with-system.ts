/** Opens addresses and folders with the programs that the system has for them. */
import { spawn } from 'node:child_process';

/** Whether there is a desktop to open anything on; over ssh and on a text console there is none. */
export function hasDesktop(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): boolean {
  if (platform === 'win32' || platform === 'darwin') return environment['SSH_CONNECTION'] === undefined;
  return Boolean(environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY']);
}

/** Opens an address of ours in the system's browser. */
export function openInBrowser(address: string): Promise<void> {
  return start(openers[process.platform] ?? 'xdg-open', address);
}

/** Shows a folder in the system's file manager. */
export function showFolder(path: string): Promise<void> {
  // Plain `open` would run a folder that macOS takes for an app; `-R` shows it where it lies.
  if (process.platform === 'darwin') return start('open', '-R', path);
  return start(openers[process.platform] ?? 'xdg-open', path);
}

const openers: Partial<Record<NodeJS.Platform, string>> = { win32: 'explorer.exe', darwin: 'open' };

/** Resolves once the program has started, rejects where there is none; it lives on when this process ends. */
function start(program: string, ...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
