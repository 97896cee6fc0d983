/** The verdict of a restore: honest outcomes of qubes and of the whole, derived from those of the files. */
import type { FileReport, Outcome, QubeReport, RestoreMode } from '../../../shared/backup.ts';
import type { Problem } from '../../../shared/problems.ts';

/** `restored` where mode is restore, `verified` where it is verify. */
export function success(mode: RestoreMode): Outcome {
  return mode === 'restore' ? 'restored' : 'verified';
}

/** Whether an outcome says that everything is there and verified. */
export function isWhole(outcome: Outcome): boolean {
  return outcome === 'restored' || outcome === 'verified';
}

/**
 * The outcome of a qube: whole when every file is and the backup lacks none, failed when nothing came out.
 *
 * @param lacks what the backup itself does not hold of this qube, as `volume-missing`
 */
export function qubeOutcome(
  files: readonly FileReport[],
  lacks: readonly Problem[],
  mode: RestoreMode,
): Outcome {
  if (files.length > 0 && lacks.length === 0 && files.every((file) => isWhole(file.outcome)))
    return success(mode);
  return files.some((file) => file.outcome !== 'failed') ? 'partial' : 'failed';
}

/** The outcome of everything that was asked for; asking for nothing that exists is a failure. */
export function overallOutcome(qubes: readonly QubeReport[], mode: RestoreMode): Outcome {
  if (qubes.length > 0 && qubes.every((qube) => isWhole(qube.outcome))) return success(mode);
  return qubes.some((qube) => qube.outcome !== 'failed') ? 'partial' : 'failed';
}
