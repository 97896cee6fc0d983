/** All effects of the wizard: it asks the backend what a person wants, and turns the answers into events. */
import type { Result } from '../../shared/contract/define.ts';
import type { Inventory, QubeSettings } from '../../shared/backup.ts';
import type {
  FolderListing,
  OpenedBackup,
  Place,
  Preferences,
  SavedDocument,
  WizardClient,
} from '../../shared/contract/wizard.ts';
import { variantsOf } from '../../shared/passphrase-variants.ts';
import { answerOf } from './answers.ts';
import type { Language } from '../../shared/words/languages.ts';
import { wantedOf } from './qubes.ts';
import { canProbe } from './reduce-restoring.ts';
import type { WizardEvent } from './wizard-events.ts';
import type { WizardStore } from './store.ts';
import { openBackupOf, type Steering, type Ticket, type Unlocked, type VariantAttempt } from './wizard.ts';

/** What a person chose about opening a backup. */
export interface UnlockChoices {
  readonly acceptUnsealed: boolean;
  /** Whether keys are calculated that take very long. */
  readonly allowSlow: boolean;
}

export interface WizardController {
  /** Opens the system's dialog, then the backup that was chosen in it. */
  readonly chooseBackup: () => Promise<void>;
  readonly openPlace: (place: Place) => Promise<void>;
  /** Opens several files that were chosen in the page as parts of one backup. */
  readonly openTogether: (places: readonly Place[]) => Promise<void>;
  /** Opens the backup at the path that was dropped, or that of several paths. */
  readonly openPaths: (paths: readonly string[]) => Promise<void>;
  /** Opens the file that was refused for want of further parts, as it is. */
  readonly openAlone: () => Promise<void>;
  readonly openSample: () => Promise<void>;
  /** Opens the backup that the system handed the program, if any; where another one is worked on, it waits. */
  readonly openGiven: () => Promise<void>;
  /** The passphrase passes through here once, and is kept nowhere. */
  readonly unlock: (passphrase: string, choices: UnlockChoices) => Promise<void>;
  /** Tries the other forms of a passphrase, one after another, until one opens the backup. */
  readonly tryVariants: (passphrase: string, choices: UnlockChoices) => Promise<void>;
  readonly cancelUnlock: () => Promise<void>;
  /** Opens the system's dialog for a folder to restore into; what goes wrong is the survey's trouble. */
  readonly chooseFolder: () => Promise<void>;
  /** Writes a rescue kit beside the open backup, and gives its folder. */
  readonly saveRescueKit: (backup: OpenedBackup) => Promise<Result<Place>>;
  readonly start: () => Promise<void>;
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  /** Ends the restore; `keep` leaves what was already complete. */
  readonly cancel: (keep: boolean) => Promise<void>;
  /** Shows the folder of one qube, or of the whole restore, in the system's file manager. */
  readonly openFolder: (qube: string | null) => Promise<Result<void>>;
  /** Saves a document of the results; without a dialog of the system into a folder, by its id, or the restore's. */
  readonly save: (
    document: SavedDocument,
    language: Language,
    folderId: string | null,
  ) => Promise<Result<Place | null>>;
  readonly settingsOf: (qube: string) => Promise<Result<QubeSettings>>;
  readonly savePreferences: (preferences: Preferences) => Promise<Result<void>>;
  readonly recentFolders: () => Promise<Result<Place[]>>;
  readonly byHand: (language: Language) => Promise<Result<string>>;
  readonly diagnostics: () => Promise<Result<string>>;
  readonly quit: () => Promise<Result<void>>;
  /** The folder list in the page, which keeps its own state. */
  readonly places: {
    readonly list: (folderId: string | null) => Promise<Result<FolderListing>>;
    readonly locate: (path: string, kind: 'backup' | 'image' | 'folder') => Promise<Result<Place>>;
    readonly createFolder: (parentId: string, name: string) => Promise<Result<Place>>;
  };
  /** Stops listening. */
  readonly dispose: () => void;
}

type JobEvent = Extract<
  WizardEvent,
  { readonly type: 'progressed' | 'space-seen' | 'qube-finished' | 'finished' }
>;

/** What is heard within so many milliseconds is shown together: small qubes finish by the dozen. */
const gathering = 50;

/** A restore speaks several times a second; after so many milliseconds of silence it is asked for. */
const patience = 15_000;

export function createController(client: WizardClient, store: WizardStore): WizardController {
  const { dispatch, getState } = store;
  let lastTicket: Ticket = 0;
  let heard: JobEvent[] = [];
  let showing: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;

  function hear(event: JobEvent): void {
    heard.push(event);
    showing ??= setTimeout(showHeard, gathering);
  }

  function showHeard(): void {
    showing = undefined;
    const state = getState();
    // Events may overtake the answer of `start`, which brings the id of their job.
    if (state.step === 'destination' && state.survey.kind === 'starting') return;
    const events = heard;
    heard = [];
    events.forEach(dispatch);
  }

  const unsubscribes = [
    client.restore.progress((payload) => hear({ type: 'progressed', ...payload })),
    client.restore.spaceSeen((payload) => hear({ type: 'space-seen', ...payload })),
    client.restore.qubeFinished((payload) => hear({ type: 'qube-finished', ...payload })),
    client.restore.finished((payload) => hear({ type: 'finished', ...payload })),
    client.places.given(() => void openGiven()),
    // What follows from the state alone, whichever way led there.
    store.subscribe((state, previous) => {
      const left = openBackupOf(previous);
      if (left && left.backupId !== openBackupOf(state)?.backupId) {
        void answerOf(client.backup.close({ backupId: left.backupId }));
      }
      if (state.step === 'destination' && canProbe(state)) void probe();
      if (state.step === 'backup' && previous.step !== 'backup') void openGiven();
      awaitNextWord();
    }),
  ];

  /** A wire that broke sends no event any more: then only asking shows that nobody is there. */
  function awaitNextWord(): void {
    clearTimeout(silence);
    if (getState().step === 'progress') silence = setTimeout(() => void askWhetherAlive(), patience);
  }

  async function askWhetherAlive(): Promise<void> {
    const answer = await answerOf(client.program.describe());
    if (answer.ok) awaitNextWord();
    else dispatch({ type: 'lost', problem: answer.problem });
  }

  async function open(ask: () => Promise<Result<OpenedBackup>>, sample: boolean): Promise<void> {
    const ticket = ++lastTicket;
    if (!dispatch({ type: 'reading', ticket })) return;
    const answer = await answerOf(ask());
    if (!answer.ok) {
      dispatch({ type: 'open-failed', ticket, problem: answer.problem });
      return;
    }
    const backup = { ...answer.value, sample };
    if (!dispatch({ type: 'opened', ticket, backup })) {
      // Somebody chose another one meanwhile; nobody waits for this.
      await answerOf(client.backup.close({ backupId: backup.backupId }));
    }
  }

  async function probe(): Promise<void> {
    const state = getState();
    const ticket = ++lastTicket;
    if (state.step !== 'destination' || !dispatch({ type: 'probing', ticket })) return;
    const answer = await answerOf(client.restore.plan(selectionOf(state)));
    if (answer.ok) dispatch({ type: 'planned', ticket, plan: answer.value });
    else dispatch({ type: 'plan-failed', ticket, problem: answer.problem });
  }

  async function steer(steering: Steering, ask: (jobId: string) => Promise<Result<unknown>>): Promise<void> {
    const state = getState();
    if (state.step !== 'progress' || !dispatch({ type: 'steered', steering })) return;
    const answer = await answerOf(ask(state.jobId));
    if (!answer.ok) dispatch({ type: 'steering-failed', problem: answer.problem });
  }

  /** The one that was asked for last. */
  let asked: Place | null = null;

  function askFor(place: Place, alone: boolean): Promise<Result<OpenedBackup>> {
    asked = place;
    return client.backup.open({ placeId: place.id, alone });
  }

  const openPlace = (place: Place) => open(() => askFor(place, false), false);

  const openTogether = (places: readonly Place[]) =>
    open(async () => {
      const place = await client.places.together({ placeIds: places.map(({ id }) => id) });
      return place.ok ? askFor(place.value, false) : place;
    }, false);

  async function openAlone(): Promise<void> {
    const place = asked;
    if (place) await open(() => askFor(place, true), false);
  }

  async function openChosen(ask: () => Promise<Result<Place | null>>): Promise<void> {
    const chosen = await answerOf(ask());
    if (!chosen.ok) await open(() => Promise.resolve(chosen), false);
    else if (chosen.value) await openPlace(chosen.value);
  }

  async function openGiven(): Promise<void> {
    if (getState().step === 'backup') await openChosen(() => client.places.takeGiven());
  }

  const openPaths = (paths: readonly string[]) =>
    open(async () => {
      const placeIds: string[] = [];
      for (const path of paths) {
        const located = await client.places.locate({ path, kind: 'backup' });
        if (!located.ok) return located;
        placeIds.push(located.value.id);
      }
      const place = await client.places.together({ placeIds });
      return place.ok ? askFor(place.value, false) : place;
    }, false);

  async function unlock(passphrase: string, choices: UnlockChoices): Promise<void> {
    const ticket = ++lastTicket;
    const answer = await check({ passphrase, ...choices }, ticket, null);
    if (answer?.ok) dispatch({ type: 'unlocked', ticket, inventory: answer.value });
    else if (answer) dispatch({ type: 'check-failed', ticket, problem: answer.problem });
  }

  async function tryVariants(typed: string, choices: UnlockChoices): Promise<void> {
    const variants = variantsOf(typed);
    for (const [index, variant] of variants.entries()) {
      const ticket = ++lastTicket;
      const attempt = { kind: variant.kind, number: index + 1, count: variants.length };
      const answer = await check({ passphrase: variant.passphrase, ...choices }, ticket, attempt);
      if (!answer) return;
      if (answer.ok) {
        dispatch({ type: 'unlocked', ticket, inventory: answer.value });
        return;
      }
      const { problem } = answer;
      if (problem.code === 'passphrase-rejected' && attempt.number < attempt.count) continue;
      dispatch({ type: 'check-failed', ticket, problem });
      return;
    }
  }

  /** Asks whether a passphrase opens the backup; null where it may not be asked now. */
  async function check(
    key: UnlockChoices & { readonly passphrase: string },
    ticket: Ticket,
    variant: VariantAttempt | null,
  ): Promise<Result<Inventory> | null> {
    const state = getState();
    if (state.step !== 'passphrase' || !dispatch({ type: 'checking', ticket, variant })) return null;
    return answerOf(client.backup.unlock({ backupId: state.backup.backupId, ...key }));
  }

  async function cancelUnlock(): Promise<void> {
    const state = getState();
    if (state.step !== 'passphrase' || !dispatch({ type: 'check-abandoned' })) return;
    await answerOf(client.backup.cancelUnlock({ backupId: state.backup.backupId }));
  }

  async function chooseFolder(): Promise<void> {
    const chosen = await answerOf(client.places.chooseFolder());
    if (!chosen.ok) dispatch({ type: 'folder-failed', problem: chosen.problem });
    else if (chosen.value) dispatch({ type: 'folder-chosen', folder: chosen.value });
  }

  async function start(): Promise<void> {
    const state = getState();
    if (state.step !== 'destination' || !dispatch({ type: 'starting' })) return;
    const { memory, acceptPartial, allowSlow } = state.choices;
    const asked = { ...selectionOf(state), memory, acceptPartial, allowSlow };
    const answer = await answerOf(client.restore.start(asked));
    if (answer.ok) dispatch({ type: 'started', jobId: answer.value.jobId });
    else dispatch({ type: 'start-failed', problem: answer.problem });
    showHeard();
  }

  async function ofResults<T>(ask: (jobId: string) => Promise<Result<T>>): Promise<Result<T>> {
    const state = getState();
    return answerOf(state.step === 'results' ? ask(state.jobId) : Promise.reject(new Error('no results')));
  }

  return {
    chooseBackup: () => openChosen(() => client.places.chooseBackup()),
    openPlace,
    openTogether,
    openPaths,
    openAlone,
    openGiven,
    openSample: () => open(() => client.backup.openSample(), true),
    unlock,
    tryVariants,
    cancelUnlock,
    chooseFolder,
    saveRescueKit: ({ backupId }) => answerOf(client.backup.saveRescueKit({ backupId })),
    start,
    pause: () => steer('pausing', (jobId) => client.restore.pause({ jobId })),
    resume: () => steer('resuming', (jobId) => client.restore.resume({ jobId })),
    cancel: (keep) => steer('cancelling', (jobId) => client.restore.cancel({ jobId, keep })),
    openFolder: (qube) => ofResults((jobId) => client.results.openFolder({ jobId, qube })),
    save: (document, language, folderId) =>
      ofResults((jobId) => client.results.save({ jobId, document, language, folderId })),
    settingsOf: (qube) => ofResults((jobId) => client.results.settingsOf({ jobId, qube })),
    savePreferences: (preferences) => answerOf(client.preferences.save(preferences)),
    recentFolders: () => answerOf(client.places.recentFolders()),
    byHand: (language) => answerOf(client.program.byHand({ language })),
    diagnostics: () => answerOf(client.program.diagnostics()),
    quit: () => answerOf(client.program.quit()),
    places: {
      list: (folderId) => answerOf(client.places.list({ folderId })),
      locate: (path, kind) => answerOf(client.places.locate({ path, kind })),
      createFolder: (parentId, name) => answerOf(client.places.createFolder({ parentId, name })),
    },
    dispose() {
      clearTimeout(silence);
      clearTimeout(showing);
      for (const unsubscribe of unsubscribes) unsubscribe();
    },
  };
}

function selectionOf({ backup, inventory, choices }: Unlocked) {
  return {
    backupId: backup.backupId,
    qubes: [...wantedOf(inventory, choices.qubes)],
    mode: choices.mode,
    folderId: choices.mode === 'restore' ? (choices.folder?.id ?? null) : null,
  };
}
