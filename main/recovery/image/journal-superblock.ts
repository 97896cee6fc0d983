/**
 * The superblock of a journal of JBD2: how long it is, where its log starts, and how its blocks are written.
 *
 * Source: Linux, Documentation/filesystems/ext4/journal.rst, "Super Block".
 */
import { JOURNAL_MAGIC } from './block-reader.ts';
import { crc32c } from './checksums.ts';
import { damaged } from './damage.ts';
import { Fields } from './fields.ts';

const SIZE = 1024;
const VERSION_1 = 3;
const VERSION_2 = 4;

const COMPAT_CHECKSUM = 0x1;
const INCOMPAT = {
  revoke: 0x1,
  wide: 0x2,
  asyncCommit: 0x4,
  checksum2: 0x8,
  checksum3: 0x10,
  fastCommit: 0x20,
};
const KNOWN_INCOMPAT = Object.values(INCOMPAT).reduce((bits, bit) => bits | bit, 0);

const DEFAULT_FAST_COMMIT_BLOCKS = 256;
/** A log is not made shorter than this to make room for fast commits. */
const MIN_LOG_BLOCKS = 1024;

export interface JournalSuperblock {
  /** First block of the log, which runs in a circle. Blocks are counted in the journal. */
  readonly first: number;
  /** The block after its last. */
  readonly end: number;
  /** Where the oldest transaction that counts starts, or 0 where none does. */
  readonly start: number;
  /** The number of that transaction. */
  readonly sequence: number;
  /** Whether block numbers have 64 bits. */
  readonly wide: boolean;
  /** How blocks are checked: per transaction (1), or each (2, with half a checksum for data; 3). */
  readonly checksums: 'none' | 1 | 2 | 3;
  /** Register from which checksums of the kinds 2 and 3 go on. */
  readonly checksumSeed: number;
  /** Blocks set aside for fast commits, or null. */
  readonly fastCommits: { readonly first: number; readonly end: number } | null;
}

/**
 * Reads the superblock from the first block of a journal.
 *
 * @param blockCount blocks that the journal's file holds
 * @throws RecoveryError `filesystem-damaged`
 */
export function parseJournalSuperblock(block: Uint8Array, blockCount: number): JournalSuperblock {
  const bytes = block.subarray(0, SIZE);
  const fields = new Fields(bytes);
  const version = fields.u32be(0x4);
  const check = (holds: boolean, what: string) => {
    if (!holds) damaged('journal superblock', what);
  };
  check(
    fields.u32be(0x0) === JOURNAL_MAGIC && (version === VERSION_1 || version === VERSION_2),
    'magic number',
  );
  check(fields.u32be(0xc) === block.length, 'block size');
  const compat = version === VERSION_2 ? fields.u32be(0x24) : 0;
  const incompat = version === VERSION_2 ? fields.u32be(0x28) : 0;
  check((incompat & ~KNOWN_INCOMPAT) === 0, `features 0x${incompat.toString(16)}`);
  const checksums =
    incompat & INCOMPAT.checksum3
      ? 3
      : incompat & INCOMPAT.checksum2
        ? 2
        : compat & COMPAT_CHECKSUM
          ? 1
          : 'none';
  if (checksums === 2 || checksums === 3) {
    const blanked = bytes.slice();
    blanked.fill(0, 0xfc, 0x100);
    check(crc32c(blanked) === fields.u32be(0xfc), 'checksum');
  }
  const length = fields.u32be(0x10);
  const first = fields.u32be(0x14);
  const start = fields.u32be(0x1c);
  const fastCommits = (incompat & INCOMPAT.fastCommit) === 0 ? null : fastCommitArea(fields, length);
  const end = fastCommits ? fastCommits.first - 1 : length;
  check(length <= blockCount && first >= 1 && first < end, 'length');
  check(start === 0 || (start >= first && start < end), 'start of the log');
  return {
    first,
    end,
    start,
    sequence: fields.u32be(0x18),
    wide: (incompat & INCOMPAT.wide) !== 0,
    checksums,
    checksumSeed: crc32c(bytes.subarray(0x30, 0x40)),
    fastCommits,
  };
}

/** Fast commits lie behind the log, one block from its end. */
function fastCommitArea(
  fields: Fields,
  length: number,
): { readonly first: number; readonly end: number } | null {
  const blocks = fields.u32be(0x54) || DEFAULT_FAST_COMMIT_BLOCKS;
  const logEnd = length - blocks;
  return logEnd >= MIN_LOG_BLOCKS ? { first: logEnd + 1, end: length } : null;
}
