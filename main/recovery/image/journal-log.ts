/**
 * The log of a journal: the transactions that were committed since the disk was last up to date.
 *
 * Source: Linux, Documentation/filesystems/ext4/journal.rst.
 */
import { runsOf } from './block-map.ts';
import { crc32BigEndian, CRC_START } from './checksums.ts';
import { damaged, isLost } from './damage.ts';
import type { Filesystem } from './filesystem.ts';
import type { Inode } from './inode.ts';
import {
  commitHolds,
  contentHolds,
  journalBlockOf,
  revokedBlocks,
  tagsOf,
  tailHolds,
  type Tag,
} from './journal-blocks.ts';
import type { JournalSuperblock } from './journal-superblock.ts';

/** Blocks of the journal's own, changes and revocations together, at most: four times a full journal of 1 GiB. */
const MAX_RECORDS = 2 ** 20;
/** Bytes of content read at once. */
const STEP_BYTES = 2 ** 20;

/** New content of a block. */
export interface Change {
  readonly block: number;
  /** The block of the image, inside the journal, that holds the content. */
  readonly holder: number;
  /** Whether its first four bytes are held back, because they are the journal's magic number. */
  readonly isEscaped: boolean;
  /** Whether the content's checksum holds. */
  readonly isWhole: boolean;
}

export interface Transaction {
  readonly changes: readonly Change[];
  /** Blocks of which no content from this transaction or an earlier one counts. */
  readonly revoked: readonly number[];
}

export interface Log {
  readonly transactions: readonly Transaction[];
  /** The number that the next transaction would have. */
  readonly nextSequence: number;
  /** What broke the log off, or null when it simply ended. */
  readonly damage: string | null;
}

/** A journal in its file. */
export interface Journal {
  readonly filesystem: Filesystem;
  readonly inode: Inode;
  readonly superblock: JournalSuperblock;
}

/** A transaction whose commit block was not reached yet. */
interface OpenTransaction {
  readonly sequence: number;
  readonly changes: Change[];
  readonly revoked: number[];
  /** Over its descriptors and contents, where the commit block has one to compare. */
  checksum: number;
}

/**
 * Reads the transactions of a log. One counts only if its commit block is there.
 *
 * @throws RecoveryError `filesystem-damaged` where the journal's file is broken or holds too much
 */
export async function readLog(journal: Journal): Promise<Log> {
  const { superblock } = journal;
  const length = superblock.end - superblock.first;
  const transactions: Transaction[] = [];
  let open = opened(superblock.sequence);
  let damage: string | null = null;
  let records = 0;
  try {
    for (let offset = 0; offset < length && damage === null;) {
      const { bytes } = await readBlocks(journal, offset, 1);
      const block = journalBlockOf(bytes);
      if (block?.sequence !== open.sequence) break;
      offset++;
      records++;
      if (block.kind === 'commit' && commitHolds(bytes, superblock, open.checksum)) {
        transactions.push(open);
        open = opened((open.sequence + 1) >>> 0);
      } else if (block.kind === 'commit' || !tailHolds(bytes, superblock)) {
        damage = `${block.kind} block of transaction ${open.sequence}`;
      } else if (block.kind === 'revocation') {
        const revoked = revokedBlocks(bytes, superblock);
        for (const revokedBlock of revoked) open.revoked.push(revokedBlock);
        records += revoked.length;
      } else {
        const tags = tagsOf(bytes, superblock);
        records += tags.length;
        if (offset + tags.length > length) break;
        if (superblock.checksums === 1) open.checksum = crc32BigEndian(bytes, open.checksum);
        await readChanges(journal, offset, tags, open);
        offset += tags.length;
      }
      if (records > MAX_RECORDS) damaged('journal', 'too many changes');
    }
  } catch (error) {
    // What was committed before a part that was lost counts.
    if (!isLost(error)) throw error;
    damage = 'a part of it was lost in the backup';
  }
  return { transactions, nextSequence: open.sequence, damage };
}

function opened(sequence: number): OpenTransaction {
  return { sequence, changes: [], revoked: [], checksum: CRC_START };
}

/** Adds the changes whose contents lie from `offset` on in the log. */
async function readChanges(
  journal: Journal,
  offset: number,
  tags: readonly Tag[],
  open: OpenTransaction,
): Promise<void> {
  const { superblock, filesystem } = journal;
  const { blockSize } = filesystem.superblock;
  const most = STEP_BYTES / blockSize;
  for (let done = 0; done < tags.length; done += most) {
    const some = tags.slice(done, done + most);
    const { holders, bytes } = await readBlocks(journal, offset + done, some.length);
    for (const [index, tag] of some.entries()) {
      const content = bytes.subarray(index * blockSize, (index + 1) * blockSize);
      if (superblock.checksums === 1) open.checksum = crc32BigEndian(content, open.checksum);
      open.changes.push({
        block: tag.block,
        holder: holders[index] ?? 0,
        isEscaped: tag.isEscaped,
        isWhole: contentHolds(content, tag, open.sequence, superblock),
      });
    }
  }
}

/** Reads blocks of the log, which goes on at its first block when it has come to its end. */
async function readBlocks(journal: Journal, offset: number, count: number) {
  const { first, end, start } = journal.superblock;
  const position = first + ((start - first + offset) % (end - first));
  const untilEnd = Math.min(count, end - position);
  const { blockSize } = journal.filesystem.superblock;
  const bytes = new Uint8Array(count * blockSize);
  const holders = [
    ...(await readRange(journal, position, bytes.subarray(0, untilEnd * blockSize))),
    ...(await readRange(journal, first, bytes.subarray(untilEnd * blockSize))),
  ];
  return { holders, bytes };
}

/** Fills `target` from consecutive blocks of the journal's file, and says where in the image they lie. */
async function readRange(journal: Journal, first: number, target: Uint8Array): Promise<number[]> {
  const { filesystem, inode } = journal;
  const { blockSize } = filesystem.superblock;
  const holders: number[] = [];
  for await (const { logical, physical, length } of runsOf(
    filesystem,
    inode,
    first,
    first + target.length / blockSize,
  )) {
    if (physical === null) damaged('journal', `block ${logical} is a hole`);
    const start = (logical - first) * blockSize;
    await filesystem.blocks.data(physical, 0, target.subarray(start, start + length * blockSize), 'journal');
    for (let index = 0; index < length; index++) holders.push(physical + index);
  }
  return holders;
}
