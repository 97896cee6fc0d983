/** Restores one stored file: its stream is decompressed, its archive read, and what it holds given to an output. */
import type { FileReport, RestoreMode } from '../../../shared/backup.ts';
import { fail, problem, problemOf, RecoveryError, type Problem } from '../../../shared/problems.ts';
import { readArchive, type ArchiveEntry, type PositionedBytes } from '../archive/archive-reader.ts';
import { archiveProblem, decompressed } from '../archive/stored-archive.ts';
import { dom0Folder, isTree } from '../catalog/inventory.ts';
import { pathParts, samePath } from '../writing/archive-paths.ts';
import type { Completed, Checksum, OpenOutput, Output, TreeOrigin } from '../writing/output.ts';
import type { PlannedFile } from './plan.ts';
import { completeOutcome } from './verdict.ts';

export interface RestoreFileOptions {
  readonly mode: RestoreMode;
  /** The header's compression filter; null when the backup says it is not compressed. */
  readonly filter: string | null;
  readonly openOutput: OpenOutput;
  /** Called with a file that is complete and durable, right before it moves to its final name. */
  readonly beforeCommit: (completed: Completed) => Promise<void>;
  /** Whether what was verified of a file that cannot be finished stays at its partial name. */
  readonly keepPartial: () => boolean;
}

export interface RestoredFile {
  readonly report: FileReport;
  readonly checksums: readonly Checksum[];
}

/**
 * Restores `planned` from its stored stream of verified plaintext. Never throws: whatever happens becomes part of
 * the report, and nothing unfinished is left at a final name.
 *
 * @param warnings collects what the stream's producers find odd while it is read
 */
export async function restoreFile(
  planned: PlannedFile,
  stream: AsyncIterable<Uint8Array>,
  warnings: Problem[],
  options: RestoreFileOptions,
): Promise<RestoredFile> {
  let output: Output | undefined;
  let lost: Problem | undefined;
  let complete: Completed | undefined;
  const open: OpenOutput = async (...args) => (output = await options.openOutput(...args));
  const upToLoss = endingAtLostChunk(stream, (value) => {
    lost = value;
    warnings.push(problem('data-behind-file', { file: planned.stored.path, chunk: chunkOf(value) }));
  });
  try {
    const completed = await unpack(planned, upToLoss, warnings, {
      ...options,
      openOutput: open,
      beforeCommit: async (finished) => {
        await options.beforeCommit(finished);
        complete = finished;
      },
    });
    const report = wholeReport(planned, completed, warnings, options.mode);
    return {
      report: output ? report : { ...report, path: null },
      checksums: completed.checksums,
    };
  } catch (error) {
    const left = (await output?.abandon(complete !== undefined || options.keepPartial())) ?? {
      path: null,
      bytes: 0,
    };
    const found = reasonOf(archiveProblem(error, planned.stored.path, options.filter), lost);
    const unnamed = complete && found.code !== 'dest-occupied' ? left.path : null;
    const report: FileReport = {
      name: planned.name,
      ...left,
      sha256: null,
      outcome: left.bytes > 0 ? 'partial' : 'failed',
      problems: [
        found,
        ...(unnamed === null ? [] : [problem('file-unnamed', { path: unnamed })]),
        ...warnings.filter(({ code }) => code !== 'data-behind-file'),
      ],
    };
    return { report, checksums: [] };
  }
}

/**
 * Ends a stream before the first chunk that cannot be had. What precedes may be all of the file: then an older, longer backup
 * lay behind it, or what is lost is only padding.
 */
async function* endingAtLostChunk(
  stream: AsyncIterable<Uint8Array>,
  onLoss: (problem: Problem) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    const found = problemOf(error);
    if (!found.code.startsWith('chunk-')) throw error;
    onLoss(found);
  }
}

function chunkOf({ params }: Problem): number {
  return 'chunk' in params ? Number(params.chunk) : 0;
}

/** Why a file is not whole: the lost chunk where its stream is short for the want of it. */
function reasonOf(found: Problem, lost: Problem | undefined): Problem {
  const isOfContent = /^(?:stream|archive|sparse|size|compression)-/.test(found.code);
  return lost && isOfContent ? lost : found;
}

/** The report of a file that is complete. */
export function wholeReport(
  planned: PlannedFile,
  completed: Completed,
  warnings: readonly Problem[],
  mode: RestoreMode,
): FileReport {
  const problems = [...warnings, ...completed.problems];
  return {
    name: planned.name,
    path: mode === 'restore' ? planned.output.join('/') : null,
    bytes: completed.bytes,
    sha256: completed.sha256,
    outcome: completeOutcome(problems, mode),
    problems,
  };
}

async function unpack(
  planned: PlannedFile,
  stream: AsyncIterable<Uint8Array>,
  warnings: Problem[],
  { filter, openOutput, beforeCommit }: RestoreFileOptions,
): Promise<Completed> {
  const file = planned.stored.path;
  const archive = await decompressed(stream, filter, file, (warning) => warnings.push(warning));
  const prefix = pathParts(file);
  const origin: TreeOrigin = { prefix, root: homeOf(prefix) };
  let output: Output | undefined;
  let link: ArchiveEntry | undefined;
  let single = false;
  for await (const entry of readArchive(archive)) {
    const parts = pathParts(entry.path);
    const isItself = samePath(parts, prefix);
    const isBelow = samePath(parts.slice(0, prefix.length), prefix);
    if (isItself && entry.kind === 'symlink' && !output && !link) {
      link = entry;
      single = true;
      continue;
    }
    const isFile = isItself && entry.kind === 'file' && !output;
    const fits = isItself ? isFile || entry.kind === 'folder' : isBelow;
    if (single || !fits) fail('archive-member-unexpected', { file, found: entry.path });
    single = isFile;
    output ??= await openOutput(planned.output, single ? 'file' : 'tree', origin);
    // What writes must not take a fault of the stream for one of the drive.
    await output.take({ ...entry, data: () => catalogued(entry.data(), file, filter) });
  }
  if (link) return inPlaceOf(planned, link);
  if (!output) fail('stream-unfinished', { file });
  const completed = await output.finish();
  await beforeCommit(completed);
  await output.commit();
  return completed;
}

/** Where a home of dom0 lay: `dom0-home/user` was `/home/user`. */
function homeOf([folder, ...below]: readonly string[]): readonly string[] | null {
  return folder === dom0Folder ? ['home', ...below] : null;
}

async function* catalogued(
  data: AsyncIterable<PositionedBytes>,
  file: string,
  filter: string | null,
): AsyncGenerator<PositionedBytes> {
  try {
    yield* data;
  } catch (error) {
    throw new RecoveryError(archiveProblem(error, file, filter), { cause: error });
  }
}

/**
 * A link in the place of the file, of which nothing is written. Qubes OS up to 3.0 stored links as such: that of `icon.png`
 * led to an icon of the system. Where a volume or a folder was a link, its content was never backed up.
 */
function inPlaceOf({ name, stored }: PlannedFile, { target }: ArchiveEntry): Completed {
  const file = stored.path;
  if (name.endsWith('.img') || isTree(file)) fail('content-is-link', { file, target });
  return { bytes: 0, sha256: null, checksums: [], problems: [problem('file-is-link', { file, target })] };
}
