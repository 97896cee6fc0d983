/** Directories: all their entries, and one of them by name. */
import { fail } from '../../../shared/problems.ts';
import { runsOf, type Run } from './block-map.ts';
import { inlineAreas } from './content.ts';
import { damaged, isDamage, keepDamage, type Damage } from './damage.ts';
import { checkDirectoryBlock, entriesIn, type DirectoryEntry } from './directory-blocks.ts';
import { indexedBlocks } from './directory-index.ts';
import { entryAfter, type NameChange } from './fast-commit.ts';
import type { Filesystem } from './filesystem.ts';
import type { Inode } from './inode.ts';
import { nameKey, nameOfKey, sameName } from './names.ts';

/** Larger than any in use; a larger one could keep a reader busy for days with blocks that say nothing. */
const MAX_DIRECTORY_BYTES = 2 ** 30;
/** Bytes read at once. */
const STEP_BYTES = 2 ** 18;
/** After so many broken blocks the rest is given up. */
const MAX_DAMAGES = 1000;
/** An inline directory starts with the inode of its parent. */
const INLINE_HEADER_SIZE = 4;

/**
 * The entries of a directory, in the order in which they lie there, without `.` and `..`.
 *
 * @throws RecoveryError `filesystem-entry-unfit` for what is no directory, `filesystem-entry-encrypted`;
 * `filesystem-damaged` after every entry that could be read, for the first that could not
 */
export async function* directoryEntries(
  filesystem: Filesystem,
  inode: Inode,
): AsyncGenerator<DirectoryEntry, void, undefined> {
  requireReadable(inode);
  const damages: Damage[] = [];
  const stored = storedEntries(filesystem, inode, damages);
  const changes = filesystem.fastCommits?.names.get(inode.number);
  for await (const entries of changes ? changedEntries(stored, changes) : stored) yield* entries;
  if (damages[0]) throw damages[0];
}

/**
 * Finds an entry of a directory by its name, through the index where there is one.
 *
 * @returns its inode, or null where there is no such entry
 * @throws RecoveryError `filesystem-entry-unfit`, `filesystem-entry-encrypted`; `filesystem-damaged` where the
 * entry was not found but may lie in what cannot be read
 */
export async function findEntry(
  filesystem: Filesystem,
  inode: Inode,
  name: Uint8Array,
): Promise<number | null> {
  requireReadable(inode);
  const stored =
    (await indexedEntry(filesystem, inode, name)) ?? (await scannedEntry(filesystem, inode, name));
  const changes = filesystem.fastCommits?.names.get(inode.number)?.get(nameKey(name)) ?? [];
  return entryAfter(changes, stored);
}

function requireReadable(inode: Inode): void {
  if (inode.kind !== 'directory') {
    fail('filesystem-entry-unfit', {
      path: `inode ${inode.number}`,
      expected: 'directory',
      found: inode.kind,
    });
  }
  // Its names are ciphertext.
  if (inode.flags.has('encrypted')) fail('filesystem-entry-encrypted', { inode: inode.number });
}

async function scannedEntry(filesystem: Filesystem, inode: Inode, name: Uint8Array): Promise<number | null> {
  const damages: Damage[] = [];
  for await (const entries of storedEntries(filesystem, inode, damages)) {
    const entry = entries.find((candidate) => sameName(candidate.name, name));
    if (entry) return entry.inode;
  }
  if (damages[0]) throw damages[0];
  return null;
}

/** Null says nothing: a broken index, and one by a hash that is not known, leave it to the scan. */
async function indexedEntry(filesystem: Filesystem, inode: Inode, name: Uint8Array): Promise<number | null> {
  const { superblock } = filesystem;
  if (!inode.flags.has('indexed') || inode.flags.has('inlineData')) return null;
  const structure = `directory ${inode.number}`;
  const readBlock = (block: number) => readDirectoryBlock(filesystem, inode, block);
  try {
    for (const block of (await indexedBlocks(superblock, name, readBlock, structure)) ?? []) {
      for (const entry of entriesIn(await readBlock(block), superblock, structure, [])) {
        if (sameName(entry.name, name)) return entry.inode;
      }
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  return null;
}

async function readDirectoryBlock(filesystem: Filesystem, inode: Inode, block: number): Promise<Uint8Array> {
  const structure = `block ${block} of directory ${inode.number}`;
  if (block * filesystem.superblock.blockSize >= inode.size) damaged(structure, 'lies past its end');
  for await (const { physical } of runsOf(filesystem, inode, block, block + 1)) {
    if (physical === null) break;
    const bytes = await filesystem.blocks.metadata(physical, structure);
    checkDirectoryBlock(inode, bytes, block === 0, structure);
    return bytes;
  }
  damaged(structure, 'is a hole');
}

/** What the disk holds, some at a time; faults are put into `damages`, and what lies behind them is read on. */
async function* storedEntries(
  filesystem: Filesystem,
  inode: Inode,
  damages: Damage[],
): AsyncGenerator<readonly DirectoryEntry[], void, undefined> {
  const { superblock } = filesystem;
  if (inode.flags.has('inlineData')) {
    const structure = `inline directory ${inode.number}`;
    const [start, continuation] = inlineAreas(inode);
    for (const area of [start.subarray(INLINE_HEADER_SIZE), continuation])
      yield salvaged(entriesIn(area, superblock, structure, damages), damages);
    return;
  }
  const seen = new Set<number>();
  try {
    if (inode.size > MAX_DIRECTORY_BYTES) damaged(`directory ${inode.number}`, 'size');
    for await (const run of shortRuns(filesystem, inode)) {
      if (damages.length >= MAX_DAMAGES) return;
      try {
        yield await entriesOfRun(filesystem, inode, run, seen, damages);
      } catch (error) {
        keepDamage(damages, error);
      }
    }
  } catch (error) {
    keepDamage(damages, error);
  }
}

/** The runs of a directory, cut to what is read at once. */
async function* shortRuns(filesystem: Filesystem, inode: Inode): AsyncGenerator<Run, void, undefined> {
  const { blockSize } = filesystem.superblock;
  const most = STEP_BYTES / blockSize;
  const end = Math.ceil(inode.size / blockSize);
  for await (const { logical, physical, length } of runsOf(filesystem, inode, 0, end)) {
    const step = physical === null ? length : most;
    for (let done = 0; done < length; done += step) {
      yield {
        logical: logical + done,
        physical: physical === null ? null : physical + done,
        length: Math.min(step, length - done),
      };
    }
  }
}

/** The entries in consecutive blocks. `seen` holds the blocks read before: none may be part of it twice. */
async function entriesOfRun(
  filesystem: Filesystem,
  inode: Inode,
  run: Run,
  seen: Set<number>,
  damages: Damage[],
): Promise<readonly DirectoryEntry[]> {
  const { superblock, blocks } = filesystem;
  const { blockSize } = superblock;
  const structure = (index: number) => `block ${run.logical + index} of directory ${inode.number}`;
  if (run.physical === null) damaged(structure(0), 'is a hole');
  if (run.length > 1 && blocks.lostIn(run.physical, 0, run.length * blockSize).length > 0) {
    return entriesOfEach(filesystem, inode, { ...run, physical: run.physical }, seen, damages);
  }
  for (let block = run.physical; block < run.physical + run.length; block++) {
    if (seen.has(block)) damaged(structure(block - run.physical), 'is part of it twice');
    seen.add(block);
  }
  const bytes = new Uint8Array(run.length * blockSize);
  await blocks.data(run.physical, 0, bytes, structure(0));
  return Array.from({ length: run.length }, (_, index) => {
    const block = bytes.subarray(index * blockSize, (index + 1) * blockSize);
    const checked = function* () {
      checkDirectoryBlock(inode, block, run.logical + index === 0, structure(index));
      yield* entriesIn(block, superblock, structure(index), damages);
    };
    return salvaged(checked(), damages);
  }).flat();
}

/** The same block by block, so that one that was lost costs no other. */
async function entriesOfEach(
  filesystem: Filesystem,
  inode: Inode,
  run: Run & { readonly physical: number },
  seen: Set<number>,
  damages: Damage[],
): Promise<readonly DirectoryEntry[]> {
  const found: DirectoryEntry[] = [];
  for (let index = 0; index < run.length; index++) {
    const block = { logical: run.logical + index, physical: run.physical + index, length: 1 };
    try {
      for (const entry of await entriesOfRun(filesystem, inode, block, seen, damages)) found.push(entry);
    } catch (error) {
      keepDamage(damages, error);
    }
  }
  return found;
}

/** The entries up to the first fault, which is put into `damages`. */
function salvaged(entries: Iterable<DirectoryEntry>, damages: Damage[]): DirectoryEntry[] {
  const found: DirectoryEntry[] = [];
  try {
    for (const entry of entries) found.push(entry);
  } catch (error) {
    keepDamage(damages, error);
  }
  return found;
}

/** Removes and adds entries as fast commits say. */
async function* changedEntries(
  stored: AsyncIterable<readonly DirectoryEntry[]>,
  changes: ReadonlyMap<string, readonly NameChange[]>,
): AsyncGenerator<readonly DirectoryEntry[], void, undefined> {
  const waiting = new Map(changes);
  for await (const entries of stored) {
    yield entries.flatMap((entry) => {
      const change = waiting.get(nameKey(entry.name));
      if (!change) return [entry];
      waiting.delete(nameKey(entry.name));
      return entriesAfter(entry.name, change, entry);
    });
  }
  yield [...waiting].flatMap(([key, change]) => entriesAfter(nameOfKey(key), change, null));
}

function entriesAfter(
  name: Uint8Array,
  change: readonly NameChange[],
  stored: DirectoryEntry | null,
): DirectoryEntry[] {
  const inode = entryAfter(change, stored?.inode ?? null);
  if (inode === null) return [];
  return [stored?.inode === inode ? stored : { name, inode, kind: null }];
}
