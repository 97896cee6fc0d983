/** The one place that holds the wizard's state; only `reduce` changes it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { reduce, type WizardEvent } from './reduce.ts';
import { initialState, type WizardState } from './wizard.ts';

export interface WizardStore extends Pick<
  StoreApi<WizardState>,
  'getState' | 'getInitialState' | 'subscribe'
> {
  /** Moves the wizard, and says whether the event was legal. */
  readonly dispatch: (event: WizardEvent) => boolean;
}

export function createWizardStore(): WizardStore {
  const { getState, getInitialState, setState, subscribe } = createStore<WizardState>(() => initialState);
  return {
    getState,
    getInitialState,
    subscribe,
    dispatch(event) {
      const before = getState();
      const after = reduce(before, event);
      if (after === before) return false;
      setState(after, true);
      return true;
    },
  };
}
