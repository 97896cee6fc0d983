/**
 * Inodes: what a file is, whose it is, and where its content starts.
 *
 * Source: Linux, Documentation/filesystems/ext4/inodes.rst.
 */
import type { FileKind } from '../../../shared/image.ts';
import { crc32c, crc32cOfNumber } from './checksums.ts';
import { damaged } from './damage.ts';
import { mergedInode } from './fast-commit.ts';
import { Fields, joined } from './fields.ts';
import type { Filesystem } from './filesystem.ts';
import { inodeTableOf } from './group-descriptors.ts';
import type { Superblock } from './superblock.ts';

export const ROOT_INODE = 2;

/** Bytes of the oldest inodes, which every inode still starts with. */
export const BASE_INODE_SIZE = 128;

/** A moment since 1970, exact to the nanosecond. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const flagBits = {
  compressed: 0x4,
  immutable: 0x10,
  appendOnly: 0x20,
  encrypted: 0x800,
  indexed: 0x1000,
  hugeFile: 0x4_0000,
  extents: 0x8_0000,
  verity: 0x10_0000,
  attributeValue: 0x20_0000,
  inlineData: 0x1000_0000,
  caseFolded: 0x4000_0000,
} as const;

export type InodeFlag = keyof typeof flagBits;

/** What a file is. */
export interface FileStatus {
  /** The inode's number. */
  readonly number: number;
  readonly kind: FileKind;
  /** The twelve bits of permissions, with set-user-id, set-group-id and sticky. */
  readonly permissions: number;
  readonly user: number;
  readonly group: number;
  /** Bytes of content. */
  readonly size: number;
  readonly links: number;
  /** Bytes that it takes on the disk, with its own metadata. */
  readonly allocated: number;
  readonly accessed: Timestamp;
  /** When the inode changed last. */
  readonly changed: Timestamp;
  readonly modified: Timestamp;
  /** When it was made, or null where inodes are too small to know. */
  readonly created: Timestamp | null;
  readonly flags: ReadonlySet<InodeFlag>;
}

/** What a file is, and where the rest of it lies. */
export interface Inode extends FileStatus {
  /** The 60 bytes that map its blocks, or hold its first content. */
  readonly map: Uint8Array;
  /** The block of its extended attributes, or 0. */
  readonly attributeBlock: number;
  /** What follows the fields inside the inode: room for extended attributes. */
  readonly attributeArea: Uint8Array;
  /** Register from which the checksums of its blocks go on, or null where there are none to check. */
  readonly checksumSeed: number | null;
}

/** Leaves behind the bytes from which an inode was read. */
export function statusOf(inode: Inode): FileStatus {
  const { number, kind, permissions, user, group, size, links, allocated, flags } = inode;
  const { accessed, changed, modified, created } = inode;
  const times = { accessed, changed, modified, created };
  return { number, kind, permissions, user, group, size, links, allocated, flags, ...times };
}

/**
 * Reads an inode by its number.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export async function readInode(filesystem: Filesystem, number: number): Promise<Inode> {
  const { superblock } = filesystem;
  const bytes = await readInodeBytes(filesystem, number);
  const committed = filesystem.fastCommits?.inodes.get(number);
  if (!committed) return parseInode(superblock, number, bytes, true);
  // A fast commit has a checksum of its own, and leaves that of the inode as it was.
  return parseInode(superblock, number, mergedInode(bytes, committed), false);
}

async function readInodeBytes(filesystem: Filesystem, number: number): Promise<Uint8Array> {
  const { superblock, blocks } = filesystem;
  const structure = `inode ${number}`;
  if (number < 1 || number > superblock.inodeCount) damaged(structure, 'number out of range');
  const group = Math.floor((number - 1) / superblock.inodesPerGroup);
  const position = ((number - 1) % superblock.inodesPerGroup) * superblock.inodeSize;
  const table = await inodeTableOf(filesystem, group);
  const at = position % superblock.blockSize;
  const block = await blocks.metadata(table + Math.floor(position / superblock.blockSize), structure, {
    offset: at,
    length: superblock.inodeSize,
  });
  return block.subarray(at, at + superblock.inodeSize);
}

/**
 * Reads an inode from its bytes.
 *
 * @param verify whether its own checksum counts, where the file system has them
 * @throws RecoveryError `filesystem-damaged`
 */
function parseInode(superblock: Superblock, number: number, bytes: Uint8Array, verify: boolean): Inode {
  const structure = `inode ${number}`;
  const fields = new Fields(bytes);
  const extra = bytes.length > BASE_INODE_SIZE ? fields.u16(0x80) : 0;
  const isRoom = extra % 4 === 0 && BASE_INODE_SIZE + extra <= bytes.length;
  if (!isRoom) damaged(structure, 'size of its extra fields');
  if (fields.u16(0x1a) === 0) damaged(structure, 'not in use');

  const seed =
    superblock.checksumSeed === null ? null : inodeSeed(number, fields.u32(0x64), superblock.checksumSeed);
  if (verify && seed !== null && !checksumHolds(bytes, extra, seed)) damaged(structure, 'checksum');

  const kind = kindOfMode(fields.u16(0x0)) ?? damaged(structure, 'type of file');
  const flags = flagsOf(fields.u32(0x20));
  const hasHighSize = kind === 'file' || superblock.features.has('large_dir');
  const size = joined(hasHighSize ? fields.u32(0x6c) : 0, fields.u32(0x4));
  if (!Number.isSafeInteger(size)) damaged(structure, 'size');
  const blockUnits = joined(superblock.features.has('huge_file') ? fields.u16(0x74) : 0, fields.u32(0x1c));
  const time = (at: number, extraAt: number) =>
    timestamp(fields.i32(at), extraAt + 4 <= BASE_INODE_SIZE + extra ? fields.u32(extraAt) : 0);
  return {
    number,
    kind,
    permissions: fields.u16(0x0) & 0o7777,
    user: joinedHalves(fields.u16(0x78), fields.u16(0x2)),
    group: joinedHalves(fields.u16(0x7a), fields.u16(0x18)),
    size,
    links: fields.u16(0x1a),
    allocated: blockUnits * (flags.has('hugeFile') ? superblock.blockSize : 512),
    accessed: time(0x8, 0x8c),
    changed: time(0xc, 0x84),
    modified: time(0x10, 0x88),
    created: extra >= 24 ? time(0x90, 0x94) : null,
    flags,
    map: bytes.subarray(0x28, 0x64),
    attributeBlock: joined(superblock.features.has('64bit') ? fields.u16(0x76) : 0, fields.u32(0x68)),
    attributeArea: bytes.subarray(BASE_INODE_SIZE + extra),
    checksumSeed: seed,
  };
}

/** The seed of everything that belongs to an inode: its number and generation make it the inode's own. */
function inodeSeed(number: number, generation: number, seed: number): number {
  return crc32cOfNumber(generation, crc32cOfNumber(number, seed));
}

function checksumHolds(bytes: Uint8Array, extra: number, seed: number): boolean {
  const fields = new Fields(bytes);
  // The upper half of the checksum has its place only among the extra fields.
  const isWhole = extra >= 4;
  const blanked = bytes.slice();
  blanked.fill(0, 0x7c, 0x7e);
  if (isWhole) blanked.fill(0, 0x82, 0x84);
  const computed = crc32c(blanked, seed);
  const stored = joinedHalves(isWhole ? fields.u16(0x82) : 0, fields.u16(0x7c));
  return stored === (isWhole ? computed : computed & 0xffff);
}

function joinedHalves(high: number, low: number): number {
  return high * 2 ** 16 + low;
}

const kindsByMode: ReadonlyMap<number, FileKind> = new Map([
  [0x1, 'pipe'],
  [0x2, 'character-device'],
  [0x4, 'directory'],
  [0x6, 'block-device'],
  [0x8, 'file'],
  [0xa, 'link'],
  [0xc, 'socket'],
]);

function kindOfMode(mode: number): FileKind | undefined {
  return kindsByMode.get(mode >>> 12);
}

function flagsOf(bits: number): ReadonlySet<InodeFlag> {
  return new Set((Object.keys(flagBits) as InodeFlag[]).filter((flag) => (bits & flagBits[flag]) !== 0));
}

/** Seconds are signed; the extra field adds two upper bits, counted from the signed value, and nanoseconds. */
function timestamp(seconds: number, extra: number): Timestamp {
  return { seconds: seconds + (extra & 3) * 2 ** 32, nanoseconds: Math.min(extra >>> 2, 999_999_999) };
}
