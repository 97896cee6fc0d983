/** Finds files by their path, through symbolic links, inside the file system and never outside it. */
import { fail } from '../../../shared/problems.ts';
import { openContent } from './content.ts';
import { damaged } from './damage.ts';
import { findEntry } from './directory.ts';
import type { Filesystem } from './filesystem.ts';
import { readInode, ROOT_INODE, type Inode } from './inode.ts';
import { displayName } from './names.ts';

/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;
/** Names that are looked up for one path, with those of all links on the way. */
const MAX_NAMES = 4096;
/** Longest target of a link, as in Linux. */
const MAX_TARGET_BYTES = 4096;
/** Targets shorter than the inode's 60 bytes stand in the inode itself. */
const FAST_TARGET_BYTES = 60;
const SLASH = 0x2f;

/**
 * The target of a symbolic link, as it is stored: bytes, which need not lead anywhere.
 *
 * @throws RecoveryError `filesystem-entry-unfit` for what is no link, `filesystem-damaged`,
 * `filesystem-entry-encrypted`
 */
export async function linkTarget(filesystem: Filesystem, inode: Inode): Promise<Uint8Array> {
  if (inode.kind !== 'link') {
    fail('filesystem-entry-unfit', { path: `inode ${inode.number}`, expected: 'link', found: inode.kind });
  }
  const { number, size } = inode;
  if (size === 0 || size > MAX_TARGET_BYTES) damaged(`link ${number}`, 'length of its target');
  const isInInode = size < FAST_TARGET_BYTES && !inode.flags.has('extents');
  if (isInInode && !inode.flags.has('encrypted')) return inode.map.slice(0, size);
  return openContent(filesystem, inode).read(0, size);
}

export interface LookupOptions {
  /** Whether a link at the end of the path is followed; links before it always are. Default: true. */
  readonly followLast?: boolean;
}

/**
 * Finds what a path leads to. It starts at the root with or without a slash; `..` leads to where the walk came
 * from, and from the root to the root.
 *
 * @param path bytes, or text that stands for its UTF-8
 * @returns the number of the inode
 * @throws RecoveryError `filesystem-entry-missing`, `filesystem-link-dangling` where a link on the way leads to nothing,
 * `filesystem-entry-unfit` where a folder on the way is none,
 * `filesystem-link-loop`, `filesystem-entry-encrypted`, `filesystem-damaged`
 */
export async function lookupPath(
  filesystem: Filesystem,
  path: string | Uint8Array,
  options: LookupOptions = {},
): Promise<number> {
  const bytes = typeof path === 'string' ? new TextEncoder().encode(path) : path;
  const shown = displayName(bytes);
  let waiting = componentsOf(bytes);
  let trail = [ROOT_INODE];
  let linksLeft = MAX_LINKS;
  // The link that is being followed, and how many names of the path are left behind its target.
  let followed: { readonly target: string; readonly left: number } | undefined;
  for (let names = 0; waiting.length > 0; names++) {
    if (names === MAX_NAMES) fail('filesystem-link-loop', { path: shown });
    const [name = new Uint8Array(), ...rest] = waiting;
    waiting = rest;
    if (followed && waiting.length < followed.left) followed = undefined;
    const folder = await readInode(filesystem, trail[trail.length - 1] ?? ROOT_INODE);
    if (folder.kind !== 'directory') {
      fail('filesystem-entry-unfit', { path: shown, expected: 'directory', found: folder.kind });
    }
    if (isDots(name, 1)) continue;
    if (isDots(name, 2)) {
      trail = trail.length > 1 ? trail.slice(0, -1) : trail;
      continue;
    }
    const found = await findEntry(filesystem, folder, name);
    if (found === null && followed)
      fail('filesystem-link-dangling', { path: shown, target: followed.target });
    if (found === null) fail('filesystem-entry-missing', { path: shown });
    const inode = await readInode(filesystem, found);
    if (inode.kind !== 'link' || (waiting.length === 0 && options.followLast === false)) {
      trail = [...trail, found];
      continue;
    }
    if (linksLeft-- === 0) fail('filesystem-link-loop', { path: shown });
    const target = await linkTarget(filesystem, inode);
    if (target[0] === SLASH) trail = [ROOT_INODE];
    followed ??= { target: displayName(target), left: waiting.length };
    waiting = [...componentsOf(target), ...waiting];
  }
  return trail[trail.length - 1] ?? ROOT_INODE;
}

/** The names between the slashes; several in a row count as one. */
function componentsOf(path: Uint8Array): Uint8Array[] {
  const components: Uint8Array[] = [];
  for (let start = 0; start < path.length;) {
    const slash = path.indexOf(SLASH, start);
    const end = slash < 0 ? path.length : slash;
    if (end > start) components.push(path.subarray(start, end));
    start = end + 1;
  }
  return components;
}

function isDots(name: Uint8Array, count: number): boolean {
  return name.length === count && name.every((byte) => byte === 0x2e);
}
