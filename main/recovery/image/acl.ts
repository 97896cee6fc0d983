/**
 * Access control lists: ext4 stores them more tightly than programs see them.
 *
 * Source: Linux, fs/ext4/acl.h (on disk) and include/uapi/linux/posix_acl_xattr.h (as an attribute).
 */
import { damaged } from './damage.ts';
import { Fields } from './fields.ts';

const DISK_VERSION = 1;
const ATTRIBUTE_VERSION = 2;
/** Entries for a named user or group carry its number; the others do not, and show all ones in its place. */
const TAG_USER = 0x2;
const TAG_GROUP = 0x8;
const NO_NUMBER = 0xffff_ffff;

/**
 * The value that `getxattr` gives for an access control list on disk.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export function aclValue(stored: Uint8Array, structure: string): Uint8Array {
  const fields = new Fields(stored);
  if (stored.length < 4 || fields.u32(0) !== DISK_VERSION)
    damaged(structure, 'version of an access control list');
  const entries: { tag: number; permissions: number; number: number }[] = [];
  for (let at = 4; at < stored.length;) {
    if (at + 4 > stored.length) damaged(structure, 'length of an access control list');
    const tag = fields.u16(at);
    const isNamed = tag === TAG_USER || tag === TAG_GROUP;
    if (isNamed && at + 8 > stored.length) damaged(structure, 'length of an access control list');
    entries.push({ tag, permissions: fields.u16(at + 2), number: isNamed ? fields.u32(at + 4) : NO_NUMBER });
    at += isNamed ? 8 : 4;
  }
  const value = new Uint8Array(4 + 8 * entries.length);
  const view = new DataView(value.buffer);
  view.setUint32(0, ATTRIBUTE_VERSION, true);
  entries.forEach(({ tag, permissions, number }, index) => {
    view.setUint16(4 + 8 * index, tag, true);
    view.setUint16(6 + 8 * index, permissions, true);
    view.setUint32(8 + 8 * index, number, true);
  });
  return value;
}
