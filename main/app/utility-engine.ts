/** Starts engines as utility processes, Electron's own kind of a process that runs Node without windows. */
import { app, utilityProcess, type Details } from 'electron';
import { engineEntry, engineEnvironment, engineServiceName } from '../backend/engine-entry.ts';
import type { EngineProcess } from '../backend/host.ts';

/** Milliseconds in which the app hears why a process ended, which it does before or after the process's own end. */
const reasonDelay = 100;

export function startUtilityEngine(): EngineProcess {
  const child = utilityProcess.fork(engineEntry.path, [...engineEntry.args], {
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
      setTimeout(() => {
        app.off('child-process-gone', note);
        resolve(reason ?? `exit code ${code}`);
      }, reasonDelay);
    });
  });

  return {
    port: {
      post: (message) => child.postMessage(message),
      onMessage: (listener) => void child.on('message', listener),
      onClose: (listener) => void ended.then(listener),
    },
    kill() {
      // A process that is still being started cannot be killed yet.
      if (child.pid === undefined) child.once('spawn', () => child.kill());
      child.kill();
    },
  };
}
