/** A backend for testing hosts: answers every call of the contract, remembers what reached it, and can be made to speak. */
import type { Backend, CreateBackend, Host } from '../../main/backend/host.ts';
import { serve, type Emitters, type Handlers } from '../../shared/contract/define.ts';
import { wizardContract, type Place, type WizardContract } from '../../shared/contract/wizard.ts';
import type { RestoreProgress } from '../../shared/backup.ts';
import { fail } from '../../shared/problems.ts';
import { imageHandlers, mountHandlers } from '../support/image-sample.ts';

export const somePlace: Place = { id: 'an-id', name: 'b.backup', path: '/a/b.backup' };

export const someProgress: RestoreProgress = {
  stage: 'restoring',
  paused: false,
  doneBytes: 25,
  totalBytes: 100,
  bytesPerSecond: null,
  secondsLeft: null,
  active: [],
};

export interface BackendDouble {
  readonly createBackend: CreateBackend;
  /** The backends that were made, in order. */
  readonly made: readonly MadeBackend[];
  /** What reached any handler, as `['places.locate', args]`. */
  readonly reached: readonly (readonly [string, unknown])[];
}

export interface MadeBackend {
  readonly host: Host;
  readonly emit: Emitters<WizardContract>;
  readonly closed: boolean;
  /** The paths it was given. */
  readonly given: readonly string[];
}

export function backendDouble(): BackendDouble {
  const made: MadeBackend[] = [];
  const reached: [string, unknown][] = [];

  const createBackend: CreateBackend = (host, emit): Backend => {
    const backend = { host, emit, closed: false, given: [] as string[] };
    made.push(backend);
    return {
      dispatch: serve(wizardContract, handlersOf(host)),
      give: (path) => void backend.given.push(path),
      close() {
        backend.closed = true;
        return Promise.resolve();
      },
    };
  };

  function handlersOf(host: Host): Handlers<WizardContract> {
    const note = (name: string, args: unknown) => void reached.push([name, args]);
    return {
      program: {
        describe() {
          note('program.describe', undefined);
          return {
            version: host.version,
            host: host.kind,
            platform: 'linux',
            locale: host.locale,
            nativeDialogs: host.dialogs !== null,
            defaultMemory: 2 ** 30,
          };
        },
        byHand: () => '',
        diagnostics: () => '',
        quit: () => host.quit(),
      },
      preferences: {
        read: () => ({ theme: 'system', language: null, keepFolders: false }),
        save: () => undefined,
      },
      places: {
        async chooseBackup() {
          const [path] = (await host.dialogs?.chooseFiles()) ?? [];
          return path === undefined ? null : { ...somePlace, path };
        },
        together: () => somePlace,
        async chooseImage() {
          const path = (await host.dialogs?.chooseFile()) ?? null;
          return path === null ? null : { ...somePlace, path };
        },
        async chooseFolder() {
          const path = (await host.dialogs?.chooseFolder()) ?? null;
          return path === null ? null : { ...somePlace, path };
        },
        locate(args) {
          note('places.locate', args);
          return { ...somePlace, path: args.path };
        },
        list: () => ({ folder: somePlace, parent: null, entries: [], omitted: 0 }),
        recentFolders: () => [],
        createFolder: () => fail('dest-occupied', { path: somePlace.path }),
        takeGiven: () => null,
      },
      backup: {
        open: () => fail('not-a-backup'),
        openSample: () => fail('not-a-backup'),
        unlock(args) {
          note('backup.unlock', args);
          return fail('passphrase-rejected');
        },
        cancelUnlock: () => undefined,
        saveRescueKit: () => somePlace,
        close: () => undefined,
      },
      restore: {
        plan: () => ({ outputs: [], finished: 0, neededBytes: 0, freeBytes: null, findings: [] }),
        start: () => ({ jobId: 'a-job' }),
        pause: () => undefined,
        resume: () => undefined,
        cancel: () => undefined,
      },
      image: imageHandlers,
      mount: mountHandlers,
      results: {
        openFolder: () => host.showFolder(somePlace.path),
        settingsOf: () => ({ notes: null, firewall: null }),
        async save() {
          const path = (await host.dialogs?.saveFile('a-report.html', '/a/folder')) ?? null;
          return path === null ? null : { ...somePlace, path };
        },
      },
    };
  }

  return { createBackend, made, reached };
}
