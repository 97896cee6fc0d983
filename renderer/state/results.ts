/** How a restore ended, counted: what the headline of the results says. */
import {
  isWhole,
  type FileReport,
  type Outcome,
  type QubeReport,
  type RestoreReport,
} from '../../shared/backup.ts';
import { toldOfQube, type ToldOutcome } from '../../shared/told-outcome.ts';
import { problemKinds, type Problem, type ProblemCode } from '../../shared/problems.ts';
import type { ResultsStep } from './wizard.ts';

export type Tally = Readonly<Record<ToldOutcome, number>>;

export function tallyOf(report: RestoreReport): Tally {
  const count = (told: ToldOutcome) => report.qubes.filter((qube) => toldOfQube(qube) === told).length;
  return {
    restored: count('restored'),
    verified: count('verified'),
    partial: count('partial'),
    failed: count('failed'),
    unfinished: count('unfinished'),
    occupied: count('occupied'),
  };
}

/** Whether everything that was asked for is there, part of it, or nothing. */
export function verdictOf({
  report,
  choices,
}: Pick<ResultsStep, 'report' | 'choices'>): 'all' | 'some' | 'nothing' {
  if (report.outcome === 'failed' || (report.outcome === 'unfinished' && !report.qubes.some(isThere)))
    return 'nothing';
  return isWhole(report.outcome) && unreportedOf({ report, choices }).length === 0 ? 'all' : 'some';
}

/** Whether something of a qube came out, or was verified. */
function isThere({ outcome, files }: QubeReport): boolean {
  return outcome === 'unfinished' ? files.some((file) => isWhole(file.outcome)) : outcome !== 'failed';
}

/** Whether every qube is whole and the outcome is not: the loss is one of the backup itself, or of the account. */
export function isLossElsewhere({ outcome, qubes }: RestoreReport): boolean {
  return outcome === 'partial' && qubes.every((qube) => isWhole(qube.outcome));
}

/** Names of the qubes that were asked for and have no report, because the restore ended before them. */
export function unreportedOf({
  report,
  choices,
}: Pick<ResultsStep, 'report' | 'choices'>): readonly string[] {
  const reported = new Set(report.qubes.map(({ name }) => name));
  return [...choices.qubes].filter((name) => !reported.has(name));
}

/** Whether a file is a disk image that can be looked into, whole or not. */
export function isImage({ name, path }: FileReport): boolean {
  return path !== null && name.endsWith('.img');
}

/** The image of a qube in which a person's own files are: the private one, where there is one. */
export function mainImageOf({ files }: QubeReport): FileReport | null {
  const images = files.filter(isImage);
  return images.find(({ name }) => name === 'private.img') ?? images[0] ?? null;
}

/**
 * How a restore that did not finish can go on: at once, or after the passphrase was given again, because the keys
 * are gone with the process that held them. Null where trying again would end the same way.
 */
export function resumptionOf(state: Pick<ResultsStep, 'report' | 'choices'>): 'at-once' | 'unlock' | null {
  if (verdictOf(state) === 'all') return null;
  const { problems, qubes } = state.report;
  const codes: ProblemCode[] = [
    ...problems,
    ...qubes.flatMap(({ files }) => files.flatMap((file) => file.problems)),
  ].map(({ code }) => code);
  if (codes.includes('engine-gone')) return 'unlock';
  const isStopped = state.report.outcome === 'unfinished' || unreportedOf(state).length > 0;
  return isStopped || codes.some((code) => problemKinds[code].retry) ? 'at-once' : null;
}

/** Whether something was left out because nothing seals it; a header without a seal looks like a damaged one. */
export function isUnsealed({ code }: Problem): boolean {
  return code === 'chunk-not-sealed' || code === 'backup-not-sealed';
}

export function metUnsealed({ qubes }: RestoreReport): boolean {
  return qubes.some(({ files }) => files.some((file) => file.problems.some(isUnsealed)));
}

/** Whether chunks were left out whose keys take very long. */
export function metSlow({ qubes }: RestoreReport): boolean {
  return qubes.some(({ files }) =>
    files.some(({ problems }) => problems.some(({ code }) => code === 'chunk-slow')),
  );
}

/** The worst first: that is what somebody must read. */
export function worstFirst(reports: readonly QubeReport[]): readonly QubeReport[] {
  const rank: Readonly<Record<Outcome, number>> = {
    failed: 0,
    partial: 1,
    unfinished: 2,
    restored: 3,
    verified: 3,
  };
  return reports.toSorted((a, b) => rank[a.outcome] - rank[b.outcome]);
}
