/** How the wizard reaches its backend: through the preload in the app's window, else over HTTP to its own server. */
import { clientOf } from '../../shared/contract/define.ts';
import { wizardContract, type WizardClient } from '../../shared/contract/wizard.ts';
import { httpTransport } from './http-transport.ts';

/** What the preload tells of files that were dropped on the window. */
export interface DroppedFiles {
  /** The path of a dropped file; empty for one that is not on a drive. */
  pathOf(file: File): string;
}

declare global {
  interface Window {
    /** Put there by the preload; absent in a browser. */
    readonly lifeboat?: WizardClient;
    readonly lifeboatFiles?: DroppedFiles;
  }
}

/**
 * The client of this page's backend.
 *
 * @throws RecoveryError `unexpected` when the wizard is open in another window of the browser already
 */
export async function connect(): Promise<WizardClient> {
  return window.lifeboat ?? clientOf(wizardContract, await httpTransport());
}

/** The path of a dropped file, or null in a browser, which keeps paths to itself. */
export function pathOfDropped(file: File): string | null {
  return window.lifeboatFiles?.pathOf(file) || null;
}
