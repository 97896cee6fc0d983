/**
 * The ways in which GNU tar and Qubes OS note where a sparse file has data: old GNU (type `S`, with extension blocks),
 * PAX 0.0, 0.1 and 1.0 (GNU tar manual, "Sparse Formats").
 */
import type { StreamReader } from '../bytes/stream-reader.ts';
import { blockSize, numericField, type TarHeader } from '../tar/header.ts';
import { paxNumber } from '../tar/pax.ts';
import { ArchiveFault } from './archive-fault.ts';
import { SparseMap } from './sparse-map.ts';

export interface MappedData {
  readonly map: SparseMap;
  /** Bytes once restored. */
  readonly size: number;
  /** Bytes in the archive after any map. */
  readonly dataSize: number;
}

/** Records that only sparse files have, in one form or another. */
const sparseKeys = ['major', 'realsize', 'size', 'numblocks', 'numbytes'].map((key) => `GNU.sparse.${key}`);

/**
 * Reads which ranges of a file its archive stores, from its headers and from what stands before the data.
 *
 * @returns undefined for what is stored whole
 * @throws ArchiveFault `sparse-map` for a map that contradicts itself or a form that is not known; `unfinished`
 */
export async function readSparseMap(
  reader: StreamReader,
  header: TarHeader,
  records: readonly (readonly [string, string])[],
  storedSize: number,
): Promise<MappedData | undefined> {
  const pax = new Map(records);
  try {
    if (header.type === 'S') return checked(await oldGnuMap(reader, header), storedSize);
    if (pax.get('GNU.sparse.major') === '1' && pax.get('GNU.sparse.minor') === '0')
      return await pax1Map(reader, pax, storedSize);
    if (pax.has('GNU.sparse.map') || pax.has('GNU.sparse.offset'))
      return checked(pax0Map(records, pax), storedSize);
    // Taken for a plain file, it would come out wrong without anybody knowing.
    if (sparseKeys.some((key) => pax.has(key))) throw new RangeError('a sparse form that is not known');
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) throw new ArchiveFault('sparse-map', error.message);
    throw error;
  }
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
