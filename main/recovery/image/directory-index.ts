/**
 * The index of a large directory, by which one name is found without reading all.
 *
 * Source: Linux, Documentation/filesystems/ext4/directory.rst, "Hash Tree Directories".
 */
import { damaged } from './damage.ts';
import { INDEX_ENTRIES, INDEX_ENTRY_SIZE } from './directory-blocks.ts';
import { directoryHash } from './directory-hash.ts';
import { Fields } from './fields.ts';
import type { Superblock } from './superblock.ts';

/** Levels between the root and the blocks of names; `large_dir` allows one more than was usual. */
const MAX_LEVELS = 3;
/** The upper bits beside a block's number are kept for other use. */
const BLOCK_MASK = 0x0fff_ffff;

/** An entry of the index: names from `hash` on are in or below `block`. */
interface IndexEntry {
  readonly hash: number;
  readonly block: number;
}

/**
 * The blocks of a directory in which a name can be, by its index.
 *
 * @param readBlock reads a block of the directory, counted in the directory, and checks its checksum
 * @returns null where the index hashes in a way that is not known
 * @throws RecoveryError `filesystem-damaged`
 */
export async function indexedBlocks(
  superblock: Superblock,
  name: Uint8Array,
  readBlock: (block: number) => Promise<Uint8Array>,
  structure: string,
): Promise<readonly number[] | null> {
  const root = new Fields(await readBlock(0));
  const hash = directoryHash(name, root.u8(0x1c), superblock.hashSeed, superblock.unsignedHash);
  if (hash === null) return null;
  const levels = root.u8(0x1e);
  if (levels > MAX_LEVELS) damaged(structure, 'levels of its index');
  let entries = indexEntries(root, INDEX_ENTRIES.root, structure);
  for (let level = 0; level < levels; level++) {
    const node = await readBlock(coveringEntry(entries, hash).block);
    entries = indexEntries(new Fields(node), INDEX_ENTRIES.node, structure);
  }
  const found = entries.indexOf(coveringEntry(entries, hash));
  // Names of one hash may fill several blocks; the lowest bit of an entry says that it goes on.
  let end = found + 1;
  while (end < entries.length && entries[end]?.hash === hash + 1) end++;
  return entries.slice(found, end).map(({ block }) => block);
}

function coveringEntry(entries: readonly [IndexEntry, ...IndexEntry[]], hash: number): IndexEntry {
  return entries.findLast((entry) => entry.hash <= hash) ?? entries[0];
}

/** The first entry has no hash of its own: in its place stand how many entries there are, and room for how many. */
function indexEntries(
  fields: Fields,
  start: number,
  structure: string,
): readonly [IndexEntry, ...IndexEntry[]] {
  const room = fields.u16(start);
  const count = fields.u16(start + 2);
  if (count === 0 || count > room || start + room * INDEX_ENTRY_SIZE > fields.bytes.length) {
    damaged(structure, 'number of entries of its index');
  }
  const rest = Array.from({ length: count - 1 }, (_, index) => {
    const at = start + (index + 1) * INDEX_ENTRY_SIZE;
    return { hash: fields.u32(at), block: fields.u32(at + 4) & BLOCK_MASK };
  });
  return [{ hash: 0, block: fields.u32(start + 4) & BLOCK_MASK }, ...rest];
}
