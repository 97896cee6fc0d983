/** The wizard's contract over Electron's IPC: the only file of the main process that touches the raw channels. */
import { ipcMain, type BrowserWindow, type IpcMainInvokeEvent } from 'electron';
import { callChannel, eventChannel } from '../../shared/contract/channels.ts';
import { emittersOf, type Dispatch, type Emitters, type Result } from '../../shared/contract/define.ts';
import { wizardContract, type WizardContract } from '../../shared/contract/wizard.ts';
import { problem } from '../../shared/problems.ts';
import { isOwn } from './protocol.ts';

/** Answers the calls of the wizard in `window`, and of nobody else, through `dispatch`. */
export function answerCalls(window: BrowserWindow, dispatch: Dispatch): void {
  ipcMain.handle(callChannel, (event, name: unknown, args: unknown) => {
    if (!isFromWizard(event, window)) return refused('a call from another page');
    if (typeof name !== 'string') return refused('a call without a name');
    return dispatch(name, args);
  });
}

/** What sends events to the wizard in `window`; once the window is gone there is nobody to tell. */
export function emittersTo(window: BrowserWindow): Emitters<WizardContract> {
  return emittersOf(wizardContract, (name, payload) => {
    if (!window.isDestroyed()) window.webContents.send(eventChannel, name, payload);
  });
}

/** Only the top frame of our own window, and only while it shows a page of ours. */
function isFromWizard({ sender, senderFrame }: IpcMainInvokeEvent, window: BrowserWindow): boolean {
  return (
    sender === window.webContents &&
    senderFrame !== null &&
    senderFrame === sender.mainFrame &&
    isOwn(senderFrame.url)
  );
}

function refused(detail: string): Result<never> {
  return { ok: false, problem: problem('unexpected', { detail }) };
}
