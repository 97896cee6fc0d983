/**
 * The verdict of a restore: honest outcomes of files, qubes and the whole. A problem that is a failure keeps what it
 * belongs to from being whole, so that the exit code, the report and the screen cannot say otherwise.
 */
import { isWhole, type Outcome, type RestoreMode, type RestoreReport } from '../../../shared/backup.ts';
import { hasFailure, type Problem } from '../../../shared/problems.ts';

/** `restored` where mode is restore, `verified` where it is verify. */
function success(mode: RestoreMode): Outcome {
  return mode === 'restore' ? 'restored' : 'verified';
}

/** The outcome of a file that is complete: not whole when part of it was taken without being verified. */
export function completeOutcome(problems: readonly Problem[], mode: RestoreMode): Outcome {
  return hasFailure(problems) ? 'partial' : success(mode);
}

/**
 * The outcome of a qube, of which the parts are its files, or of a run, of which they are its qubes: failed when nothing
 * came out, also where there is no part at all; unfinished where a part is, since nothing is known of that.
 *
 * @param problems those of the whole: of a qube what the backup lacks of it, of a run what befell the backup's header,
 * list of qubes or end, and the account of the run
 */
export function outcomeOf(
  parts: readonly { readonly outcome: Outcome }[],
  problems: readonly Problem[],
  mode: RestoreMode,
): Outcome {
  const areWhole = parts.length > 0 && parts.every(({ outcome }) => isWhole(outcome));
  if (areWhole && !hasFailure(problems)) return success(mode);
  if (parts.some(({ outcome }) => outcome === 'unfinished')) return 'unfinished';
  return parts.some(({ outcome }) => outcome !== 'failed') ? 'partial' : 'failed';
}

/** `report` with further problems, and the outcome that follows from all of them. */
export function withProblems(
  report: RestoreReport,
  further: readonly Problem[],
  mode: RestoreMode,
): RestoreReport {
  const problems = [...report.problems, ...further];
  return { ...report, outcome: outcomeOf(report.qubes, problems, mode), problems };
}
