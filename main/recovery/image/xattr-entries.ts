/**
 * The entries of extended attributes, as they lie inside an inode or in a block.
 *
 * Source: Linux, Documentation/filesystems/ext4/attributes.rst.
 */
import { damaged } from './damage.ts';
import { Fields } from './fields.ts';
import type { Inode } from './inode.ts';

export const ATTRIBUTE_MAGIC = 0xea02_0000;
const ENTRY_SIZE = 16;

export interface AttributeEntry {
  /** Number of its namespace. */
  readonly index: number;
  /** Without the namespace. Bytes that are not UTF-8 are replaced. */
  readonly name: string;
  /** Offset of the value in the area, unless an inode holds it. */
  readonly offset: number;
  readonly size: number;
  /** Inode that holds the value, or 0. */
  readonly valueInode: number;
}

/** Bytes that hold entries from `first` on, and values at offsets from `origin` on. */
export interface AttributeArea {
  readonly structure: string;
  readonly bytes: Uint8Array;
  readonly first: number;
  readonly origin: number;
}

/** The attributes inside an inode, or null where it has none. */
export function inodeArea(inode: Inode): AttributeArea | null {
  const bytes = inode.attributeArea;
  if (bytes.length < 4 || new Fields(bytes).u32(0) !== ATTRIBUTE_MAGIC) return null;
  return { structure: `attributes of inode ${inode.number}`, bytes, first: 4, origin: 4 };
}

/**
 * The entries of an area. They follow each other until four zero bytes or the end; each is as long as its name
 * asks, in steps of four.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export function attributeEntries(area: AttributeArea): AttributeEntry[] {
  const fields = new Fields(area.bytes);
  const entries: AttributeEntry[] = [];
  let at = area.first;
  while (at + 4 <= area.bytes.length && fields.u32(at) !== 0) {
    const nameAt = at + ENTRY_SIZE;
    if (nameAt + fields.u8(at) > area.bytes.length) damaged(area.structure, 'length of a name');
    entries.push({
      index: fields.u8(at + 1),
      name: new TextDecoder().decode(area.bytes.subarray(nameAt, nameAt + fields.u8(at))),
      offset: fields.u16(at + 2),
      size: fields.u32(at + 8),
      valueInode: fields.u32(at + 4),
    });
    at = nameAt + Math.ceil(fields.u8(at) / 4) * 4;
  }
  return entries;
}

/**
 * The value of an entry that lies in the area itself.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export function valueInArea(area: AttributeArea, entry: AttributeEntry): Uint8Array {
  const start = area.origin + entry.offset;
  if (start + entry.size > area.bytes.length) damaged(area.structure, 'place of a value');
  return area.bytes.slice(start, start + entry.size);
}

/** Whether an entry is where inline content goes on when the inode's own 60 bytes are full. */
export function isInlineData(entry: AttributeEntry): boolean {
  return entry.index === 7 && entry.name === 'data';
}
