/** When a running restore speaks to a screen reader: at each stage, and each 10 %, but never in a hurry. */
import type { RestoreProgress, RestoreStage } from '../../shared/backup.ts';

const stepPercent = 10;
const quietMilliseconds = 30_000;

/** What was said last, and when (milliseconds of any clock). */
export interface Spoken {
  readonly stage: RestoreStage;
  readonly paused: boolean;
  readonly percent: number;
  readonly at: number;
}

/** Whole per cent of the bytes done; 0 where there is nothing to do. */
export function percentOf({
  doneBytes,
  totalBytes,
}: Pick<RestoreProgress, 'doneBytes' | 'totalBytes'>): number {
  return totalBytes === 0 ? 0 : Math.min(100, Math.floor((100 * doneBytes) / totalBytes));
}

/** What to say now, or null to stay silent. */
export function nextSpoken(last: Spoken | null, progress: RestoreProgress, at: number): Spoken | null {
  const percent = percentOf(progress);
  const now: Spoken = { stage: progress.stage, paused: progress.paused, percent, at };
  if (last?.stage !== now.stage || last.paused !== now.paused) return now;
  const due = percent >= last.percent + stepPercent && at - last.at >= quietMilliseconds;
  return due ? now : null;
}
