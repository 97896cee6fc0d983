/** Starts engines as utility processes, Electron's own kind of a process that runs Node without windows. */
import { app, utilityProcess, type Details } from 'electron';
import { engineEntry, engineEnvironment, engineServiceName } from '../backend/engine-entry.ts';
import type { EngineProcess } from '../backend/host.ts';

export function startUtilityEngine(): EngineProcess {
  const child = utilityProcess.fork(engineEntry, [], {
    serviceName: engineServiceName,
    env: engineEnvironment(process.env),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit'],
  });

  const ended = new Promise<string>((resolve) => {
    // The app hears the reason (out of memory, killed, crashed), the process itself little more than a code.
    let reason: string | undefined;
    const note = (_event: unknown, details: Details) => {
      if (details.name === engineServiceName) reason = details.reason;
    };
    app.on('child-process-gone', note);
    child.once('error', (type, location) => (reason = `${type} at ${location}`));
    child.once('exit', (code) => {
      app.off('child-process-gone', note);
      resolve(reason ?? `exit code ${code}`);
    });
  });

  return {
    port: {
      post: (message) => child.postMessage(message),
      onMessage: (listener) => void child.on('message', listener),
      onClose: (listener) => void ended.then(listener),
    },
    kill: () => void child.kill(),
  };
}
