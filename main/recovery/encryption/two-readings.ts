/**
 * Reads a range of bytes twice: once to verify it as a whole, once to use it, in memory of a slice. In the second
 * reading every slice must be the one that was verified, whatever a failing disk or a hostile hand changed since.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ByteSource } from '../bytes/source.ts';

/** Bytes in the source. */
export interface ByteRange {
  readonly offset: number;
  readonly size: number;
}

/** What the first reading keeps of each slice. */
export type Fingerprints = readonly Uint8Array[];

const sliceSize = 1024 * 1024;

/** Drawn anew by every process, so that nobody can aim at a fingerprint. */
const fingerprintKey = randomBytes(32);

function fingerprint(slice: Uint8Array): Uint8Array {
  return createHmac('sha256', fingerprintKey).update(slice).digest();
}

/** The first reading: shows every slice to `look`. */
export async function readToVerify(
  source: ByteSource,
  range: ByteRange,
  look: (slice: Uint8Array) => void,
): Promise<Fingerprints> {
  const fingerprints: Uint8Array[] = [];
  for (const [position, length] of slices(range)) {
    const slice = await source.read(position, length);
    look(slice);
    fingerprints.push(fingerprint(slice));
  }
  return fingerprints;
}

/** The second reading: yields the slices, and calls `changed`, which must throw, at one that is not the same. */
export async function* readVerified(
  source: ByteSource,
  range: ByteRange,
  fingerprints: Fingerprints,
  changed: () => never,
): AsyncGenerator<Uint8Array> {
  for (const [i, [position, length]] of slices(range).entries()) {
    const slice = await source.read(position, length);
    const verified = fingerprints[i];
    if (!verified || !timingSafeEqual(fingerprint(slice), verified)) changed();
    yield slice;
  }
}

function slices({ offset, size }: ByteRange): readonly (readonly [position: number, length: number])[] {
  return Array.from({ length: Math.ceil(size / sliceSize) }, (_, i) => {
    const start = i * sliceSize;
    return [offset + start, Math.min(sliceSize, size - start)] as const;
  });
}
