/** How the wizard moves: a pure function that takes an event where it is legal and refuses it everywhere else. */
import { inBackup, inPassphrase } from './reduce-opening.ts';
import { inDestination, inProgress, inQubes, inResults } from './reduce-restoring.ts';
import type { WizardEvent } from './wizard-events.ts';
import type { WizardState } from './wizard.ts';

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
