/** The backend: implements the wizard's contract once, for every host, on top of one engine process. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type {
  BackupSummary,
  Inventory,
  QubeReport,
  RestorePlan,
  RestoreReport,
} from '../../shared/backup.ts';
import { serve, valueOf, type Handlers, type Result } from '../../shared/contract/define.ts';
import type { OpenedBackup, Place, WizardContract } from '../../shared/contract/wizard.ts';
import { wizardContract } from '../../shared/contract/wizard.ts';
import { fail, type Problem } from '../../shared/problems.ts';
import type { GivenBackup } from '../recovery/backup.ts';
import { defaultMemory } from '../engine/memory.ts';
import { createActivityLog } from './activity-log.ts';
import { restorePlanOf, watchFreeBytes } from './destination.ts';
import { diagnosticsText } from './diagnostics.ts';
import type { EndedRestore } from './documents/report-page.ts';
import { connectEngine, type EngineConnection } from './engine-client.ts';
import type { CreateBackend } from './host.ts';
import { createImages } from './images.ts';
import { createMounts } from './mounts.ts';
import { createPlaces } from './places.ts';
import { createPreferences } from './preferences.ts';
import { folderIdentity } from '../recovery/writing/held-destination.ts';
import { byHand } from './rescue-kit/by-hand.ts';
import { writeRescueKit } from './rescue-kit/kit.ts';
import { resultsHandlers } from './results.ts';

/** A backup the person opened: which engine holds it, under which handle. */
interface Opened {
  readonly path: string;
  /** What the engine is asked to open. */
  readonly given: GivenBackup;
  readonly engine: EngineConnection;
  readonly handle: number;
  readonly summary: BackupSummary;
  /** Null until it is unlocked. */
  inventory: Inventory | null;
}

interface Job {
  readonly opened: Opened;
  readonly inventory: Inventory;
  readonly destination: string | null;
  /** Looks how much is free at the destination, unless it was looked a moment ago. */
  readonly lookForSpace: () => void;
  /** Folder of each qube below the destination. */
  readonly folders: ReadonlyMap<string, string>;
  /** Reports of qubes that are done, which outlive the engine. */
  readonly finished: Map<string, QubeReport>;
  /** Null while it runs. */
  ended: EndedRestore | null;
}

const platforms: Partial<Record<NodeJS.Platform, 'linux' | 'macos' | 'windows'>> = {
  linux: 'linux',
  darwin: 'macos',
  win32: 'windows',
};

/** Makes the backend of one wizard. */
export const createBackend: CreateBackend = (host, emit) => {
  const places = createPlaces();
  const backups = new Map<string, Opened>();
  const jobs = new Map<string, Job>();
  const log = createActivityLog();
  const preferences = createPreferences(host.preferencesFile);
  let engine: EngineConnection | undefined;
  /** What the system handed the program and the wizard has not taken yet. */
  let given: string | null = null;

  /** The engine, started when first needed and again after it was lost. */
  const liveEngine = (): EngineConnection => {
    if (engine?.alive()) return engine;
    const started = connectEngine(host.spawnEngine);
    started.client.restore.progress(({ job, progress }) => {
      emit.restore.progress({ jobId: job, progress });
      jobs.get(job)?.lookForSpace();
    });
    started.client.restore.qubeFinished(({ job, qube }) => {
      jobs.get(job)?.finished.set(qube.name, qube);
      emit.restore.qubeFinished({ jobId: job, qube });
    });
    images.listen(started);
    engine = started;
    return started;
  };

  const showFolder = (path: string) => host.showFolder(path);
  const images = createImages({ places, engine: liveEngine, restoredPath, showFolder, emit: emit.image });
  const mounts = createMounts({ whereIs: images.whereIs, showFolder, emit: emit.mount });

  const openedBy = (backupId: string): Opened =>
    backups.get(backupId) ?? fail('unexpected', { detail: 'unknown backup' });
  const jobBy = (jobId: string): Job => jobs.get(jobId) ?? fail('unexpected', { detail: 'unknown job' });

  const open = async (place: Place, path: string, given: GivenBackup): Promise<OpenedBackup> => {
    const using = liveEngine();
    const { handle, summary } = valueOf(
      await using.client.backup.open({ ...given, files: [...given.files] }),
    );
    const backupId = randomUUID();
    backups.set(backupId, { path, given, engine: using, handle, summary, inventory: null });
    return { backupId, place, summary };
  };

  /** The backup `backupId`, opened once more if its engine is gone; its keys went with that. */
  const withLiveEngine = async (backupId: string): Promise<Opened> => {
    const opened = openedBy(backupId);
    if (opened.engine.alive()) return opened;
    const using = liveEngine();
    const { handle, summary } = valueOf(
      await using.client.backup.open({ ...opened.given, files: [...opened.given.files] }),
    );
    const again: Opened = { ...opened, engine: using, handle, summary, inventory: null };
    backups.set(backupId, again);
    return again;
  };

  /** Which folders destinations were when they were last looked at; drives drop out. */
  const looked = new Map<string, string>();
  const plannedOutputs = async (opened: Opened, qubes: string[], destination: string | null) =>
    valueOf(await opened.engine.client.restore.plan({ handle: opened.handle, qubes, destination }));

  const handlers: Handlers<WizardContract> = {
    program: {
      describe: () => ({
        version: host.version,
        host: host.kind,
        platform: platforms[process.platform] ?? 'linux',
        locale: host.locale,
        nativeDialogs: host.dialogs !== null,
        defaultMemory: defaultMemory(),
      }),
      byHand: ({ language }) => byHand(null, language),
      async diagnostics() {
        const kernel = engine?.alive() ? await engine.client.engine.kernel() : null;
        return diagnosticsText({
          host,
          engine: kernel?.ok ? kernel.value : null,
          backups: [...backups.values()].map(({ summary }) => summary),
          log,
        });
      },
      quit: () => host.quit(),
    },

    preferences: {
      read: () => preferences.read(),
      save: (wanted) => preferences.save(wanted),
    },

    places: {
      async chooseBackup() {
        const paths = (await host.dialogs?.chooseFiles()) ?? [];
        return paths.length === 0 ? null : places.together(paths);
      },
      chooseImage: () => chosen(host.dialogs?.chooseFile()),
      chooseFolder: () => chosen(host.dialogs?.chooseFolder()),
      together: ({ placeIds }) => places.together(placeIds.map((placeId) => places.pathOf(placeId))),
      locate: ({ path, kind }) => places.locate(path, kind),
      list: ({ folderId }) => places.list(folderId),
      recentFolders: async () => (await preferences.folders()).map((path) => places.remember(path)),
      createFolder: ({ parentId, name }) => places.createFolder(parentId, name),
      takeGiven() {
        const path = given;
        given = null;
        return path === null ? null : places.remember(path);
      },
    },

    backup: {
      open: ({ placeId, alone }) => {
        const files = places.filesOf(placeId);
        const [path = ''] = files;
        return open(places.remember(path), path, { files, findParts: files.length === 1 && !alone });
      },
      openSample: () =>
        open(places.remember(host.samplePath), host.samplePath, {
          files: [host.samplePath],
          findParts: false,
        }),

      async unlock({ backupId, passphrase, ...choices }) {
        const opened = await withLiveEngine(backupId);
        const bytes = new TextEncoder().encode(passphrase);
        try {
          const { engine: using, handle } = opened;
          opened.inventory = valueOf(
            await using.client.backup.unlock({ handle, passphrase: bytes, ...choices }),
          );
          return opened.inventory;
        } finally {
          bytes.fill(0);
        }
      },

      async cancelUnlock({ backupId }) {
        const { engine: using, handle } = openedBy(backupId);
        valueOf(await using.client.backup.cancelUnlock({ handle }));
      },

      saveRescueKit: async ({ backupId }) => places.remember(await writeRescueKit(openedBy(backupId).path)),

      async close({ backupId }) {
        const opened = backups.get(backupId);
        backups.delete(backupId);
        if (opened?.engine.alive()) await opened.engine.client.backup.close({ handle: opened.handle });
      },
    },

    restore: {
      async plan({ backupId, qubes, folderId, mode }): Promise<RestorePlan> {
        const destination = mode === 'verify' || folderId === null ? null : places.pathOf(folderId);
        const planned = await plannedOutputs(openedBy(backupId), qubes, destination);
        if (destination !== null) {
          const identity = await folderIdentity(destination).catch(() => undefined);
          if (identity === undefined) looked.delete(destination);
          else looked.set(destination, identity);
        }
        return restorePlanOf(planned, destination);
      },

      async start({ backupId, qubes, folderId, mode, memory, acceptPartial, allowSlow }) {
        const opened = openedBy(backupId);
        const inventory = opened.inventory ?? fail('unexpected', { detail: 'the backup is locked' });
        const destination = mode === 'verify' || folderId === null ? null : places.pathOf(folderId);
        if (mode === 'restore' && destination === null) fail('dest-missing', { path: '' });
        const planned = await plannedOutputs(opened, qubes, destination);
        const folders = new Map(planned.map(({ qube, output }) => [qube, output[0] ?? '']));
        if (memory !== null) valueOf(await opened.engine.client.engine.configure({ memory, jobs: null }));
        if (destination !== null) void preferences.noteFolder(destination);
        const identity = destination === null ? undefined : looked.get(destination);
        const jobId = randomUUID();
        const finished = new Map<string, QubeReport>();
        const lookForSpace = watchFreeBytes(destination, (freeBytes) =>
          emit.restore.spaceSeen({ jobId, freeBytes }),
        );
        const job: Job = { opened, inventory, destination, lookForSpace, folders, finished, ended: null };
        jobs.set(jobId, job);
        void opened.engine.client.restore
          .run({ handle: opened.handle, job: jobId, qubes, destination, identity, acceptPartial, allowSlow })
          .then((result) => {
            const ended = result.ok
              ? result.value
              : {
                  report: reportWithoutEngine(qubes, finished, result.problem),
                  cancelled: result.problem.code === 'cancelled',
                };
            const backup = inventory.backup;
            // eslint-disable-next-line no-restricted-syntax -- a moment for the report to name, which decides nothing
            const finishedAt = Date.now();
            const lost = inventory.qubes.filter((qube) => qube.lost !== null);
            job.ended = { version: host.version, backup, qubes, lost, destination, finishedAt, ...ended };
            log.noteEnd(ended.report, ended.cancelled);
            emit.restore.finished({ jobId, ...ended });
          });
        return { jobId };
      },

      pause: ({ jobId }) => tell(jobId, ({ restore }) => restore.pause({ job: jobId })),
      resume: ({ jobId }) => tell(jobId, ({ restore }) => restore.resume({ job: jobId })),
      cancel: ({ jobId, keep }) => tell(jobId, ({ restore }) => restore.cancel({ job: jobId, keep })),
    },

    image: images.handlers,
    mount: mounts.handlers,
    results: resultsHandlers(jobBy, places, host),
  };

  function restoredPath(jobId: string, qube: string, file: string): string {
    const { destination, finished } = jobBy(jobId);
    const report = finished.get(qube)?.files.find(({ name }) => name === file);
    if (destination === null || !report?.path) return fail('unexpected', { detail: 'not restored' });
    return join(destination, ...report.path.split('/'));
  }

  async function chosen(dialog: Promise<string | null> | undefined): Promise<Place | null> {
    const path = (await dialog) ?? null;
    return path === null ? null : places.remember(path);
  }

  async function tell(
    jobId: string,
    act: (client: EngineConnection['client']) => Promise<Result<unknown>>,
  ): Promise<void> {
    valueOf(await act(jobBy(jobId).opened.engine.client));
  }

  return {
    dispatch: log.watching(serve(wizardContract, handlers)),
    give(path) {
      given = path;
      emit.places.given();
    },
    async close() {
      engine?.kill();
      await mounts.close();
    },
  };
};

/** The report of a restore whose engine is gone: what had finished is finished, and nothing is claimed of the rest. */
function reportWithoutEngine(
  qubes: readonly string[],
  finished: ReadonlyMap<string, QubeReport>,
  reason: Problem,
): RestoreReport {
  const reports = qubes.flatMap((name) => finished.get(name) ?? []);
  const cameOut = reports.some(({ outcome }) => outcome !== 'failed');
  return { outcome: cameOut ? 'partial' : 'failed', qubes: reports, problems: [reason] };
}
