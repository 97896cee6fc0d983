/** The part of the backend that mounts images: ids for what is mounted, and nothing left of it when the program ends. */
import { randomUUID } from 'node:crypto';
import type { Emitters, Handlers } from '../../shared/contract/define.ts';
import type { WizardContract } from '../../shared/contract/wizard.ts';
import { fail } from '../../shared/problems.ts';
import { Ticker } from '../engine/ticker.ts';
import { lossesShown } from '../recovery/mount/losses-shown.ts';
import { mountImage } from '../recovery/mount/mount-image.ts';
import { cleanUpMounts, unmountImage, unmountOwn, type Mounted } from '../recovery/mount/mounted-images.ts';
import type { Images } from './images.ts';

export interface MountsSurroundings {
  readonly whereIs: Images['whereIs'];
  readonly showFolder: (path: string) => Promise<void>;
  readonly emit: Emitters<WizardContract>['mount'];
}

export interface Mounts {
  readonly handlers: Handlers<WizardContract>['mount'];
  /** Unmounts all that was mounted here. */
  close(): Promise<void>;
}

/** Whatever an earlier run that crashed has left mounted is taken down first. */
export function createMounts({ whereIs, showFolder, emit }: MountsSurroundings): Mounts {
  const isPossible = process.platform === 'linux';
  const mounted = new Map<string, Mounted>();
  const tasks = new Map<string, AbortController>();
  // What cannot be taken down now is told by whoever mounts that image again.
  const cleanedUp = isPossible ? cleanUpMounts().catch(() => []) : Promise.resolve([]);

  const mountedBy = (mountId: string): Mounted =>
    mounted.get(mountId) ?? fail('unexpected', { detail: 'unknown mount' });

  const handlers: Mounts['handlers'] = {
    async mount({ imageId, volume, journal, task }) {
      const { path, partition } = whereIs(imageId, volume);
      await cleanedUp;
      const problems = [...(await lossesShown(path))];
      const abort = new AbortController();
      tasks.set(task, abort);
      let copied = { done: 0, total: 0 };
      const ticker = new Ticker(() => emit.progress({ task, ...copied }));
      try {
        const made = await mountImage(path, {
          pendingJournal: journal,
          ...(partition !== null && { partition }),
          signal: abort.signal,
          onProgress(done, total) {
            copied = { done, total };
            ticker.tick();
          },
        });
        const mountId = randomUUID();
        mounted.set(mountId, made);
        return { mountId, mountPoint: made.mountPoint, journal: made.journal, problems };
      } finally {
        tasks.delete(task);
      }
    },

    cancel({ task }) {
      tasks.get(task)?.abort();
    },

    openFolder: ({ mountId }) => showFolder(mountedBy(mountId).mountPoint),

    async unmount({ mountId }) {
      await unmountImage(mountedBy(mountId).mountPoint);
      mounted.delete(mountId);
    },
  };

  return {
    handlers,
    async close() {
      for (const task of tasks.values()) task.abort();
      if (isPossible) await unmountOwn();
    },
  };
}
