/** The commands of the command line: each takes its options, prints, and answers an exit code. */
import { basename, resolve } from 'node:path';
import { isWhole, type Inventory, type RestoreReport } from '../../shared/backup.ts';
import { fileVariantKinds, variantKinds, variantsOf } from '../../shared/passphrase-variants.ts';
import {
  fail,
  problem,
  problemOf,
  RecoveryError,
  type Problem,
  type ProblemCode,
} from '../../shared/problems.ts';
import { variantWords } from '../../shared/words/variant-words.ts';
import type { EngineProcess } from '../backend/host.ts';
import type { GivenBackup } from '../recovery/backup.ts';
import { unlistedName } from '../recovery/catalog/inventory.ts';
import { writeRescueKit } from '../backend/rescue-kit/kit.ts';
import { probeDestination, restorePlanOf } from '../backend/destination.ts';
import { folderIdentity } from '../recovery/writing/held-destination.ts';
import { formatSize, visible, visibleJson } from '../../shared/words/formats.ts';
import { exitCodeOfFindings, exitCodeOfOutcome, exitCodes } from './exit-codes.ts';
import { readPassphrase, UsageError, type GivenPassphrase, type PassphraseOptions } from './passphrase.ts';
import { progressBar } from './progress-bar.ts';
import { openSession, valueOf, type EngineLimits, type Session } from './session.ts';
import { isPipe, otherSpools, openSpool, standardInput } from './spool.ts';
import { onStopSignal } from './stop-signals.ts';
import { standardOutput } from './standard-output.ts';
import { infoText, listText, apartFromLostQubes, problemText, reportText, type Speech } from './text.ts';

export interface CommonOptions extends PassphraseOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** Bytes. */
  readonly memory?: number;
  readonly jobs?: number;
  readonly acceptUnsealed?: boolean;
  readonly allowSlow?: boolean;
  readonly tryVariants?: boolean;
  /** Further parts of the backup, in their order. */
  readonly part?: readonly string[];
  readonly alone?: boolean;
  /** The folder for a copy of a backup that comes through a pipe. */
  readonly spool?: string;
}

export interface RestoreOptions extends CommonOptions {
  readonly to: string;
  readonly acceptPartial?: boolean;
}

/** Prints the one JSON document of a command. */
export async function printJson(document: unknown): Promise<void> {
  await print(visibleJson(document));
}

/** Prints a result for a person. */
export async function print(text: string): Promise<void> {
  await standardOutput.write(`${text}\n`);
}

/** Prints problems for a person, apart from the results. */
export function printProblems(problems: readonly Problem[], speech: Speech): void {
  const { paragraphs, others } = apartFromLostQubes(problems, speech);
  for (const text of [...others.map((each) => problemText(each, speech)), ...paragraphs])
    process.stderr.write(`${text}\n`);
}

/** Which files a person gave as one backup; where only the first is named, the others are looked for. */
function givenBackup(path: string, { part = [], alone = false }: CommonOptions): GivenBackup {
  return { files: [path, ...part], findParts: part.length === 0 && !alone };
}

function limitsOf({ memory, jobs }: CommonOptions): EngineLimits {
  return { memory: memory ?? null, jobs: jobs ?? null };
}

/** `lifeboat info`: what can be known without a passphrase. */
export async function info(
  engine: EngineProcess,
  path: string,
  options: CommonOptions,
  speech: Speech,
): Promise<number> {
  const open = (given: GivenBackup) => openSession(engine, given, limitsOf(options));
  const look = async (given: GivenBackup) => {
    const session = await open(given);
    await session[Symbol.asyncDispose]();
  };
  return withBackup(path, options, speech, look, async (given) => {
    await using session = await open(given);
    const { problems, ...told } = session.summary;
    const backup = (await isPipe(path)) ? { ...told, fileName: path } : told;
    if (options.json) {
      await printJson({ verified: false, backup, problems });
    } else {
      await print(infoText({ ...backup, problems }, speech));
      await print('');
      await print(speech.words.unverified);
      printProblems(problems, speech);
    }
    return exitCodeOfFindings(problems);
  });
}

/** `lifeboat rescue-kit`: a folder that opens the backup one day, beside it or wherever it shall be. */
export async function rescueKit(target: string, options: CommonOptions, speech: Speech): Promise<number> {
  const folder = await writeRescueKit(resolve(target));
  if (options.json) await printJson({ folder, problems: [] });
  else await print(speech.words.kitWritten(visible(folder)));
  return exitCodes.right;
}

/** `lifeboat list`: the qubes, once the passphrase is proven. */
export async function list(
  engine: EngineProcess,
  path: string,
  options: CommonOptions,
  speech: Speech,
): Promise<number> {
  return withUnlocked(engine, path, null, options, speech, async (_session, inventory) => {
    const problems = problemsOf(inventory);
    if (options.json) {
      await printJson(listDocument(inventory));
    } else {
      await print(listText(inventory, speech));
      printProblems(problems, speech);
    }
    return exitCodeOfFindings(problems);
  });
}

/** Bytes of a backup's beginning, in which Qubes OS puts its header and its list of qubes. */
const provingLength = 4 * 2 ** 20;

/** What the beginning of a backup proves: whatever follows, it cannot be opened in this way. */
const decisive: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'passphrase-rejected',
  'qube-unknown',
  'qube-not-included',
  'backup-not-sealed',
  'backup-wrapped',
  'version-unsupported',
  'cancelled',
]);

/**
 * Does `act` with the backup that a person gave. One that comes through a pipe is a file until then; before the rest of
 * it is copied, which may take hours, `look` opens its beginning.
 *
 * @throws RecoveryError `source-is-pipe` where no folder was named for the copy
 */
async function withBackup(
  path: string,
  options: CommonOptions,
  speech: Speech,
  look: (beginning: GivenBackup) => Promise<void>,
  act: (given: GivenBackup) => Promise<number>,
): Promise<number> {
  if (!(await isPipe(path))) return act(givenBackup(path, options));
  demandPipeAlone(path, options);
  const folder = options.spool ?? fail('source-is-pipe', { path });
  const { words, language } = speech;
  const isTold = !options.quiet && !options.json;
  for (const other of isTold ? await otherSpools(folder) : [])
    process.stderr.write(`${words.otherCopy(visible(other.path), formatSize(other.size, language))}\n`);

  await using spool = await openSpool(path, folder);
  const line = statusLine(isTold);
  const onCopied = (length: number) => line.show(words.copying(formatSize(length, language)));
  const given = { files: [spool.path], findParts: false };
  try {
    await spool.fill(provingLength, onCopied);
    line.clear();
    if (!spool.isWhole)
      await look(given).catch((error: unknown) => {
        if (!(error instanceof RecoveryError) || decisive.has(error.problem.code)) throw error;
      });
    await spool.fill(Infinity, onCopied);
    line.clear();
    return await act(given);
  } catch (error) {
    throw withoutCopy(error, spool.path);
  } finally {
    line.clear();
  }
}

/** The error with the command that unwraps a backup as one for the backup itself: the copy is deleted by then. */
function withoutCopy(error: unknown, copy: string): unknown {
  if (!(error instanceof RecoveryError) || error.problem.code !== 'backup-wrapped') return error;
  const { by, command } = error.problem.params;
  const ofBackup = [copy.replaceAll("'", `'\\''`), basename(copy)].reduce(
    (text, name) => text.replaceAll(name, 'BACKUP'),
    String(command),
  );
  return new RecoveryError(problem('backup-wrapped', { by, command: ofBackup }), { cause: error });
}

/** @throws UsageError where the backup and something else are to come out of standard input, or nothing can */
function demandPipeAlone(path: string, { part = [], passphraseFile, passphraseFd }: CommonOptions): void {
  if (part.length > 0) throw new UsageError('--part does not go with a pipe: pass all parts through it');
  if (path !== standardInput) return;
  if (passphraseFile === '-' || passphraseFd === 0)
    throw new UsageError('standard input is the backup: give the passphrase in another way');
  if (process.stdin.isTTY)
    throw new UsageError('standard input is the terminal: pass a backup through it, or name its file');
}

/** Opens the backup of `withBackup` and unlocks it; of a pipe, the passphrase and the qubes are proven at its beginning. */
async function withUnlocked(
  engine: EngineProcess,
  path: string,
  qubes: readonly string[] | null,
  options: CommonOptions,
  speech: Speech,
  act: (session: Session, inventory: Inventory) => Promise<number>,
): Promise<number> {
  let passphrase: GivenPassphrase | null = null;
  const readOnce = async () => (passphrase ??= await readPassphrase(options, path === standardInput));
  const open = (given: GivenBackup) => openSession(engine, given, limitsOf(options));
  const look = async (beginning: GivenBackup) => {
    await using session = await open(beginning);
    const { inventory, by } = await unlock(session, readOnce, options, speech);
    if (passphrase?.bytes !== by.bytes) passphrase?.bytes.fill(0);
    passphrase = by;
    const names = qubes?.filter((name) => name !== unlistedName) ?? [];
    // Where the list of qubes is not in the beginning, folders stand in for it, and no name is known.
    if (names.length === 0 || inventory.problems.some(({ code }) => code.startsWith('qubes-xml-'))) return;
    const { client, handle } = session;
    valueOf(await client.restore.plan({ handle, qubes: names, destination: null }));
  };
  try {
    return await withBackup(path, options, speech, look, async (given) => {
      await using session = await open(given);
      const { inventory, by } = await unlock(session, readOnce, options, speech);
      by.bytes.fill(0);
      return await act(session, inventory);
    });
  } finally {
    (passphrase as GivenPassphrase | null)?.bytes.fill(0);
  }
}

/** A line on the terminal that is written anew; elsewhere nothing is shown. */
function statusLine(isShown: boolean) {
  const { stderr } = process;
  if (!isShown || !stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  let shown = 0;
  return {
    show(text: string) {
      const now = performance.now();
      if (now - shown < 200) return;
      shown = now;
      stderr.write(`\r\x1b[K${text}`);
    },
    clear() {
      if (shown > 0) stderr.write('\r\x1b[K');
      shown = 0;
    },
  };
}

/** What was unlocked, and the form of the passphrase that did. */
interface Unlocked {
  readonly inventory: Inventory;
  readonly by: GivenPassphrase;
}

/** Unlocks with the passphrase that was given, or where it was asked for, with one of its other forms. */
async function unlock(
  session: Session,
  read: () => Promise<GivenPassphrase>,
  options: CommonOptions,
  { words, language }: Speech,
): Promise<Unlocked> {
  const unsealed = session.summary.problems.find(({ code }) => code === 'backup-not-sealed');
  // Before a passphrase is asked for: it would protect nothing.
  if (unsealed && !options.acceptUnsealed) throw new RecoveryError(unsealed);
  const { bytes: passphrase, isFromFile } = await read();
  const { acceptUnsealed = false, allowSlow = false } = options;
  const choices = { acceptUnsealed, allowSlow };
  const kinds = options.tryVariants ? variantKinds : isFromFile ? fileVariantKinds : [];
  const typed = kinds.length > 0 ? new TextDecoder().decode(passphrase) : '';
  const attempt = async (bytes: Uint8Array): Promise<Unlocked> => {
    // The `slice` of a Buffer would share its memory, and what is handed over is wiped.
    const inventory = await session.unlock(new Uint8Array(bytes), choices);
    return { inventory, by: { bytes, isFromFile } };
  };
  const rejection = (error: unknown) => {
    if (problemOf(error).code !== 'passphrase-rejected') throw error;
    return error;
  };
  try {
    return await attempt(passphrase);
  } catch (error) {
    const rejected = rejection(error);
    for (const { kind, passphrase: form } of variantsOf(typed, kinds)) {
      process.stderr.write(`${words.trying(variantWords[language][kind])}\n`);
      try {
        return await attempt(new TextEncoder().encode(form));
      } catch (further) {
        rejection(further);
      }
    }
    throw rejected;
  }
}

/** Every problem of an unlocked backup, that of its qubes included. */
function problemsOf(inventory: Inventory): readonly Problem[] {
  return [
    ...inventory.backup.problems,
    ...inventory.problems,
    ...inventory.qubes.flatMap((qube) => qube.problems),
  ];
}

function listDocument(inventory: Inventory) {
  const { version, backupId, compression, encrypted, created, size } = inventory.backup;
  return {
    backup: { version, backupId, compression, encrypted, created, size },
    qubes: inventory.qubes.map(({ name, class: kind, label, template, included, lost, path, files }) => ({
      name,
      class: kind,
      label,
      template,
      included,
      lost,
      path,
      files,
    })),
    problems: problemsOf(inventory),
  };
}

/** `lifeboat verify`: the whole pipeline, into nothing. */
export function verify(
  engine: EngineProcess,
  path: string,
  qubes: string[],
  options: CommonOptions,
  speech: Speech,
): Promise<number> {
  return run(engine, path, qubes, { destination: null, acceptPartial: false }, options, speech);
}

/** `lifeboat restore`: all qubes of the backup, or those named, into a folder. */
export async function restore(
  engine: EngineProcess,
  path: string,
  qubes: string[],
  options: RestoreOptions,
  speech: Speech,
): Promise<number> {
  const destination = resolve(options.to);
  // Before anything is made there: a drive can drop out while the passphrase is typed, too.
  const identity = await folderIdentity(destination).catch(() => undefined);
  const { refusal } = await probeDestination(destination, []);
  if (refusal) throw new RecoveryError(refusal);
  const acceptPartial = options.acceptPartial ?? false;
  const target = { destination, acceptPartial, ...(identity !== undefined && { identity }) };
  return run(engine, path, qubes, target, options, speech);
}

/** Where a run writes, and what it may put there. */
interface Target {
  readonly destination: string | null;
  readonly identity?: string;
  readonly acceptPartial: boolean;
}

async function run(
  engine: EngineProcess,
  path: string,
  qubes: string[],
  target: Target,
  options: CommonOptions,
  speech: Speech,
): Promise<number> {
  const wanted = qubes.length === 0 ? null : qubes;
  return withUnlocked(engine, path, wanted, options, speech, async (session) => {
    if (target.destination !== null)
      await lookAtDestination(session, wanted, target.destination, options, speech);
    const { report } = await runJob(session, wanted, target, options, speech);
    if (options.json) await printJson(reportDocument(report));
    else if (!options.quiet || !isWhole(report.outcome)) await print(reportText(report, speech));
    if (report.outcome === 'unfinished') process.stderr.write(`${speech.words.cancelled}\n`);
    return exitCodeOfOutcome(report.outcome);
  });
}

/** What keeps a restore from being begun; whatever else is found costs single files, or nothing. */
const refused: ReadonlySet<ProblemCode> = new Set<ProblemCode>(['dest-full', 'dest-file-limit']);

/**
 * Says before anything starts what is in the destination already, and what there is to know of its drive.
 *
 * @throws RecoveryError `dest-full`, `dest-file-limit`
 */
async function lookAtDestination(
  { client, handle }: Session,
  qubes: string[] | null,
  destination: string,
  { quiet }: CommonOptions,
  speech: Speech,
): Promise<void> {
  const planned = valueOf(await client.restore.plan({ handle, qubes, destination }));
  const { finished, findings } = await restorePlanOf(planned, destination);
  const refusal = findings.find(({ code }) => refused.has(code));
  if (refusal) throw new RecoveryError(refusal);
  if (quiet) return;
  if (finished > 0) process.stderr.write(`${speech.words.finishedEarlier(finished)}\n`);
  printProblems(findings, speech);
}

function reportDocument({ outcome, qubes, problems, unreadable }: RestoreReport) {
  return { outcome, qubes, problems, unreadable };
}

const job = 'command-line';

async function runJob(
  session: Session,
  qubes: string[] | null,
  target: Target,
  options: CommonOptions,
  { words, language }: Speech,
) {
  const { client, handle } = session;
  const bar = progressBar(!options.quiet && !options.json, words, language);
  const unsubscribe = client.restore.progress(({ progress }) => bar.update(progress));
  // The first Ctrl+C ends in order and keeps what is finished; the second one ends at once.
  const cancel = () => void client.restore.cancel({ job, keep: true });
  const forget = onStopSignal(cancel);
  try {
    return valueOf(
      await client.restore.run({ handle, job, qubes, ...target, allowSlow: options.allowSlow ?? false }),
    );
  } finally {
    unsubscribe();
    bar.stop();
    forget();
  }
}
