/**
 * Recovers a file system from its journal, in memory: the image is never written.
 *
 * What is kept is not the content of the blocks but where in the journal it lies, so that even a journal of
 * gigabytes costs some tens of megabytes.
 */
import { fail, problem, type Problem } from '../../../shared/problems.ts';
import type { Overlay } from './block-reader.ts';
import { openContent } from './content.ts';
import { damaged, isDamage } from './damage.ts';
import { parseFastCommits, type FastCommits } from './fast-commit.ts';
import type { Filesystem } from './filesystem.ts';
import { readInode } from './inode.ts';
import { readLog, type Journal, type Log } from './journal-log.ts';
import { parseJournalSuperblock } from './journal-superblock.ts';

/** Many times what file systems are made with. */
const MAX_FAST_COMMIT_BYTES = 2 ** 24;

/** What the journal adds to what lies on the disk. */
export interface Replay {
  readonly overlay: Overlay;
  readonly fastCommits: FastCommits | null;
  /** What was done, and what stood in the way. */
  readonly problems: readonly Problem[];
}

/**
 * Reads what a journal inside the file system has to add. A broken journal is not thrown but told: what can be
 * recovered is, and the rest of the file system is as it lies on the disk.
 *
 * @throws RecoveryError `filesystem-feature-unsupported` for a journal on another disk
 */
export async function replayJournal(filesystem: Filesystem): Promise<Replay> {
  const { superblock } = filesystem;
  if (superblock.journalInode === 0) {
    fail('filesystem-feature-unsupported', { features: 'journal on another disk' });
  }
  try {
    const journal = await openJournal(filesystem);
    if (journal.superblock.start === 0) return nothing;
    const log = await readLog(journal);
    const { overlay, isWhole } = applied(log, superblock.blockCount);
    const damage = log.damage ?? (isWhole ? null : 'content of a block');
    if (damage !== null) return { overlay, fastCommits: null, problems: problemsOf(log, overlay, damage) };
    const added = await readFastCommits(journal, log.nextSequence);
    return { overlay, fastCommits: added.fastCommits, problems: problemsOf(log, overlay, added.damage) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const { structure } = error.problem.params;
    const told =
      error.problem.code === 'filesystem-part-lost'
        ? problem('journal-lost', { structure })
        : problem('journal-damaged', { detail: `${structure}: ${error.problem.params.detail}` });
    return { ...nothing, problems: [told] };
  }
}

const nothing: Replay = {
  overlay: { replaced: new Map(), escaped: new Set() },
  fastCommits: null,
  problems: [],
};

async function openJournal(filesystem: Filesystem): Promise<Journal> {
  const { blockSize, journalInode } = filesystem.superblock;
  const inode = await readInode(filesystem, journalInode);
  if (inode.size < blockSize) damaged('journal', 'size');
  const block = await openContent(filesystem, inode).read(0, blockSize);
  return { filesystem, inode, superblock: parseJournalSuperblock(block, Math.floor(inode.size / blockSize)) };
}

/** Which changes count: the last of each block, unless it was revoked in the same transaction or later. */
function applied(log: Log, blockCount: number): { readonly overlay: Overlay; readonly isWhole: boolean } {
  const revokedIn = new Map<number, number>();
  for (const [index, { revoked }] of log.transactions.entries()) {
    for (const block of revoked) revokedIn.set(block, index);
  }
  const replaced = new Map<number, number>();
  const escaped = new Set<number>();
  let isWhole = true;
  for (const [index, { changes }] of log.transactions.entries()) {
    for (const change of changes) {
      if ((revokedIn.get(change.block) ?? -1) >= index) continue;
      if (!change.isWhole || change.block >= blockCount) {
        isWhole = false;
        continue;
      }
      replaced.set(change.block, change.holder);
      if (change.isEscaped) escaped.add(change.block);
      else escaped.delete(change.block);
    }
  }
  return { overlay: { replaced, escaped }, isWhole };
}

/** What was committed in short behind the last transaction, or what keeps it from being read. */
async function readFastCommits(
  journal: Journal,
  transaction: number,
): Promise<{ readonly fastCommits: FastCommits | null; readonly damage: string | null }> {
  const { filesystem, inode, superblock } = journal;
  const { blockSize } = filesystem.superblock;
  if (!superblock.fastCommits) return { fastCommits: null, damage: null };
  const { first, end } = superblock.fastCommits;
  const length = Math.min((end - first) * blockSize, MAX_FAST_COMMIT_BYTES);
  try {
    const area = await openContent(filesystem, inode).read(first * blockSize, length);
    return { fastCommits: parseFastCommits(area, blockSize, transaction), damage: null };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { fastCommits: null, damage: 'fast commits' };
  }
}

function problemsOf(log: Log, overlay: Overlay, damage: string | null): Problem[] {
  const problems: Problem[] = [];
  const transactions = log.transactions.length;
  if (transactions > 0) {
    problems.push(problem('journal-replayed', { transactions, blocks: overlay.replaced.size }));
  }
  if (damage !== null) problems.push(problem('journal-damaged', { detail: damage }));
  return problems;
}
