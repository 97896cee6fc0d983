/** The engine: holds open backups, derives their keys, and runs restores, all for one host. */
import { availableParallelism } from 'node:os';
import type { Emitters, Handlers } from '../../shared/contract/define.ts';
import { fail } from '../../shared/problems.ts';
import { expectFilter } from '../recovery/archive/decoders/decoder-for.ts';
import { openBackup, type LockedBackup } from '../recovery/backup.ts';
import type { Layout } from '../recovery/bytes/layout.ts';
import type { Member } from '../recovery/container/container-index.ts';
import { planRestore } from '../recovery/restore/plan.ts';
import { removeWritten } from '../recovery/restore/remove-written.ts';
import { readJournal, runRestore } from '../recovery/restore/run.ts';
import { unlockBackup, type UnlockedBackup } from '../recovery/unlock.ts';
import { ChunkPool } from './chunk-pool.ts';
import type { EngineContract } from './contract.ts';
import { createImages } from './images.ts';
import { createKeyDeriver, type KeyDeriver, type OrderedRequest } from './key-deriver.ts';
import { defaultMemory, shareMemory } from './memory.ts';
import { PauseGate } from './pause-gate.ts';
import { ProgressMeter } from './progress-meter.ts';

interface OpenBackup {
  readonly locked: LockedBackup;
  unlocked: UnlockedBackup | null;
  unlocking: AbortController | null;
}

interface Job {
  readonly abort: AbortController;
  readonly gate: PauseGate;
  readonly meter: ProgressMeter;
  keep: boolean;
}

/** What the engine may use. */
interface Limits {
  readonly memory: number;
  readonly jobs: number;
}

export interface Engine {
  readonly handlers: Handlers<EngineContract>;
  close(): Promise<void>;
}

export function createEngine(emit: Emitters<EngineContract>): Engine {
  const backups = new Map<number, OpenBackup>();
  const images = createImages(emit.image);
  const jobs = new Map<string, Job>();
  let nextHandle = 1;
  let limits: Limits = { memory: defaultMemory(), jobs: availableParallelism() };
  let deriver: KeyDeriver | undefined;
  let chunks: ChunkPool | undefined;

  const shares = () => shareMemory(limits.memory, limits.jobs);
  const keyDeriver = () =>
    (deriver ??= createKeyDeriver({ memoryBytes: shares().derivations, workers: limits.jobs }));
  const chunkPool = () => (chunks ??= new ChunkPool(limits.jobs));

  /** A computer whose restore is paused is to be quiet; but several may be under way, and keys are derived for all. */
  const heedPauses = () =>
    deriver?.holdAhead(jobs.size > 0 && [...jobs.values()].every(({ gate }) => gate.paused));

  const setPaused = (id: string, paused: boolean) => {
    const job = jobs.get(id);
    if (!job) return;
    if (paused) job.gate.pause();
    else job.gate.resume();
    job.meter.paused = paused;
    heedPauses();
  };

  const derive = (request: OrderedRequest, signal?: AbortSignal) => keyDeriver().derive(request, signal);
  const opener = (layout: Layout) => (member: Member, key: Uint8Array) =>
    chunkPool().open(layout, member, key);

  const backupOf = (handle: number): OpenBackup =>
    backups.get(handle) ?? fail('unexpected', { detail: 'the backup is not open' });
  const unlockedOf = (handle: number): UnlockedBackup =>
    backupOf(handle).unlocked ?? fail('unexpected', { detail: 'the backup is locked' });

  const closeBackup = async (handle: number) => {
    const open = backups.get(handle);
    backups.delete(handle);
    open?.unlocking?.abort();
    await open?.unlocked?.protection.wipe();
    await open?.locked.source.close();
    if (open) chunks?.forget(open.locked.layout);
  };

  const handlers: Handlers<EngineContract> = {
    engine: {
      kernel: () => ({ kernel: deriver?.kernel ?? null, v8: process.versions.v8 }),

      async configure({ memory, jobs: threads }) {
        limits = { memory: memory ?? defaultMemory(), jobs: threads ?? availableParallelism() };
        const [oldDeriver, oldChunks] = [deriver, chunks];
        deriver = undefined;
        chunks = undefined;
        await Promise.all([oldDeriver?.close(), oldChunks?.close()]);
      },
    },

    backup: {
      async open(given) {
        const locked = await openBackup(given);
        const handle = nextHandle++;
        backups.set(handle, { locked, unlocked: null, unlocking: null });
        return { handle, summary: locked.summary };
      },

      async unlock({ handle, passphrase, acceptUnsealed, allowSlow }) {
        const open = backupOf(handle);
        const abort = new AbortController();
        open.unlocking = abort;
        // Threads start while the passphrase is proven: the list of qubes is the first that they open and decode.
        chunkPool().ready();
        expectFilter(open.locked.summary.compression);
        try {
          const unlocked = await unlockBackup(open.locked, passphrase, {
            derive: (request, signal) =>
              derive(request, signal ? AbortSignal.any([signal, abort.signal]) : abort.signal),
            openChunk: opener(open.locked.layout),
            acceptUnsealed,
            allowSlow,
          });
          await open.unlocked?.protection.wipe();
          open.unlocked = unlocked;
          return unlocked.inventory;
        } finally {
          passphrase.fill(0);
          open.unlocking = null;
        }
      },

      cancelUnlock({ handle }) {
        backups.get(handle)?.unlocking?.abort();
      },

      close: ({ handle }) => closeBackup(handle),
    },

    restore: {
      async plan({ handle, qubes, destination }) {
        const backup = unlockedOf(handle);
        const journal = destination === null ? null : await readJournal(backup, destination);
        return Promise.all(
          planRestore(backup.catalog.qubes, qubes).files.map(async (file) => ({
            qube: file.qube,
            file: file.name,
            output: [...file.output],
            bytes: file.virtualSize,
            storedBytes: file.stored.storedBytes,
            finished: (await journal?.finished(file)) !== undefined,
          })),
        );
      },

      async run({ handle, job: id, qubes, destination, identity, acceptPartial, allowSlow }) {
        const backup = unlockedOf(handle);
        const plan = planRestore(backup.catalog.qubes, qubes);
        const abort = new AbortController();
        const gate = new PauseGate();
        const started = new Set<string>();
        const meter = new ProgressMeter(plan, (progress) => emit.restore.progress({ job: id, progress }));
        const job: Job = { abort, gate, meter, keep: true };
        jobs.set(id, job);
        heedPauses();
        try {
          const report = await runRestore({
            backup,
            plan,
            destination,
            ...(identity !== undefined && { identity }),
            acceptPartial,
            allowSlow,
            streams: shares().streams,
            signal: abort.signal,
            gate: gate.passed,
            listener: {
              fileStarted: (file) => {
                started.add(file.output.join('/'));
                meter.started(file);
              },
              progressed: (file, bytes) => meter.progressed(file, bytes),
              fileFinished: (file) => meter.finished(file),
              qubeFinished: (qube) => emit.restore.qubeFinished({ job: id, qube }),
              finishing: () => meter.finishing(),
            },
          });
          const cancelled = abort.signal.aborted;
          if (cancelled && !job.keep && destination !== null)
            return { report: await removeWritten(report, backup, destination, started), cancelled };
          return { report, cancelled };
        } finally {
          meter.stop();
          jobs.delete(id);
          heedPauses();
        }
      },

      pause: ({ job }) => setPaused(job, true),
      resume: ({ job }) => setPaused(job, false),

      cancel({ job: id, keep }) {
        const job = jobs.get(id);
        if (!job) return;
        job.keep = keep;
        job.abort.abort();
        job.gate.resume();
        heedPauses();
      },
    },

    image: images.handlers,
  };

  return {
    handlers,
    async close() {
      for (const job of jobs.values()) job.abort.abort();
      await images.close();
      await Promise.all([...backups.keys()].map(closeBackup));
      await Promise.all([deriver?.close(), chunks?.close()]);
    },
  };
}
