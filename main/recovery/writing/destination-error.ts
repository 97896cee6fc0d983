/** What a failure of the operating system to write into a destination means. */
import { problem, RecoveryError, type Problem } from '../../../shared/problems.ts';
import { errnoOf } from '../bytes/source.ts';

/** The catalogued problem behind a failure of writing to `path`. */
export function destinationError(path: string, error: unknown): RecoveryError {
  if (error instanceof RecoveryError) return error;
  return new RecoveryError(destinationProblem(path, errnoOf(error)), { cause: error });
}

function destinationProblem(path: string, errno: string): Problem {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return problem('dest-ran-full', { path });
    case 'EROFS':
      return problem('dest-read-only', { path });
    case 'EACCES':
    case 'EPERM':
      return problem('dest-denied', { path });
    case 'EEXIST':
      return problem('dest-occupied', { path });
    case 'ENAMETOOLONG':
    case 'EILSEQ':
      return problem('dest-name-refused', { path });
    case 'ENOTDIR':
      return problem('dest-not-a-folder', { path });
    default:
      return problem('dest-lost', { path, reason: errno });
  }
}
