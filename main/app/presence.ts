/** How a running restore shows outside its window: the computer stays awake, the taskbar fills, a notice at the end. */
import { app, Notification, powerSaveBlocker, type BrowserWindow } from 'electron';
import type { Emitters } from '../../shared/contract/define.ts';
import type { WizardContract } from '../../shared/contract/wizard.ts';

/** Takes the same events as the wizard in `window`. */
export function presenceOf(window: BrowserWindow): Emitters<WizardContract>['restore'] {
  let blocker: number | undefined;

  function keepAwake(wanted: boolean): void {
    if (wanted) {
      blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    } else if (blocker !== undefined) {
      powerSaveBlocker.stop(blocker);
      blocker = undefined;
    }
  }

  return {
    progress({ progress: { doneBytes, totalBytes, paused } }) {
      keepAwake(!paused);
      const fraction = totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes);
      if (!window.isDestroyed()) window.setProgressBar(fraction, { mode: paused ? 'paused' : 'normal' });
    },
    spaceSeen: () => undefined,
    qubeFinished: () => undefined,
    finished() {
      keepAwake(false);
      if (window.isDestroyed()) return;
      window.setProgressBar(-1);
      if (!window.isFocused()) callBack(window);
    },
  };
}

/** Tells a person who went to do something else; the words are the window's own title, in the wizard's language. */
function callBack(window: BrowserWindow): void {
  window.flashFrame(true);
  window.once('focus', () => window.flashFrame(false));
  // The wizard names its results in the title as soon as it has heard of the end.
  window.once('page-title-updated', (_event, title) => {
    if (window.isFocused() || !Notification.isSupported()) return;
    const notice = new Notification({ title: app.getName(), body: title });
    notice.on('click', () => window.show());
    notice.show();
  });
}
