/** How this room says that a structure of a file system is broken, and goes on with what is not. */
import { fail, RecoveryError, type Problem, type ProblemCode } from '../../../shared/problems.ts';

/** A fault of the file system itself or of its image, and not of its reading or of the program. */
export interface Damage extends RecoveryError {
  readonly problem: Extract<
    Problem,
    { readonly code: 'filesystem-damaged' } | { readonly code: 'filesystem-part-lost' }
  >;
}

/** @throws RecoveryError `filesystem-damaged`, naming the structure (`inode 12`) and what is wrong with it */
export function damaged(structure: string, detail: string): never {
  fail('filesystem-damaged', { structure, detail });
}

const damageCodes: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'filesystem-damaged',
  'filesystem-part-lost',
]);

export function isDamage(thrown: unknown): thrown is Damage {
  return thrown instanceof RecoveryError && damageCodes.has(thrown.problem.code);
}

/** Whether what was asked for lies in a part of the image that the backup did not give back. */
export function isLost(thrown: unknown): thrown is Damage {
  return thrown instanceof RecoveryError && thrown.problem.code === 'filesystem-part-lost';
}

/** Puts what was thrown to the other damages, if it is one; throws it on if not. */
export function keepDamage(damages: Damage[], thrown: unknown): void {
  if (!isDamage(thrown)) throw thrown;
  damages.push(thrown);
}
