/** Extended attributes as programs see them: inside the inode, in a block, and values in inodes of their own. */
import { aclValue } from './acl.ts';
import { crc32c } from './checksums.ts';
import { openContent } from './content.ts';
import { damaged } from './damage.ts';
import { Fields } from './fields.ts';
import type { Filesystem } from './filesystem.ts';
import { readInode, type Inode } from './inode.ts';
import {
  ATTRIBUTE_MAGIC,
  attributeEntries,
  inodeArea,
  isInlineData,
  valueInArea,
  type AttributeArea,
  type AttributeEntry,
} from './xattr-entries.ts';

const BLOCK_HEADER_SIZE = 32;
/** Linux hands out no longer value. */
const MAX_VALUE_SIZE = 65_536;
/** Several entries may share a value, so that a few bytes could ask for any amount of memory. */
const MAX_TOTAL_SIZE = 2 ** 24;

/** An extended attribute as `getxattr` shows it. */
export interface ExtendedAttribute {
  /** With its namespace: `user.comment`. Bytes that are not UTF-8 are replaced. */
  readonly name: string;
  readonly value: Uint8Array;
}

/** Namespaces by their number; an attribute with another number is the file system's own business. */
const namespaces: Readonly<Record<number, string>> = {
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  6: 'security.',
  7: 'system.',
  8: 'system.richacl',
};
const ACL_NAMESPACES = [2, 3];

/**
 * All attributes of an inode that programs may see.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export async function extendedAttributes(
  filesystem: Filesystem,
  inode: Inode,
): Promise<readonly ExtendedAttribute[]> {
  const found: ExtendedAttribute[] = [];
  let total = 0;
  for (const area of [inodeArea(inode), await blockArea(filesystem, inode)]) {
    if (!area) continue;
    for (const entry of attributeEntries(area)) {
      const namespace = namespaces[entry.index];
      if (namespace === undefined || isInlineData(entry)) continue;
      total += entry.size;
      if (total > MAX_TOTAL_SIZE) damaged(area.structure, 'length of all values');
      const value = await valueOf(filesystem, area, entry);
      const shown = ACL_NAMESPACES.includes(entry.index) ? aclValue(value, area.structure) : value;
      found.push({ name: namespace + entry.name, value: shown });
    }
  }
  return found;
}

async function blockArea(filesystem: Filesystem, inode: Inode): Promise<AttributeArea | null> {
  const block = inode.attributeBlock;
  if (block === 0) return null;
  const structure = `attribute block ${block} of inode ${inode.number}`;
  const bytes = await filesystem.blocks.metadata(block, structure);
  const header = new Fields(bytes);
  if (header.u32(0) !== ATTRIBUTE_MAGIC) damaged(structure, 'magic number');
  if (header.u32(8) !== 1) damaged(structure, 'number of blocks');
  const { checksumSeed } = filesystem.superblock;
  if (checksumSeed !== null && blockChecksum(block, bytes, checksumSeed) !== header.u32(16)) {
    damaged(structure, 'checksum');
  }
  return { structure, bytes, first: BLOCK_HEADER_SIZE, origin: 0 };
}

function blockChecksum(block: number, bytes: Uint8Array, seed: number): number {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(block), true);
  const blanked = bytes.slice();
  blanked.fill(0, 16, 20);
  return crc32c(blanked, crc32c(number, seed));
}

async function valueOf(
  filesystem: Filesystem,
  area: AttributeArea,
  entry: AttributeEntry,
): Promise<Uint8Array> {
  if (entry.valueInode === 0) return valueInArea(area, entry);
  if (entry.size > MAX_VALUE_SIZE) damaged(area.structure, 'length of a value');
  const holder = await readInode(filesystem, entry.valueInode);
  if (!holder.flags.has('attributeValue') || holder.size !== entry.size) {
    damaged(area.structure, `inode ${entry.valueInode} does not hold its value`);
  }
  return openContent(filesystem, holder).read(0, entry.size);
}
