/** Restores a backup by the library alone, in the test's own process, from whatever source of bytes it is given. */
import { openBackupFrom } from '../../main/recovery/backup.ts';
import type { ByteSource } from '../../main/recovery/bytes/source.ts';
import { openSealed } from '../../main/recovery/encryption/scrypt-container.ts';
import type { Protection, VerifiedStreams } from '../../main/recovery/encryption/protection.ts';
import { nodeKernel } from '../../main/recovery/kdf/node-kernel.ts';
import { planRestore } from '../../main/recovery/restore/plan.ts';
import { runRestore } from '../../main/recovery/restore/run.ts';
import { unlockBackup } from '../../main/recovery/unlock.ts';
import type { RestoreReport } from '../../shared/backup.ts';

export interface InProcessOptions {
  readonly passphrase: string;
  /** An existing folder; null only verifies. */
  readonly destination: string | null;
  readonly acceptUnsealed?: boolean;
  readonly acceptPartial?: boolean;
  /** Told of each key before it is derived, and awaited. */
  readonly onDerivation?: (signal: AbortSignal | undefined) => unknown;
  readonly onFileStarted?: () => void;
  /** Cancels the restore. */
  readonly signal?: AbortSignal;
  /** How the pieces of the stream of the stored file at `path` are cut or delayed. */
  readonly recut?: (stream: AsyncIterable<Uint8Array>, path: string) => AsyncIterable<Uint8Array>;
}

const gibibyte = 2 ** 30;

/** Opens, unlocks and restores everything. Throws what opening or unlocking refuses. */
export async function restoreInProcess(
  source: ByteSource,
  options: InProcessOptions,
): Promise<RestoreReport> {
  await using resources = new AsyncDisposableStack();
  resources.defer(() => source.close());
  const locked = await openBackupFrom(source, 'in-process.backup');
  const backup = await unlockBackup(locked, new TextEncoder().encode(options.passphrase), {
    derive: async (request, signal) => {
      await options.onDerivation?.(signal);
      return nodeKernel.derive(request, gibibyte);
    },
    openChunk: async (member, key) => {
      const plain = openSealed(await source.read(member.offset, member.size), key);
      return { plain, release: () => undefined };
    },
    acceptUnsealed: options.acceptUnsealed ?? false,
    allowSlow: false,
  });
  const protection = options.recut ? recutting(backup.protection, options.recut) : backup.protection;
  resources.defer(() => protection.wipe());
  return await runRestore({
    backup: { ...backup, protection },
    plan: planRestore(backup.catalog.qubes, null),
    destination: options.destination,
    acceptPartial: options.acceptPartial ?? false,
    allowSlow: false,
    streams: 2,
    signal: options.signal ?? new AbortController().signal,
    gate: () => Promise.resolve(),
    listener: {
      fileStarted: () => options.onFileStarted?.(),
      progressed: () => undefined,
      fileFinished: () => undefined,
      qubeFinished: () => undefined,
      finishing: () => undefined,
    },
  });
}

function recutting(protection: Protection, recut: NonNullable<InProcessOptions['recut']>): Protection {
  const recutStreams = (streams: VerifiedStreams): VerifiedStreams => ({
    filter: streams.filter,
    stretches: streams.stretches,
    stream: (file, hooks) => recut(streams.stream(file, hooks), file.path),
  });
  return {
    ...recutStreams(protection),
    beginRun: (options) => {
      const run = protection.beginRun(options);
      return {
        ...recutStreams(run),
        isSlow: (file) => run.isSlow(file),
        [Symbol.dispose]: () => run[Symbol.dispose](),
      };
    },
    attest: (text) => protection.attest(text),
    wipe: () => protection.wipe(),
  };
}
