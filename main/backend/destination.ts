/** Whether a restore fits where it is meant to go: the folder is probed, and the facts judged apart from that. */
import { randomUUID } from 'node:crypto';
import { lstat, open, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestorePlan } from '../../shared/backup.ts';
import { problem, problemOf, RecoveryError, type Problem } from '../../shared/problems.ts';
import { errnoOf } from '../recovery/bytes/source.ts';
import { freeBytesOf } from '../recovery/restore/free-bytes.ts';
import { fileLimitOf } from './file-limit.ts';

/** A file that a restore would write: its path below the destination, with forward slashes, and its bytes. */
export type WantedOutput = Pick<RestorePlan['outputs'][number], 'path' | 'bytes'>;

export interface DestinationFacts {
  readonly path: string;
  /** Why nothing can be written there, or null where a file could be made. */
  readonly refusal: Problem | null;
  /** Bytes that this user may still write; null where the system does not say. */
  readonly freeBytes: number | null;
  /** Bytes of the largest file that can be stored, or null. */
  readonly fileLimit: number | null;
  /** Outputs at whose path something stands already. */
  readonly occupied: readonly string[];
}

/** Looks at `path` and makes a file in it for a moment, since permission bits do not tell the truth everywhere. */
export async function probeDestination(
  path: string,
  outputs: readonly WantedOutput[],
): Promise<DestinationFacts> {
  const refusal = await refusalOf(path);
  const [freeBytes, fileLimit, occupied] = await Promise.all([
    freeBytesOf(path),
    fileLimitOf(path),
    occupiedOf(path, outputs),
  ]);
  return { path, refusal, freeBytes, fileLimit, occupied };
}

/**
 * What stands in the way of writing `outputs`, which need `neededBytes` on the drive: `dest-missing`,
 * `dest-not-a-folder`, `dest-read-only`, `dest-denied` or `dest-lost` alone; else `dest-full`, `dest-file-limit` for
 * the largest file, and `dest-occupied` for each that stands in the way.
 */
export function destinationFindings(
  facts: DestinationFacts,
  wanted: { readonly outputs: readonly WantedOutput[]; readonly neededBytes: number },
): readonly Problem[] {
  if (facts.refusal) return [facts.refusal];
  const findings: Problem[] = [];
  if (facts.freeBytes !== null && wanted.neededBytes > facts.freeBytes) {
    findings.push(problem('dest-full', { needed: wanted.neededBytes, free: facts.freeBytes }));
  }
  const largest = wanted.outputs.reduce(
    (found: WantedOutput | undefined, output) => ((output.bytes ?? 0) > (found?.bytes ?? 0) ? output : found),
    undefined,
  );
  if (facts.fileLimit !== null && (largest?.bytes ?? 0) > facts.fileLimit) {
    findings.push(problem('dest-file-limit', { path: largest?.path ?? '', limit: facts.fileLimit }));
  }
  return [...findings, ...facts.occupied.map((path) => problem('dest-occupied', { path }))];
}

async function refusalOf(path: string): Promise<Problem | null> {
  const probe = join(path, `.lifeboat-${randomUUID()}`);
  try {
    if (!(await stat(path)).isDirectory()) return problem('dest-not-a-folder', { path });
    await (await open(probe, 'wx')).close();
    await unlink(probe);
    return null;
  } catch (error) {
    // A full drive shows in its free bytes, together with what is needed.
    return fullReasons.has(errnoOf(error)) ? null : destinationProblem(path, error).problem;
  }
}

async function occupiedOf(path: string, outputs: readonly WantedOutput[]): Promise<readonly string[]> {
  const occupied: string[] = [];
  for (const output of outputs) {
    const place = join(path, output.path);
    if (await lstat(place).catch(() => undefined)) occupied.push(place);
  }
  return occupied;
}

const fullReasons = new Set(['ENOSPC', 'EDQUOT']);
const lostReasons = new Set(['EIO', 'ENXIO', 'ENODEV', 'ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'ENOTCONN']);

/** The problem behind a failure of the operating system to read or write at `path` of a destination. */
export function destinationProblem(path: string, error: unknown): RecoveryError {
  return new RecoveryError(problemAt(path, error), { cause: error });
}

function problemAt(path: string, error: unknown): Problem {
  const reason = errnoOf(error);
  if (fullReasons.has(reason)) return problem('dest-ran-full', { path });
  if (lostReasons.has(reason)) return problem('dest-lost', { path, reason });
  switch (reason) {
    case 'ENOENT':
      return problem('dest-missing', { path });
    case 'ENOTDIR':
      return problem('dest-not-a-folder', { path });
    case 'EROFS':
      return problem('dest-read-only', { path });
    case 'EACCES':
    case 'EPERM':
      return problem('dest-denied', { path });
    default:
      return problemOf(error);
  }
}
