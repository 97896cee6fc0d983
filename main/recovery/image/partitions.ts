/** What a partition table says of a disk, whichever kind it is of, and how its claims are held to the disk. */
import { problem, type Problem } from '../../../shared/problems.ts';

/** A part of a disk. Positions and sizes are bytes, inside the disk. */
export interface Partition {
  /** As Linux numbers it: its place in the table, and from 5 on inside an extended partition. */
  readonly number: number;
  readonly start: number;
  readonly size: number;
  /** What it is meant for: the GUID of GPT, or the byte of MBR as two hexadecimal digits. */
  readonly type: string;
  /** The name that GPT keeps, or null. */
  readonly name: string | null;
}

export interface PartitionTable {
  readonly kind: 'gpt' | 'mbr';
  /** Bytes: 512 or 4,096. */
  readonly sectorSize: number;
  readonly partitions: readonly Partition[];
  readonly problems: readonly Problem[];
}

export const SECTOR_SIZES = [512, 4096] as const;

/** The warning that a table, of the kind named as people know it, is broken. */
export function tableProblem(table: 'GPT' | 'MBR', detail: string): Problem {
  return problem('partition-table-damaged', { table, detail });
}

/** Partitions as the disk holds them: cut where they reach past its end, left out where they start there. */
export function heldTo(diskSize: number, table: PartitionTable): PartitionTable {
  const name = table.kind === 'gpt' ? 'GPT' : 'MBR';
  const past = table.partitions.filter(({ start, size }) => start + size > diskSize);
  return {
    ...table,
    partitions: table.partitions
      .filter(({ start }) => start < diskSize)
      .map((partition) => ({ ...partition, size: Math.min(partition.size, diskSize - partition.start) })),
    problems: [
      ...table.problems,
      ...past.map(({ number }) => tableProblem(name, `partition ${number} reaches past the end of the disk`)),
    ],
  };
}
