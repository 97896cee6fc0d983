/** What the backend was asked and how it went, for diagnostics: kept in memory, without names, paths or secrets. */
import type { RestoreReport } from '../../shared/backup.ts';
import type { Dispatch } from '../../shared/contract/define.ts';
import { problemKinds, type Problem } from '../../shared/problems.ts';

/** Lines that are kept; the oldest go first. */
const mostLines = 400;

/**
 * Parameters of problems that are words of the program or of the operating system, never of a person or a backup.
 * Numbers are told as well, everything else is left out.
 */
const tellable = new Set(['reason', 'compression', 'kernel', 'tool', 'way', 'table', 'structure', 'version']);

/** Longer than any name of a failure, and too short for a text in which a path could stand. */
const longestWord = 40;

export interface ActivityLog {
  /** Notes each call that goes through `dispatch`: its name, how long it took, and its problem if any. */
  watching(dispatch: Dispatch): Dispatch;
  noteEnd(report: RestoreReport, cancelled: boolean): void;
  lines(): readonly string[];
}

/** @param now milliseconds of a clock that only goes forward */
export function createActivityLog(now: () => number = () => performance.now()): ActivityLog {
  const started = now();
  const lines: string[] = [];
  const note = (text: string) => {
    lines.push(`${((now() - started) / 1000).toFixed(1).padStart(8)} s  ${text}`);
    if (lines.length > mostLines) lines.shift();
  };

  return {
    watching: (dispatch) => async (name, args) => {
      const asked = now();
      const result = await dispatch(name, args);
      const outcome = result.ok ? 'ok' : problemLine(result.problem);
      note(`${name} (${Math.round(now() - asked)} ms): ${outcome}`);
      return result;
    },
    noteEnd({ outcome, qubes, problems }, cancelled) {
      note(`restore ended: ${outcome}${cancelled ? ', cancelled' : ''}, ${qubes.length} qubes`);
      const ofFiles = qubes.flatMap((qube) => qube.files.flatMap((file) => file.problems));
      for (const problem of [...problems, ...ofFiles]) note(`  ${problemLine(problem)}`);
    },
    lines: () => lines,
  };
}

/** A problem by its code, with those of its parameters that say nothing of anybody. */
export function problemLine({ code, params }: Problem): string {
  const known = Object.hasOwn(problemKinds, code) ? code : 'unknown code';
  const told = Object.entries(params as Readonly<Record<string, string | number>>)
    .filter(([name, value]) => typeof value === 'number' || (tellable.has(name) && isWord(value)))
    .map(([name, value]) => `${name} ${value}`);
  return told.length === 0 ? known : `${known} (${told.join(', ')})`;
}

function isWord(value: string): boolean {
  return value.length <= longestWord && /^[\w .-]*$/.test(value);
}
