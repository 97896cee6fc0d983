/** How this room says that a structure of a file system is broken, and goes on with what is not. */
import { problem, RecoveryError, type Problem, type ProblemCode } from '../../../shared/problems.ts';

/** A fault of the file system itself or of its image, and not of its reading or of the program. */
export interface Damage extends RecoveryError {
  readonly problem: Extract<
    Problem,
    { readonly code: 'filesystem-damaged' } | { readonly code: 'filesystem-part-lost' }
  >;
}

/** The damage of a structure (`inode 12`), and what is wrong with it. */
export function damageOf(structure: string, detail: string): Damage {
  return new RecoveryError(problem('filesystem-damaged', { structure, detail })) as Damage;
}

/** @throws RecoveryError `filesystem-damaged`, naming the structure and what is wrong with it */
export function damaged(structure: string, detail: string): never {
  throw damageOf(structure, detail);
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
