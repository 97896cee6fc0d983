/**
 * A declarative maker of Qubes backups (format 4) that leaves all writing to the real tools: GNU tar inside and
 * outside, the compressors, `split`, and `scrypt enc`. It says what runs over what and in which order, as
 * `qvm-backup` does, and writes no format itself except the text of `backup-header` and `qubes.xml`.
 *
 *     const made = await makeBackup({
 *       destination: '/tmp/x/one.backup',
 *       passphrase: 'correct horse',
 *       chunkSize: 1 << 20,
 *       qubes: [
 *         { name: 'work', class: 'AppVM', label: 'blue', template: 'debian-12',
 *           files: [{ name: 'private.img', source: '/tmp/x/private.img' }] },
 *         { name: 'debian-12', class: 'TemplateVM' }, // listed, not in the backup
 *       ],
 *     });
 *     made.files[1] // { archiveName: 'vm1/private.img', qube: 'work', sha256, size, chunks: [...] }
 */
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupSpec, MadeBackup, ScryptCost } from './backup-spec.ts';
import { prepareArchives, type ArchiveHabits, type Payload } from './inner-archives.ts';
import { assemble, chunkName, chunkSizeOf, compressorOf, headerText } from './outer-archive.ts';
import { core3Xml } from './qubes-xml.ts';
import { bash, mapLimited, run } from './tools.ts';

export type * from './backup-spec.ts';
export { aboutFile, packMembers } from './outer-archive.ts';

const defaultBackupId = '20240229T123456-4321';
const cheapCost: ScryptCost = { logN: 10, r: 8, p: 1 };

const habits: ArchiveHabits = {
  listXml: core3Xml,
  pathOf: (_, qid) => `vm${qid}/`,
  defaultSparse: 'pax',
};

/** Makes the backup of `spec` and says what is in it. Files that `spec` names are only read. */
export function makeBackup(spec: BackupSpec): Promise<MadeBackup> {
  return assemble(spec, async (work, folder) => ({
    header: await sealHeader(spec, folder),
    headerMembers: ['backup-header', 'backup-header.hmac'],
    ...(await prepareArchives(spec, habits, work)),
    store: (payload) => storeFile(spec, payload, work, folder),
  }));
}

/** Writes `backup-header`, and its sealed copy under the name `backup-header.hmac`. */
async function sealHeader(spec: BackupSpec, folder: string): Promise<string> {
  const real = {
    version: '4',
    encrypted: 'True',
    compressed: spec.compression === false ? 'False' : 'True',
    'compression-filter': spec.compression === false ? 'gzip' : (spec.compression ?? 'gzip'),
    'hmac-algorithm': 'scrypt',
    'backup-id': spec.backupId ?? defaultBackupId,
  };
  const text = headerText(real, spec.header);
  const path = join(folder, 'backup-header');
  await writeFile(path, text);
  await seal(path, `${path}.hmac`, `backup-header!${spec.passphrase}`, costOf(spec, 'backup-header.hmac'));
  return text;
}

/** Archives, compresses, splits and seals one file; leaves its chunks among the members. */
async function storeFile(spec: BackupSpec, payload: Payload, work: string, folder: string) {
  const pieces = await splitArchive(
    `tar -Pc -f - "\${@:3}" | ${compressorOf(spec)}`,
    payload,
    chunkSizeOf(spec, payload.archiveName),
    join(work, 'pieces'),
  );
  const chunks = await mapLimited(pieces, 2, async (piece, index) => {
    const chunk = chunkName(payload.archiveName, index);
    await sealChunk(spec, chunk, piece, join(folder, `${chunk}.enc`));
    return `${chunk}.enc`;
  });
  await rm(join(work, 'pieces'), { recursive: true });
  return { members: chunks, chunks };
}

/**
 * Runs a bash pipe that archives `payload` (its tar's arguments are `"${@:3}"`) and cuts what it writes into
 * files of `size` bytes in the new folder `pieces`; gives their paths in order.
 */
export async function splitArchive(
  pipe: string,
  payload: Payload,
  size: number,
  pieces: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  await mkdir(pieces);
  const split = `${pipe} | split -b "$1" -a 6 -d - "$2/"`;
  await bash(split, [String(size), pieces, ...payload.tarArguments], { env });
  const paths = (await readdir(pieces)).sort().map((name) => join(pieces, name));
  const last = paths.at(-1);
  // Qubes learns that a stream has ended by reading on, so a full last chunk is followed by an empty one.
  if (last === undefined || (await stat(last)).size === size) {
    const empty = join(pieces, String(paths.length).padStart(6, '0'));
    await writeFile(empty, '');
    paths.push(empty);
  }
  return paths;
}

async function sealChunk(spec: BackupSpec, chunk: string, from: string, to: string): Promise<void> {
  const name = spec.sealAs === undefined ? chunk : spec.sealAs(chunk);
  if (name === undefined) {
    await rename(from, to);
    return;
  }
  const backupId = spec.backupId ?? defaultBackupId;
  await seal(from, to, `${backupId}!${name}!${spec.passphrase}`, costOf(spec, `${chunk}.enc`));
}

function costOf(spec: BackupSpec, member: string): ScryptCost {
  return typeof spec.cost === 'function' ? spec.cost(member) : (spec.cost ?? cheapCost);
}

/** Seals a file with `scrypt enc`; the passphrase goes over its standard input. */
export async function seal(from: string, to: string, passphrase: string, cost = cheapCost): Promise<void> {
  const { logN, r, p } = cost;
  const costArguments = ['--logN', String(logN), '-r', String(r), '-p', String(p)];
  await run('scrypt', ['enc', ...costArguments, '--passphrase', 'dev:stdin-once', from, to], {
    input: `${passphrase}\n`,
  });
}
