/**
 * The maker of backups of formats 3 and 2, which Qubes R2 and R3 wrote: HMACs by `openssl dgst`, encryption by
 * `openssl enc -md md5`, for format 2 a multi-volume `tar`. Used as `makeBackup`.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MadeBackup, OldBackupSpec } from './backup-spec.ts';
import { prepareArchives, type ArchiveHabits, type Payload } from './inner-archives.ts';
import { splitArchive } from './make-backup.ts';
import { assemble, chunkName, chunkSizeOf, compressorOf, headerText } from './outer-archive.ts';
import { core2Xml } from './qubes-xml.ts';
import { bash, run } from './tools.ts';

/** What the environment of openssl calls the passphrase. */
const passphraseVariable = 'LIFEBOAT_BACKUP_PASSPHRASE';

/** Encrypted backups hide the qubes' names in their paths, others do not. */
function habitsOf(spec: OldBackupSpec): ArchiveHabits {
  return {
    listXml: core2Xml,
    pathOf: (qube, qid) => {
      if (spec.encrypted ?? true) return `vm${qid}`;
      return `${qube.class === 'TemplateVM' ? 'vm-templates' : 'appvms'}/${qube.name}`;
    },
    defaultSparse: 'gnu',
  };
}

/** Makes the backup of `spec` and says what is in it. Files that `spec` names are only read. */
export function makeOldBackup(spec: OldBackupSpec): Promise<MadeBackup> {
  return assemble(spec, async (work, folder) => {
    const { qubesXml, payloads } = await prepareArchives(spec, habitsOf(spec), work);
    const header = spec.headerless === true ? '' : oldHeader(spec);
    const headerMembers = header === '' ? [] : ['backup-header', 'backup-header.hmac'];
    if (header !== '') {
      await writeFile(join(folder, 'backup-header'), header);
      await authenticate(spec, folder, 'backup-header');
    }
    return {
      header,
      headerMembers,
      qubesXml,
      payloads,
      store: (payload) => storeFile(spec, payload, work, folder),
    };
  });
}

/** Format 2 knew neither a version nor a choice of filters. */
function oldHeader(spec: OldBackupSpec): string {
  const compressed = spec.compression !== false;
  const real = {
    version: spec.version === 3 ? '3' : undefined,
    'hmac-algorithm': spec.hmacAlgorithm ?? 'SHA512',
    'crypto-algorithm': spec.cryptoAlgorithm ?? 'aes-256-cbc',
    encrypted: (spec.encrypted ?? true) ? 'True' : 'False',
    compressed: compressed ? 'True' : 'False',
    'compression-filter':
      spec.version === 3 ? (spec.compression === false ? 'gzip' : (spec.compression ?? 'gzip')) : undefined,
  };
  return headerText(real, spec.header);
}

async function storeFile(spec: OldBackupSpec, payload: Payload, work: string, folder: string) {
  const pieces =
    spec.version === 3 ? await oneStream(spec, payload, work) : await volumes(spec, payload, work);
  const chunks: string[] = [];
  for (const [index, piece] of pieces.entries()) {
    const chunk = chunkName(payload.archiveName, index);
    await rename(piece, join(folder, chunk));
    await authenticate(spec, folder, chunk);
    chunks.push(chunk);
  }
  await rm(join(work, 'pieces'), { recursive: true });
  return { chunks, members: chunks.flatMap((chunk) => [chunk, `${chunk}.hmac`]) };
}

/** Format 3: the archive is compressed and encrypted as one stream, and then cut. */
function oneStream(spec: OldBackupSpec, payload: Payload, work: string): Promise<string[]> {
  const pipe = `tar -Pc -f - "\${@:3}" | ${compressorOf(spec)} | ${encryptor(spec)}`;
  return splitArchive(
    pipe,
    payload,
    chunkSizeOf(spec, payload.archiveName),
    join(work, 'pieces'),
    secret(spec),
  );
}

/** Format 2: the archive is cut by tar itself, and each volume is compressed and encrypted on its own. */
async function volumes(spec: OldBackupSpec, payload: Payload, work: string): Promise<string[]> {
  const pieces = join(work, 'pieces');
  await mkdir(pieces);
  const nextVolume = join(work, 'next-volume');
  const script = '#!/bin/sh\nprintf "%s.%03d" "${TAR_ARCHIVE%.*}" $((TAR_VOLUME - 1)) >&$TAR_FD\n';
  await writeFile(nextVolume, script, { mode: 0o755 });
  const tape = [`--tape-length=${spec.tapeLength ?? 100_000}`, `--new-volume-script=${nextVolume}`];
  await run('tar', ['-Pc', '-f', join(pieces, 'volume.000'), ...tape, ...payload.tarArguments]);
  const cut = (await readdir(pieces)).sort().map((name) => join(pieces, name));
  for (const volume of cut) {
    await bash(
      `${volumeCompressor(spec)} < "$1" | ${encryptor(spec)} > "$1.stored"; mv "$1.stored" "$1"`,
      [volume],
      {
        env: secret(spec),
      },
    );
  }
  return cut;
}

/** Format 2 had zlib's form from within `openssl enc -z`, which few builds have today: pigz writes the same. */
function volumeCompressor(spec: OldBackupSpec): string {
  if (spec.compression === false) return 'cat';
  return spec.compressor ?? ((spec.encrypted ?? true) ? 'pigz -z' : 'gzip');
}

function encryptor(spec: OldBackupSpec): string {
  if (spec.encrypted === false) return 'cat';
  return `openssl enc -e -${spec.cryptoAlgorithm ?? 'aes-256-cbc'} -md md5 -pass env:${passphraseVariable}`;
}

function secret(spec: OldBackupSpec): Readonly<Record<string, string>> {
  return { [passphraseVariable]: spec.passphrase };
}

/** Writes the HMAC of a member beside it, in the words of the openssl of its time. */
async function authenticate(spec: OldBackupSpec, folder: string, member: string): Promise<void> {
  const path = join(folder, member);
  // openssl takes the key of `dgst` in its arguments only.
  const args = ['dgst', `-${spec.hmacAlgorithm ?? 'SHA512'}`, '-hmac', spec.passphrase];
  const line = (await run('openssl', args, { input: await readFile(path) })).toString();
  await writeFile(
    `${path}.hmac`,
    spec.hmacLabel === 'installed' ? line : line.replace(/^.*(?=\(stdin\)=)/, ''),
  );
}
