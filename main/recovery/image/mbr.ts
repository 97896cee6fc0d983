/**
 * The partition table of the master boot record, with the chain of its extended partitions.
 *
 * Source: UEFI specification 2.10, section 5.2.1; the chain is described at
 * https://en.wikipedia.org/wiki/Extended_boot_record.
 */
import type { ByteSource } from '../bytes/source.ts';
import { Fields } from './fields.ts';
import { readWithZeros } from './lost-ranges.ts';
import { heldTo, SECTOR_SIZES, tableProblem, type Partition, type PartitionTable } from './partitions.ts';
import { probeVolume } from './probe.ts';
import { windowOf } from './window.ts';

const RECORD_SIZE = 512;
const ENTRIES_AT = 446;
const ENTRY_SIZE = 16;
const EXTENDED_TYPES: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);
/** Stands for a whole disk that GPT divides. */
const PROTECTIVE_TYPE = 0xee;
/** More than any system makes; a chain that leads back into itself ends here. */
const MAX_LOGICAL = 128;

/** An entry as it stands in a record: sectors, counted from wherever the record counts. */
interface Entry {
  readonly type: number;
  readonly first: number;
  readonly sectors: number;
}

/**
 * Reads the table of a disk that starts with no file system: the boot sectors of some end in the same mark.
 *
 * @returns null for a disk without one
 * @throws RecoveryError `source-lost`
 */
export async function readMbr(source: ByteSource): Promise<PartitionTable | null> {
  const entries = await readRecord(source, 0);
  if (!entries?.some(({ type }) => type !== 0)) return null;
  if (entries.some(({ type }) => type === PROTECTIVE_TYPE)) {
    return { kind: 'gpt', sectorSize: 512, partitions: [], problems: [tableProblem('GPT', 'both headers')] };
  }
  // The record does not say how long its sectors are. What lies where they lead does.
  for (const sectorSize of SECTOR_SIZES.toReversed()) {
    const table = heldTo(source.size, await tableOf(source, entries, sectorSize));
    const isLast = sectorSize === SECTOR_SIZES[0];
    if (isLast || (table.problems.length === 0 && (await leadsToContent(source, table)))) return table;
  }
  return null;
}

async function leadsToContent(source: ByteSource, table: PartitionTable): Promise<boolean> {
  for (const { start, size } of table.partitions) {
    const { kind } = await probeVolume(windowOf(source, start, size));
    if (kind !== 'unknown' && kind !== 'blank') return true;
  }
  return false;
}

async function tableOf(
  source: ByteSource,
  entries: readonly Entry[],
  sectorSize: number,
): Promise<PartitionTable> {
  const partitions = entries.flatMap((entry, index) =>
    entry.type === 0 || EXTENDED_TYPES.has(entry.type)
      ? []
      : [partitionOf(entry, index + 1, entry.first, sectorSize)],
  );
  const extended = entries.find(({ type }) => EXTENDED_TYPES.has(type));
  const isWhole = !extended || (await readLogical(source, extended.first, sectorSize, partitions));
  const problems = isWhole ? [] : [tableProblem('MBR', 'chain of the extended partition')];
  return { kind: 'mbr', sectorSize, partitions, problems };
}

function partitionOf(entry: Entry, number: number, first: number, sectorSize: number): Partition {
  return {
    number,
    start: first * sectorSize,
    size: entry.sectors * sectorSize,
    type: entry.type.toString(16).padStart(2, '0'),
    name: null,
  };
}

/**
 * Adds the partitions of the chain of an extended partition. Each record names a partition, counted from itself,
 * and the next record, counted from the first.
 *
 * @returns whether the chain came to its end
 */
async function readLogical(
  source: ByteSource,
  extendedFirst: number,
  sectorSize: number,
  partitions: Partition[],
): Promise<boolean> {
  let record = extendedFirst;
  for (let number = 5; number < 5 + MAX_LOGICAL; number++) {
    const entries = await readRecord(source, record * sectorSize);
    if (!entries) return false;
    const partition = entries.find(({ type }) => type !== 0 && !EXTENDED_TYPES.has(type));
    if (partition) partitions.push(partitionOf(partition, number, record + partition.first, sectorSize));
    const next = entries.find(({ type }) => EXTENDED_TYPES.has(type));
    if (!next) return true;
    record = extendedFirst + next.first;
  }
  return false;
}

/** The four entries of a record, or null where there is none. Entries without sectors count as empty. */
async function readRecord(source: ByteSource, position: number): Promise<Entry[] | null> {
  if (position + RECORD_SIZE > source.size) return null;
  const fields = new Fields(await readWithZeros(source, position, RECORD_SIZE));
  if (fields.u16(RECORD_SIZE - 2) !== 0xaa55) return null;
  const entries = [0, 1, 2, 3].map((index) => {
    const at = ENTRIES_AT + index * ENTRY_SIZE;
    const sectors = fields.u32(at + 12);
    const isBootable = fields.u8(at);
    return {
      isValid: isBootable === 0 || isBootable === 0x80,
      type: sectors === 0 ? 0 : fields.u8(at + 4),
      first: fields.u32(at + 8),
      sectors,
    };
  });
  return entries.every(({ isValid }) => isValid) ? entries : null;
}
