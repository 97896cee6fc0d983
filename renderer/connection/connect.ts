/** How the wizard reaches its backend: through the preload in the app's window, else over HTTP to its own server. */
import { clientOf } from '../../shared/contract/define.ts';
import { wizardContract, type WizardClient } from '../../shared/contract/wizard.ts';
import { httpTransport } from './http-transport.ts';

/**
 * The client of this page's backend.
 *
 * @throws RecoveryError `unexpected` when the wizard is open in another window of the browser already
 */
export async function connect(): Promise<WizardClient> {
  return window.lifeboat ?? clientOf(wizardContract, await httpTransport());
}
