/** What a host may have put on the page's window before the wizard starts. */
import type { WizardClient } from '../shared/contract/wizard.ts';

declare global {
  interface Window {
    /** The contract's client, where a preload made one. */
    readonly lifeboat?: WizardClient;
    /** Tells the path of a dropped file; browsers alone never do. */
    readonly lifeboatFiles?: { pathOf(file: File): string };
  }
}
