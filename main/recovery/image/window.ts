/** A part of a source of bytes as a source of its own: a partition of a disk. */
import type { ByteSource } from '../bytes/source.ts';

/**
 * The `size` bytes of a source from `start` on. Closing it leaves the source open, which others may still read.
 */
export function windowOf(source: ByteSource, start: number, size: number): ByteSource {
  return {
    size,
    read(position, length, into) {
      if (position < 0 || position + length > size)
        return Promise.reject(new RangeError('read past the end'));
      return source.read(start + position, length, into);
    },
    ...(source.lostIn && {
      lostIn: (position, length) =>
        source
          .lostIn?.(start + position, length)
          .map((lost) => ({ ...lost, position: lost.position - start })) ?? [],
    }),
    close: () => Promise.resolve(),
  };
}
