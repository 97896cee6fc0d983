/** How the wizard moves once a backup is open: from its qubes to a destination, through the restore, to the results. */
import { canStart } from './plan.ts';
import { restorableOf } from './qubes.ts';
import { metUnsealed } from './results.ts';
import type { WizardEvent } from './wizard-events.ts';
import type {
  Choices,
  DestinationStep,
  ProgressStep,
  QubesStep,
  ResultsStep,
  Ticket,
  Unlocked,
  WizardState,
} from './wizard.ts';
import { initialState } from './wizard.ts';

export function inQubes(state: QubesStep, event: WizardEvent): WizardState {
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

export function inDestination(state: DestinationStep, event: WizardEvent): WizardState {
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

export function inProgress(state: ProgressStep, event: WizardEvent): WizardState {
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

export function inResults(state: ResultsStep, event: WizardEvent): WizardState {
  const unlocked = unlockedOf(state);
  const again = (chosen: Partial<Choices>): DestinationStep => ({
    step: 'destination',
    ...unlocked,
    choices: { ...state.choices, ...chosen },
    survey: { kind: 'none' },
  });
  switch (event.type) {
    case 'restore-again':
      return again({ mode: event.mode });
    case 'slow-allowed':
      return again({ allowSlow: true });
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
