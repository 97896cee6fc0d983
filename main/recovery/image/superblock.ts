/**
 * The superblock of ext2, ext3 and ext4: what the file system is and how it is laid out.
 *
 * Source: Linux, Documentation/filesystems/ext4/globals.rst, "Super Block".
 */
import { fail } from '../../../shared/problems.ts';
import type { ByteSource } from '../bytes/source.ts';
import { crc16, crc32c } from './checksums.ts';
import { damaged, keepDamage, type Damage } from './damage.ts';
import { featuresOf, refuseUnsupported, type Feature } from './features.ts';
import { Fields } from './fields.ts';
import { readWithZeros } from './lost-ranges.ts';

export const SUPERBLOCK_POSITION = 1024;
export const SUPERBLOCK_SIZE = 1024;
const MAGIC = 0xef53;
/** Blocks are 1 KiB to 64 KiB. */
const MAX_LOG_BLOCK_SIZE = 6;

/** `s_checksum_type`: the only one there is. */
const CHECKSUM_CRC32C = 1;
/** `s_state`: errors were found while it was mounted. */
const STATE_ERRORS = 0x2;
/** `s_flags`: the hashes of directory names take bytes as unsigned. */
const FLAG_UNSIGNED_HASH = 0x2;

export interface Superblock {
  readonly label: string;
  readonly uuid: string | null;
  readonly features: ReadonlySet<Feature>;
  /** Bytes of a block: a power of two from 1,024 to 65,536. */
  readonly blockSize: number;
  readonly blockCount: number;
  readonly firstDataBlock: number;
  readonly blocksPerGroup: number;
  readonly groupCount: number;
  readonly inodeCount: number;
  readonly inodesPerGroup: number;
  /** Bytes of an inode: a power of two from 128 to the block size. */
  readonly inodeSize: number;
  /** Bytes of a group descriptor: 32, or 64 and more with `64bit`. */
  readonly descriptorSize: number;
  /** First block of group descriptors that `meta_bg` placed. */
  readonly firstMetaGroup: number;
  /** With `sparse_super2`: the groups that hold the backups. */
  readonly backupGroups: readonly number[];
  /** Register from which the checksums of `metadata_csum` go on, or null where there are none to check. */
  readonly checksumSeed: number | null;
  /** Register from which the checksums of `uninit_bg` go on, or null where there are none to check. */
  readonly descriptorSeed: number | null;
  /** Seed of the hashes of directory names: 16 bytes. */
  readonly hashSeed: Uint8Array;
  readonly unsignedHash: boolean;
  /** The inode that holds the journal, or 0 where there is none or it lies on another disk. */
  readonly journalInode: number;
  readonly hasErrors: boolean;
}

/** Whether 1,024 bytes look like a superblock of the ext family at all. */
export function isSuperblock(bytes: Uint8Array): boolean {
  const fields = new Fields(bytes);
  return fields.u16(0x38) === MAGIC && fields.u32(0x18) <= MAX_LOG_BLOCK_SIZE;
}

export interface SuperblockOptions {
  /** Whether checksums of metadata are checked, here and in everything that this superblock leads to. */
  readonly verifyChecksums: boolean;
  /** Whether a superblock is taken whose own checksum is wrong. Default: false. */
  readonly takeUnproven?: boolean;
}

/**
 * Reads a superblock from its 1,024 bytes.
 *
 * @throws RecoveryError `filesystem-damaged`, `filesystem-feature-unsupported`
 */
export function parseSuperblock(bytes: Uint8Array, options: SuperblockOptions): Superblock {
  const fields = new Fields(bytes);
  if (!isSuperblock(bytes)) damaged('superblock', 'magic number');
  const dynamic = fields.u32(0x4c) >= 1;
  const incompat = dynamic ? fields.u32(0x60) : 0;
  const features = featuresOf(dynamic ? fields.u32(0x5c) : 0, incompat, dynamic ? fields.u32(0x64) : 0);
  const checksummed = features.has('metadata_csum') && options.verifyChecksums;
  if (checksummed && !options.takeUnproven) {
    if (fields.u8(0x175) !== CHECKSUM_CRC32C) damaged('superblock', 'kind of checksums');
    if (crc32c(bytes.subarray(0, 0x3fc)) !== fields.u32(0x3fc)) damaged('superblock', 'checksum');
  }
  refuseUnsupported(incompat);

  const uuidBytes = bytes.subarray(0x68, 0x78);
  const wide = features.has('64bit');
  const blockCount = fields.u32(0x4) + (wide ? fields.u32(0x150) * 2 ** 32 : 0);
  const firstDataBlock = fields.u32(0x14);
  const blocksPerGroup = fields.u32(0x20);
  const superblock: Superblock = {
    label: fields.text(0x78, 16),
    uuid: fields.uuid(0x68),
    features,
    blockSize: 1024 << fields.u32(0x18),
    blockCount,
    firstDataBlock,
    blocksPerGroup,
    groupCount: Math.ceil((blockCount - firstDataBlock) / blocksPerGroup),
    inodeCount: fields.u32(0x0),
    inodesPerGroup: fields.u32(0x28),
    inodeSize: dynamic ? fields.u16(0x58) : 128,
    descriptorSize: wide ? fields.u16(0xfe) : 32,
    firstMetaGroup: features.has('meta_bg') ? fields.u32(0x104) : Infinity,
    backupGroups: [fields.u32(0x24c), fields.u32(0x250)],
    checksumSeed: checksummed ? checksumSeed(features, fields, uuidBytes) : null,
    descriptorSeed:
      features.has('uninit_bg') && !features.has('metadata_csum') && options.verifyChecksums
        ? crc16(uuidBytes)
        : null,
    hashSeed: bytes.slice(0xec, 0xfc),
    unsignedHash: (fields.u32(0x160) & FLAG_UNSIGNED_HASH) !== 0,
    journalInode: features.has('has_journal') ? fields.u32(0xe0) : 0,
    hasErrors: (fields.u16(0x3a) & STATE_ERRORS) !== 0,
  };
  checkGeometry(superblock);
  return superblock;
}

function checksumSeed(features: ReadonlySet<Feature>, fields: Fields, uuidBytes: Uint8Array): number {
  return features.has('metadata_csum_seed') ? fields.u32(0x270) : crc32c(uuidBytes);
}

/** Refuses a layout by which something could be divided by zero, counted without bound or lost in rounding. */
function checkGeometry(superblock: Superblock): void {
  const { blockSize, blockCount, firstDataBlock, blocksPerGroup, groupCount } = superblock;
  const { inodeCount, inodesPerGroup, inodeSize, descriptorSize } = superblock;
  const bits = blockSize * 8;
  const check = (holds: boolean, what: string) => {
    if (!holds) damaged('superblock', what);
  };
  check(Number.isSafeInteger(blockCount * blockSize), 'number of blocks');
  check(firstDataBlock <= 1 && firstDataBlock < blockCount, 'first data block');
  // With bigalloc a bit of the bitmap stands for a cluster, so that a group holds more blocks.
  check(
    blocksPerGroup > 0 && (blocksPerGroup <= bits || superblock.features.has('bigalloc')),
    'blocks a group',
  );
  check(inodesPerGroup > 0 && inodesPerGroup <= bits, 'inodes a group');
  check(inodeCount > 0 && inodeCount <= groupCount * inodesPerGroup, 'number of inodes');
  check(isPowerOfTwo(inodeSize) && inodeSize >= 128 && inodeSize <= blockSize, 'inode size');
  check(isPowerOfTwo(descriptorSize) && descriptorSize >= 32 && descriptorSize <= 1024, 'descriptor size');
  check(!superblock.features.has('64bit') || descriptorSize >= 64, 'descriptor size');
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

export interface FoundSuperblock {
  readonly superblock: Superblock;
  readonly isBackup: boolean;
  /** What is wrong with it, where no copy is whole and one was taken nevertheless. */
  readonly fault: string | null;
}

/**
 * Reads the superblock at the start of a volume, or its first backup when that one is broken. Where all of them are, as in a
 * small volume that has no backup, the first whose layout is possible is taken although its checksum is wrong.
 *
 * @throws RecoveryError `filesystem-unsupported` where there is none, `filesystem-damaged` where none can be used,
 * `filesystem-feature-unsupported`
 */
export async function findSuperblock(
  source: ByteSource,
  options: SuperblockOptions,
): Promise<FoundSuperblock> {
  const damages: Damage[] = [];
  for (const takeUnproven of [false, true]) {
    const fault = takeUnproven ? faultIn(damages[0]) : null;
    for await (const { bytes, isBackup } of superblockCandidates(source)) {
      try {
        return { superblock: parseSuperblock(bytes, { ...options, takeUnproven }), isBackup, fault };
      } catch (error) {
        keepDamage(damages, error);
      }
    }
  }
  if (damages[0]) throw damages[0];
  fail('filesystem-unsupported', { name: 'unknown' });
}

function faultIn(damage: Damage | undefined): string {
  const params = damage?.problem.params;
  return params && 'detail' in params ? `${params.detail}` : 'superblock';
}

/** What looks like a superblock: at the start of a volume, then in the places of the first backup. */
export async function* superblockCandidates(
  source: ByteSource,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly isBackup: boolean }, void, undefined> {
  const primary = await readCandidate(source, SUPERBLOCK_POSITION);
  if (primary) yield { bytes: primary, isBackup: false };
  for (let log = 0; log <= MAX_LOG_BLOCK_SIZE; log++) {
    // Group 1 starts here when groups are as large as their bitmap allows, as nearly all are.
    const blockSize = 1024 << log;
    const bytes = await readCandidate(source, (blockSize === 1024 ? 8193 : 8 * blockSize) * blockSize);
    const fields = bytes && new Fields(bytes);
    if (fields?.u16(0x5a) === 1 && fields.u32(0x18) === log) yield { bytes: fields.bytes, isBackup: true };
  }
}

async function readCandidate(source: ByteSource, position: number): Promise<Uint8Array | null> {
  if (position + SUPERBLOCK_SIZE > source.size) return null;
  const bytes = await readWithZeros(source, position, SUPERBLOCK_SIZE);
  return isSuperblock(bytes) ? bytes : null;
}
