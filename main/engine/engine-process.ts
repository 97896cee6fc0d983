/** The entry of the engine's own process: a utility process under Electron, a forked Node process elsewhere. */
import './plain-paths.ts';
import { emittersOf, serve } from '../../shared/contract/define.ts';
import { servePort, type Port } from '../../shared/contract/port.ts';
import { engineContract } from './contract.ts';
import { createEngine } from './engine.ts';

/** Electron's utility processes have their port at `process.parentPort`, which Node's types do not know. */
interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

function parentPort(): Port {
  const utility = (process as { parentPort?: UtilityPort }).parentPort;
  if (utility) {
    return {
      post: (message) => utility.postMessage(message),
      onMessage: (listener) => utility.on('message', ({ data }) => listener(data)),
      onClose: () => undefined,
    };
  }
  return {
    // To a host that was killed a moment ago nothing can be sent; that it is gone is told by `disconnect`.
    post: (message) => void process.send?.(message, undefined, undefined, () => undefined),
    onMessage: (listener) => void process.on('message', listener),
    onClose: (listener) => void process.on('disconnect', () => listener('the host went away')),
  };
}

const port = parentPort();
const engine = createEngine(emittersOf(engineContract, (name, payload) => send(name, payload)));
const send = servePort(port, serve(engineContract, engine.handlers));

// Ctrl+C and the end of a terminal reach every process of the command; it is the host that ends a restore in order.
// Electron ends its own utility processes by SIGTERM.
const isUtility = 'parentPort' in process;
const leftToHost = isUtility ? (['SIGINT'] as const) : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const);
for (const signal of leftToHost) process.on(signal, () => undefined);

// An engine without its host has nobody to work for, and must not outlive it with keys in memory.
port.onClose(() => process.exit(0));
