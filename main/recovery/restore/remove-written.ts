/** Takes back what a cancelled run has written, where the person wants nothing of it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileReport, RestoreReport } from '../../../shared/backup.ts';
import type { Problem } from '../../../shared/problems.ts';
import type { UnlockedBackup } from '../unlock.ts';
import { finishedNameOf, mapSuffix } from '../writing/partial-names.ts';
import { readJournal, unfinishedReport } from './run.ts';
import { outcomeOf } from './verdict.ts';

/**
 * Removes what a cancelled run has written, and says so in the report; what an earlier one had finished stays.
 *
 * @param started outputs that the run worked on, as paths below the destination
 */
export async function removeWritten(
  report: RestoreReport,
  backup: UnlockedBackup,
  destination: string,
  started: ReadonlySet<string>,
): Promise<RestoreReport> {
  const files = report.qubes.flatMap((qube) => qube.files);
  const own = new Set(started);
  // What an earlier run left of a file, and this one had less of.
  for (const { path, problems } of files)
    if (problems.some(({ code }) => code === 'salvage-kept') && path !== null)
      own.delete(finishedNameOf(path));
  const isEarlier = ({ path }: FileReport) => path !== null && !own.has(finishedNameOf(path));
  for (const path of files
    .filter((file) => !isEarlier(file))
    .flatMap(({ path, lost, problems }) => [path, lost?.map ?? null, ...piecesOf(problems)])) {
    if (path !== null) await rm(join(destination, ...path.split('/')), { recursive: true, force: true });
  }
  await (await readJournal(backup, destination)).forget(own);
  const qubes = report.qubes.map((qube) => {
    if (qube.files.length > 0 && qube.files.every(isEarlier)) return qube;
    // What failed by itself has failed, and left nothing.
    const left = qube.files.map((file) =>
      isEarlier(file) || file.outcome === 'failed' ? file : unfinishedReport(file),
    );
    return { ...qube, outcome: outcomeOf(left, [], 'restore'), files: left };
  });
  return { ...report, outcome: 'unfinished', qubes };
}

/** Paths of the pieces that were saved of a file without their place, and of their maps. */
function piecesOf(problems: readonly Problem[]): readonly string[] {
  return problems.flatMap(({ code, params }) =>
    code === 'piece-saved' ? [String(params.piece), String(params.piece) + mapSuffix] : [],
  );
}
