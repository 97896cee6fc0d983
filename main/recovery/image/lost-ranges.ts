/** Bytes of an image that were lost in the backup and read as zeros: a source that knows of them never hands those out. */
import { fail } from '../../../shared/problems.ts';
import type { ByteSource, LostRange } from '../bytes/source.ts';

/** A fault of reading bytes that nobody knows, which are part of `structure`. */
export function refuseLost(structure: string, { position, length }: LostRange): never {
  fail('filesystem-part-lost', { structure, offset: position, bytes: length });
}

/**
 * A source without its lost `ranges`, which lie in order and apart from each other. Reading any of their bytes throws
 * RecoveryError `filesystem-part-lost`.
 */
export function withoutLost(
  source: ByteSource,
  ranges: readonly { readonly start: number; readonly end: number }[],
): ByteSource {
  const lostIn = (position: number, length: number): readonly LostRange[] => {
    const end = position + length;
    const found: LostRange[] = [];
    for (let index = firstBehind(ranges, position); ; index++) {
      const range = ranges[index];
      if (!range || range.start >= end) return found;
      const from = Math.max(range.start, position);
      found.push({ position: from, length: Math.min(range.end, end) - from });
    }
  };
  return {
    size: source.size,
    read(position, length, into) {
      const [lost] = lostIn(position, length);
      if (lost) refuseLost('image', lost);
      return source.read(position, length, into);
    },
    lostIn,
    close: () => source.close(),
  };
}

/** The index of the first range that ends behind `position`. */
function firstBehind(ranges: readonly { readonly end: number }[], position: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.end ?? 0) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Reads with zeros in the place of what was lost, for whatever a zero can never be part of. */
export async function readWithZeros(
  source: ByteSource,
  position: number,
  length: number,
  into: Uint8Array = new Uint8Array(length),
): Promise<Uint8Array> {
  const target = into.subarray(0, length);
  let at = position;
  for (const lost of [
    ...(source.lostIn?.(position, length) ?? []),
    { position: position + length, length: 0 },
  ]) {
    const part = target.subarray(at - position, lost.position - position);
    if (part.length > 0) await source.read(at, part.length, part);
    at = lost.position + lost.length;
    target.fill(0, lost.position - position, at - position);
  }
  return target;
}
