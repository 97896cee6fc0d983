/**
 * Group descriptors: where the inodes of each group lie.
 *
 * Source: Linux, Documentation/filesystems/ext4/group_descr.rst and blockgroup.rst (meta block groups).
 */
import { problem } from '../../../shared/problems.ts';
import { crc16, crc32c, crc32cOfNumber } from './checksums.ts';
import { damaged, keepDamage, type Damage } from './damage.ts';
import { Fields, joined } from './fields.ts';
import type { Filesystem } from './filesystem.ts';
import type { Superblock } from './superblock.ts';

/** Copies of a descriptor that are tried after the first; a file system has many more. */
const BACKUPS_TRIED = 3;

/**
 * Finds the first block of a group's table of inodes, through a backup where the descriptor is broken.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export async function inodeTableOf(filesystem: Filesystem, group: number): Promise<number> {
  const damages: Damage[] = [];
  for (const block of descriptorBlocks(filesystem.superblock, group)) {
    try {
      const table = await readInodeTable(filesystem, group, block);
      if (damages[0]) filesystem.note(problem('filesystem-backup-used', { structure: 'group descriptors' }));
      return table;
    } catch (error) {
      keepDamage(damages, error);
    }
  }
  throw damages[0] ?? new RangeError(`no group ${group}`);
}

async function readInodeTable(filesystem: Filesystem, group: number, block: number): Promise<number> {
  const { superblock, blocks } = filesystem;
  const structure = `group descriptor ${group}`;
  const at = (group * superblock.descriptorSize) % superblock.blockSize;
  const bytes = await blocks.metadata(block, structure, { offset: at, length: superblock.descriptorSize });
  const descriptor = bytes.subarray(at, at + superblock.descriptorSize);
  const fields = new Fields(descriptor);
  if (!checksumHolds(superblock, group, descriptor)) damaged(structure, 'checksum');
  const table = joined(superblock.descriptorSize >= 64 ? fields.u32(0x28) : 0, fields.u32(0x8));
  const tableBlocks = Math.ceil((superblock.inodesPerGroup * superblock.inodeSize) / superblock.blockSize);
  if (table <= superblock.firstDataBlock || table + tableBlocks > superblock.blockCount) {
    damaged(structure, 'inode table');
  }
  return table;
}

function checksumHolds(superblock: Superblock, group: number, descriptor: Uint8Array): boolean {
  const stored = new Fields(descriptor).u16(0x1e);
  if (superblock.checksumSeed !== null) {
    const blanked = descriptor.slice();
    blanked.fill(0, 0x1e, 0x20);
    return (crc32c(blanked, crc32cOfNumber(group, superblock.checksumSeed)) & 0xffff) === stored;
  }
  if (superblock.descriptorSeed !== null) {
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, group, true);
    const head = crc16(descriptor.subarray(0, 0x1e), crc16(number, superblock.descriptorSeed));
    return crc16(descriptor.subarray(0x20), head) === stored;
  }
  return true;
}

/** The blocks that hold a group's descriptor: the one in use first, then backups. */
function descriptorBlocks(superblock: Superblock, group: number): number[] {
  const perBlock = superblock.blockSize / superblock.descriptorSize;
  const index = Math.floor(group / perBlock);
  if (index >= superblock.firstMetaGroup) {
    const first = index * perBlock;
    // A meta group keeps its block of descriptors in its first, second and last group.
    return [first, first + 1, first + perBlock - 1]
      .filter((holder) => holder < superblock.groupCount)
      .map((holder) => groupStart(superblock, holder) + (holdsSuperblock(superblock, holder) ? 1 : 0))
      .map((block) => (group < perBlock && block === 1 && superblock.blockSize === 1024 ? 2 : block));
  }
  // Block 1 holds the superblock where blocks are of 1 KiB, even when the first group starts at block 0.
  const inUse = Math.floor(1024 / superblock.blockSize) + 1 + index;
  return [inUse, ...backupHolders(superblock).map((holder) => groupStart(superblock, holder) + 1 + index)];
}

function groupStart(superblock: Superblock, group: number): number {
  return superblock.firstDataBlock + group * superblock.blocksPerGroup;
}

function backupHolders(superblock: Superblock): number[] {
  const holders: number[] = [];
  for (
    let group = 1;
    group < superblock.groupCount && group < 50 && holders.length < BACKUPS_TRIED;
    group++
  ) {
    if (holdsSuperblock(superblock, group)) holders.push(group);
  }
  return holders;
}

/** Whether a group starts with a copy of the superblock. */
function holdsSuperblock(superblock: Superblock, group: number): boolean {
  if (group === 0) return true;
  if (superblock.features.has('sparse_super2')) return superblock.backupGroups.includes(group);
  if (!superblock.features.has('sparse_super') || group === 1) return true;
  return [3, 5, 7].some((base) => isPower(group, base));
}

function isPower(value: number, base: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}
