/** All effects of mounting: it asks the backend, and turns the answers into events. */
import type { ImageSource, JournalChoice } from '../../shared/contract/image-calls.ts';
import type { WizardClient } from '../../shared/contract/wizard.ts';
import { answerOf } from './answers.ts';
import type { MountsEvent, MountsState } from './mounts.ts';
import type { MachineStore } from './store.ts';

export type MountsStore = MachineStore<MountsState, MountsEvent>;

export interface MountsController {
  /** Reads what mounting an image would meet, and asks; `volume` is null for the one that most likely is meant. */
  readonly ask: (source: ImageSource, volume: number | null) => Promise<void>;
  readonly chooseJournal: (journal: JournalChoice) => void;
  readonly mount: () => Promise<void>;
  /** Closes the question, and ends a mount that is under way. */
  readonly leave: () => Promise<void>;
  readonly openFolder: (key: string) => Promise<void>;
  readonly unmount: (key: string) => Promise<void>;
  /** Stops listening. */
  readonly dispose: () => void;
}

export function createMountsController(client: WizardClient, store: MountsStore): MountsController {
  const { dispatch, getState } = store;
  const unsubscribe = client.mount.progress(
    ({ task, done, total }) => void dispatch({ type: 'progressed', ticket: task, done, total }),
  );
  const close = (imageId: string) => answerOf(client.image.close({ imageId }));

  return {
    async ask(source, volume) {
      const ticket = crypto.randomUUID();
      if (!dispatch({ type: 'asked', ticket, source })) return;
      const answer = await answerOf(client.image.open({ source }));
      if (!answer.ok) dispatch({ type: 'read-failed', ticket, problem: answer.problem });
      else if (!dispatch({ type: 'read', ticket, image: answer.value, volume }))
        await close(answer.value.imageId);
    },

    chooseJournal: (journal) => void dispatch({ type: 'journal-chosen', journal }),

    async mount() {
      const { dialog } = getState();
      const ticket = crypto.randomUUID();
      if (dialog.kind !== 'asking' || !dispatch({ type: 'mounting', ticket })) return;
      const { source, image, volume, journal } = dialog;
      const { imageId, name } = image;
      const answer = await answerOf(client.mount.mount({ imageId, volume, journal, task: ticket }));
      if (answer.ok) dispatch({ type: 'mounted', ticket, source, name, mounted: answer.value });
      else dispatch({ type: 'mount-failed', ticket, problem: answer.problem });
      await close(imageId);
    },

    async leave() {
      const { dialog } = getState();
      if (!dispatch({ type: 'left' })) return;
      if (dialog.kind === 'asking') await close(dialog.image.imageId);
      if (dialog.kind === 'mounting') await answerOf(client.mount.cancel({ task: dialog.ticket }));
    },

    async openFolder(key) {
      const mount = getState().mounts.get(key);
      if (!mount) return;
      const answer = await answerOf(client.mount.openFolder({ mountId: mount.mounted.mountId }));
      if (!answer.ok) dispatch({ type: 'troubled', key, problem: answer.problem });
    },

    async unmount(key) {
      const mount = getState().mounts.get(key);
      if (!mount || !dispatch({ type: 'ending', key })) return;
      const answer = await answerOf(client.mount.unmount({ mountId: mount.mounted.mountId }));
      if (answer.ok) dispatch({ type: 'ended', key });
      else dispatch({ type: 'troubled', key, problem: answer.problem });
    },

    dispose: unsubscribe,
  };
}
