/** A connection to one engine process: its contract's client, and word of its end. */
import { clientOf } from '../../shared/contract/define.ts';
import { portTransport } from '../../shared/contract/port.ts';
import { engineContract, type EngineClient } from '../engine/contract.ts';
import type { EngineSpawner } from './host.ts';

export interface EngineConnection {
  readonly client: EngineClient;
  /** Whether the process still runs. */
  readonly alive: () => boolean;
  /** Ends the process at once. */
  readonly kill: () => void;
}

/** Starts an engine. Once it is gone, however that came, every call to it answers `engine-gone`. */
export function connectEngine(spawn: EngineSpawner): EngineConnection {
  const { port, kill } = spawn();
  let alive = true;
  const client = clientOf(engineContract, portTransport(port));
  port.onClose(() => {
    alive = false;
  });
  return { client, alive: () => alive, kill };
}
