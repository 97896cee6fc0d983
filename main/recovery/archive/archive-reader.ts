/**
 * Reads the archive inside a stored file: a tar of plain and sparse files, folders and links, as a stream.
 *
 * Understands POSIX ustar and pax, GNU long names, and every way in which GNU tar and Qubes OS store sparse files:
 * old GNU (type `S`, with extension blocks), PAX 0.0, 0.1 and 1.0 (GNU tar manual, "Sparse Formats").
 */
import { StreamReader } from '../bytes/stream-reader.ts';
import {
  blockSize,
  isZeroBlock,
  numericField,
  paddingAfter,
  parseHeader,
  type TarHeader,
} from '../tar/header.ts';
import { longestExtendedHeader, parseLongName, parsePaxRecords, paxNumber } from '../tar/pax.ts';
import { denseMap, SparseMap } from './sparse-map.ts';

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

export type ArchiveFaultKind = 'malformed' | 'sparse-map' | 'unfinished' | 'overlong';

/** Why an archive cannot be read on; the pipeline, which knows the file, makes a catalogued problem of it. */
export class ArchiveFault extends Error {
  readonly kind: ArchiveFaultKind;

  constructor(kind: ArchiveFaultKind, detail: string) {
    super(detail);
    this.name = 'ArchiveFault';
    this.kind = kind;
  }
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
  const { map, size, dataSize } = await readMap(reader, header, extension.pax, pax, storedSize);
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

function timeOf(stated: string | number): number {
  const time = Number(stated);
  return Number.isFinite(time) ? Math.min(Math.max(time, 0), latestTime) : 0;
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

interface MappedData {
  readonly map: SparseMap;
  /** Bytes once restored. */
  readonly size: number;
  /** Bytes in the archive after any map. */
  readonly dataSize: number;
}

/** Records that only sparse files have, in one form or another. */
const sparseKeys = ['major', 'realsize', 'size', 'numblocks', 'numbytes'].map((key) => `GNU.sparse.${key}`);

async function readMap(
  reader: StreamReader,
  header: TarHeader,
  records: readonly (readonly [string, string])[],
  pax: ReadonlyMap<string, string>,
  storedSize: number,
): Promise<MappedData> {
  try {
    if (header.type === 'S') return checked(await oldGnuMap(reader, header), storedSize);
    if (pax.get('GNU.sparse.major') === '1' && pax.get('GNU.sparse.minor') === '0')
      return await pax1Map(reader, pax, storedSize);
    if (pax.has('GNU.sparse.map') || pax.has('GNU.sparse.offset'))
      return checked(pax0Map(records, pax), storedSize);
    // Taken for a plain file, it would come out wrong without anybody knowing.
    if (sparseKeys.some((key) => pax.has(key))) throw new RangeError('a sparse form that is not known');
  } catch (error) {
    if (error instanceof RangeError) throw new ArchiveFault('sparse-map', error.message);
    throw error;
  }
  // Links and folders have no data, whatever size an old writer noted for them.
  const size = kindOf(header.type) === 'file' || kindOf(header.type) === 'other' ? storedSize : 0;
  return { map: denseMap(size), size, dataSize: size };
}

interface SizedMap {
  readonly map: SparseMap;
  readonly size: number;
}

function checked({ map, size }: SizedMap, dataSize: number): MappedData {
  if (map.dataSize !== dataSize) throw new RangeError('the map and the stored data differ in size');
  return { map, size, dataSize };
}

/** Type `S`: four extents in the header, then extension blocks of twenty-one. */
async function oldGnuMap(reader: StreamReader, header: TarHeader): Promise<SizedMap> {
  const size = numericField(header.block, 483, 12);
  if (size === undefined) throw new RangeError('the real size');
  const map = new SparseMap(size);
  appendFields(map, header.block, 386, 4);
  let more = header.block[482] !== 0;
  while (more) {
    const block = await reader.read(blockSize);
    if (block.length < blockSize) throw new ArchiveFault('unfinished', 'inside a sparse map');
    appendFields(map, block, 0, 21);
    more = block[504] !== 0;
  }
  return { map, size };
}

function appendFields(map: SparseMap, block: Uint8Array, start: number, count: number): void {
  for (let at = start; at < start + count * 24; at += 24) {
    // A field that was never filled ends the list.
    if (block[at] === 0 && block[at + 12] === 0) return;
    const offset = numericField(block, at, 12);
    const length = numericField(block, at + 12, 12);
    if (offset === undefined || length === undefined) throw new RangeError('a number');
    map.append(offset, length);
  }
}

/** PAX 0.0 repeats a pair of records for each extent; 0.1 has them all in one record, with commas. */
function pax0Map(
  records: readonly (readonly [string, string])[],
  pax: ReadonlyMap<string, string>,
): SizedMap {
  const size = paxNumber(pax.get('GNU.sparse.size'));
  if (size === undefined) throw new RangeError('the real size');
  const numbers = pax.get('GNU.sparse.map')?.split(',') ?? pairedNumbers(records);
  const map = new SparseMap(size);
  for (let i = 0; i < numbers.length; i += 2) {
    const offset = paxNumber(numbers[i]);
    const length = paxNumber(numbers[i + 1]);
    if (offset === undefined || length === undefined) throw new RangeError('a number');
    map.append(offset, length);
  }
  return { map, size };
}

/** The numbers of PAX 0.0: an offset, its length, the next offset, … */
function pairedNumbers(records: readonly (readonly [string, string])[]): readonly string[] {
  const keys = ['GNU.sparse.offset', 'GNU.sparse.numbytes'];
  const listed = records.filter(([key]) => keys.includes(key));
  if (listed.some(([key], i) => key !== keys[i % 2])) throw new RangeError('offsets and lengths out of turn');
  return listed.map(([, value]) => value);
}

/** PAX 1.0: the map stands before the data, as lines of decimals in blocks padded with zeros. */
async function pax1Map(
  reader: StreamReader,
  pax: ReadonlyMap<string, string>,
  storedSize: number,
): Promise<MappedData> {
  const size = paxNumber(pax.get('GNU.sparse.realsize'));
  if (size === undefined) throw new RangeError('the real size');
  const numbers = new DecimalLines(reader, storedSize);
  const count = await numbers.next();
  const map = new SparseMap(size);
  for (let i = 0; i < count; i++) map.append(await numbers.next(), await numbers.next());
  return checked({ map, size }, storedSize - numbers.bytesRead);
}

/** Decimal numbers, one a line, read block by block and never beyond the member they stand in. */
class DecimalLines {
  bytesRead = 0;
  readonly #reader: StreamReader;
  readonly #limit: number;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(reader: StreamReader, limit: number) {
    this.#reader = reader;
    this.#limit = limit;
  }

  async next(): Promise<number> {
    let value = 0;
    for (let digits = 0; ; digits++) {
      if (this.#at === this.#block.length) await this.#readBlock();
      const byte = this.#block[this.#at++] ?? 0;
      if (byte === 0x0a && digits > 0) return value;
      if (byte < 0x30 || byte > 0x39 || digits === 16) throw new RangeError('a number');
      value = value * 10 + (byte - 0x30);
    }
  }

  async #readBlock(): Promise<void> {
    if (this.bytesRead + blockSize > this.#limit) throw new RangeError('the map is longer than its member');
    this.#block = await this.#reader.read(blockSize);
    if (this.#block.length < blockSize) throw new ArchiveFault('unfinished', 'inside a sparse map');
    this.bytesRead += blockSize;
    this.#at = 0;
  }
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
