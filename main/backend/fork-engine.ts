/** Starts engines as forked Node processes, for the hosts that have no utility processes: terminal and browser. */
import { fork } from 'node:child_process';
import { engineEntry, engineEnvironment } from './engine-entry.ts';
import type { EngineProcess } from './host.ts';

/**
 * Has glibc ask for large pages for the buffers of chunks: the system then clears one page where it would have cleared
 * five hundred and been interrupted for each. Other systems have no such variable and ignore it.
 */
const largePages = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' } as const;

/**
 * Starts the engine, or another entry, in a process of its own; how it ended is told through the port.
 *
 * @param execArgv options of Node, for tests
 */
export function forkEngine({ path, args } = engineEntry, execArgv: readonly string[] = []): EngineProcess {
  const child = fork(path, args, {
    // Typed arrays must arrive as they left, which JSON would not do.
    serialization: 'advanced',
    env: { ...engineEnvironment(process.env), ...largePages },
    execArgv: [...execArgv],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

  // 'close' comes after the last message was delivered, unlike 'exit'; a failed start tells 'error' alone.
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code ?? 'unknown'}`));
    child.once('error', (error) => resolve(error.message));
  });
  // Without its channel an engine can neither be asked nor stopped.
  child.once('disconnect', () => child.kill('SIGKILL'));

  return {
    port: {
      // A message to an engine that has just ended, or never began, is lost like any other; `onClose` tells.
      post: (message) => {
        if (child.connected) child.send(message as object, () => undefined);
      },
      onMessage: (listener) => void child.on('message', listener),
      onClose: (listener) => void ended.then(listener),
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
