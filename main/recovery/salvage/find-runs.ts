/** Finds what of an archive can be had behind the first gap in its stored stream, by the means of each compression. */
import type { Compression } from '../archive/decoder.ts';
import { StreamFault } from '../archive/decoder.ts';
import { decodeZstd } from '../archive/decoders/zstd.ts';
import { placeAtEnd, totalOf, type ArchiveLayout } from './archive-layout.ts';
import { decodeBzip2Tail } from './bzip2-tail.ts';
import { allKnown, measure, type Run } from './decoded.ts';
import { decodeGzipTail, findGzipTail } from './gzip-tail.ts';
import type { Fragment, StoredStream } from './stored-stream.ts';
import { findXzRuns } from './xz-blocks.ts';
import { findZstdTail } from './zstd-tail.ts';

/** The runs behind the first gap, in the order of the archive; runs whose place nothing tells are not among them. */
export async function findRuns(
  stream: StoredStream,
  layout: ArchiveLayout,
  compression: Compression,
): Promise<readonly Run[]> {
  const behind = stream.fragments.slice(1);
  const last = behind.at(-1);
  if (!last) return [];
  switch (compression) {
    case 'none':
      // What is not compressed lies in the archive as it is stored.
      return behind.map((fragment) => ({
        position: fragment.start,
        open: () => allKnown(fragment.open()),
      }));
    case 'gzip':
      return gzipRun(last, layout);
    case 'bzip2':
      return bzip2Run(stream.fragments[0], last, layout);
    case 'xz':
      return findXzRuns(stream);
    case 'zstd':
      return zstdRun(last, layout);
    case 'lzma':
    case 'zlib':
      // One chain from the first bit to the last, in which nothing says where one could go on.
      return [];
  }
}

/** Its trailer says how long the stream is, its archive how often 2^32 has to be added. */
async function gzipRun(last: Fragment, layout: ArchiveLayout): Promise<readonly Run[]> {
  const tail = await findGzipTail(last.open());
  if (!tail) return [];
  const position = placeAtEnd(layout, tail, totalOf(layout, tail.total));
  return position === undefined ? [] : [{ position, open: () => decodeGzipTail(last.open(), tail) }];
}

/** Nothing in the format says how long the stream is: the habits of who writes archives have to. */
async function bzip2Run(first: Fragment, last: Fragment, layout: ArchiveLayout): Promise<readonly Run[]> {
  const level = (await headOf(first, 4))[3] ?? 0;
  const open = () => allKnown(decodeBzip2Tail(last.open(), level - 0x30));
  const tail = await orNothing(measure(open()));
  const position = tail && placeAtEnd(layout, tail, layout.usualTotal);
  return position === undefined ? [] : [{ position, open }];
}

async function zstdRun(last: Fragment, layout: ArchiveLayout): Promise<readonly Run[]> {
  const tail = await findZstdTail(last);
  if (!tail) return [];
  const position = placeAtEnd(layout, tail, layout.usualTotal);
  return position === undefined
    ? []
    : [{ position, open: () => allKnown(decodeZstd(last.open(tail.start))) }];
}

async function headOf(fragment: Fragment, length: number): Promise<Uint8Array> {
  const head: number[] = [];
  for await (const piece of fragment.open()) {
    head.push(...piece.subarray(0, length - head.length));
    if (head.length === length) break;
  }
  return Uint8Array.from(head);
}

/** What cannot be decoded to its end is not what it was taken for. */
async function orNothing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof StreamFault) return undefined;
    throw error;
  }
}
