/**
 * Reads files out of an image of ext2, ext3 or ext4: without root, without a driver, on any system, and
 * without ever writing to the image.
 *
 * Every byte of an image may come from an attacker. A fault names what is broken, and everything else stays
 * readable.
 */
import { isDeepStrictEqual } from 'node:util';
import { fail, problem, type Problem } from '../../../shared/problems.ts';
import type { ByteSource } from '../bytes/source.ts';
import { BlockReader } from './block-reader.ts';
import { lostBytesOf, openContent, type Content } from './content.ts';
import { damaged, isDamage } from './damage.ts';
import { directoryEntries } from './directory.ts';
import type { DirectoryEntry } from './directory-blocks.ts';
import type { Feature } from './features.ts';
import type { Filesystem } from './filesystem.ts';
import { readInode, ROOT_INODE, statusOf, type FileStatus } from './inode.ts';
import { replayJournal } from './journal.ts';
import { linkTarget, lookupPath, type LookupOptions } from './paths.ts';
import {
  findSuperblock,
  parseSuperblock,
  SUPERBLOCK_POSITION,
  SUPERBLOCK_SIZE,
  type Superblock,
  type SuperblockOptions,
} from './superblock.ts';
import { walkFrom, type WalkStep } from './walk.ts';
import { extendedAttributes, type ExtendedAttribute } from './xattr.ts';

export interface Ext4Options {
  /** False reads on where a checksum says that metadata is broken: a last resort. Default: true. */
  readonly verifyChecksums?: boolean;
}

/** An open file system. Inodes are named by their numbers; entries of directories and paths lead to them. */
export interface Ext4 {
  readonly label: string;
  readonly uuid: string | null;
  /** Bytes. */
  readonly blockSize: number;
  readonly features: ReadonlySet<Feature>;
  /** The inode of the root. */
  readonly root: number;
  /** What was done to open it and what stood in the way, and what was worked around since. */
  readonly notes: readonly Problem[];

  /** @throws RecoveryError `filesystem-damaged` */
  stat(inode: number): Promise<FileStatus>;

  /**
   * The entries of a directory, without `.` and `..`.
   *
   * @throws RecoveryError `filesystem-entry-unfit`, `filesystem-entry-encrypted`; `filesystem-damaged` after
   * every entry that could be read, for the first that could not
   */
  readDirectory(inode: number): AsyncGenerator<DirectoryEntry, void, undefined>;

  /**
   * All that lies below a directory, each folder entered once and before what it holds. What cannot be read is
   * a step with its problem.
   *
   * @throws RecoveryError `filesystem-damaged` where the directory itself has no inode
   */
  walk(inode: number): AsyncGenerator<WalkStep, void, undefined>;

  /**
   * The inode to which a path leads from the root, through links, which never lead outside.
   *
   * @throws RecoveryError `filesystem-entry-missing`, `filesystem-link-dangling`, `filesystem-entry-unfit`,
   * `filesystem-link-loop`, `filesystem-entry-encrypted`, `filesystem-damaged`
   */
  lookup(path: string | Uint8Array, options?: LookupOptions): Promise<number>;

  /**
   * Opens the content of a file.
   *
   * @param path what problems call it; by default its inode
   * @throws RecoveryError `filesystem-entry-is-folder`, `filesystem-entry-unfit`, `filesystem-entry-encrypted`,
   * `filesystem-feature-unsupported`, `filesystem-damaged`
   */
  openFile(inode: number, path?: string): Promise<Content>;

  /**
   * Bytes of a file's content that were lost in the backup, as far as its map can be read.
   *
   * @throws RecoveryError `filesystem-damaged`, `filesystem-part-lost` where the map of the file is not to be had
   */
  lostBytes(inode: number): Promise<number>;

  /** Up to `length` bytes of a file from `position` on; fewer at its end. Throws as `openFile` does. */
  readFile(inode: number, position: number, length: number): Promise<Uint8Array>;

  /**
   * The target of a symbolic link, as bytes.
   *
   * @throws RecoveryError `filesystem-entry-unfit`, `filesystem-entry-encrypted`, `filesystem-damaged`
   */
  readLink(inode: number): Promise<Uint8Array>;

  /** @throws RecoveryError `filesystem-damaged` */
  xattrs(inode: number): Promise<readonly ExtendedAttribute[]>;
}

/**
 * Opens a file system at the start of a source. Where it was in use when the image was taken, its journal is
 * replayed in memory, so that what was last synced is there.
 *
 * @param source stays open as long as the file system is used, and is closed by who opened it
 * @throws RecoveryError `filesystem-unsupported`, `filesystem-feature-unsupported`, `filesystem-damaged`
 */
export async function openExt4(source: ByteSource, options: Ext4Options = {}): Promise<Ext4> {
  const { filesystem, notes } = await openFirstReadable(source, options.verifyChecksums ?? true);
  const { label, uuid, blockSize, features } = filesystem.superblock;
  const openFile = async (number: number, path = `inode ${number}`) => {
    const inode = await readInode(filesystem, number);
    if (inode.kind === 'directory') fail('filesystem-entry-is-folder', { path });
    if (inode.kind !== 'file') fail('filesystem-entry-unfit', { path, expected: 'file', found: inode.kind });
    return openContent(filesystem, inode);
  };
  return {
    label,
    uuid,
    blockSize,
    features,
    root: ROOT_INODE,
    notes,
    stat: async (number) => statusOf(await readInode(filesystem, number)),
    async *readDirectory(number) {
      yield* directoryEntries(filesystem, await readInode(filesystem, number));
    },
    walk: (number) => walkFrom(filesystem, number),
    lookup: (path, lookupOptions) => lookupPath(filesystem, path, lookupOptions),
    openFile,
    lostBytes: async (number) => (source.lostIn ? lostBytesOf(await openFile(number)) : 0),
    async readFile(number, position, length) {
      const content = await openFile(number);
      const start = Math.min(position, content.size);
      return content.read(start, Math.min(length, content.size - start));
    },
    readLink: async (number) => linkTarget(filesystem, await readInode(filesystem, number)),
    xattrs: async (number) => extendedAttributes(filesystem, await readInode(filesystem, number)),
  };
}

interface Opened {
  readonly filesystem: Filesystem;
  readonly notes: readonly Problem[];
}

/** Opens with checksums where they are wanted, and without where they are computed from a superblock that is damaged. */
async function openFirstReadable(source: ByteSource, verifyChecksums: boolean): Promise<Opened> {
  const opened = await openFilesystem(source, { verifyChecksums });
  if (!verifyChecksums || !opened.notes.some(({ code }) => code === 'filesystem-unproven')) return opened;
  if (await hasRoot(opened)) return opened;
  const trusting = await openFilesystem(source, { verifyChecksums: false });
  return (await hasRoot(trusting))
    ? { ...trusting, notes: [...opened.notes, ...trusting.notes] }
    : damaged('superblock', 'checksum');
}

async function hasRoot({ filesystem }: Opened): Promise<boolean> {
  try {
    return (await readInode(filesystem, ROOT_INODE)).kind === 'directory';
  } catch (error) {
    if (!isDamage(error)) throw error;
    return false;
  }
}

async function openFilesystem(source: ByteSource, options: SuperblockOptions): Promise<Opened> {
  const notes: Problem[] = [];
  const note = (added: Problem) => {
    if (!notes.some((told) => isDeepStrictEqual(told, added))) notes.push(added);
  };
  const { superblock, isBackup, fault } = await findSuperblock(source, options);
  const { blockSize, blockCount, features } = superblock;
  if (isBackup) note(problem('filesystem-backup-used', { structure: 'superblock' }));
  if (fault !== null) note(problem('filesystem-unproven', { detail: fault }));
  if (superblock.hasErrors) note(problem('filesystem-marked-damaged'));
  if (blockCount * blockSize > source.size) {
    note(problem('filesystem-cut-off', { size: source.size, expected: blockCount * blockSize }));
  }
  const blocks = new BlockReader(source, blockSize, blockCount);
  const onDisk: Filesystem = { superblock, blocks, fastCommits: null, note };
  // A backup was not told when the file system came into use.
  const mayNeedReplay = features.has('needs_recovery') || (isBackup && superblock.journalInode !== 0);
  if (!features.has('has_journal') || !mayNeedReplay) return { filesystem: onDisk, notes };

  const { overlay, fastCommits, problems } = await replayJournal(onDisk);
  problems.forEach(note);
  const replayed = new BlockReader(source, blockSize, blockCount, overlay);
  const newest = await replayedSuperblock(replayed, superblock, options);
  const grown = new BlockReader(source, blockSize, newest.blockCount, overlay);
  return { filesystem: { superblock: newest, blocks: grown, fastCommits, note }, notes };
}

/** The superblock is metadata too and may have changed in the journal, as when the file system was enlarged. */
async function replayedSuperblock(
  blocks: BlockReader,
  before: Superblock,
  options: SuperblockOptions,
): Promise<Superblock> {
  const bytes = new Uint8Array(SUPERBLOCK_SIZE);
  try {
    await blocks.data(0, SUPERBLOCK_POSITION, bytes, 'superblock');
    const after = parseSuperblock(bytes, options);
    return after.blockSize === before.blockSize ? after : before;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return before;
  }
}
