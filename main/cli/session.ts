/** A command's work with one backup, through an engine in a process of its own. */
import type { Inventory, BackupSummary } from '../../shared/backup.ts';
import type { Result } from '../../shared/contract/define.ts';
import { RecoveryError } from '../../shared/problems.ts';
import { connectEngine } from '../backend/engine-client.ts';
import type { EngineProcess } from '../backend/host.ts';
import type { GivenBackup } from '../recovery/backup.ts';
import type { EngineClient } from '../engine/contract.ts';

export interface Session extends AsyncDisposable {
  readonly client: EngineClient;
  readonly handle: number;
  readonly summary: BackupSummary;
  unlock(passphrase: Uint8Array, choices: UnlockChoices): Promise<Inventory>;
}

/** What a person chose about opening a backup. */
export interface UnlockChoices {
  readonly acceptUnsealed: boolean;
  readonly allowSlow: boolean;
}

export interface EngineLimits {
  /** Bytes. */
  readonly memory: number | null;
  readonly jobs: number | null;
}

/** The value of a result, or its problem as an exception. */
export function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new RecoveryError(result.problem);
}

/**
 * Opens a backup in an engine that was started; whoever started it ends it.
 *
 * @throws RecoveryError what opening refuses
 */
export async function openSession(
  engine: EngineProcess,
  given: GivenBackup,
  limits: EngineLimits,
): Promise<Session> {
  const { client, alive } = connectEngine(() => engine);
  valueOf(await client.engine.configure(limits));
  const { handle, summary } = valueOf(await client.backup.open({ ...given, files: [...given.files] }));
  return {
    client,
    handle,
    summary,
    unlock: async (passphrase, choices) => {
      try {
        return valueOf(await client.backup.unlock({ handle, passphrase, ...choices }));
      } finally {
        passphrase.fill(0);
      }
    },
    async [Symbol.asyncDispose]() {
      // Closing wipes the keys; a dead engine has none left.
      if (alive()) await client.backup.close({ handle });
    },
  };
}
