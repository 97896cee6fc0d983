/** A backup from the outside in: opened without a passphrase, then unlocked with it. The library's front door. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BackupSummary, Inventory } from '../../shared/backup.ts';
import { fail, problem, problemOf, RecoveryError, type Problem } from '../../shared/problems.ts';
import { readArchive } from './archive/archive-reader.ts';
import {
  compressionOfFilter,
  decoderFor,
  sniffCompression,
  sniffLength,
} from './archive/decoders/decoder-for.ts';
import { openFileSource, type ByteSource } from './bytes/source.ts';
import {
  creationTime,
  longestBackupHeader,
  parseBackupHeader,
  type BackupHeader,
} from './catalog/backup-header.ts';
import { catalogFolders, catalogQubes, qubesXmlPath, type Catalog } from './catalog/inventory.ts';
import { longestQubesXml, parseQubesXml } from './catalog/qubes-xml.ts';
import { groupStoredFiles, type StoredFile, type StoredFiles } from './catalog/stored-files.ts';
import { indexContainer, type ContainerIndex, type Member } from './container/container-index.ts';
import { KeyRing, type Derive, type SealedMember } from './encryption/key-ring.ts';
import { openSealed, SealFault } from './encryption/scrypt-container.ts';
import { chunkPath, sealedStream, type OpenChunk } from './encryption/sealed-stream.ts';

/** A backup whose container was indexed; nothing it says is authenticated. */
export interface LockedBackup {
  readonly path: string;
  readonly source: ByteSource;
  readonly index: ContainerIndex;
  /** Null when it is missing or unreadable, while its sealed copy is there. */
  readonly header: BackupHeader | null;
  readonly summary: BackupSummary;
}

/** A backup whose passphrase was proven; its keys live until `keys.wipe()`. */
export interface UnlockedBackup {
  readonly source: ByteSource;
  readonly header: BackupHeader & { readonly backupId: string };
  readonly keys: KeyRing;
  readonly catalog: Catalog;
  readonly inventory: Inventory;
  /** The list of qubes as the backup has it; null when it could not be read. */
  readonly qubesXml: Uint8Array | null;
}

const headerName = 'backup-header';
const headerSealName = 'backup-header.hmac';

/**
 * Opens a backup file: indexes its container and reads what its header says, unverified.
 *
 * @throws RecoveryError `source-…`, `not-a-backup`, `backup-is-format-1`, `version-unsupported`, `header-…`
 */
export async function openBackup(path: string): Promise<LockedBackup> {
  if (await isFormat1(path)) fail('backup-is-format-1');
  const source = await openFileSource(path);
  try {
    const index = await indexContainer(source);
    const problems = [...index.problems];
    const header = await readHeader(source, index, problems);
    return { path, source, index, header, summary: summarise(path, source, index, header, problems) };
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
    if (sealedCopy) problems.push(problem('header-missing'));
    else if (index.members.has('qubes.xml.000')) fail('version-unsupported', { version: 2 });
    else fail('not-a-backup');
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

async function readSmall(source: ByteSource, member: Member, limit: number): Promise<Uint8Array> {
  if (member.size > limit) fail('header-malformed', { detail: 'too long' });
  return source.read(member.offset, member.size);
}

function summarise(
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
    encrypted: header?.encrypted ?? true,
    compression: header?.compressionFilter ?? null,
    fileCount: groupStoredFiles(index, header?.version ?? 4).files.size,
    complete: index.complete,
    problems: [...problems],
  };
}

export interface UnlockOptions {
  readonly derive: Derive;
  readonly openChunk: OpenChunk;
}

/**
 * Proves the passphrase by the header's seal, then reads the list of qubes.
 *
 * @param passphrase bytes as the person typed them, in UTF-8
 * @throws RecoveryError `passphrase-rejected`, `header-seal-missing`, `header-seal-damaged`, `version-unsupported`
 */
export async function unlockBackup(
  locked: LockedBackup,
  passphrase: Uint8Array,
  { derive, openChunk }: UnlockOptions,
): Promise<UnlockedBackup> {
  const { source, index } = locked;
  if (locked.header && locked.header.version < 4)
    fail('version-unsupported', { version: locked.header.version });
  const keys = new KeyRing(source, passphrase, derive);
  try {
    const problems: Problem[] = [];
    const header = await authenticHeader(locked, keys, problems);
    const stored = groupStoredFiles(index, header.version);
    let qubesXml: Uint8Array | null = null;
    let catalog: Catalog;
    try {
      qubesXml = await readQubesXml(stored, header, keys, openChunk);
      catalog = catalogQubes(parseQubesXml(qubesXml), stored);
    } catch (error) {
      problems.push(problemOf(error));
      catalog = catalogFolders(stored);
    }
    const backup = summarise(locked.path, source, index, header, locked.summary.problems);
    const inventory = {
      backup,
      qubes: catalog.qubes.map(({ qube }) => qube),
      problems: [...problems, ...catalog.problems],
    };
    return { source, header, keys, catalog, inventory, qubesXml };
  } catch (error) {
    await keys.wipe();
    throw error;
  }
}

/** The header as its sealed copy has it, which is the one that can be trusted. */
async function authenticHeader(locked: LockedBackup, keys: KeyRing, problems: Problem[]) {
  const { source, index } = locked;
  const seal = index.members.get(headerSealName);
  if (!seal) fail('header-seal-missing');
  if (seal.size > longestBackupHeader) fail('header-seal-damaged');
  const bytes = await openHeaderSeal(source, seal, keys);
  const plain = index.members.get(headerName);
  const shown =
    plain && plain.size <= longestBackupHeader ? await source.read(plain.offset, plain.size) : null;
  if (!shown || Buffer.compare(shown, bytes) !== 0) problems.push(problem('header-not-authentic'));
  const header = parseBackupHeader(bytes);
  const { backupId } = header;
  if (backupId === null) fail('version-unsupported', { version: header.version });
  return { ...header, backupId };
}

async function openHeaderSeal(source: ByteSource, seal: Member, keys: KeyRing): Promise<Uint8Array> {
  try {
    const key = await keys.keyFor({ member: seal, sealedName: headerName });
    return openSealed(await source.read(seal.offset, seal.size), key);
  } catch (error) {
    if (!(error instanceof SealFault)) throw error;
    throw new RecoveryError(
      problem(error.kind === 'not-authentic' ? 'passphrase-rejected' : 'header-seal-damaged'),
    );
  }
}

/** Names that the list of qubes was sealed under: its own, and the one that Qubes OS R4.0.1-rc1 used by mistake. */
const qubesXmlNames = [qubesXmlPath, `../../${qubesXmlPath}`];

async function readQubesXml(
  stored: StoredFiles,
  header: UnlockedBackup['header'],
  keys: KeyRing,
  openChunk: OpenChunk,
): Promise<Uint8Array> {
  const file = stored.files.get(qubesXmlPath);
  if (!file) fail('qubes-xml-missing');
  let refusal: unknown;
  for (const name of qubesXmlNames) {
    const stream = sealedStream(file, {
      keys,
      openChunk,
      sealed: (_, chunk): SealedMember => ({
        member: chunk.member,
        sealedName: `${header.backupId}!${chunkPath(name, chunk)}`,
      }),
      gate: () => Promise.resolve(),
      onWarning: () => undefined,
      onProgress: () => undefined,
    });
    try {
      return await onlyFile(await collect(stream, longestQubesXml), file, header.compressionFilter);
    } catch (error) {
      refusal ??= error;
      if (problemOf(error).code !== 'chunk-not-authentic') break;
    }
  }
  throw refusal;
}

/** The bytes of the one small file in an archive. */
async function onlyFile(stored: Uint8Array, file: StoredFile, filter: string | null): Promise<Uint8Array> {
  const compression =
    sniffCompression(stored.subarray(0, sniffLength)) ?? compressionOfFilter(filter ?? '') ?? 'none';
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const entry of readArchive(decoderFor(compression)(single(stored)))) {
    if (pieces.length > 0 || entry.size > longestQubesXml) {
      fail('archive-member-unexpected', { file: file.path, found: entry.path });
    }
    for await (const { bytes } of entry.data()) pieces.push(new Uint8Array(bytes));
    size = entry.size;
  }
  const whole = Buffer.concat(pieces);
  if (whole.length !== size) fail('size-mismatch', { file: file.path, expected: size, found: whole.length });
  return whole;
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

async function collect(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    length += piece.length;
    if (length > limit) fail('qubes-xml-malformed', { detail: 'too long' });
    pieces.push(new Uint8Array(piece));
  }
  return Buffer.concat(pieces);
}
