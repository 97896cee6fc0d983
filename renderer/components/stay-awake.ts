/** Keeps the computer awake from a page in a browser, as far as browsers can: while the page is in sight. */
import { useEffect } from 'react';

/** The app does this by itself, and better; a browser that cannot is no reason for a word. */
export function useStayAwake(wanted: boolean): void {
  useEffect(() => {
    if (!wanted || !('wakeLock' in navigator)) return;
    let over = false;
    let lock: WakeLockSentinel | null = null;
    const take = () => {
      if (over || document.visibilityState !== 'visible') return;
      navigator.wakeLock.request('screen').then(
        (taken) => {
          lock = taken;
          if (over) void taken.release();
        },
        () => undefined,
      );
    };
    take();
    // Browsers take it away from a page that was out of sight.
    document.addEventListener('visibilitychange', take);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', take);
      void lock?.release();
    };
  }, [wanted]);
}
