/** What every part of the wizard can reach: the program's description, the state and the controller. */
import { createContext, useContext } from 'react';
import type { ProgramDescription } from '../../shared/contract/wizard.ts';
import type { BrowseController, BrowseStore } from '../state/browse-controller.ts';
import type { WizardController } from '../state/controller.ts';
import type { MountsController, MountsStore } from '../state/mounts-controller.ts';
import type { WizardStore } from '../state/store.ts';

export interface Wizard {
  readonly program: ProgramDescription;
  readonly store: WizardStore;
  readonly controller: WizardController;
  /** The look into an image, which any step can lead to. */
  readonly browsing: { readonly store: BrowseStore; readonly controller: BrowseController };
  readonly mounting: { readonly store: MountsStore; readonly controller: MountsController };
}

export const WizardContext = createContext<Wizard | null>(null);

export function useWizard(): Wizard {
  const wizard = useContext(WizardContext);
  if (!wizard) throw new Error('useWizard outside of the wizard');
  return wizard;
}
