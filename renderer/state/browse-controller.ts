/** All effects of looking into an image: it asks the backend, and turns the answers into events. */
import type { Result } from '../../shared/contract/define.ts';
import type { ImageSource } from '../../shared/contract/image-calls.ts';
import type { Place, WizardClient } from '../../shared/contract/wizard.ts';
import type { EntryId, ImageEntry } from '../../shared/image.ts';
import { answerOf } from './answers.ts';
import type { OpenState } from './browse.ts';
import { isFolder, missingFolders } from './browse-entries.ts';
import type { BrowseEvent } from './browse-reduce.ts';
import { root } from './entry-ids.ts';
import type { MachineStore } from './store.ts';
import type { BrowseState } from './browse.ts';

export type BrowseStore = MachineStore<BrowseState, BrowseEvent>;

export interface BrowseController {
  readonly open: (source: ImageSource) => Promise<void>;
  /** Opens the system's dialog, then the image that was chosen in it. */
  readonly chooseImage: () => Promise<Result<void>>;
  readonly close: () => void;
  readonly enter: (volume: number) => Promise<void>;
  /** Shows a folder, and the way to it in the tree. */
  readonly go: (folder: EntryId) => Promise<void>;
  /** Opens and closes folders of the tree. */
  readonly expand: (folders: ReadonlySet<EntryId>) => Promise<void>;
  readonly search: (text: string) => Promise<void>;
  readonly leaveSearch: () => void;
  /** Selects entries; `sole` is the one of which more is to be seen. */
  readonly select: (entries: ReadonlySet<EntryId>, sole: ImageEntry | null) => Promise<void>;
  /** Opens the system's dialog for a folder to copy into, then finds out what copying would do. */
  readonly chooseDestination: () => Promise<void>;
  readonly planCopy: (folder: Place) => Promise<void>;
  readonly copy: () => Promise<void>;
  readonly cancelCopy: () => Promise<void>;
  readonly leaveCopy: () => void;
  readonly showCopies: () => Promise<Result<void>>;
  /** Stops listening. */
  readonly dispose: () => void;
}

const nothing: Result<void> = { ok: true, value: undefined };

export function createBrowseController(client: WizardClient, store: BrowseStore): BrowseController {
  const { dispatch, getState } = store;
  const newTicket = () => crypto.randomUUID();
  const openState = (): OpenState | null => {
    const state = getState();
    return state.kind === 'open' ? state : null;
  };
  const where = ({ image, volume }: OpenState) => ({ imageId: image.imageId, volume });

  const unsubscribes = [
    client.image.found(({ task, findings }) => void dispatch({ type: 'found', ticket: task, findings })),
    client.image.copyProgress(
      ({ task, progress }) => void dispatch({ type: 'copy-progressed', ticket: task, progress }),
    ),
    store.subscribe((state, previous) => {
      if (previous.kind !== 'open') return;
      const isSame = state.kind === 'open' && state.image.imageId === previous.image.imageId;
      endUnwanted(previous, isSame ? state : null);
      if (!isSame) void answerOf(client.image.close({ imageId: previous.image.imageId }));
    }),
  ];

  /** Ends the work that nobody waits for any more. */
  function endUnwanted(before: OpenState, after: OpenState | null): void {
    const { imageId } = before.image;
    const { search, copy } = before;
    if (search?.state.kind === 'running' && after?.search?.ticket !== search.ticket) {
      void answerOf(client.image.cancel({ imageId, task: search.ticket }));
    }
    const isLeft = after?.copy.kind === 'none' || after === null;
    if (copy.kind === 'measuring' && isLeft) {
      void answerOf(client.image.cancel({ imageId, task: copy.ticket }));
    }
  }

  async function open(source: ImageSource): Promise<void> {
    const ticket = newTicket();
    if (!dispatch({ type: 'opening', ticket, source })) return;
    const answer = await answerOf(client.image.open({ source }));
    if (!answer.ok) {
      dispatch({ type: 'open-failed', ticket, problem: answer.problem });
    } else if (dispatch({ type: 'opened', ticket, image: answer.value })) {
      await visit();
    } else {
      // Somebody closed it meanwhile; nobody waits for this.
      await answerOf(client.image.close({ imageId: answer.value.imageId }));
    }
  }

  /** Opens the file system of the volume that was just entered, and reads its root. */
  async function visit(): Promise<void> {
    const state = openState();
    if (state?.entrance.kind !== 'opening') return;
    const answer = await answerOf(client.image.openVolume(where(state)));
    if (!answer.ok) {
      dispatch({ type: 'entry-failed', visit: state.visit, problem: answer.problem });
    } else if (dispatch({ type: 'entered', visit: state.visit, notes: answer.value.notes })) {
      await read(root);
    }
  }

  async function read(folder: EntryId): Promise<void> {
    const state = openState();
    if (!state || !dispatch({ type: 'reading', visit: state.visit, folder })) return;
    const answer = await answerOf(client.image.list({ ...where(state), folder }));
    if (answer.ok) dispatch({ type: 'read', visit: state.visit, folder, listing: answer.value });
    else dispatch({ type: 'read-failed', visit: state.visit, folder, problem: answer.problem });
  }

  async function go(folder: EntryId): Promise<void> {
    const state = openState();
    if (!state || !dispatch({ type: 'went', folder })) return;
    await Promise.all(missingFolders(state, folder).map(read));
  }

  async function search(text: string): Promise<void> {
    const state = openState();
    const ticket = newTicket();
    if (!state || !dispatch({ type: 'searching', ticket, text })) return;
    const answer = await answerOf(client.image.search({ ...where(state), task: ticket, text }));
    if (answer.ok) dispatch({ type: 'searched', ticket, end: answer.value });
    else dispatch({ type: 'search-failed', ticket, problem: answer.problem });
  }

  async function select(entries: ReadonlySet<EntryId>, sole: ImageEntry | null): Promise<void> {
    const state = openState();
    if (!state || !dispatch({ type: 'selected', entries })) return;
    if (!sole || (state.look.kind !== 'none' && state.look.entry === sole.id)) return;
    const ticket = newTicket();
    if (!dispatch({ type: 'looking', ticket, entry: sole.id })) return;
    const at = { ...where(state), entry: sole.id };
    const [details, preview] = await Promise.all([
      answerOf(client.image.describe(at)),
      isFolder(sole) ? null : answerOf(client.image.preview(at)),
    ]);
    if (!details.ok) dispatch({ type: 'look-failed', ticket, problem: details.problem });
    else if (preview && !preview.ok) dispatch({ type: 'look-failed', ticket, problem: preview.problem });
    else dispatch({ type: 'looked', ticket, details: details.value, preview: preview?.value ?? null });
  }

  async function chooseDestination(): Promise<void> {
    const chosen = await answerOf(client.places.chooseFolder());
    if (!chosen.ok) dispatch({ type: 'copy-failed', ticket: null, problem: chosen.problem });
    else if (chosen.value) await planCopy(chosen.value);
  }

  async function planCopy(folder: Place): Promise<void> {
    const state = openState();
    if (!state) return;
    const ticket = newTicket();
    const entries = [...state.selected];
    if (entries.length === 0 || !dispatch({ type: 'measuring', ticket, entries, folder })) return;
    const answer = await answerOf(
      client.image.planCopy({ ...where(state), task: ticket, entries, folderId: folder.id }),
    );
    if (answer.ok) dispatch({ type: 'measured', ticket, plan: answer.value });
    else dispatch({ type: 'measure-failed', ticket, problem: answer.problem });
  }

  async function copy(): Promise<void> {
    const state = openState();
    if (state?.copy.kind !== 'planned') return;
    const ticket = newTicket();
    const { entries, folder, conflict } = state.copy;
    if (!dispatch({ type: 'copying', ticket })) return;
    const answer = await answerOf(
      client.image.copy({
        ...where(state),
        task: ticket,
        entries: [...entries],
        folderId: folder.id,
        conflict,
      }),
    );
    if (answer.ok) dispatch({ type: 'copied', ticket, report: answer.value });
    else dispatch({ type: 'copy-failed', ticket, problem: answer.problem });
  }

  return {
    open,
    async chooseImage() {
      const chosen = await answerOf(client.places.chooseImage());
      if (!chosen.ok) return chosen;
      if (chosen.value) await open({ kind: 'place', placeId: chosen.value.id });
      return nothing;
    },
    close: () => void dispatch({ type: 'closed' }),
    async enter(volume) {
      if (dispatch({ type: 'entering', visit: newTicket(), volume })) await visit();
    },
    go,
    async expand(folders) {
      const state = openState();
      if (!state || !dispatch({ type: 'expanded', folders })) return;
      const unread = [...folders].filter((id) => !state.folders.has(id));
      await Promise.all(unread.map(read));
    },
    search,
    leaveSearch: () => void dispatch({ type: 'search-left' }),
    select,
    chooseDestination,
    planCopy,
    copy,
    async cancelCopy() {
      const state = openState();
      if (state?.copy.kind !== 'copying' || !dispatch({ type: 'copy-cancelled' })) return;
      await answerOf(client.image.cancel({ imageId: state.image.imageId, task: state.copy.ticket }));
    },
    leaveCopy: () => void dispatch({ type: 'copy-left' }),
    async showCopies() {
      const state = openState();
      if (!state || !('folder' in state.copy) || !state.copy.folder) return nothing;
      return answerOf(client.image.showFolder({ folderId: state.copy.folder.id }));
    },
    dispose() {
      for (const unsubscribe of unsubscribes) unsubscribe();
    },
  };
}
