/**
 * Salvages a file of which chunks are lost: everything that can be had of it, at its right place, with a map of what
 * cannot. Three readings of what is left, for one damaged file only: its chunks are tried, what lies behind gaps is
 * measured, then all is written in order.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileReport } from '../../../shared/backup.ts';
import { problem, problemOf, type Problem } from '../../../shared/problems.ts';
import type { Compression } from '../archive/decoder.ts';
import { decoderFor, sniffCompression, sniffLength } from '../archive/decoders/decoder-for.ts';
import { compressionOfFilter } from '../archive/decoders/recognise.ts';
import { denseMap } from '../archive/sparse-map.ts';
import { peek } from '../bytes/peek.ts';
import type { StreamHooks, StretchReader } from '../encryption/protection.ts';
import { pathParts, samePath } from '../writing/archive-paths.ts';
import { FileWriter, type WritingOptions } from '../writing/file-writer.ts';
import type { Completed } from '../writing/output.ts';
import { makeRoom, moveWithoutReplacing } from '../writing/moving.ts';
import { mapSuffix, mostPieces, partialSuffix, pieceSuffix } from '../writing/partial-names.ts';
import type { PlannedFile } from '../restore/plan.ts';
import { completeOutcome } from '../restore/verdict.ts';
import { readLayout, type ArchiveLayout } from './archive-layout.ts';
import { upToFault, type Decoded, type Run } from './decoded.ts';
import { findRuns } from './find-runs.ts';
import { LostMap } from './lost-map.ts';
import { Placement } from './placement.ts';
import { surveyStream, type Fragment } from './stored-stream.ts';

export interface SalvageOptions {
  readonly stretches: StretchReader;
  /** The header's compression filter; null when the backup says it is not compressed. */
  readonly filter: string | null;
  readonly hooks: StreamHooks;
  /** An existing folder; null writes nothing and tells what would be saved. */
  readonly destination: string | null;
  /** Whether what is salvaged moves to the file's own name, as the person asked for. */
  readonly acceptPartial: boolean;
  /** Called with a file that turns out to be whole, right before it moves to its final name. */
  readonly beforeCommit: (completed: Completed) => Promise<void>;
}

/** Problems of a file that leave something to salvage. */
export function isSalvageable({ code }: Problem): boolean {
  return (code.startsWith('chunk-') && code !== 'chunk-unstable') || code === 'stream-unfinished';
}

/**
 * Salvages `planned`, of which `report` says why it could not be restored. What stands at its partial name is replaced.
 *
 * @returns the report of what was salvaged: `partial`, unless it is every byte of the file, which then is at its name;
 *   `report` itself when there is nothing to salvage
 */
export async function salvageFile(
  planned: PlannedFile,
  report: FileReport,
  options: SalvageOptions,
): Promise<FileReport> {
  const reason = report.problems.find(isSalvageable);
  if (!reason) return report;
  try {
    const salvage = await findSalvage(planned, reason, options);
    if (!salvage) return report;
    const { layout } = salvage;
    return layout
      ? await writeSalvage(planned, report, { ...salvage, layout }, options)
      : await writeWithoutPlace(planned, report, salvage, options);
  } catch (error) {
    // What the restore left stands as it was, or is known to be gone.
    const found = problemOf(error);
    return { ...report, problems: [...report.problems.filter(({ code }) => code !== found.code), found] };
  }
}

/** What can be had of a file, and why it is not all of it. */
interface Salvage {
  /** Of an archive of one file whose beginning is there. */
  readonly layout: ArchiveLayout | undefined;
  /** What comes before the first gap. */
  readonly beginning: () => AsyncIterable<Decoded>;
  /** What lies behind it. */
  readonly runs: readonly Run[];
  readonly problems: readonly Problem[];
}

async function findSalvage(
  { stored }: PlannedFile,
  reason: Problem,
  { stretches, filter, hooks }: SalvageOptions,
): Promise<Salvage | undefined> {
  const firstLost = 'chunk' in reason.params ? Number(reason.params.chunk) : null;
  const stream = await surveyStream(stored, stretches, firstLost, hooks);
  const [first] = stream.fragments;
  if (!first) return undefined;
  const compression = await compressionOf(first, filter);
  const decoder = compression && decoderFor(compression);
  if (!decoder) return undefined;
  const beginning = () => upToFault(decoder(first.open()));
  const found = first.start === 0 ? await readLayout(decoder(first.open())) : undefined;
  if (found && !samePath(pathParts(found.path), pathParts(stored.path))) return undefined;
  const runs = await findRuns(stream, found, compression);
  if (!found && runs.length === 0) return undefined;
  const behind = stream.fragments.filter(({ start }) => start > 0);
  const isLeftOut = runs.length < behind.length && compression !== 'none';
  return {
    layout: found,
    beginning,
    runs,
    problems: [
      ...(stream.problems.length > 0 ? stream.problems : [reason]),
      ...(isLeftOut ? [problem('part-unplaced', { file: stored.path, compression })] : []),
    ],
  };
}

async function compressionOf(first: Fragment, filter: string | null): Promise<Compression | undefined> {
  const { head, whole } = await peek(first.open(), sniffLength);
  await whole.return();
  const found = first.start === 0 ? sniffCompression(head) : undefined;
  return found ?? (filter === null ? 'none' : compressionOfFilter(filter));
}

async function writeSalvage(
  planned: PlannedFile,
  report: FileReport,
  salvage: Salvage & { readonly layout: ArchiveLayout },
  { hooks, destination, acceptPartial, beforeCommit }: SalvageOptions,
): Promise<FileReport> {
  const path = destination === null ? null : join(destination, ...planned.output);
  const partial = path === null ? null : path + partialSuffix;
  const mapPath = partial === null ? null : partial + mapSuffix;
  if (destination !== null) await makeRoom(destination, planned.output);
  // What the restore left before the first gap is written again.
  if (partial !== null && report.path !== null) await rm(partial, { recursive: true, force: true });
  const writer = await createFile(partial);
  const map = await LostMap.create(mapPath).catch(async (error: unknown) => {
    await writer.close();
    throw error;
  });
  const placement = new Placement(salvage.layout, writer, map);
  const { size } = salvage.layout;
  const name = planned.output.join('/');
  const mapName = name + partialSuffix + mapSuffix;
  const problems = [...salvage.problems, ...report.problems.filter((value) => !isSalvageable(value))];
  try {
    await placeAll(placement, salvage.beginning(), hooks);
    for (const { position, open } of salvage.runs) {
      // Two that claim one place cannot both be right, and the earlier one is verified from its beginning on.
      if (position === null || position < placement.position) continue;
      await placement.loseUpTo(position);
      await placeAll(placement, open(), hooks);
    }
    await placement.loseRest();
    const { sha256 } = await writer.finish(size);
    const losses = await map.finish(size);
    const pieces = await writePieces(
      planned,
      salvage.runs.filter(({ position }) => position === null),
      { hooks, destination },
    );
    await writer.close();
    if (losses.bytes === 0 && pieces.length === 0) {
      const warnings = problems.filter((value) => !isSalvageable(value));
      const told = [...warnings, problem('file-whole', { file: planned.stored.path })];
      if (mapPath !== null) await rm(mapPath, { force: true });
      if (partial !== null && path !== null) {
        const checksums = sha256 === null ? [] : [{ path: name, sha256 }];
        await beforeCommit({ bytes: size, sha256, checksums, problems: told });
        await moveWithoutReplacing(partial, path);
      }
      const outcome = completeOutcome(told, path === null ? 'verify' : 'restore');
      return { ...report, path: path === null ? null : name, bytes: size, sha256, outcome, problems: told };
    }
    if (acceptPartial && partial !== null && path !== null) await moveWithoutReplacing(partial, path);
    const told = { file: planned.stored.path, lost: losses.bytes, size };
    return {
      ...report,
      path: path === null ? null : acceptPartial ? name : name + partialSuffix,
      bytes: placement.bytes,
      outcome: 'partial',
      lost: { map: path === null ? null : mapName, ...losses },
      problems: [
        ...problems,
        ...pieces,
        path === null
          ? problem('file-salvageable', told)
          : problem('file-salvaged', { ...told, map: mapName }),
      ],
    };
  } catch (error) {
    const found = problemOf(error);
    await writer.close().catch(() => undefined);
    await map.close();
    if (mapPath !== null) await rm(mapPath, { force: true }).catch(() => undefined);
    const keep = found.code !== 'cancelled' && placement.bytes > 0;
    if (!keep && partial !== null) await rm(partial, { force: true }).catch(() => undefined);
    return {
      ...report,
      path: keep && path !== null ? name + partialSuffix : null,
      bytes: keep ? placement.bytes : 0,
      outcome: keep ? 'partial' : 'failed',
      problems: [...problems, found],
    };
  }
}

/** Saves what can be had of an archive whose beginning is lost, or that holds a tree, of which the beginning is there. */
async function writeWithoutPlace(
  planned: PlannedFile,
  report: FileReport,
  { runs, problems }: Salvage,
  options: SalvageOptions,
): Promise<FileReport> {
  const { destination } = options;
  if (report.path === null && destination !== null) await makeRoom(destination, planned.output);
  const told = await writePieces(planned, runs, options);
  const saved = told.flatMap((each) =>
    each.code === 'piece-saved' || each.code === 'piece-salvageable' ? [each.params] : [],
  );
  const [first] = saved;
  return {
    ...report,
    path: report.path ?? (first && 'piece' in first ? String(first.piece) : null),
    bytes: report.bytes + saved.reduce((sum, { size }) => sum + Number(size), 0),
    outcome: saved.length > 0 ? 'partial' : report.outcome,
    problems: [...problems, ...report.problems.filter((value) => !isSalvageable(value)), ...told],
  };
}

async function placeAll(
  placement: Placement,
  stretch: AsyncIterable<Decoded>,
  hooks: StreamHooks,
): Promise<void> {
  for await (const piece of stretch) {
    await hooks.gate();
    await placement.place(piece);
  }
}

/** Saves what has no place in files beside the partial one, each with a map of its own; tells of each. */
async function writePieces(
  { stored, output }: PlannedFile,
  pieces: readonly Run[],
  { hooks, destination }: Pick<SalvageOptions, 'hooks' | 'destination'>,
): Promise<readonly Problem[]> {
  const told: Problem[] = [];
  for (const [i, piece] of pieces.slice(0, mostPieces).entries()) {
    const name = output.join('/') + partialSuffix + pieceSuffix(i + 1);
    const path = destination === null ? null : join(destination, name);
    const saved = { file: stored.path, size: piece.length };
    try {
      await writePiece(path, piece, hooks);
      told.push(
        path === null
          ? problem('piece-salvageable', saved)
          : problem('piece-saved', { ...saved, piece: name }),
      );
    } catch (error) {
      // The file itself is there, whatever becomes of its pieces.
      told.push(problemOf(error));
      if (path !== null)
        for (const each of [path, path + mapSuffix]) await rm(each, { force: true }).catch(() => undefined);
      break;
    }
  }
  return told;
}

/** A file at `path`, or for null what takes everything and keeps nothing. */
async function createFile(
  path: string | null,
  options: WritingOptions = {},
): Promise<Pick<FileWriter, 'write' | 'finish' | 'close'>> {
  if (path !== null) return FileWriter.create(path, options);
  const nothing = () => Promise.resolve();
  return { write: nothing, close: nothing, finish: (bytes) => Promise.resolve({ bytes, sha256: null }) };
}

async function writePiece(path: string | null, { length, open }: Run, hooks: StreamHooks): Promise<void> {
  const writer = await createFile(path, { plain: true });
  try {
    const map = await LostMap.create(path === null ? null : path + mapSuffix);
    try {
      const whole = { map: denseMap(length), dataStart: 0, dataEnd: length };
      await placeAll(new Placement(whole, writer, map), open(), hooks);
      await writer.finish(length);
      await map.finish(length);
    } finally {
      await map.close();
    }
  } finally {
    await writer.close();
  }
}
