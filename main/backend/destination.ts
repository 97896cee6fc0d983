/** Whether a restore fits where it is meant to go: the folder is probed, and the facts judged apart from that. */
import { randomUUID } from 'node:crypto';
import { lstat, open, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestorePlan } from '../../shared/backup.ts';
import { problem, problemOf, type Problem } from '../../shared/problems.ts';
import { errnoOf } from '../recovery/bytes/source.ts';
import { destinationError } from '../recovery/writing/destination-error.ts';
import { freeBytesOf } from '../recovery/writing/free-bytes.ts';
import { partialSuffix } from '../recovery/writing/partial-names.ts';
import { fileLimitOf, fileSystemOf, storesHoles, type FileSystem } from './file-system.ts';

/** A file that a restore would write: its path below the destination, with forward slashes, and its bytes. */
export type WantedOutput = Pick<RestorePlan['outputs'][number], 'path' | 'bytes'>;

export interface DestinationFacts {
  readonly path: string;
  /** Why nothing can be written there, or null where a file could be made. */
  readonly refusal: Problem | null;
  /** Bytes that this user may still write; null where the system does not say. */
  readonly freeBytes: number | null;
  /** Null where the system does not say, or it is one that asks for no attention. */
  readonly fileSystem: FileSystem | null;
  /** Bytes of unfinished files of an earlier restore, which make way for those of the next. */
  readonly reclaimableBytes: number;
  /** Outputs at whose path something stands already. */
  readonly occupied: readonly string[];
}

/** A file of a restore: where it goes, and whether an earlier run finished it there. */
export interface PlannedOutput {
  readonly qube: string;
  readonly file: string;
  /** Path components below the destination. */
  readonly output: readonly string[];
  /** Null where the backup does not say. */
  readonly bytes: number | null;
  /** Bytes in the container: fewer than these no drive needs for it. */
  readonly storedBytes: number;
  readonly finished: boolean;
}

/**
 * The plan of a restore into `destination`, null to verify only. What an earlier run finished there is neither written again
 * nor in the way.
 */
export async function restorePlanOf(
  planned: readonly PlannedOutput[],
  destination: string | null,
): Promise<RestorePlan> {
  const left = planned.filter(({ finished }) => !finished);
  const finished = planned.length - left.length;
  const outputs = left.map(({ qube, file, output, bytes }) => ({
    qube,
    file,
    path: output.join('/'),
    bytes,
  }));
  if (destination === null) return { outputs, finished, neededBytes: 0, freeBytes: null, findings: [] };
  const facts = await probeDestination(destination, outputs);
  const neededBytes = left.reduce((sum, { bytes, storedBytes }) => sum + (bytes ?? storedBytes), 0);
  const leastBytes = left.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const findings = [...destinationFindings(facts, { outputs, neededBytes, leastBytes })];
  return { outputs, finished, neededBytes, freeBytes: facts.freeBytes, findings };
}

/** Looks at `path` and makes a file in it for a moment, since permission bits do not tell the truth everywhere. */
export async function probeDestination(
  path: string,
  outputs: readonly WantedOutput[],
): Promise<DestinationFacts> {
  const refusal = await refusalOf(path);
  const [freeBytes, fileSystem, reclaimableBytes, occupied] = await Promise.all([
    freeBytesOf(path),
    fileSystemOf(path),
    unfinishedBytes(path, outputs),
    occupiedOf(path, outputs),
  ]);
  return { path, refusal, freeBytes, fileSystem, reclaimableBytes, occupied };
}

/**
 * What is to be said of writing `outputs`, which need between `leastBytes` and `neededBytes` on the drive, depending
 * on how empty they are: `dest-missing`, `dest-not-a-folder`, `dest-read-only`, `dest-denied` or `dest-lost` alone;
 * else `dest-full` or `dest-may-fill`, `dest-file-limit` for the largest file, `dest-stores-holes`, and
 * `dest-occupied` or `dest-files-occupied` for what stands in the way.
 */
export function destinationFindings(
  facts: DestinationFacts,
  wanted: {
    readonly outputs: readonly WantedOutput[];
    readonly neededBytes: number;
    readonly leastBytes: number;
  },
): readonly Problem[] {
  if (facts.refusal) return [facts.refusal];
  const findings: Problem[] = [];
  const { fileSystem } = facts;
  const free = facts.freeBytes === null ? null : facts.freeBytes + facts.reclaimableBytes;
  const needed = wanted.neededBytes;
  if (free !== null && needed > free) {
    const never = wanted.leastBytes > free || storesHoles(fileSystem);
    findings.push(problem(never ? 'dest-full' : 'dest-may-fill', { needed, free }));
  }
  const largest = wanted.outputs.reduce(
    (found: WantedOutput | undefined, output) => ((output.bytes ?? 0) > (found?.bytes ?? 0) ? output : found),
    undefined,
  );
  const limit = fileLimitOf(fileSystem);
  if (limit !== null && (largest?.bytes ?? 0) > limit) {
    findings.push(problem('dest-file-limit', { path: largest?.path ?? '', limit }));
  } else if (fileSystem !== null && storesHoles(fileSystem)) {
    findings.push(problem('dest-stores-holes', { fileSystem }));
  }
  return [...findings, ...occupiedBy(facts.occupied)];
}

/** What is to be said of `paths` at which something stands already: nothing, or one problem for all of them. */
export function occupiedBy(paths: readonly string[]): readonly Problem[] {
  const [path, ...others] = paths;
  if (path === undefined) return [];
  const count = paths.length;
  return [
    others.length > 0 ? problem('dest-files-occupied', { count, path }) : problem('dest-occupied', { path }),
  ];
}

/** Milliseconds between two looks at the free bytes of a drive that is being written to. */
const lookEvery = 5_000;

/** Tells the free bytes of `folder` whenever it is called and some seconds have passed since the last time. */
export function watchFreeBytes(folder: string | null, tell: (freeBytes: number) => void): () => void {
  let lookedAt = -Infinity;
  return () => {
    const now = performance.now();
    if (folder === null || now - lookedAt < lookEvery) return;
    lookedAt = now;
    void freeBytesOf(folder).then((bytes) => {
      if (bytes !== null) tell(bytes);
    });
  };
}

async function refusalOf(path: string): Promise<Problem | null> {
  const probe = join(path, `.lifeboat-${randomUUID()}`);
  let exists = false;
  try {
    exists = (await stat(path)).isDirectory();
    if (!exists) return problem('dest-not-a-folder', { path });
    await (await open(probe, 'wx')).close();
    await unlink(probe);
    return null;
  } catch (error) {
    // As /proc answers, which takes no files.
    if (exists && errnoOf(error) === 'ENOENT') return problem('dest-denied', { path });
    // A full drive shows in its free bytes, together with what is needed.
    return fullReasons.has(errnoOf(error)) ? null : problemOf(destinationError(path, error));
  }
}

async function unfinishedBytes(path: string, outputs: readonly WantedOutput[]): Promise<number> {
  let bytes = 0;
  for (const output of outputs) {
    const found = await lstat(join(path, output.path) + partialSuffix).catch(() => undefined);
    if (found?.isFile()) bytes += found.blocks * 512;
  }
  return bytes;
}

/** Paths of the `outputs` below the destination `path` at which something stands already. */
export async function occupiedOf(
  path: string,
  outputs: readonly Pick<WantedOutput, 'path'>[],
): Promise<readonly string[]> {
  const occupied: string[] = [];
  for (const output of outputs) {
    const place = join(path, output.path);
    if (await lstat(place).catch(() => undefined)) occupied.push(place);
  }
  return occupied;
}

const fullReasons = new Set(['ENOSPC', 'EDQUOT']);
