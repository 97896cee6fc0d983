/** The exit codes that scripts depend on. */
import type { Outcome } from '../../shared/backup.ts';
import { hasFailure, type Problem, type ProblemCode } from '../../shared/problems.ts';

export const exitCodes = {
  /** All that was asked for is right. */
  right: 0,
  /** Some of it is, or some of it only in part. */
  partial: 1,
  usage: 2,
  passphraseRejected: 3,
  /** Not a backup, or one of a format that is not supported. */
  unsupported: 4,
  /** Nothing could be recovered. */
  nothing: 5,
  cancelled: 130,
} as const;

/** What each says, for the manual. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.right, 'all that was asked for is right'],
  [exitCodes.partial, 'partial: something is missing or damaged, and said'],
  [exitCodes.usage, 'usage: the command line, the name of a qube, or a pipe without --spool'],
  [exitCodes.passphraseRejected, 'passphrase rejected'],
  [exitCodes.unsupported, 'not a backup, or a format that is not supported'],
  [exitCodes.nothing, 'nothing could be recovered'],
  [exitCodes.cancelled, 'not finished: cancelled'],
];

const codeOfProblem: Partial<Record<ProblemCode, number>> = {
  'qube-unknown': exitCodes.usage,
  'qube-not-included': exitCodes.usage,
  'passphrase-rejected': exitCodes.passphraseRejected,
  'not-a-backup': exitCodes.unsupported,
  'backup-wrapped': exitCodes.unsupported,
  'looks-encrypted': exitCodes.unsupported,
  'backup-is-format-1': exitCodes.unsupported,
  'version-unsupported': exitCodes.unsupported,
  'source-is-pipe': exitCodes.usage,
  'source-not-a-file': exitCodes.unsupported,
  'header-missing': exitCodes.unsupported,
  'header-malformed': exitCodes.unsupported,
  'output-failed': exitCodes.partial,
  cancelled: exitCodes.cancelled,
};

/** The exit code when `code` kept the command from even beginning. */
export function exitCodeOfProblem(code: ProblemCode): number {
  return codeOfProblem[code] ?? exitCodes.nothing;
}

const codeOfOutcome: Record<Outcome, number> = {
  restored: exitCodes.right,
  verified: exitCodes.right,
  partial: exitCodes.partial,
  failed: exitCodes.nothing,
  unfinished: exitCodes.cancelled,
};

export function exitCodeOfOutcome(outcome: Outcome): number {
  return codeOfOutcome[outcome];
}

/** The exit code of a command that did what it was asked for and met these problems. */
export function exitCodeOfFindings(problems: readonly Problem[]): number {
  return hasFailure(problems) ? exitCodes.partial : exitCodes.right;
}
