/** A backup as it is before its passphrase is known: indexed, its header read, nothing authenticated. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BackupSummary } from '../../shared/backup.ts';
import { fail, problem, problemOf, type Problem } from '../../shared/problems.ts';
import type { ByteSource } from './bytes/source.ts';
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
import { openBackupSource } from './container/split-source.ts';
import { makeupOf } from './encryption/headerless.ts';

/** A backup whose container was indexed; nothing it says is authenticated. */
export interface LockedBackup {
  readonly path: string;
  readonly source: ByteSource;
  readonly index: ContainerIndex;
  /** Null when it is missing or unreadable, while its sealed copy is there. */
  readonly header: BackupHeader | null;
  /** What is wrong with the container and the header. */
  readonly problems: readonly Problem[];
  /** Tells of missing parts as well, which are told again once what needs them is read. */
  readonly summary: BackupSummary;
}

/**
 * Opens a backup file: indexes its container and reads what its header says, unverified.
 *
 * @throws RecoveryError `source-…`, `not-a-backup`, `backup-is-format-1`, `version-unsupported`, `header-…`
 */
export async function openBackup(path: string): Promise<LockedBackup> {
  if (await isFormat1(path)) fail('backup-is-format-1');
  return openBackupFrom(await openBackupSource(path), path);
}

/** As `openBackup`, from a source that is open already and is closed when it is refused. */
export async function openBackupFrom(source: ByteSource, path: string): Promise<LockedBackup> {
  try {
    const index = await indexContainer(source);
    const problems = [...index.problems];
    const header = await readHeader(source, index, problems);
    const told = [...problems, ...missingParts(index, header)];
    return { path, source, index, header, problems, summary: summarise(path, source, index, header, told) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Format 1 was a folder of plain files with a list of qubes in it. */
async function isFormat1(path: string): Promise<boolean> {
  return stat(join(path, 'qubes.xml')).then(
    (found) => found.isFile(),
    () => false,
  );
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
  return {
    fileName: basename(path),
    size: source.size,
    version: header?.version ?? null,
    backupId: header?.backupId ?? null,
    created: creationTime(header?.backupId ?? null),
    encrypted: header?.encrypted ?? null,
    compression: header?.compressionFilter ?? null,
    fileCount: storedFilesOf(index, header).files.size,
    cutOff: index.cutOff,
    complete: index.complete && header !== null && missingParts(index, header).length === 0,
    problems: [...problems],
  };
}
