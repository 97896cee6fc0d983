/** Runs a restore or a verification: several files at once, each to its own verdict, one report at the end. */
import { join } from 'node:path';
import {
  isWhole,
  mostPlacesListed,
  type FileReport,
  type QubeReport,
  type RestoreMode,
  type RestoreReport,
} from '../../../shared/backup.ts';
import { fail, problem, problemOf, RecoveryError, type Problem } from '../../../shared/problems.ts';
import type { LostRange } from '../bytes/source.ts';
import type { ProtectedRun, StreamHooks } from '../encryption/protection.ts';
import { blockSize } from '../tar/header.ts';
import { EarlierSalvage } from '../salvage/earlier-salvage.ts';
import { salvageFile } from '../salvage/salvage-file.ts';
import type { UnlockedBackup } from '../unlock.ts';
import { diskOutputs } from '../writing/disk-output.ts';
import type { Checksum, Completed, OpenOutput } from '../writing/output.ts';
import type { PlannedFile, RestorePlan } from './plan.ts';
import { saveAccount } from './account.ts';
import { HeldDestination } from '../writing/held-destination.ts';
import { exists } from '../writing/moving.ts';
import { Journal } from './journal.ts';
import { restoreFile, wholeReport } from './restore-file.ts';
import { pass, steered, steeredStretches, type Steering } from './steering.ts';
import { outcomeOf, withProblems } from './verdict.ts';
import { openVerifyOutput } from '../writing/verify-output.ts';

export interface RunOptions extends Steering {
  readonly backup: UnlockedBackup;
  readonly plan: RestorePlan;
  /** An existing folder to restore into; null only verifies. */
  readonly destination: string | null;
  /** Which folder that was when it was looked at (`folderIdentity`); another one at its place is refused. */
  readonly identity?: string;
  /** Whether what can be salvaged of a damaged file goes to its final name. */
  readonly acceptPartial: boolean;
  /** Whether chunks are opened whose keys take very long; files that have some come last then. */
  readonly allowSlow: boolean;
  /** Files worked on at once. */
  readonly streams: number;
  readonly listener: RunListener;
}

export interface RunListener {
  fileStarted(file: PlannedFile): void;
  /** So many more bytes of the container went into the file. */
  progressed(file: PlannedFile, storedBytes: number): void;
  fileFinished(file: PlannedFile, report: FileReport): void;
  qubeFinished(report: QubeReport): void;
  /** All data are through; what remains is making them durable and the account of them. */
  finishing(): void;
}

/** Problems after which no other file can fare better: the rest is not even tried. */
const hopeless = new Set<Problem['code']>([
  'source-lost',
  'source-exchanged',
  'dest-lost',
  'dest-exchanged',
  'dest-ran-full',
  'dest-read-only',
]);

/**
 * Restores or verifies what the plan names. Never throws for what befalls single files: it ends in their reports, and
 * an account of the restore that could not be written in the problems of the whole.
 */
export async function runRestore(options: RunOptions): Promise<RestoreReport> {
  const { backup, plan, destination, acceptPartial, signal, listener } = options;
  const mode: RestoreMode = destination === null ? 'verify' : 'restore';
  const reports = new Map<PlannedFile, FileReport>();
  const qubes = new Map<string, QubeReport>();
  const checksums: Checksum[] = [];

  await using held = destination === null ? null : await HeldDestination.hold(destination, options.identity);
  const journal = held && (await readJournal(backup, held.path, held));
  let end = (await journal?.refusal()) ?? null;

  const reading = backup.protection.beginRun({
    files: plan.files.map((file) => file.stored),
    store: journal?.keys ?? null,
    allowSlow: options.allowSlow,
  });
  const openOnDisk = held ? diskOutputs(held.path) : openVerifyOutput;
  const openOutput: OpenOutput = async (...output) => {
    await held?.demand();
    const opened = await openOnDisk(...output);
    const loss = await held?.loss();
    if (!loss) return opened;
    // Nothing was written yet; where the drive dropped out just now, it stands in the folder that is left at its place.
    await opened.abandon(false);
    throw new RecoveryError(loss);
  };
  const work = async (file: PlannedFile): Promise<FileReport> => {
    const earlier = await journal?.finishedAndIntact(file, signal, (share) =>
      listener.progressed(file, Math.floor(share * file.stored.storedBytes)),
    );
    if (earlier) {
      checksums.push(...earlier.checksums);
      return wholeReport(file, earlier, [], mode);
    }
    end ??= (await held?.loss()) ?? null;
    if (end) return failedReport(file, end);
    if (signal.aborted) return unfinishedReport(file);
    // Seen before any key is derived for it.
    const place = destination === null ? null : join(destination, ...file.output);
    if (place !== null && (await exists(place)))
      return failedReport(file, problem('dest-occupied', { path: place }));
    const left = await setAside(file).catch(problemOf);
    if (left && 'code' in left) return failedReport(file, left);
    listener.fileStarted(file);
    const warnings: Problem[] = [];
    const { filter, stretches } = reading;
    const hooks: StreamHooks = {
      gate: () => pass(options),
      onWarning: (warning) => warnings.push(warning),
      onProgress: (storedBytes) => listener.progressed(file, storedBytes),
    };
    const stream = steered(reading.stream(file.stored, hooks), options);
    const beforeCommit = async (completed: Completed) => {
      await held?.demand();
      await journal?.record(file, completed);
    };
    const restored = await restoreFile(file, stream, warnings, {
      mode,
      filter,
      openOutput,
      beforeCommit: (completed) =>
        beforeCommit({ ...completed, problems: [...warnings, ...completed.problems] }),
      keepPartial: () => !signal.aborted,
    });
    checksums.push(...restored.checksums);
    const report =
      stretches === null || (await held?.loss())
        ? restored.report
        : await salvageFile(file, restored.report, {
            stretches: steeredStretches(stretches, options),
            filter,
            hooks,
            destination,
            acceptPartial,
            beforeCommit,
          });
    const { path, sha256 } = report;
    if (report !== restored.report && isWhole(report.outcome) && path !== null && sha256 !== null)
      checksums.push({ path, sha256 });
    return settled(file, report, left);
  };

  /** Frees the unfinished names of a file of what earlier runs left there, if it was they. */
  const setAside = async (file: PlannedFile): Promise<EarlierSalvage | null> => {
    if (!held || !journal) return null;
    const left = await EarlierSalvage.find(held.path, file.output);
    if (left && !(await journal.hasLeft(file))) fail('dest-occupied', { path: left.path });
    await journal.noteUnfinished(file, true);
    await left?.setAside();
    return left;
  };

  /** What came of a file, next to what earlier runs left of it, and once the destination was asked. */
  const settled = async (
    file: PlannedFile,
    made: FileReport,
    left: EarlierSalvage | null,
  ): Promise<FileReport> => {
    if (!held || !journal || (await held.loss())) return judged(made);
    const report = (await left?.settle(made)) ?? made;
    const isLeft = await EarlierSalvage.find(held.path, file.output).catch(() => true);
    if (!isLeft) await journal.noteUnfinished(file, false).catch(() => undefined);
    return judged(report);
  };

  const judged = async (report: FileReport): Promise<FileReport> => {
    if (isWhole(report.outcome)) return report;
    if (report.problems.some(isCancelled))
      return {
        ...report,
        outcome: 'unfinished',
        problems: report.problems.filter((value) => !isCancelled(value)),
      };
    const problems = (await held?.judge(report.problems)) ?? [...report.problems];
    end ??= problems.find((value) => hopeless.has(value.code)) ?? null;
    return { ...report, problems };
  };

  // Grouped once: looking for the files of a qube at each of a million files would take hours.
  const filesOf = groupedBy(plan.files, ({ qube }) => qube);
  const unsettled = new Map([...filesOf].map(([name, files]) => [name, files.length]));
  const lacksOf = groupedBy(plan.problems, ({ params }) => ('qube' in params ? params.qube : undefined));

  const settle = (file: PlannedFile, report: FileReport) => {
    reports.set(file, report);
    listener.fileFinished(file, report);
    const left = (unsettled.get(file.qube) ?? 0) - 1;
    unsettled.set(file.qube, left);
    if (left === 0) settleQube(file.qube);
  };

  const settleQube = (name: string) => {
    const files = (filesOf.get(name) ?? []).flatMap((file) => reports.get(file) ?? []);
    const report = { name, outcome: outcomeOf(files, lacksOf.get(name) ?? [], mode), files };
    qubes.set(name, report);
    listener.qubeFinished(report);
  };

  try {
    const order = options.allowSlow ? await slowLast(plan.files, reading) : plan.files;
    const queue = order.values();
    const worker = async () => {
      for (const file of queue) settle(file, inPlainNames(file, await work(file)));
    };
    await Promise.all(Array.from({ length: Math.max(1, options.streams) }, worker));
  } finally {
    reading[Symbol.dispose]();
    await journal?.close();
  }
  for (const name of plan.qubes) if (!qubes.has(name)) settleQube(name);

  listener.finishing();
  const inOrder = plan.qubes.flatMap((name) => qubes.get(name) ?? []);
  const bad = backup.badPlaces();
  const [firstBad] = bad;
  const problems = [
    ...backup.inventory.backup.problems,
    ...backup.inventory.problems,
    ...plan.problems,
    ...strayMembers(reports),
    ...(firstBad ? [problem('source-places-bad', { count: bad.length, first: firstBad.position })] : []),
  ];
  const report: RestoreReport = {
    outcome: outcomeOf(inOrder, problems, mode),
    qubes: inOrder,
    problems,
    ...(firstBad && { unreadable: placesOf(bad) }),
  };
  if (destination === null) return report;
  // Without its account no restore is finished, also where all files are.
  if (signal.aborted) return { ...report, outcome: 'unfinished' };
  const loss = await held?.loss();
  if (loss) return withProblems(report, [loss], mode);
  const accounted = await saveAccount(destination, report, checksums, backup, async () => held?.demand());
  // Nothing that was written since it was asked last can be told to be there.
  const lost = await held?.loss();
  if (lost) return withProblems(accounted, [lost], mode);
  // Last of all: ended before that, the next run still has the keys. It needs none once every file is there.
  if (inOrder.length > 0 && inOrder.every(({ outcome }) => isWhole(outcome))) await journal?.forget();
  return accounted;
}

function placesOf(bad: readonly LostRange[]): [number, number][] {
  return bad.slice(0, mostPlacesListed).map(({ position, length }) => [position, length]);
}

/** Members that were taken for the next chunk of a file, which turned out to have no further one. */
function strayMembers(reports: ReadonlyMap<PlannedFile, FileReport>): Problem[] {
  return [...reports].flatMap(([{ stored }, { problems }]) => {
    const end = problems.flatMap(({ code, params }) =>
      code === 'data-behind-file' && 'chunk' in params ? [Number(params.chunk)] : [],
    )[0];
    return stored.chunks
      .filter(({ number, member }) => member.isGuessed && end !== undefined && number >= end)
      .map(({ member }) => problem('container-member-lost', { offset: member.offset - blockSize }));
  });
}

/** As `Map.groupBy`, which Node 20 does not have. */
function groupedBy<K, T>(values: readonly T[], keyOf: (value: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** What earlier restores of a backup left in `destination`, in which a run writes only while it is `held`. */
export function readJournal(
  backup: UnlockedBackup,
  destination: string,
  held: HeldDestination | null = null,
): Promise<Journal> {
  const attest = (text: string) => backup.protection.attest(text);
  return Journal.read(destination, backup.identity, attest, held);
}

/** The files in the order in which they are read: those that take very long keep no other one waiting. */
async function slowLast(files: readonly PlannedFile[], run: ProtectedRun): Promise<PlannedFile[]> {
  const quick: PlannedFile[] = [];
  const slow: PlannedFile[] = [];
  for (const file of files) ((await run.isSlow(file.stored)) ? slow : quick).push(file);
  return [...quick, ...slow];
}

/** The report with the file called as a person knows it: `work/private.img`, not by its place in the backup. */
function inPlainNames({ qube, name, stored }: PlannedFile, report: FileReport): FileReport {
  const file = `${qube}/${name}`;
  const problems = report.problems.map((value) =>
    'file' in value.params && value.params.file === stored.path
      ? ({ ...value, params: { ...value.params, file } } as Problem)
      : value,
  );
  return { ...report, problems };
}

function isCancelled({ code }: Problem): boolean {
  return code === 'cancelled';
}

/** The report of a file of which nothing is there because the person stopped the run. */
export function unfinishedReport({ name }: Pick<PlannedFile, 'name'>): FileReport {
  return { name, path: null, bytes: 0, sha256: null, outcome: 'unfinished', problems: [] };
}

function failedReport(file: PlannedFile, reason: Problem): FileReport {
  return { name: file.name, path: null, bytes: 0, sha256: null, outcome: 'failed', problems: [reason] };
}
