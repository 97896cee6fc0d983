/** How work shows outside its window: the computer stays awake, the taskbar fills, a notice at the end of a restore. */
import { app, Notification, powerSaveBlocker, type BrowserWindow } from 'electron';
import type { Dispatch, Emitters } from '../../shared/contract/define.ts';
import type { WizardContract } from '../../shared/contract/wizard.ts';

export interface Presence {
  /** Takes events of a restore, of copying out of an image, and of mounting one, before the wizard does. */
  readonly restore: Emitters<WizardContract>['restore'];
  readonly copyProgress: Emitters<WizardContract>['image']['copyProgress'];
  readonly mountProgress: Emitters<WizardContract>['mount']['progress'];
  /** Notices those calls through `dispatch` that take as long as their work. */
  watching(dispatch: Dispatch): Dispatch;
}

const longCalls: ReadonlySet<string> = new Set(['image.copy', 'mount.mount']);

export function presenceOf(window: BrowserWindow): Presence {
  /** What is under way; each is told from the others by what it is. */
  const underWay = new Set<unknown>();
  let blocker: number | undefined;

  function keepAwake(work: unknown, wanted: boolean): void {
    if (wanted) underWay.add(work);
    else underWay.delete(work);
    if (underWay.size > 0) {
      blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    } else if (blocker !== undefined) {
      powerSaveBlocker.stop(blocker);
      blocker = undefined;
    }
  }

  function showBar(done: number, total: number, mode: 'normal' | 'paused' = 'normal'): void {
    const fraction = total === 0 ? 0 : Math.min(1, done / total);
    if (!window.isDestroyed()) window.setProgressBar(fraction, { mode });
  }

  function hideBar(): void {
    if (!window.isDestroyed()) window.setProgressBar(-1);
  }

  return {
    restore: {
      progress({ progress: { doneBytes, totalBytes, paused } }) {
        keepAwake('restore', !paused);
        showBar(doneBytes, totalBytes, paused ? 'paused' : 'normal');
      },
      spaceSeen: () => undefined,
      qubeFinished: () => undefined,
      finished() {
        keepAwake('restore', false);
        hideBar();
        if (!window.isDestroyed() && !window.isFocused()) callBack(window);
      },
    },
    copyProgress: ({ progress: { doneBytes, totalBytes } }) => showBar(doneBytes, totalBytes),
    mountProgress: ({ done, total }) => showBar(done, total),

    watching: (dispatch) => async (name, args) => {
      if (!longCalls.has(name)) return dispatch(name, args);
      const call = Symbol(name);
      keepAwake(call, true);
      try {
        return await dispatch(name, args);
      } finally {
        keepAwake(call, false);
        hideBar();
      }
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
