/** Unlocks a backup: proves the passphrase, in the way of the backup's format, and reads the list of qubes. */
import type { Inventory } from '../../shared/backup.ts';
import { fail, problem, problemOf, RecoveryError, type Problem } from '../../shared/problems.ts';
import { readArchive } from './archive/archive-reader.ts';
import { archiveProblem, decompressed } from './archive/stored-archive.ts';
import { headerlessList, summarise, type LockedBackup } from './backup.ts';
import { isSourceGone, type LostRange } from './bytes/source.ts';
import {
  headerlessFormat2,
  longestBackupHeader,
  parseBackupHeader,
  type BackupHeader,
} from './catalog/backup-header.ts';
import {
  catalogFolders,
  catalogQubes,
  qubesXmlPath,
  unlistedName,
  type Catalog,
} from './catalog/inventory.ts';
import { longestQubesXml, parseQubesXml, type ListedQube } from './catalog/qubes-xml.ts';
import { chunkName, groupStoredFiles, type StoredFile, type StoredFiles } from './catalog/stored-files.ts';
import type { ContainerIndex, Member } from './container/container-index.ts';
import { headerName, headerSealName } from './container/safe-name.ts';
import { makeupOf, provenDigest } from './encryption/headerless.ts';
import { isHmacOf, knownDigest, likelyDigests, parseHmacFile } from './encryption/hmac-file.ts';
import { HmacProtection } from './encryption/hmac-protection.ts';
import { KeyRing, type Derive } from './encryption/key-ring.ts';
import { findCipher } from './encryption/openssl-enc.ts';
import { noHooks, type Protection } from './encryption/protection.ts';
import { hasSealMagic, openSealed, SealFault } from './encryption/scrypt-container.ts';
import {
  ScryptProtection,
  type OpenChunk,
  type ScryptProtectionOptions,
} from './encryption/scrypt-protection.ts';
import { pathParts } from './writing/archive-paths.ts';

/** A backup whose passphrase was proven; its keys live until `protection.wipe()`. */
export interface UnlockedBackup {
  readonly protection: Protection;
  readonly catalog: Catalog;
  /** Tells this backup from others, also of the same name and size: by its id, or in formats 3 and 2 by its container. */
  readonly identity: string;
  readonly inventory: Inventory;
  /** The places of the backup that its drive could not read so far. */
  readonly badPlaces: () => readonly LostRange[];
  /** The list of qubes as the backup has it; null when it could not be read. */
  readonly qubesXml: Uint8Array | null;
}

export interface UnlockOptions {
  readonly derive: Derive;
  readonly openChunk: OpenChunk;
  /**
   * Whether members without a seal are taken as they are. Somebody who replaced the `scrypt` tool to make backups
   * faster has such; nothing protects them, so the person must have asked for it.
   */
  readonly acceptUnsealed: boolean;
  /** Whether the keys of the header and of the list of qubes are derived also where that takes very long. */
  readonly allowSlow: boolean;
}

/** What a format's own way of unlocking yields: the header that can be trusted, and how to read what is stored. */
interface Opened {
  readonly header: BackupHeader;
  readonly protection: Protection;
  /** Readings of the list of qubes, to be tried in order. */
  readonly listProtections: readonly Protection[];
  /** Whether the seal of a file's first chunk is one of another backup; false also where nothing tells. */
  readonly isOfAnother: (file: StoredFile) => Promise<boolean>;
}

/**
 * Proves the passphrase by what authenticates the header, then reads the list of qubes. A list that cannot be read
 * is reported, and the folders of the backup stand in for it.
 *
 * @param passphrase bytes as the person typed them, in UTF-8; copied
 * @throws RecoveryError `passphrase-rejected`, `header-…`, `derivation-slow`, `cipher-unsupported`, `digest-unsupported`
 */
export async function unlockBackup(
  locked: LockedBackup,
  passphrase: Uint8Array,
  options: UnlockOptions,
): Promise<UnlockedBackup> {
  const problems: Problem[] = [];
  const opened = await proveHeader(locked, passphrase, options, problems);
  const { header, protection, listProtections } = opened;
  try {
    let stored = groupStoredFiles(locked.index, header.version);
    if (areChunksExchangeable(header, stored)) problems.push(problem('chunks-exchangeable'));
    let qubesXml: Uint8Array | null = null;
    let catalog: Catalog;
    try {
      qubesXml = await readQubesXml(stored, listProtections);
      const listed = listedIn(qubesXml);
      const foreign = await filesOfAnother(catalogQubes(listed, stored), locked.index, opened);
      const [first] = foreign;
      if (first) {
        problems.push(problem('files-of-another-backup', { count: foreign.size, name: first.path }));
        stored = { ...stored, files: new Map([...stored.files].filter(([, file]) => !foreign.has(file))) };
      }
      catalog = catalogQubes(listed, stored);
    } catch (error) {
      const found = problemOf(error);
      if (found.code === 'cancelled' || isSourceGone(found)) throw error;
      problems.push(...listProblems(found));
      catalog = catalogFolders(stored);
    }
    const backup = summarise(locked.path, locked.source, locked.index, header, locked.problems);
    const inventory = {
      backup,
      qubes: catalog.qubes.map(({ qube }) => qube),
      problems: [...problems, ...catalog.problems],
    };
    const identity = `${header.backupId ?? locked.index.fingerprint}:${locked.source.size}`;
    const { source } = locked;
    const badPlaces = () => source.badPlaces?.in(0, source.size) ?? [];
    return { protection, catalog, identity, inventory, qubesXml, badPlaces };
  } catch (error) {
    await protection.wipe();
    throw error;
  }
}

/** Files asked at most whether they are of another backup: each takes a key. */
const mostAsked = 16;

/**
 * The files of an older, longer backup that was in the file before. They lie behind the end of this one, or its list of qubes
 * knows nothing of them; only files that were found to be sealed for another backup are left out.
 */
async function filesOfAnother(
  { qubes }: Catalog,
  { doubtfulFrom }: ContainerIndex,
  { isOfAnother }: Opened,
): Promise<ReadonlySet<StoredFile>> {
  const start = (file: StoredFile) => file.chunks[0]?.member.offset ?? 0;
  const doubtful = qubes
    .flatMap(({ qube, files }) =>
      [...files.values()].map((file) => ({ file, isListed: qube.name !== unlistedName })),
    )
    .filter(({ file, isListed }) => !isListed || (doubtfulFrom !== null && start(file) >= doubtfulFrom));
  const foreign = new Set<StoredFile>();
  for (const { file } of doubtful.toSorted((a, b) => start(a.file) - start(b.file)).slice(0, mostAsked))
    if (await isOfAnother(file)) foreign.add(file);
  return foreign;
}

/**
 * Whether chunks could change places without the passphrase, and nobody would know: in format 3 only decompressing tells,
 * as HMACs do not bind the place of a chunk. A file of a single chunk is known by the name in its archive.
 */
function areChunksExchangeable(
  { version, compressionFilter }: BackupHeader,
  { files }: StoredFiles,
): boolean {
  const hasSeveral = ({ chunks, behindGap }: StoredFile) => chunks.length + behindGap.length > 1;
  return version === 3 && compressionFilter === null && [...files.values()].some(hasSeveral);
}

function listedIn(qubesXml: Uint8Array): readonly ListedQube[] {
  const listed = parseQubesXml(qubesXml);
  // Even a system without any qube has dom0.
  return listed.length > 0 ? listed : fail('qubes-xml-malformed', { detail: 'it names no qube' });
}

/**
 * What is told of a list of qubes that cannot be read. A problem of its stored file would be told in the words for a file of
 * a qube; others, as a lack of memory, say what can be done.
 */
function listProblems(found: Problem): readonly Problem[] {
  if (found.code.startsWith('qubes-xml-')) return [found];
  const unreadable = problem('qubes-xml-unreadable', { reason: found.code });
  return 'file' in found.params ? [unreadable] : [unreadable, found];
}

async function proveHeader(
  locked: LockedBackup,
  passphrase: Uint8Array,
  options: UnlockOptions,
  problems: Problem[],
): Promise<Opened> {
  const { source, index } = locked;
  const list = headerlessList(index);
  if (list) {
    const digest = await provenDigest(source, index, passphrase, list.name);
    const header = headerlessFormat2(await makeupOf(source, list), digest ?? fail('passphrase-rejected'));
    return openWithHmac(locked, header, passphrase);
  }
  const sealMember = index.members.get(headerSealName);
  if (!sealMember) fail('header-seal-missing');
  if (sealMember.size > longestBackupHeader) fail('header-seal-damaged');
  const seal = await source.read(sealMember.offset, sealMember.size);
  const plainMember = index.members.get(headerName);
  const plain =
    plainMember && plainMember.size <= longestBackupHeader
      ? await source.read(plainMember.offset, plainMember.size)
      : null;

  if (hasSealMagic(seal)) {
    const keys = new KeyRing(source, passphrase, options.derive, options.allowSlow);
    try {
      const bytes = await openHeaderSeal(keys, sealMember, seal);
      // The sealed copy is the one that can be trusted, whatever became of the other.
      if (plain && Buffer.compare(plain, bytes) !== 0) problems.push(problem('header-not-authentic'));
      return openWithScrypt(locked, parseBackupHeader(bytes), keys, options);
    } catch (error) {
      await keys.wipe();
      throw error;
    }
  }
  if (!plain) fail('header-missing');
  const header = parseBackupHeader(plain);
  if (header.version < 4) {
    proveByHmac(plain, seal, passphrase);
    return openWithHmac(locked, header, passphrase);
  }
  if (Buffer.compare(plain, seal) !== 0) fail('header-seal-damaged');
  if (!options.acceptUnsealed) fail('backup-not-sealed');
  return openWithScrypt(
    locked,
    header,
    new KeyRing(source, passphrase, options.derive, options.allowSlow),
    options,
  );
}

async function openHeaderSeal(keys: KeyRing, member: Member, seal: Uint8Array): Promise<Uint8Array> {
  try {
    const key = await keys.keyFor({ member, sealedName: headerName });
    const header = openSealed(new Uint8Array(seal), key);
    keys.sealWith(key);
    return header;
  } catch (error) {
    if (!(error instanceof SealFault)) throw error;
    throw new RecoveryError(
      problem(error.kind === 'not-authentic' ? 'passphrase-rejected' : 'header-seal-damaged'),
    );
  }
}

/** The name that Qubes OS R4.0.1-rc1 sealed the list of qubes under by mistake. */
const mistakenListPath = `../../${qubesXmlPath}`;

function openWithScrypt(
  locked: LockedBackup,
  header: BackupHeader,
  keys: KeyRing,
  options: UnlockOptions,
): Opened {
  const { backupId, compressionFilter: filter, version } = header;
  if (backupId === null) fail('version-unsupported', { version });
  const { openChunk, acceptUnsealed } = options;
  const common: ScryptProtectionOptions = {
    source: locked.source,
    keys,
    openChunk,
    backupId,
    filter,
    acceptUnsealed,
  };
  const protection = new ScryptProtection(common);
  return {
    header,
    protection,
    isOfAnother: async ({ path, chunks: [first] }) => {
      if (!first) return false;
      const sealedName = `${backupId}!${chunkName(path, first.number)}`;
      return keys.keyFor({ member: first.member, sealedName }).then(
        () => false,
        (error: unknown) => error instanceof SealFault && error.kind === 'not-authentic',
      );
    },
    listProtections: [protection, new ScryptProtection({ ...common, sealedPath: mistakenListPath })],
  };
}

/** What the header says of its digest cannot be trusted before it is authenticated, so all likely ones are tried. */
function proveByHmac(header: Uint8Array, hmacFile: Uint8Array, passphrase: Uint8Array): void {
  const stated = parseHmacFile(hmacFile) ?? fail('header-seal-damaged');
  const proven = likelyDigests
    .filter((digest) => knownDigest(digest) !== undefined)
    .some((digest) => isHmacOf(header, stated, digest, passphrase));
  if (!proven) fail('passphrase-rejected');
}

function openWithHmac(locked: LockedBackup, header: BackupHeader, passphrase: Uint8Array): Opened {
  const { hmacAlgorithm, encrypted, cryptoAlgorithm, compressionFilter: filter } = header;
  const digest = knownDigest(hmacAlgorithm) ?? fail('digest-unsupported', { digest: hmacAlgorithm });
  const cipherName = encrypted ? (cryptoAlgorithm ?? '') : null;
  const cipher =
    cipherName === null
      ? null
      : (findCipher(cipherName) ?? fail('cipher-unsupported', { cipher: cipherName }));
  const { source, index } = locked;
  const version = header.version === 2 ? 2 : 3;
  const protection = new HmacProtection({ source, index, version, passphrase, digest, cipher, filter });
  // Without a backup's id in the seal, a seal of another backup cannot be told from damage.
  const isOfAnother = () => Promise.resolve(false);
  return { header, protection, isOfAnother, listProtections: [protection] };
}

async function readQubesXml(stored: StoredFiles, protections: readonly Protection[]): Promise<Uint8Array> {
  const file = stored.files.get(qubesXmlPath);
  if (!file) fail('qubes-xml-missing');
  let refusal: unknown;
  for (const protection of protections) {
    try {
      return await onlyFile(file, protection);
    } catch (error) {
      refusal ??= error;
      if (problemOf(error).code !== 'chunk-not-authentic') break;
    }
  }
  throw refusal;
}

/** The bytes of the one small file in the archive of a stored file. */
async function onlyFile(file: StoredFile, protection: Protection): Promise<Uint8Array> {
  const { filter } = protection;
  const pieces: Uint8Array[] = [];
  let isRead = false;
  try {
    const archive = await decompressed(protection.stream(file, noHooks), filter, file.path, () => undefined);
    for await (const entry of readArchive(archive)) {
      // Where the seal binds no name, this one tells whether it is the file that was asked for.
      const isItself = entry.kind === 'file' && pathParts(entry.path).at(-1) === file.path;
      if (!isItself || isRead) fail('archive-member-unexpected', { file: file.path, found: entry.path });
      isRead = true;
      if (entry.size > longestQubesXml) fail('qubes-xml-malformed', { detail: 'too long' });
      for await (const { bytes } of entry.data()) pieces.push(new Uint8Array(bytes));
    }
  } catch (error) {
    throw new RecoveryError(archiveProblem(error, file.path, filter), { cause: error });
  }
  if (!isRead) fail('stream-unfinished', { file: file.path });
  return Buffer.concat(pieces);
}
