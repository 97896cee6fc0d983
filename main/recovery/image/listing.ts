/** Entries of a file system as they are shown to people, each with the path that names it for later questions. */
import type { EntryDetails, EntryId, ImageEntry, ImageListing } from '../../../shared/image.ts';
import { problemOf, RecoveryError, type Problem } from '../../../shared/problems.ts';
import { isSourceGone } from '../bytes/source.ts';
import { inTurns } from '../turns.ts';
import type { DirectoryEntry } from './directory-blocks.ts';
import type { Ext4 } from './ext4.ts';
import type { FileStatus, Timestamp } from './inode.ts';
import { displayName } from './names.ts';

/** Entries of one folder that are listed, and names that are read before they are only counted. */
const LISTED_ENTRIES = 20_000;
const READ_NAMES = 500_000;
/** Bytes of paths that one answer holds at most: of a folder far below, each entry has a long one. */
const LISTED_BYTES = 2 ** 24;
/** Longest path of a folder in which something can be found, four times what programs can name. */
export const LONGEST_FOLDER_PATH = 16_384;
/** Problems that are told of one folder. */
const TOLD_PROBLEMS = 20;
const SLASH = 0x2f;

/** The id of a path, and the path of an id. The root is empty. */
export function idOfPath(path: Uint8Array): EntryId {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString('base64url');
}

export function pathOfId(id: EntryId): Uint8Array {
  return new Uint8Array(Buffer.from(id, 'base64url'));
}

/** The path of an entry of a folder. */
export function childPath(folder: Uint8Array, name: Uint8Array): Uint8Array {
  if (folder.length === 0) return name;
  const path = new Uint8Array(folder.length + 1 + name.length);
  path.set(folder);
  path[folder.length] = SLASH;
  path.set(name, folder.length + 1);
  return path;
}

/**
 * What lies in the folder at `path`, in no order. Of a folder with very many entries those that come first by
 * name are listed.
 *
 * @throws RecoveryError what `lookup` throws, and `readDirectory` where nothing could be read
 */
export async function listFolder(filesystem: Ext4, path: Uint8Array): Promise<ImageListing> {
  const names: DirectoryEntry[] = [];
  let uncounted = 0;
  const problems: Problem[] = [];
  try {
    for await (const entry of inTurns(filesystem.readDirectory(await filesystem.lookup(path)))) {
      if (names.length < READ_NAMES) names.push(entry);
      else uncounted++;
    }
  } catch (error) {
    // What was read stays good, whatever follows it.
    if (!(error instanceof RecoveryError) || names.length === 0) throw error;
    problems.push(error.problem);
  }
  const most = Math.min(LISTED_ENTRIES, Math.floor(LISTED_BYTES / (path.length + 256)));
  if (names.length > most) names.sort((one, other) => Buffer.compare(one.name, other.name));
  const entries: ImageEntry[] = [];
  for await (const entry of inTurns(names.slice(0, most))) {
    try {
      const status = await filesystem.stat(entry.inode);
      entries.push(await entryOfStatus(filesystem, childPath(path, entry.name), entry.name, status));
    } catch (error) {
      if (problems.length < TOLD_PROBLEMS) problems.push(problemOf(error));
      entries.push(unsoundEntry(childPath(path, entry.name), entry));
    }
  }
  return { entries, omitted: names.length - entries.length + uncounted, problems };
}

/** The entry for what has been read of it. */
export async function entryOfStatus(
  filesystem: Ext4,
  path: Uint8Array,
  name: Uint8Array,
  status: FileStatus,
): Promise<ImageEntry> {
  return {
    id: idOfPath(path),
    name: displayName(name),
    kind: status.kind,
    size: status.kind === 'file' ? status.size : 0,
    modified: millisecondsOf(status.modified),
    link: status.kind === 'link' ? await linkOf(filesystem, path, status) : null,
    isSound: true,
    lostBytes: status.kind === 'file' ? await filesystem.lostBytes(status.number) : 0,
  };
}

function unsoundEntry(path: Uint8Array, { name, kind }: DirectoryEntry): ImageEntry {
  return {
    id: idOfPath(path),
    name: displayName(name),
    kind: kind ?? 'file',
    size: 0,
    modified: null,
    link: null,
    isSound: false,
    lostBytes: 0,
  };
}

async function linkOf(
  filesystem: Ext4,
  path: Uint8Array,
  status: FileStatus,
): Promise<NonNullable<ImageEntry['link']>> {
  const target = displayName(await filesystem.readLink(status.number));
  try {
    const { kind } = await filesystem.stat(await filesystem.lookup(path));
    return { target, leadsTo: kind };
  } catch (error) {
    if (error instanceof RecoveryError && !isSourceGone(error.problem)) return { target, leadsTo: null };
    throw error;
  }
}

/**
 * All that is known of the entry at a path, which is not followed where it is a link.
 *
 * @throws RecoveryError what `lookup` and `stat` throw
 */
export async function describeEntry(filesystem: Ext4, path: Uint8Array): Promise<EntryDetails> {
  const status = await filesystem.stat(await filesystem.lookup(path, { followLast: false }));
  const name = path.subarray(path.lastIndexOf(SLASH) + 1);
  return {
    ...(await entryOfStatus(filesystem, path, name, status)),
    permissions: status.permissions,
    user: status.user,
    group: status.group,
    links: status.links,
    allocated: status.allocated,
    created: status.created && millisecondsOf(status.created),
  };
}

function millisecondsOf({ seconds, nanoseconds }: Timestamp): number {
  return seconds * 1000 + Math.floor(nanoseconds / 1e6);
}
