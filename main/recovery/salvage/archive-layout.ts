/** Where the bytes of an archive of one file belong: read from its beginning, and counted back from its end. */
import { ArchiveFault } from '../archive/archive-fault.ts';
import { readArchive } from '../archive/archive-reader.ts';
import type { SparseMap } from '../archive/sparse-map.ts';
import { StreamFault } from '../archive/decoder.ts';
import { peek } from '../bytes/peek.ts';
import { blockSize, paddingAfter, parseHeader } from '../tar/header.ts';
import type { Measure } from './decoded.ts';

/** Where in an archive the stored data of its file lie. */
export interface DataLayout {
  readonly map: SparseMap;
  readonly dataStart: number;
  readonly dataEnd: number;
}

export interface ArchiveLayout extends DataLayout {
  /** Name of the file as the archive has it. */
  readonly path: string;
  /** Bytes of the file once restored. */
  readonly size: number;
  /** Bytes of the whole archive, by the habits of the program that wrote it. */
  readonly usualTotal: number;
}

/**
 * Reads the beginning of an archive that holds one file.
 *
 * @returns undefined when it holds something else, or its beginning is not whole
 */
export async function readLayout(archive: AsyncIterable<Uint8Array>): Promise<ArchiveLayout | undefined> {
  const { head, whole } = await peek(archive, blockSize);
  try {
    for await (const { kind, path, size, map, dataStart } of readArchive(whole)) {
      if (kind !== 'file') return undefined;
      const dataEnd = dataStart + map.dataSize;
      return { path, size, map, dataStart, dataEnd, usualTotal: usualTotal(head, dataEnd) };
    }
  } catch (error) {
    if (!(error instanceof ArchiveFault) && !(error instanceof StreamFault)) throw error;
  }
  return undefined;
}

/** GNU tar fills up records of twenty blocks. */
const record = 20 * blockSize;

/** Two blocks of zeros end an archive. */
const ending = 2 * blockSize;

/**
 * Volumes are written by a program of Qubes OS, in Python, whose headers have a name of their own and which adds the
 * ending and nothing else. Everything else comes from GNU tar.
 */
function usualTotal(head: Uint8Array, dataEnd: number): number {
  if (parseHeader(head.subarray(0, blockSize))?.name === '././@PaxHeader') return dataEnd + ending;
  return Math.ceil((dataEnd + paddingAfter(dataEnd) + ending) / record) * record;
}

/** No writer leaves more behind the data. */
const longestEnding = 64 * 1024;

/** The smallest total of an archive that is `remainder` modulo 2^32. */
export function totalOf(layout: ArchiveLayout, remainder: number): number {
  const modulus = 2 ** 32;
  return layout.dataEnd + ((((remainder - layout.dataEnd) % modulus) + modulus) % modulus);
}

/**
 * Where a run that ends an archive of `total` bytes begins.
 *
 * @returns undefined when what the run ends with is not what such an archive ends with
 */
export function placeAtEnd(layout: ArchiveLayout, run: Measure, total: number): number | undefined {
  const behindData = total - layout.dataEnd;
  if (behindData < blockSize || behindData > longestEnding) return undefined;
  if (run.zerosAtEnd < Math.min(behindData, run.length)) return undefined;
  return total >= run.length ? total - run.length : undefined;
}
