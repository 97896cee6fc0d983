/**
 * The blocks of which a transaction in a journal is made: what they announce, and their checksums.
 *
 * Source: Linux, Documentation/filesystems/ext4/journal.rst.
 */
import { JOURNAL_MAGIC } from './block-reader.ts';
import { crc32c } from './checksums.ts';
import { Fields, joined } from './fields.ts';
import type { JournalSuperblock } from './journal-superblock.ts';

const HEADER_SIZE = 12;
const TAIL_SIZE = 4;
const UUID_SIZE = 16;

const kinds: Readonly<Record<number, 'descriptor' | 'commit' | 'revocation'>> = {
  1: 'descriptor',
  2: 'commit',
  5: 'revocation',
};

const TAG_ESCAPED = 0x1;
const TAG_SAME_UUID = 0x2;
const TAG_LAST = 0x8;

export interface JournalBlock {
  readonly kind: 'descriptor' | 'commit' | 'revocation';
  readonly sequence: number;
}

/** What a block of the journal says it is, or null when it is none of the journal's own. */
export function journalBlockOf(bytes: Uint8Array): JournalBlock | null {
  const fields = new Fields(bytes);
  const kind = kinds[fields.u32be(4)];
  return fields.u32be(0) === JOURNAL_MAGIC && kind ? { kind, sequence: fields.u32be(8) } : null;
}

/** One block that a transaction changes. Its new content follows the descriptor, in the order of the tags. */
export interface Tag {
  /** The block of the file system. */
  readonly block: number;
  /** Whether its first four bytes are held back, because they are the journal's magic number. */
  readonly isEscaped: boolean;
  /** Of its content in the journal; the lower half where checksums are of kind 2. */
  readonly checksum: number;
}

/** The tags of a descriptor block. One that is cut off is left out. */
export function tagsOf(bytes: Uint8Array, journal: JournalSuperblock): Tag[] {
  const fields = new Fields(bytes);
  const size = tagSize(journal);
  const end = bytes.length - (hasBlockChecksums(journal) ? TAIL_SIZE : 0);
  const tags: Tag[] = [];
  for (let at = HEADER_SIZE; at + size <= end;) {
    const flags = journal.checksums === 3 ? fields.u32be(at + 4) : fields.u16be(at + 6);
    tags.push({
      block: joined(journal.wide ? fields.u32be(at + 8) : 0, fields.u32be(at)),
      isEscaped: (flags & TAG_ESCAPED) !== 0,
      checksum: journal.checksums === 3 ? fields.u32be(at + 12) : fields.u16be(at + 4),
    });
    if (flags & TAG_LAST) break;
    at += size + (flags & TAG_SAME_UUID ? 0 : UUID_SIZE);
  }
  return tags;
}

function tagSize(journal: JournalSuperblock): number {
  if (journal.checksums === 3) return 16;
  return 8 + (journal.wide ? 4 : 0) + (journal.checksums === 2 ? 2 : 0);
}

/** The blocks that a revocation block takes out of this transaction and all before it. */
export function revokedBlocks(bytes: Uint8Array, journal: JournalSuperblock): number[] {
  const fields = new Fields(bytes);
  const size = journal.wide ? 8 : 4;
  const end = Math.min(
    fields.u32be(HEADER_SIZE),
    bytes.length - (hasBlockChecksums(journal) ? TAIL_SIZE : 0),
  );
  const revoked: number[] = [];
  for (let at = HEADER_SIZE + 4; at + size <= end; at += size) {
    revoked.push(journal.wide ? joined(fields.u32be(at), fields.u32be(at + 4)) : fields.u32be(at));
  }
  return revoked;
}

function hasBlockChecksums(journal: JournalSuperblock): boolean {
  return journal.checksums === 2 || journal.checksums === 3;
}

/** Whether the checksum at the end of a descriptor or revocation block holds, or there is none. */
export function tailHolds(bytes: Uint8Array, journal: JournalSuperblock): boolean {
  return !hasBlockChecksums(journal) || checksumHolds(bytes, bytes.length - TAIL_SIZE, journal);
}

const COMMIT_CHECKSUM = 0x10;
const COMMIT_CHECKSUM_KIND = 0xc;
const COMMIT_CHECKSUM_SIZE = 0xd;
const CRC32_KIND = 1;

/**
 * Whether the checksum of a commit block holds, or there is none.
 *
 * @param contentChecksum over the descriptor and data blocks of the transaction, for checksums of kind 1
 */
export function commitHolds(bytes: Uint8Array, journal: JournalSuperblock, contentChecksum: number): boolean {
  if (hasBlockChecksums(journal)) return checksumHolds(bytes, COMMIT_CHECKSUM, journal);
  if (journal.checksums === 'none') return true;
  const fields = new Fields(bytes);
  const stored = fields.u32be(COMMIT_CHECKSUM);
  const kind = fields.u8(COMMIT_CHECKSUM_KIND);
  const size = fields.u8(COMMIT_CHECKSUM_SIZE);
  const isAbsent = kind === 0 && size === 0 && stored === 0;
  return isAbsent || (kind === CRC32_KIND && size === 4 && stored === contentChecksum);
}

function checksumHolds(bytes: Uint8Array, at: number, journal: JournalSuperblock): boolean {
  const blanked = bytes.slice();
  blanked.fill(0, at, at + 4);
  return crc32c(blanked, journal.checksumSeed) === new Fields(bytes).u32be(at);
}

/** Whether the checksum of a block's new content holds, or there is none. */
export function contentHolds(
  content: Uint8Array,
  tag: Tag,
  sequence: number,
  journal: JournalSuperblock,
): boolean {
  if (!hasBlockChecksums(journal)) return true;
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, sequence);
  const computed = crc32c(content, crc32c(number, journal.checksumSeed));
  return tag.checksum === (journal.checksums === 3 ? computed : computed & 0xffff);
}
