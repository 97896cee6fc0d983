/**
 * The blocks of a directory: their checksums, and the entries in them.
 *
 * Source: Linux, Documentation/filesystems/ext4/directory.rst.
 */
import type { FileKind } from '../../../shared/image.ts';
import { crc32c } from './checksums.ts';
import { damaged, damageOf, type Damage } from './damage.ts';
import { Fields } from './fields.ts';
import type { Inode } from './inode.ts';
import { displayName } from './names.ts';
import type { Superblock } from './superblock.ts';

/** An entry of a directory. Its name has no slash and no zero byte, and is neither `.` nor `..`. */
export interface DirectoryEntry {
  /** 1 to 255 bytes, in whatever encoding; see `displayName`. */
  readonly name: Uint8Array;
  readonly inode: number;
  /** What it is, or null where the directory does not say: the inode does. */
  readonly kind: FileKind | null;
}

const HEADER_SIZE = 8;
/** The shortest record: a header and a name of up to four bytes. */
const MIN_RECORD = 12;
/** An entry that is none: it holds the checksum at the end of a block. */
const TAIL_SIZE = 12;
const TAIL_KIND = 0xde;
const SLASH = 0x2f;

const kinds: readonly (FileKind | null)[] = [
  null,
  'file',
  'directory',
  'character-device',
  'block-device',
  'pipe',
  'socket',
  'link',
];

/**
 * The entries in the bytes of a block, or of one of the areas of an inline directory. One whose name or number cannot
 * be right is put into `damages`, and hides no other.
 *
 * @throws RecoveryError `filesystem-damaged`, after the entries that lie before the damage
 */
export function* entriesIn(
  bytes: Uint8Array,
  superblock: Superblock,
  structure: string,
  damages: Damage[],
): Generator<DirectoryEntry, void, undefined> {
  const fields = new Fields(bytes);
  const hasKind = superblock.features.has('filetype');
  for (let at = 0; at < bytes.length;) {
    if (at + HEADER_SIZE > bytes.length) damaged(structure, `entry at ${at}`);
    const inode = fields.u32(at);
    const length = recordLength(fields.u16(at + 4), superblock);
    const nameLength = hasKind ? fields.u8(at + 6) : fields.u16(at + 6);
    if (length < MIN_RECORD || length % 4 !== 0 || at + length > bytes.length) {
      damaged(structure, `length of the entry at ${at}`);
    }
    if (inode !== 0) {
      const name = bytes.slice(at + HEADER_SIZE, at + Math.min(length, HEADER_SIZE + nameLength));
      if (HEADER_SIZE + nameLength > length) {
        damages.push(damageOf(structure, `length of the name at ${at}`));
      } else if (!isDots(name) && !isName(name)) {
        damages.push(damageOf(structure, `name at ${at}, “${displayName(name)}”`));
      } else if (!isDots(name) && inode > superblock.inodeCount) {
        damages.push(damageOf(structure, `inode number of “${displayName(name)}”`));
      } else if (!isDots(name)) {
        yield { name, inode, kind: (hasKind ? kinds[fields.u8(at + 7)] : null) ?? null };
      }
    }
    at += length;
  }
}

/** In blocks of 64 KiB the length of a record that fills the block does not fit into 16 bits. */
function recordLength(stored: number, superblock: Superblock): number {
  if (superblock.blockSize < 65_536) return stored;
  return stored === 0 || stored === 65_535 ? 65_536 : stored;
}

function isDots(name: Uint8Array): boolean {
  return name.length > 0 && name.length <= 2 && name.every((byte) => byte === 0x2e);
}

function isName(name: Uint8Array): boolean {
  return name.length > 0 && name.length <= 255 && !name.includes(SLASH) && !name.includes(0);
}

/**
 * Checks the checksum of a directory's block.
 *
 * @param isFirst whether it is the directory's first block, which holds the root of its index if there is one
 * @throws RecoveryError `filesystem-damaged`
 */
export function checkDirectoryBlock(
  inode: Inode,
  block: Uint8Array,
  isFirst: boolean,
  structure: string,
): void {
  if (inode.checksumSeed === null) return;
  const fields = new Fields(block);
  const isIndex = inode.flags.has('indexed') && (isFirst || isIndexNode(fields));
  const holds = isIndex
    ? indexChecksumHolds(inode.checksumSeed, block, isFirst)
    : leafChecksumHolds(inode.checksumSeed, block);
  if (!holds) damaged(structure, 'checksum');
}

/** A node of the index, which hides behind one empty entry as long as the block. */
function isIndexNode(fields: Fields): boolean {
  const length = fields.u16(4);
  return (
    length === fields.bytes.length || (fields.bytes.length === 65_536 && (length === 0 || length === 65_535))
  );
}

function leafChecksumHolds(seed: number, block: Uint8Array): boolean {
  const end = block.length - TAIL_SIZE;
  const tail = new Fields(block.subarray(end));
  if (tail.u32(0) !== 0 || tail.u16(4) !== TAIL_SIZE || tail.u8(6) !== 0 || tail.u8(7) !== TAIL_KIND)
    return false;
  return crc32c(block.subarray(0, end), seed) === tail.u32(8);
}

/** Where the entries of the index start, by whether the block is its root. */
export const INDEX_ENTRIES = { root: 0x20, node: 0x8 } as const;
export const INDEX_ENTRY_SIZE = 8;

/** The checksum covers the entries in use, and stands behind the room for all. */
function indexChecksumHolds(seed: number, block: Uint8Array, isRoot: boolean): boolean {
  const fields = new Fields(block);
  const start = isRoot ? INDEX_ENTRIES.root : INDEX_ENTRIES.node;
  const tail = start + fields.u16(start) * INDEX_ENTRY_SIZE;
  const used = start + fields.u16(start + 2) * INDEX_ENTRY_SIZE;
  if (tail + 8 > block.length || used > tail) return false;
  const blankedTail = new Uint8Array(8);
  blankedTail.set(block.subarray(tail, tail + 4));
  const computed = crc32c(blankedTail, crc32c(block.subarray(0, used), seed));
  return computed === fields.u32(tail + 4);
}
