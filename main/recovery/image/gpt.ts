/**
 * The GUID partition table, and its backup where it is broken.
 *
 * Source: UEFI specification 2.10, section 5.3.
 */
import { crc32 } from '../bytes/crc32.ts';
import type { ByteSource } from '../bytes/source.ts';
import { Fields } from './fields.ts';
import { readWithZeros } from './lost-ranges.ts';
import { heldTo, SECTOR_SIZES, tableProblem, type Partition, type PartitionTable } from './partitions.ts';

const SIGNATURE = Buffer.from('EFI PART');
const MIN_HEADER_SIZE = 92;
const MIN_ENTRY_SIZE = 128;
const MAX_ENTRY_SIZE = 4096;
/** Tables have 128 entries of 128 bytes; this is as much as Linux reads. */
const MAX_ENTRIES_BYTES = 2 ** 20;
const UNUSED = '00000000-0000-0000-0000-000000000000';

/**
 * Reads the table of a disk.
 *
 * @returns null for a disk without one; a table without partitions where neither it nor its backup is whole
 * @throws RecoveryError `source-lost`
 */
export async function readGpt(source: ByteSource): Promise<PartitionTable | null> {
  let isMarked = false;
  const backups: { readonly sectorSize: number; readonly position: number }[] = [];
  for (const sectorSize of SECTOR_SIZES) {
    const lastSector = Math.floor(source.size / sectorSize) - 1;
    const header = await readSector(source, sectorSize, sectorSize);
    if (header) {
      const partitions = await readPartitions(source, header, sectorSize);
      if (partitions) return heldTo(source.size, { kind: 'gpt', sectorSize, partitions, problems: [] });
      // The disk may have been enlarged since, so that its backup no longer lies at its end.
      backups.push({ sectorSize, position: header.u64(32) * sectorSize });
      isMarked = true;
    }
    backups.push({ sectorSize, position: lastSector * sectorSize });
  }
  const problems = [tableProblem('GPT', 'first header')];
  for (const { sectorSize, position } of backups) {
    const header = await readSector(source, position, sectorSize);
    const partitions = header && (await readPartitions(source, header, sectorSize, position));
    if (partitions) return heldTo(source.size, { kind: 'gpt', sectorSize, partitions, problems });
  }
  if (!isMarked) return null;
  return { kind: 'gpt', sectorSize: 512, partitions: [], problems: [tableProblem('GPT', 'both headers')] };
}

/** A sector with the signature of a header, or null. */
async function readSector(source: ByteSource, position: number, sectorSize: number): Promise<Fields | null> {
  if (position < sectorSize || position + sectorSize > source.size) return null;
  const bytes = await readWithZeros(source, position, sectorSize);
  return SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length)) ? new Fields(bytes) : null;
}

/** The partitions of a header, or null when it or its entries are broken. */
async function readPartitions(
  source: ByteSource,
  header: Fields,
  sectorSize: number,
  position = sectorSize,
): Promise<Partition[] | null> {
  const headerSize = header.u32(12);
  if (headerSize < MIN_HEADER_SIZE || headerSize > sectorSize) return null;
  const blanked = header.bytes.slice(0, headerSize);
  blanked.fill(0, 16, 20);
  if (crc32(blanked) !== header.u32(16) || header.u64(24) * sectorSize !== position) return null;

  const count = header.u32(80);
  const entrySize = header.u32(84);
  const entriesAt = header.u64(72) * sectorSize;
  const length = count * entrySize;
  if (entrySize < MIN_ENTRY_SIZE || entrySize > MAX_ENTRY_SIZE || length > MAX_ENTRIES_BYTES) return null;
  if (entriesAt + length > source.size) return null;
  const entries = await readWithZeros(source, entriesAt, length);
  if (crc32(entries) !== header.u32(88)) return null;
  return Array.from({ length: count }, (_, index) => {
    const entry = new Fields(entries.subarray(index * entrySize, (index + 1) * entrySize));
    return partitionOf(entry, index + 1, sectorSize);
  }).filter((partition) => partition !== null);
}

function partitionOf(entry: Fields, number: number, sectorSize: number): Partition | null {
  const type = entry.guid(0);
  const first = entry.u64(32);
  const last = entry.u64(40);
  if (type === UNUSED || first === 0 || last < first) return null;
  const name = Buffer.from(entry.bytes.subarray(56, 128)).toString('utf16le').replace(/\0.*$/s, '');
  return {
    number,
    start: first * sectorSize,
    size: (last - first + 1) * sectorSize,
    type,
    name: name === '' ? null : name,
  };
}
