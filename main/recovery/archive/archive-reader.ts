/**
 * Reads the archive inside a stored file: a tar of plain and sparse files, folders and links, as a stream.
 *
 * Understands POSIX ustar and pax, GNU long names, and the sparse forms of `sparse-forms.ts`.
 */
import { StreamReader } from '../bytes/stream-reader.ts';
import { blockSize, isZeroBlock, paddingAfter, parseHeader, type TarHeader } from '../tar/header.ts';
import { longestExtendedHeader, parseLongName, parsePaxRecords, paxNumber } from '../tar/pax.ts';
import { ArchiveFault } from './archive-fault.ts';
import { readSparseMap, type MappedData } from './sparse-forms.ts';
import { denseMap, type SparseMap } from './sparse-map.ts';

export type EntryKind = 'file' | 'folder' | 'symlink' | 'hardlink' | 'other';

/** One entry of the archive; its data must be taken before the next entry is asked for, else they are skipped. */
export interface ArchiveEntry {
  readonly path: string;
  readonly kind: EntryKind;
  /** Where a symlink points, or the path of the entry that a hard link repeats. */
  readonly target: string;
  /** Bytes once restored, holes included. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Last change, seconds since 1970, from then until the year 2514. */
  readonly modified: number;
  /** The stored data with their positions, ascending; ranges never mentioned are holes. */
  data(): AsyncIterable<PositionedBytes>;
}

/** An entry as the archive stores it. */
export interface StoredEntry extends ArchiveEntry {
  /** Where in the archive its data begin. */
  readonly dataStart: number;
  /** Which ranges of the file they are. */
  readonly map: SparseMap;
}

/** Bytes and where in the restored file they belong; valid until the next are asked for. */
export interface PositionedBytes {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Longest path or target of a link that is taken; Linux allows 4,096 bytes, Windows 32,767 characters. */
const longestPath = 32 * 1024;

/** What extended headers said about the entry that follows them. */
interface Extension {
  longName?: string;
  longTarget?: string;
  pax: readonly (readonly [string, string])[];
}

/**
 * Yields the entries of an archive, and returns only when the archive is complete: ended by a block of zeros,
 * with nothing but zeros behind it until the end of the stream.
 *
 * @throws ArchiveFault
 */
export async function* readArchive(input: AsyncIterable<Uint8Array>): AsyncGenerator<StoredEntry> {
  const reader = new StreamReader(input);
  try {
    let extension: Extension = { pax: [] };
    for (;;) {
      const block = await reader.read(blockSize);
      if (block.length < blockSize)
        throw new ArchiveFault('unfinished', 'the stream ends before the archive does');
      if (isZeroBlock(block)) break;
      const header = parseHeader(block);
      if (!header) throw new ArchiveFault('malformed', 'a block that is no tar header');
      const extended = await readExtension(reader, header, extension);
      if (extended) {
        extension = extended;
        continue;
      }
      const { entry, skipRest } = await openEntry(reader, header, extension);
      extension = { pax: [] };
      yield entry;
      await skipRest();
    }
    await expectZeros(reader);
  } finally {
    await reader.close();
  }
}

async function readExtension(
  reader: StreamReader,
  header: TarHeader,
  soFar: Extension,
): Promise<Extension | undefined> {
  if (!'xgLK'.includes(header.type)) return undefined;
  const isName = header.type === 'L' || header.type === 'K';
  if (header.size > (isName ? longestPath : longestExtendedHeader))
    throw new ArchiveFault('malformed', 'an extended header is too long');
  const body = await readPadded(reader, header.size);
  switch (header.type) {
    case 'L':
      return { ...soFar, longName: parseLongName(body) };
    case 'K':
      return { ...soFar, longTarget: parseLongName(body) };
    case 'x': {
      const pax = parsePaxRecords(body);
      if (!pax) throw new ArchiveFault('malformed', 'a pax record');
      return { ...soFar, pax };
    }
    default:
      // Global headers carry comments only in the archives that Qubes and GNU tar write.
      return soFar;
  }
}

async function readPadded(reader: StreamReader, size: number): Promise<Uint8Array> {
  const whole = await reader.read(size + paddingAfter(size));
  if (whole.length < size + paddingAfter(size)) throw new ArchiveFault('unfinished', 'inside a header');
  return whole.subarray(0, size);
}

async function openEntry(reader: StreamReader, header: TarHeader, extension: Extension) {
  const pax = new Map(extension.pax);
  const storedSize = pax.has('size') ? paxNumber(pax.get('size')) : header.size;
  if (storedSize === undefined) throw new ArchiveFault('malformed', 'a size');
  const mapped = await readSparseMap(reader, header, extension.pax, storedSize);
  const { map, size, dataSize } = mapped ?? storedWhole(header, storedSize);
  const data = new EntryData(reader, map, dataSize);
  const path = pax.get('GNU.sparse.name') ?? pax.get('path') ?? extension.longName ?? header.name;
  const target = pax.get('linkpath') ?? extension.longTarget ?? header.linkName;
  if (path.length > longestPath || target.length > longestPath)
    throw new ArchiveFault('malformed', 'a name is too long');
  const entry: StoredEntry = {
    path,
    kind: kindOf(header.type),
    target,
    size,
    mode: header.mode & 0o7777,
    modified: timeOf(pax.get('mtime') ?? header.modified),
    dataStart: reader.position,
    map,
    data: () => data.take(),
  };
  return { entry, skipRest: () => data.skip(paddingAfter(dataSize)) };
}

/** The last second that ext4 can note; systems refuse times far beyond, and a file with them. */
const latestTime = 2 ** 34 - 1;

/** The end of 1901: earlier times do not fit into the 32 bits that some file systems have for them. */
const earliestTime = -(2 ** 31);

function timeOf(stated: string | number): number {
  const time = Number(stated);
  return Number.isFinite(time) ? Math.min(Math.max(time, earliestTime), latestTime) : 0;
}

function kindOf(type: string): EntryKind {
  switch (type) {
    case '0':
    case '7':
    case 'S':
      return 'file';
    case '5':
      return 'folder';
    case '2':
      return 'symlink';
    case '1':
      return 'hardlink';
    default:
      return 'other';
  }
}

/** Links and folders have no data, whatever size an old writer noted for them. */
function storedWhole({ type }: TarHeader, storedSize: number): MappedData {
  const size = kindOf(type) === 'file' || kindOf(type) === 'other' ? storedSize : 0;
  return { map: denseMap(size), size, dataSize: size };
}

/** The data of one entry, handed out once and in order. */
class EntryData {
  readonly #reader: StreamReader;
  readonly #map: SparseMap;
  #left: number;

  constructor(reader: StreamReader, map: SparseMap, dataSize: number) {
    this.#reader = reader;
    this.#map = map;
    this.#left = dataSize;
  }

  async *take(): AsyncGenerator<PositionedBytes> {
    for (const { offset, length } of this.#map) {
      for (let done = 0; done < length;) {
        const bytes = await this.#reader.take(length - done);
        if (!bytes) throw new ArchiveFault('unfinished', 'inside the data of a member');
        this.#left -= bytes.length;
        yield { position: offset + done, bytes };
        done += bytes.length;
      }
    }
  }

  /** Passes over what was not taken, and the padding behind. */
  async skip(padding: number): Promise<void> {
    for (let left = this.#left + padding; left > 0;) {
      const bytes = await this.#reader.take(left);
      if (!bytes) throw new ArchiveFault('unfinished', 'inside the data of a member');
      left -= bytes.length;
    }
  }
}

async function expectZeros(reader: StreamReader): Promise<void> {
  for (;;) {
    const bytes = await reader.take(64 * 1024);
    if (!bytes) return;
    if (!isZeroBlock(bytes)) throw new ArchiveFault('overlong', 'data behind the end of the archive');
  }
}
