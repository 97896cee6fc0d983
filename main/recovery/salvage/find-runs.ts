/** Finds what of an archive can be had behind the first gap in its stored stream, by the means of each compression. */
import type { Compression } from '../archive/decoder.ts';
import { decodeZstd } from '../archive/decoders/zstd.ts';
import { placeAtEnd, totalOf, type ArchiveLayout } from './archive-layout.ts';
import { decodeBzip2Tail } from './bzip2-tail.ts';
import { allKnown, measure, upToFault, type Measure, type Run } from './decoded.ts';
import { decodeGzipTail, findGzipTail } from './gzip-tail.ts';
import type { Fragment, StoredStream } from './stored-stream.ts';
import { findXzRuns } from './xz-blocks.ts';
import { findZstdTail } from './zstd-tail.ts';

/**
 * What lies behind the first gap, in the order of the archive: with its place where something tells it.
 *
 * @param layout what the beginning says of the archive; undefined where it is lost or says nothing of the kind
 */
export async function findRuns(
  stream: StoredStream,
  layout: ArchiveLayout | undefined,
  compression: Compression,
): Promise<readonly Run[]> {
  const behind = stream.fragments.filter(({ start }) => start > 0);
  switch (compression) {
    case 'none':
      // What is not compressed lies in the archive as it is stored.
      return behind.map((fragment) => ({
        position: fragment.start,
        length: fragment.end - fragment.start,
        open: () => allKnown(fragment.open()),
      }));
    case 'gzip':
      return findEach(behind, (fragment, isLast) => gzipRun(fragment, isLast, layout));
    case 'bzip2': {
      const level = await bzip2Level(stream.fragments);
      return findEach(behind, (fragment, isLast) => bzip2Run(fragment, isLast, level, layout));
    }
    case 'xz':
      return findXzRuns(stream);
    case 'zstd':
      return findEach(behind, (fragment, isLast) => zstdRun(fragment, isLast, layout));
    case 'lzma':
    case 'zlib':
      // One chain from the first bit to the last, in which nothing says where one could go on.
      return [];
  }
}

async function findEach(
  fragments: readonly Fragment[],
  find: (fragment: Fragment, isLast: boolean) => Promise<Run | undefined>,
): Promise<readonly Run[]> {
  const found: Run[] = [];
  for (const fragment of fragments) {
    const one = await find(fragment, fragment === fragments.at(-1));
    if (one) found.push(one);
  }
  return found;
}

/** Counted back from the end of an archive of `total` bytes where that is known and fits. */
function placed(
  layout: ArchiveLayout | undefined,
  measure: Measure,
  total: number | null | undefined,
  open: Run['open'],
): Run | undefined {
  const { length } = measure;
  const position = layout && typeof total === 'number' ? placeAtEnd(layout, measure, total) : undefined;
  return length > 0 ? { position: position ?? null, length, open } : undefined;
}

/** Its trailer says how long the stream is, its archive how often 2^32 has to be added. */
async function gzipRun(
  fragment: Fragment,
  isLast: boolean,
  layout: ArchiveLayout | undefined,
): Promise<Run | undefined> {
  const tail = await findGzipTail(fragment.open());
  if (!tail) return undefined;
  const total = layout && isLast && tail.total !== null ? totalOf(layout, tail.total) : null;
  return placed(layout, tail, total, () => decodeGzipTail(fragment.open(), tail));
}

/** Nothing in the format says how long the stream is: the habits of who writes archives have to. */
async function bzip2Run(
  fragment: Fragment,
  isLast: boolean,
  level: number,
  layout: ArchiveLayout | undefined,
): Promise<Run | undefined> {
  const open = () => decodeBzip2Tail(fragment.open(), level);
  const tail = await measure(open());
  return placed(layout, tail, isLast && tail.whole ? layout?.usualTotal : null, () => upToFault(open()));
}

async function zstdRun(
  fragment: Fragment,
  isLast: boolean,
  layout: ArchiveLayout | undefined,
): Promise<Run | undefined> {
  const tail = await findZstdTail(fragment);
  if (!tail) return undefined;
  const total = isLast && tail.whole ? layout?.usualTotal : null;
  return placed(layout, tail, total, () => upToFault(decodeZstd(fragment.open(tail.start))));
}

/** Times 100,000 bytes that blocks have; the highest takes those of all others too. */
async function bzip2Level([first]: readonly Fragment[]): Promise<number> {
  const level = first?.start === 0 ? ((await headOf(first, 4))[3] ?? 0) - 0x30 : 9;
  return level >= 1 && level <= 9 ? level : 9;
}

async function headOf(fragment: Fragment, length: number): Promise<Uint8Array> {
  const head: number[] = [];
  for await (const piece of fragment.open()) {
    head.push(...piece.subarray(0, length - head.length));
    if (head.length === length) break;
  }
  return Uint8Array.from(head);
}
