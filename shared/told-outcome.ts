/** What a person is told of an outcome: what was not written because something stands in its place has not failed. */
import type { FileReport, Outcome, QubeReport, RestoreReport } from './backup.ts';
import type { Problem } from './problems.ts';

/** `occupied`: not written, since nothing that is there already is ever replaced. */
export type ToldOutcome = Outcome | 'occupied';

export function toldOfFile({ outcome, problems }: FileReport): ToldOutcome {
  const isOccupied = problems.length > 0 && problems.every(({ code }) => code === 'dest-occupied');
  return outcome === 'failed' && isOccupied ? 'occupied' : outcome;
}

export function toldOfQube({ outcome, files }: QubeReport): ToldOutcome {
  const isOccupied = files.length > 0 && files.every((file) => toldOfFile(file) === 'occupied');
  return outcome === 'failed' && isOccupied ? 'occupied' : outcome;
}

/** The problems of a report: those told with the qube that each concerns, by its name, and the others. */
export function problemsByQube({ qubes, problems }: Pick<RestoreReport, 'qubes' | 'problems'>): {
  readonly ofQubes: ReadonlyMap<string, readonly Problem[]>;
  readonly others: readonly Problem[];
} {
  const qubeOf = ({ params }: Problem) => ('qube' in params ? String(params.qube) : null);
  const names = new Set(qubes.map(({ name }) => name));
  return {
    ofQubes: new Map([...names].map((name) => [name, problems.filter((each) => qubeOf(each) === name)])),
    others: problems.filter((each) => !names.has(qubeOf(each) ?? '')),
  };
}
