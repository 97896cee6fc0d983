/** Tells a place that a drive cannot read any more from a drive that is gone. */
import { randomInt } from 'node:crypto';
import { RecoveryError } from '../../../shared/problems.ts';
import type { ByteSource } from './source.ts';

const tries = 4;
const sectorSize = 512;

/** Whether reading failed as it does on a bad sector. */
export function isReadFault(error: unknown): boolean {
  if (!(error instanceof RecoveryError)) return false;
  const { problem } = error;
  return problem.code === 'source-lost' && problem.params.reason === 'EIO';
}

/** Whether a source that failed at one place still answers at others, which are drawn so that no cache has them all. */
export async function answersElsewhere(source: ByteSource): Promise<boolean> {
  for (let i = 0; i < tries; i++) {
    const position = randomInt(Math.max(1, source.size - sectorSize));
    const length = Math.min(sectorSize, source.size - position);
    const answered = await source.read(position, length).then(
      () => true,
      () => false,
    );
    if (answered) return true;
  }
  return false;
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
    if (isReadFault(error) && (await answersElsewhere(source))) return undefined;
    throw error;
  }
}
