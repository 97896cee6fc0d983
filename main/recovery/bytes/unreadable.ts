/** Tells a place that a drive cannot read any more from a drive that is gone. */
import { randomInt } from 'node:crypto';
import { RecoveryError } from '../../../shared/problems.ts';
import type { ByteSource } from './source.ts';

const tries = 16;
/** Of a drive that is gone, the system's cache still answers for what was read lately. */
const enough = 12;
const sectorSize = 512;

/** Whether reading failed as it does on a bad sector. */
export function isReadFault(error: unknown): boolean {
  if (!(error instanceof RecoveryError)) return false;
  const { problem } = error;
  return problem.code === 'source-lost' && problem.params.reason === 'EIO';
}

/** Whether reading failed at a place that a drive cannot read any more, and the drive itself is still there. */
export async function isBadPlace(source: ByteSource, error: unknown): Promise<boolean> {
  return isReadFault(error) && (await answersElsewhere(source));
}

/** Whether a source that failed at one place still answers at most others, drawn at random. */
async function answersElsewhere(source: ByteSource): Promise<boolean> {
  let answers = 0;
  for (let i = 0; i < tries; i++) {
    const position = randomInt(Math.max(1, source.size - sectorSize));
    const length = Math.min(sectorSize, source.size - position);
    await source.read(position, length).then(
      () => answers++,
      () => undefined,
    );
    // As soon as the rest cannot change it: each read of a failing drive may take long.
    if (answers === enough || i - answers === tries - enough) break;
  }
  return answers === enough;
}

/**
 * Reads `length` bytes, or answers undefined where a drive that is still there cannot read them.
 *
 * @throws RecoveryError `source-lost`
 */
export async function readIfReadable(
  source: ByteSource,
  position: number,
  length: number,
): Promise<Uint8Array | undefined> {
  try {
    return await source.read(position, length);
  } catch (error) {
    if (await isBadPlace(source, error)) return undefined;
    throw error;
  }
}
