/** Restores one stored file: its stream is decompressed, its archive read, and what it holds given to an output. */
import type { FileReport, RestoreMode } from '../../../shared/backup.ts';
import { fail, problem, problemOf, type Problem } from '../../../shared/problems.ts';
import { ArchiveFault, type ArchiveFaultKind } from '../archive/archive-fault.ts';
import { readArchive } from '../archive/archive-reader.ts';
import { StreamFault, type Compression, type StreamFaultKind } from '../archive/decoder.ts';
import {
  compressionOfFilter,
  decoderFor,
  sniffCompression,
  sniffLength,
} from '../archive/decoders/decoder-for.ts';
import { peek } from '../bytes/peek.ts';
import { pathParts, samePath } from '../writing/archive-paths.ts';
import type { Completed, Checksum, OpenOutput, Output } from '../writing/output.ts';
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
  const open: OpenOutput = async (...args) => (output = await options.openOutput(...args));
  try {
    const completed = await unpack(planned, stream, warnings, {
      ...options,
      openOutput: open,
    });
    return {
      report: wholeReport(planned, completed, warnings, options.mode),
      checksums: completed.checksums,
    };
  } catch (error) {
    const left = (await output?.abandon(options.keepPartial())) ?? { path: null, bytes: 0 };
    const report: FileReport = {
      name: planned.name,
      ...left,
      sha256: null,
      outcome: left.bytes > 0 ? 'partial' : 'failed',
      problems: [faultProblem(error, planned.stored.path, options.filter), ...warnings],
    };
    return { report, checksums: [] };
  }
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
  const archive = await decompressed(stream, filter, file, warnings);
  const prefix = pathParts(file);
  let output: Output | undefined;
  let single = false;
  for await (const entry of readArchive(archive)) {
    const parts = pathParts(entry.path);
    const isItself = samePath(parts, prefix);
    const isBelow = samePath(parts.slice(0, prefix.length), prefix);
    const isFile = isItself && entry.kind === 'file' && !output;
    const fits = isItself ? isFile || entry.kind === 'folder' : isBelow;
    if (single || !fits) fail('archive-member-unexpected', { file, found: entry.path });
    single = isFile;
    output ??= await openOutput(planned.output, single ? 'file' : 'tree', prefix);
    await output.take(entry);
  }
  if (!output) fail('stream-unfinished', { file });
  const completed = await output.finish();
  await beforeCommit(completed);
  await output.commit();
  return completed;
}

async function decompressed(
  stream: AsyncIterable<Uint8Array>,
  filter: string | null,
  file: string,
  warnings: Problem[],
): Promise<AsyncIterable<Uint8Array>> {
  const { head, whole } = await peek(stream, sniffLength);
  try {
    return decoderFor(chooseCompression(filter, head, file, warnings))(whole);
  } catch (error) {
    // Nobody else will: its producers would hold what they have opened.
    await whole.return();
    throw error;
  }
}

/** What the data are by their own magic wins over what the header names. */
function chooseCompression(
  filter: string | null,
  head: Uint8Array,
  file: string,
  warnings: Problem[],
): Compression {
  const named = filter === null ? 'none' : compressionOfFilter(filter);
  const found = sniffCompression(head);
  if (found !== undefined && found !== named) {
    warnings.push(problem('compression-differs', { file, named: filter ?? 'none', found }));
  }
  return found ?? named ?? fail('compression-unsupported', { filter: filter ?? '' });
}

const streamCodes = {
  damaged: (file: string, compression: string) => problem('stream-damaged', { file, compression }),
  unfinished: (file: string) => problem('stream-unfinished', { file }),
  overlong: (file: string) => problem('stream-overlong', { file }),
} as const satisfies Record<StreamFaultKind, (file: string, compression: string) => Problem>;

const archiveCodes = {
  malformed: (file: string, detail: string) => problem('archive-malformed', { file, detail }),
  'sparse-map': (file: string, detail: string) => problem('sparse-map-invalid', { file, detail }),
  unfinished: (file: string) => problem('stream-unfinished', { file }),
  overlong: (file: string) => problem('stream-overlong', { file }),
} as const satisfies Record<ArchiveFaultKind, (file: string, detail: string) => Problem>;

function faultProblem(error: unknown, file: string, filter: string | null): Problem {
  if (error instanceof StreamFault) return streamCodes[error.kind](file, filter ?? 'none');
  if (error instanceof ArchiveFault) return archiveCodes[error.kind](file, error.message);
  return problemOf(error);
}
