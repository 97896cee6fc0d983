/** What a person is told of an outcome: what was not written because something stands in its place has not failed. */
import type { FileReport, Outcome, QubeReport } from './backup.ts';

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
