/** How the wizard moves: a pure function that takes an event where it is legal and refuses it everywhere else. */
import type {
  Inventory,
  QubeReport,
  RestoreMode,
  RestorePlan,
  RestoreProgress,
  RestoreReport,
} from '../../shared/backup.ts';
import type { Place } from '../../shared/contract/wizard.ts';
import type { Problem } from '../../shared/problems.ts';
import { canStart } from './plan.ts';
import { canRestore } from './qubes.ts';
import { isUnsealed, metUnsealed } from './results.ts';
import type {
  BackupStep,
  Choices,
  ChosenBackup,
  DestinationStep,
  PassphraseStep,
  ProgressStep,
  QubesStep,
  ResultsStep,
  Steering,
  Ticket,
  Unlocked,
  VariantAttempt,
  WizardState,
} from './wizard.ts';
import { initialState } from './wizard.ts';

/** What a person did, and what the backend answered. No event carries a passphrase. */
export type WizardEvent =
  | { readonly type: 'reading'; readonly ticket: Ticket }
  | { readonly type: 'opened'; readonly ticket: Ticket; readonly backup: ChosenBackup }
  | { readonly type: 'open-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'backup-accepted' }
  | { readonly type: 'checking'; readonly ticket: Ticket; readonly variant: VariantAttempt | null }
  | { readonly type: 'check-abandoned' }
  | { readonly type: 'check-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'unlocked'; readonly ticket: Ticket; readonly inventory: Inventory }
  | { readonly type: 'unlock-again' }
  | { readonly type: 'qubes-chosen'; readonly qubes: ReadonlySet<string> }
  | { readonly type: 'qubes-accepted' }
  | { readonly type: 'mode-chosen'; readonly mode: RestoreMode }
  | { readonly type: 'folder-chosen'; readonly folder: Place }
  | { readonly type: 'folder-failed'; readonly problem: Problem }
  | { readonly type: 'memory-chosen'; readonly memory: number | null }
  | { readonly type: 'partial-chosen'; readonly acceptPartial: boolean }
  | { readonly type: 'probing'; readonly ticket: Ticket }
  | { readonly type: 'planned'; readonly ticket: Ticket; readonly plan: RestorePlan }
  | { readonly type: 'plan-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'plan-again' }
  | { readonly type: 'starting' }
  | { readonly type: 'start-failed'; readonly problem: Problem }
  | { readonly type: 'started'; readonly jobId: string }
  | { readonly type: 'progressed'; readonly jobId: string; readonly progress: RestoreProgress }
  | { readonly type: 'space-seen'; readonly jobId: string; readonly freeBytes: number }
  | { readonly type: 'qube-finished'; readonly jobId: string; readonly qube: QubeReport }
  | { readonly type: 'steered'; readonly steering: Steering }
  | { readonly type: 'steering-failed'; readonly problem: Problem }
  | { readonly type: 'lost'; readonly problem: Problem }
  | {
      readonly type: 'finished';
      readonly jobId: string;
      readonly report: RestoreReport;
      readonly cancelled: boolean;
    }
  | { readonly type: 'back' }
  | { readonly type: 'restore-again'; readonly mode: RestoreMode }
  | { readonly type: 'restore-more' }
  | { readonly type: 'start-over' };

/** The state after `event`; the very same state where the event is not legal. */
export function reduce(state: WizardState, event: WizardEvent): WizardState {
  switch (state.step) {
    case 'backup':
      return inBackup(state, event);
    case 'passphrase':
      return inPassphrase(state, event);
    case 'qubes':
      return inQubes(state, event);
    case 'destination':
      return inDestination(state, event);
    case 'progress':
      return inProgress(state, event);
    case 'results':
      return inResults(state, event);
  }
}

function inBackup(state: BackupStep, event: WizardEvent): WizardState {
  const { choice } = state;
  const awaited = (ticket: Ticket) => choice.kind === 'reading' && choice.ticket === ticket;
  switch (event.type) {
    case 'reading':
      return { step: 'backup', choice: { kind: 'reading', ticket: event.ticket } };
    case 'opened':
      if (!awaited(event.ticket)) return state;
      return { step: 'backup', choice: { kind: 'opened', backup: event.backup, unlocked: null } };
    case 'open-failed':
      if (!awaited(event.ticket)) return state;
      return {
        step: 'backup',
        choice:
          event.problem.code === 'cancelled' ? { kind: 'none' } : { kind: 'trouble', problem: event.problem },
      };
    case 'backup-accepted':
      if (choice.kind !== 'opened') return state;
      if (choice.unlocked) return { step: 'qubes', ...choice.unlocked };
      return {
        step: 'passphrase',
        backup: choice.backup,
        kept: null,
        unsealed: false,
        attempt: { kind: 'none' },
      };
    default:
      return state;
  }
}

function inPassphrase(state: PassphraseStep, event: WizardEvent): WizardState {
  const { backup, attempt } = state;
  const awaited = (ticket: Ticket) => attempt.kind === 'checking' && attempt.ticket === ticket;
  switch (event.type) {
    case 'checking':
      if (!mayCheck(attempt, event.variant)) return state;
      return { ...state, attempt: { kind: 'checking', ticket: event.ticket, variant: event.variant } };
    case 'check-abandoned':
      return attempt.kind === 'checking' ? { ...state, attempt: { kind: 'none' } } : state;
    case 'check-failed':
      if (!awaited(event.ticket)) return state;
      return {
        ...state,
        unsealed: state.unsealed || isUnsealed(event.problem),
        attempt:
          event.problem.code === 'cancelled'
            ? { kind: 'none' }
            : { kind: 'trouble', problem: event.problem, variants: rejectedVariants(attempt, event.problem) },
      };
    case 'unlocked':
      if (!awaited(event.ticket)) return state;
      return afterUnlocking(state, event.inventory);
    case 'back':
      if (attempt.kind === 'checking') return state;
      return { step: 'backup', choice: { kind: 'opened', backup, unlocked: null } };
    default:
      return state;
  }
}

/** Other forms are tried in their order, each after the one before it; all else is checked one at a time. */
function mayCheck(attempt: PassphraseStep['attempt'], next: VariantAttempt | null): boolean {
  if (next === null || next.number === 1) return attempt.kind !== 'checking';
  return variantOf(attempt)?.number === next.number - 1;
}

/** How many other forms were rejected; another problem says nothing of them. */
function rejectedVariants(attempt: PassphraseStep['attempt'], { code }: Problem): number {
  return code === 'passphrase-rejected' ? (variantOf(attempt)?.number ?? 0) : 0;
}

function variantOf(attempt: PassphraseStep['attempt']): VariantAttempt | null {
  return attempt.kind === 'checking' ? attempt.variant : null;
}

/** Who had chosen before goes on where it was; everybody else chooses now. */
function afterUnlocking({ backup, attempt, kept }: PassphraseStep, inventory: Inventory): WizardState {
  const unlocked = { backup, inventory, variant: variantOf(attempt)?.kind ?? null };
  const fresh: Choices = {
    qubes: new Set(),
    mode: 'restore',
    folder: null,
    memory: null,
    acceptPartial: false,
  };
  const choices = { ...(kept ?? fresh), qubes: restorableOf(inventory, kept?.qubes ?? fresh.qubes) };
  return choices.qubes.size === 0
    ? { step: 'qubes', ...unlocked, choices }
    : { step: 'destination', ...unlocked, choices, survey: { kind: 'none' } };
}

function restorableOf({ qubes }: Inventory, wanted: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(qubes.filter((qube) => canRestore(qube) && wanted.has(qube.name)).map(({ name }) => name));
}

function inQubes(state: QubesStep, event: WizardEvent): WizardState {
  switch (event.type) {
    case 'qubes-chosen': {
      const qubes = restorableOf(state.inventory, event.qubes);
      return { ...state, choices: { ...state.choices, qubes } };
    }
    case 'qubes-accepted':
      if (state.choices.qubes.size === 0) return state;
      return { ...state, step: 'destination', survey: { kind: 'none' } };
    case 'back':
      return {
        step: 'backup',
        choice: { kind: 'opened', backup: state.backup, unlocked: unlockedOf(state) },
      };
    default:
      return state;
  }
}

function inDestination(state: DestinationStep, event: WizardEvent): WizardState {
  const { survey, choices } = state;
  const awaited = (ticket: Ticket) => survey.kind === 'probing' && survey.ticket === ticket;
  if (survey.kind === 'starting') {
    if (event.type === 'start-failed') {
      return { ...state, survey: { kind: 'trouble', problem: event.problem } };
    }
    if (event.type === 'started') {
      return {
        step: 'progress',
        ...unlockedOf(state),
        jobId: event.jobId,
        progress: null,
        freeBytes: null,
        finished: [],
        steering: null,
        trouble: null,
      };
    }
    return state;
  }
  const choose = (chosen: Partial<Choices>): DestinationStep => ({
    ...state,
    choices: { ...choices, ...chosen },
    survey: { kind: 'none' },
  });
  switch (event.type) {
    case 'mode-chosen':
      return event.mode === choices.mode ? state : choose({ mode: event.mode });
    case 'folder-chosen':
      return choose({ folder: event.folder });
    case 'folder-failed':
      return { ...state, survey: { kind: 'trouble', problem: event.problem } };
    case 'memory-chosen':
      return { ...state, choices: { ...choices, memory: event.memory } };
    case 'partial-chosen':
      return { ...state, choices: { ...choices, acceptPartial: event.acceptPartial } };
    case 'probing':
      if (!canProbe(state)) return state;
      return { ...state, survey: { kind: 'probing', ticket: event.ticket } };
    case 'planned':
      if (!awaited(event.ticket)) return state;
      return { ...state, survey: { kind: 'planned', plan: event.plan } };
    case 'plan-failed':
      if (!awaited(event.ticket)) return state;
      return { ...state, survey: { kind: 'trouble', problem: event.problem } };
    case 'plan-again':
      return survey.kind === 'trouble' || survey.kind === 'planned'
        ? { ...state, survey: { kind: 'none' } }
        : state;
    case 'unlock-again':
      return survey.kind === 'trouble' ? unlockAgain(state, false) : state;
    case 'starting':
      if (survey.kind !== 'planned' || !canStart(survey.plan)) return state;
      return { ...state, survey: { kind: 'starting', plan: survey.plan } };
    case 'back':
      return { step: 'qubes', ...unlockedOf(state) };
    default:
      return state;
  }
}

function inProgress(state: ProgressStep, event: WizardEvent): WizardState {
  switch (event.type) {
    case 'progressed': {
      if (event.jobId !== state.jobId) return state;
      const awaited = event.progress.paused ? 'pausing' : 'resuming';
      const steering = state.steering === awaited ? null : state.steering;
      return { ...state, progress: event.progress, steering };
    }
    case 'space-seen':
      return event.jobId === state.jobId ? { ...state, freeBytes: event.freeBytes } : state;
    case 'qube-finished': {
      if (event.jobId !== state.jobId) return state;
      const others = state.finished.filter(({ name }) => name !== event.qube.name);
      return { ...state, finished: [...others, event.qube] };
    }
    case 'steered':
      if (state.steering === 'cancelling') return state;
      return { ...state, steering: event.steering, trouble: null };
    case 'steering-failed':
      if (!state.steering) return state;
      return { ...state, steering: null, trouble: event.problem };
    case 'lost':
      return { ...state, steering: null, trouble: event.problem };
    case 'finished':
      if (event.jobId !== state.jobId) return state;
      return {
        step: 'results',
        ...unlockedOf(state),
        jobId: state.jobId,
        report: event.report,
        cancelled: event.cancelled,
      };
    default:
      return state;
  }
}

function inResults(state: ResultsStep, event: WizardEvent): WizardState {
  const unlocked = unlockedOf(state);
  switch (event.type) {
    case 'restore-again':
      return {
        step: 'destination',
        ...unlocked,
        choices: { ...state.choices, mode: event.mode },
        survey: { kind: 'none' },
      };
    case 'unlock-again':
      return unlockAgain(state, metUnsealed(state.report));
    case 'restore-more':
      return { step: 'qubes', ...unlocked, choices: { ...state.choices, qubes: new Set() } };
    case 'start-over':
      return initialState;
    default:
      return state;
  }
}

/** Whether a plan can be asked for: verifying needs no folder. */
export function canProbe(state: DestinationStep): boolean {
  return state.survey.kind === 'none' && (state.choices.mode === 'verify' || state.choices.folder !== null);
}

/** Back to the passphrase with everything that was chosen: keys are lost with the process that held them. */
function unlockAgain({ backup, choices }: Unlocked, unsealed: boolean): WizardState {
  return { step: 'passphrase', backup, kept: choices, unsealed, attempt: { kind: 'none' } };
}

function unlockedOf({ backup, inventory, choices, variant }: Unlocked): Unlocked {
  return { backup, inventory, choices, variant };
}
