/** The places that hold what the page is in; only their pure functions change it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { noMounts, reduceMounts, type MountsEvent, type MountsState } from './mounts.ts';
import type { BrowseState } from './browse.ts';
import { reduceBrowse, type BrowseEvent } from './browse-reduce.ts';
import { reduce } from './reduce.ts';
import type { WizardEvent } from './wizard-events.ts';
import { initialState, type WizardState } from './wizard.ts';

export interface MachineStore<State, Event> extends Pick<
  StoreApi<State>,
  'getState' | 'getInitialState' | 'subscribe'
> {
  /** Moves the machine, and says whether the event was legal. */
  readonly dispatch: (event: Event) => boolean;
}

export type WizardStore = MachineStore<WizardState, WizardEvent>;

function createMachineStore<State, Event>(
  first: State,
  step: (state: State, event: Event) => State,
): MachineStore<State, Event> {
  const { getState, getInitialState, setState, subscribe } = createStore<State>(() => first);
  return {
    getState,
    getInitialState,
    subscribe,
    dispatch(event) {
      const before = getState();
      const after = step(before, event);
      if (after === before) return false;
      setState(after, true);
      return true;
    },
  };
}

export function createWizardStore(): WizardStore {
  return createMachineStore<WizardState, WizardEvent>(initialState, reduce);
}

/** Of a look into an image. */
export function createBrowseStore(): MachineStore<BrowseState, BrowseEvent> {
  return createMachineStore<BrowseState, BrowseEvent>({ kind: 'closed' }, reduceBrowse);
}

/** Of what is mounted. */
export function createMountsStore(): MachineStore<MountsState, MountsEvent> {
  return createMachineStore<MountsState, MountsEvent>(noMounts, reduceMounts);
}
