/** A backup as it is before its passphrase is known: indexed, its header read, nothing authenticated. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BackupSummary } from '../../shared/backup.ts';
import { fail, problem, problemOf, type Problem } from '../../shared/problems.ts';
import { OpenFiles, sourceOf, stretchesOf, type Layout } from './bytes/layout.ts';
import type { ByteSource } from './bytes/source.ts';
import { readIfReadable } from './bytes/unreadable.ts';
import {
  creationTime,
  headerlessFormat2,
  longestBackupHeader,
  parseBackupHeader,
  type BackupHeader,
} from './catalog/backup-header.ts';
import { qubesXmlPath } from './catalog/inventory.ts';
import { groupStoredFiles, type StoredFiles } from './catalog/stored-files.ts';
import { indexContainer, type ContainerIndex, type Member } from './container/container-index.ts';
import { headerName, headerSealName } from './container/safe-name.ts';
import {
  beginningLength,
  beginsBackup,
  looksEncrypted,
  mayBeginBackup,
  wrappingOf,
} from './container/beginning.ts';
import { findParts, refuseLaterPart } from './container/find-parts.ts';
import { indexFolder, isUnpackedBackup, unpackedFolderOf } from './container/unpacked.ts';
import { makeupOf } from './encryption/headerless.ts';

/** A backup whose container was indexed; nothing it says is authenticated. */
export interface LockedBackup {
  readonly path: string;
  readonly source: ByteSource;
  /** Where its bytes stand, for threads that read them on their own. */
  readonly layout: Layout;
  readonly index: ContainerIndex;
  /** Null when it is missing or unreadable, while its sealed copy is there. */
  readonly header: BackupHeader | null;
  /** What is wrong with the container and the header. */
  readonly problems: readonly Problem[];
  /** Tells of missing parts as well, which are told again once what needs them is read. */
  readonly summary: BackupSummary;
}

/** A backup as a person gives it: its file or folder, or its files in their order. */
export interface GivenBackup {
  readonly files: readonly string[];
  /** Whether further parts of one file are looked for beside it. */
  readonly findParts: boolean;
}

/** A backup's bytes, indexed. */
interface Arranged {
  readonly layout: Layout;
  readonly index: ContainerIndex;
  /** What is to be said of how it was found. */
  readonly problems: readonly Problem[];
}

/**
 * Opens a backup: finds its bytes, indexes its container and reads what its header says, unverified. It may be a file, a
 * drive, several parts, a folder that it was unpacked into or any file of that, or the only backup in a tar.
 *
 * @throws RecoveryError `source-…`, `device-empty`, `part-…`, `not-a-backup`, `backup-wrapped`, `looks-encrypted`,
 *   `backup-is-format-1`, `version-unsupported`, `header-…`
 */
export async function openBackup(given: GivenBackup): Promise<LockedBackup> {
  const files = new OpenFiles();
  try {
    const { layout, index, problems } = await arrange(given, files);
    await files.keepOnly(layout);
    const locked = await lockedFrom(sourceOf(layout, files), given.files[0] ?? '', index, problems);
    return { ...locked, layout };
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** As `openBackup`, from a source that is open already and is closed when it is refused. */
export async function openBackupFrom(source: ByteSource, path: string): Promise<LockedBackup> {
  try {
    return await lockedFrom(source, path, await indexContainer(source), []);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function lockedFrom(
  source: ByteSource,
  path: string,
  index: ContainerIndex,
  found: readonly Problem[],
): Promise<LockedBackup> {
  const problems = [...index.problems, ...found];
  const header = await readHeader(source, index, problems);
  if (header?.version === 4 && (await isSealStubbed(source, index)))
    problems.push(problem('backup-not-sealed'));
  const told = [...problems, ...missingParts(index, header)];
  const summary = summarise(path, source, index, header, told);
  return { path, source, layout: [], index, header, problems, summary };
}

async function arrange(
  { files: given, findParts: isSearch }: GivenBackup,
  files: OpenFiles,
): Promise<Arranged> {
  const [path = '', ...others] = given;
  if (others.length === 0 && (await isFolder(path))) return arrangeFolder(path);
  const layout: Layout = await Promise.all(
    given.map(async (each) => ({ path: each, start: 0, length: await files.sizeOf(each) })),
  );
  const source = sourceOf(layout, files);
  const index = await indexContainer(source).catch((error: unknown) => {
    if (problemOf(error).code === 'not-a-backup') return null;
    throw error;
  });
  const found =
    index && (isBackup(index) ? { layout, index, problems: [] } : await backupWithin(layout, index, files));
  const head = await source.read(0, Math.min(beginningLength, source.size));
  if (isSearch && others.length === 0) {
    const joined = found || mayBeginBackup(head) ? await findParts(path, found?.index ?? null, files) : null;
    if (joined)
      return { ...joined, layout: found && joined.layout.length === 1 ? found.layout : joined.layout };
  }
  if (found) return found;
  if (isSearch && others.length === 0) {
    const folder = await unpackedFolderOf(path);
    if (folder !== null) return arrangeFolder(folder);
    await refuseLaterPart(path, files);
  }
  const wrapping = wrappingOf(head);
  if (wrapping) fail('backup-wrapped', { by: wrapping.by, command: commandFor(wrapping.command, path) });
  if (looksEncrypted(head)) fail('looks-encrypted');
  return fail('not-a-backup');
}

async function arrangeFolder(folder: string): Promise<Arranged> {
  if (await isUnpackedBackup(folder)) return { ...(await indexFolder(folder)), problems: [] };
  // Format 1 was a folder of plain files with a list of qubes in it.
  const isFormat1 = await stat(join(folder, 'qubes.xml')).then(
    (found) => found.isFile(),
    () => false,
  );
  return isFormat1 ? fail('backup-is-format-1') : fail('source-not-a-file', { path: folder });
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Members that only a backup has. */
function isBackup({ members }: ContainerIndex): boolean {
  return [headerName, headerSealName, 'qubes.xml.000'].some((name) => members.has(name));
}

/** Members of a tar that are looked into for a backup, the largest first. */
const mostLookedInto = 16;

/**
 * The only backup that stands in a tar as a file, opened where it is.
 *
 * @throws RecoveryError `backup-wrapped` where there are several
 */
async function backupWithin(
  layout: Layout,
  index: ContainerIndex,
  files: OpenFiles,
): Promise<Arranged | null> {
  const { members, cutShort } = index;
  const source = sourceOf(layout, files);
  const largest = [...members.values(), ...(cutShort ? [cutShort] : [])]
    .toSorted((a, b) => b.size - a.size)
    .slice(0, mostLookedInto);
  const backups: Member[] = [];
  for (const member of largest) {
    const length = Math.min(beginningLength, member.size, source.size - member.offset);
    const head = await readIfReadable(source, member.offset, length);
    if (head && beginsBackup(head)) backups.push(member);
  }
  const [only, another] = backups;
  if (!only) return null;
  if (another)
    fail('backup-wrapped', { by: 'tar', command: commandFor('tar -xf FILE', layout[0]?.path ?? '') });
  const within = stretchesOf(layout, only.offset, only.size);
  return { layout: within, index: await indexContainer(sourceOf(within, files)), problems: [] };
}

/** A command for a terminal with the name of a file in it, and that of what comes out beside it. */
function commandFor(command: string, path: string): string {
  const name = basename(path);
  const bare = name.replace(/\.(?:gz|xz|zst|bz2|lz4|gpg|asc|pgp|age|enc|b64|luks)$/i, '');
  return command
    .replace('FILE', quoted(path))
    .replace('OUT', quoted(bare === name ? `${name}.unpacked` : bare));
}

function quoted(text: string): string {
  return /^[\w./+:@-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Whether the header stands in the place of its own seal: `scrypt` was replaced by a program that only copies. */
async function isSealStubbed(source: ByteSource, { members }: ContainerIndex): Promise<boolean> {
  const [plain, seal] = [members.get(headerName), members.get(headerSealName)];
  if (!plain || !seal || plain.size !== seal.size || plain.size > longestBackupHeader) return false;
  const [one, other] = await Promise.all(
    [plain, seal].map(({ offset, size }) => readIfReadable(source, offset, size)),
  );
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}

/** The header by its own word. Damage to it is survived as long as its sealed copy is there. */
async function readHeader(
  source: ByteSource,
  index: ContainerIndex,
  problems: Problem[],
): Promise<BackupHeader | null> {
  const sealedCopy = index.members.get(headerSealName);
  const member = index.members.get(headerName);
  if (!member) {
    const list = headerlessList(index);
    if (list) return headerlessFormat2(await makeupOf(source, list), 'MD5');
    if (!sealedCopy) fail('not-a-backup');
    problems.push(problem('header-missing'));
    return null;
  }
  try {
    return parseBackupHeader(await readSmall(source, member, longestBackupHeader));
  } catch (error) {
    const found = problemOf(error);
    if (found.code !== 'header-malformed' || !sealedCopy) throw error;
    problems.push(found);
    return null;
  }
}

/** The first chunk of the list of qubes where a backup is of those of format 2 that have no header. */
export function headerlessList({ members }: ContainerIndex): Member | undefined {
  return members.has(headerName) || members.has(headerSealName) ? undefined : members.get('qubes.xml.000');
}

async function readSmall(source: ByteSource, member: Member, limit: number): Promise<Uint8Array> {
  if (member.size > limit) fail('header-malformed', { detail: 'too long' });
  return source.read(member.offset, member.size);
}

/** Missing parts of which a person is told at once. */
const mostMissing = 20;

/** What a backup visibly lacks, before anything in it can be verified. */
function missingParts(index: ContainerIndex, header: BackupHeader | null): readonly Problem[] {
  const { files } = storedFilesOf(index, header);
  const gaps = [...files.values()].flatMap(({ path, firstMissing }) =>
    firstMissing === null ? [] : [problem('chunk-missing', { file: path, chunk: firstMissing })],
  );
  return [
    ...(headerlessList(index) || index.members.has(headerSealName) ? [] : [problem('header-seal-missing')]),
    ...(files.has(qubesXmlPath) ? [] : [problem('qubes-xml-missing')]),
    ...gaps.slice(0, mostMissing),
  ];
}

/** Without a readable header, the names of the members tell how chunks are named. */
function storedFilesOf(index: ContainerIndex, header: BackupHeader | null): StoredFiles {
  const looksSealed = [...index.members.keys()].some((name) => name.endsWith('.enc'));
  return groupStoredFiles(index, header?.version ?? (looksSealed ? 4 : 3));
}

/** The summary of a backup by what its header says. */
export function summarise(
  path: string,
  source: ByteSource,
  index: ContainerIndex,
  header: BackupHeader | null,
  problems: readonly Problem[],
): BackupSummary {
  // The header claims what a program did that was replaced.
  const isUnsealed = problems.some(({ code }) => code === 'backup-not-sealed');
  return {
    fileName: basename(path),
    size: source.size,
    version: header?.version ?? null,
    backupId: header?.backupId ?? null,
    created: creationTime(header?.backupId ?? null),
    encrypted: isUnsealed ? false : (header?.encrypted ?? null),
    compression: header?.compressionFilter ?? null,
    fileCount: storedFilesOf(index, header).files.size,
    cutOff: index.cutOff,
    complete: index.complete && header !== null && missingParts(index, header).length === 0,
    problems: [...problems],
  };
}
