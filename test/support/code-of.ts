/** What an attempt was refused by, as tests compare it. */
import { RecoveryError } from '../../shared/problems.ts';

/** The code of a catalogued problem; anything else that was thrown as it is. */
export function codeOf(error: unknown): unknown {
  return error instanceof RecoveryError ? error.problem.code : error;
}
