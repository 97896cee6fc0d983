/** What stopping a restore leaves, and what it throws away: said before somebody decides. */
import type { WizardState } from './wizard.ts';

export interface Stop {
  /** How many qubes are done of which something came out. */
  readonly finished: number;
  /** Stored bytes of files that are done, which may be kept. */
  readonly keptBytes: number;
  /** Stored bytes of files that are under way, which are lost in any case. */
  readonly discardedBytes: number;
}

export function stopOf(state: WizardState): Stop {
  if (state.step !== 'progress') return { finished: 0, keptBytes: 0, discardedBytes: 0 };
  const { finished, progress } = state;
  const discardedBytes = (progress?.active ?? []).reduce((sum, file) => sum + file.doneBytes, 0);
  return {
    finished: finished.filter(({ outcome }) => outcome !== 'failed').length,
    keptBytes: (progress?.doneBytes ?? 0) - discardedBytes,
    discardedBytes,
  };
}
