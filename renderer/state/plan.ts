/** What a plan allows: whether a restore may start, and how full the destination would be. */
import type { RestorePlan } from '../../shared/backup.ts';
import { severityOf } from '../../shared/problems.ts';

/** A finding that is a failure would stop the restore later; so it stops it now. */
export function canStart(plan: RestorePlan): boolean {
  return plan.findings.every((finding) => severityOf(finding) !== 'failure');
}
