/** Opens an address or a folder with the program that the system has for it. */
import { spawn } from 'node:child_process';

/** Whether there is a desktop to open anything on; over ssh and on a text console there is none. */
export function hasDesktop(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): boolean {
  if (platform === 'win32' || platform === 'darwin') return environment['SSH_CONNECTION'] === undefined;
  return Boolean(environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY']);
}

function openerOf(platform: NodeJS.Platform): string {
  switch (platform) {
    case 'win32':
      return 'explorer.exe';
    case 'darwin':
      return 'open';
    default:
      return 'xdg-open';
  }
}

/** Resolves once the program has started; rejects where there is none. It lives on when this process ends. */
export function openWithSystem(target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(openerOf(process.platform), [target], { stdio: 'ignore', detached: true });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
