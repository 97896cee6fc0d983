/** What is under way that closing the wizard would stop. */
import type { BrowseState } from './browse.ts';
import type { WizardState } from './wizard.ts';

/** The work of a wizard in this state, or nothing; a restore that lost its engine is not under way any more. */
export function restoreIn(state: WizardState): 'restore' | 'verify' | null {
  return state.step === 'progress' && state.trouble?.code !== 'engine-gone' ? state.choices.mode : null;
}

export function copyIn(browse: BrowseState): 'copy' | null {
  return browse.kind === 'open' && browse.copy.kind === 'copying' ? 'copy' : null;
}

/** Whether nothing but the person goes on with it. */
export function isPaused(state: WizardState): boolean {
  return state.step === 'progress' && (state.progress?.paused ?? false);
}
