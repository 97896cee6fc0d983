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
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { core3Xml, type LabelName, type ListedQube, type QubeClass } from './qubes-xml.ts';
import { bash, mapLimited, run } from './tools.ts';

/** How the inner archive stores holes: PAX 1.0 maps as volumes have, old GNU ones as image files have, or not. */
export type SparseForm = 'pax' | 'gnu' | 'none';

/** A file of a qube. */
export interface QubeFileSpec {
  /** Its name in the backup: `private.img`. */
  readonly name: string;
  /** A real file with its content; only read. */
  readonly source: string;
  /** `pax` unless told. */
  readonly sparse?: SparseForm;
}

/** A qube of the system; one without `files` is listed in `qubes.xml` and not in the backup, unless told. */
export interface QubeSpec {
  readonly name: string;
  readonly class: QubeClass;
  /** `red` unless told. */
  readonly label?: LabelName;
  readonly template?: string;
  /** Absent for the system's default, empty for none. */
  readonly netvm?: string;
  /** Whether the list says that the backup holds it; so unless it has no files. */
  readonly included?: boolean;
  /** Its id in the system; its place in the list, from 1, unless told. */
  readonly qid?: number;
  /** Its folder in the backup as the list spells it: `vm<qid>/` unless told. */
  readonly path?: string;
  readonly files?: readonly QubeFileSpec[];
  /** Virtual sizes in bytes of the volumes saved on stop; those of its `*.img` files unless told. */
  readonly volumes?: Readonly<Record<string, number>>;
  /** Further properties and features of the list. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly features?: Readonly<Record<string, string>>;
}

/** The cost of a derivation: N is 2^logN; memory is 128 * N * r bytes for each of the p lanes. */
export interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

export interface BackupSpec {
  /** Where the backup file is written; an existing one is replaced. */
  readonly destination: string;
  readonly passphrase: string;
  readonly qubes: readonly QubeSpec[];
  /** A directory that is backed up as dom0's home `dom0-home/<its name>`. */
  readonly dom0Home?: string;
  /** The name of the filter in the header and the program that runs, `gzip` unless told; `false` for none. */
  readonly compression?: string | false;
  /** A bash command that compresses in place of the header's filter: `zstd --long=31`. */
  readonly compressor?: string;
  /** Bytes of compressed archive in a chunk: 100 MiB unless told. */
  readonly chunkSize?: number;
  /** Cost of each derivation, or of that of the named member: 2^10, 8, 1 unless told. */
  readonly cost?: ScryptCost | ((member: string) => ScryptCost);
  /** `20240229T123456-4321` unless told. */
  readonly backupId?: string;
  /** Lines of the header that differ: `undefined` drops one. The order is that of the real one, new ones last. */
  readonly header?: Readonly<Record<string, string | undefined>>;
  /** The whole text of `qubes.xml`, in place of the one that follows from `qubes`. */
  readonly qubesXml?: string;
  /** The name that a chunk (`vm1/private.img.000`) is sealed under, or `undefined` to store it unsealed. */
  readonly sealAs?: (chunk: string) => string | undefined;
  /** The order of the members, where another than that of Qubes is wanted. */
  readonly order?: (members: readonly string[]) => readonly string[];
  /** Changes what is packed: files in `folder`, and their names in `members`, both in place. */
  readonly alter?: (folder: string, members: string[]) => Promise<void>;
  /** The form of the outer archives, `posix` unless told, which gives each member an extended header. */
  readonly outerFormat?: TarFormat;
  /** Records of this many 512-byte blocks for the outer archives: 20 (10,240 bytes) unless told, as GNU tar. */
  readonly outerBlocking?: number;
}

export type TarFormat = 'posix' | 'gnu' | 'ustar';

/** One file as the backup holds it. */
export interface MadeFile {
  /** Name in the backup without a chunk's number: `vm1/private.img`, `dom0-home/user`, `qubes.xml`. */
  readonly archiveName: string;
  /** The qube's name, `dom0` for its home, absent for `qubes.xml`. */
  readonly qube?: string;
  /** The file, or for `dom0-home/…` the directory, that it was made of; that of `qubes.xml` is gone. */
  readonly source: string;
  /** Bytes and SHA-256 in hex of the source; absent for a directory. */
  readonly size?: number;
  readonly sha256?: string;
  /** Member names of its chunks, in order. */
  readonly chunks: readonly string[];
}

export interface MadeBackup {
  readonly path: string;
  readonly passphrase: string;
  readonly backupId: string;
  /** Text of `backup-header` and of `qubes.xml`. */
  readonly header: string;
  readonly qubesXml: string;
  /** `qubes.xml` first, then the qubes' files, dom0's home last. */
  readonly files: readonly MadeFile[];
  /** Names of all members in the order in which they lie in the file. */
  readonly members: readonly string[];
}

/** What is about to be archived, and how. */
interface Payload {
  readonly archiveName: string;
  readonly qube?: string;
  readonly source: string;
  readonly tarArguments: readonly string[];
}

const defaultChunkSize = 100 * 1024 * 1024;
const defaultBackupId = '20240229T123456-4321';
const cheapCost: ScryptCost = { logN: 10, r: 8, p: 1 };

/** A fixed time for the outer members, in seconds of Unix time, so that two runs differ in little but their salts. */
const writingTime = 1709210096;

/** Makes the backup of `spec` and says what is in it. Files in `spec` are only read. */
export async function makeBackup(spec: BackupSpec): Promise<MadeBackup> {
  const work = await mkdtemp(join(tmpdir(), 'lifeboat-making-'));
  try {
    const folder = join(work, 'members');
    await mkdir(folder);
    const header = await sealHeader(spec, folder);
    const listed = await Promise.all(spec.qubes.map(listQube));
    const qubesXml = spec.qubesXml ?? core3Xml(await withDom0(listed, spec.dom0Home));
    await writeFile(join(work, 'qubes.xml'), qubesXml);

    const files: MadeFile[] = [];
    for (const payload of await payloads(spec, listed, work))
      files.push(await storeFile(spec, payload, work));

    const members = ['backup-header', 'backup-header.hmac', ...files.flatMap((file) => file.chunks)];
    await spec.alter?.(folder, members);
    const ordered = spec.order?.(members) ?? members;
    await packMembers(folder, ordered, spec.destination, spec);
    const { destination: path, passphrase, backupId = defaultBackupId } = spec;
    return { path, passphrase, backupId, header, qubesXml, files, members: ordered };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Writes `backup-header`, and its sealed copy under the name `backup-header.hmac`. */
async function sealHeader(spec: BackupSpec, folder: string): Promise<string> {
  const lines: Record<string, string | undefined> = {
    version: '4',
    encrypted: 'True',
    compressed: spec.compression === false ? 'False' : 'True',
    'compression-filter': spec.compression === false ? 'gzip' : (spec.compression ?? 'gzip'),
    'hmac-algorithm': 'scrypt',
    'backup-id': spec.backupId ?? defaultBackupId,
    ...spec.header,
  };
  const text = Object.entries(lines)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${value ?? ''}\n`)
    .join('');
  const path = join(folder, 'backup-header');
  await writeFile(path, text);
  await seal(path, `${path}.hmac`, `backup-header!${spec.passphrase}`, costOf(spec, 'backup-header.hmac'));
  return text;
}

async function listQube(qube: QubeSpec, index: number): Promise<ListedQube> {
  const qid = qube.qid ?? index + 1;
  const sizes = await Promise.all((qube.files ?? []).map(async (file) => (await stat(file.source)).size));
  const images = (qube.files ?? []).flatMap((file, place) =>
    file.name.endsWith('.img') ? [[file.name.slice(0, -'.img'.length), sizes[place] ?? 0] as const] : [],
  );
  return {
    name: qube.name,
    class: qube.class,
    qid,
    label: qube.label ?? 'red',
    ...(qube.template !== undefined && { template: qube.template }),
    ...(qube.netvm !== undefined && { netvm: qube.netvm }),
    included: qube.included ?? qube.files !== undefined,
    path: qube.path ?? `vm${qid}/`,
    size: sizes.reduce((sum, size) => sum + size, 0),
    volumes: qube.volumes ?? Object.fromEntries(images),
    properties: qube.properties ?? {},
    features: qube.features ?? {},
  };
}

/** The list with dom0 first, which every system has. */
async function withDom0(listed: readonly ListedQube[], home: string | undefined): Promise<ListedQube[]> {
  if (listed.some((qube) => qube.class === 'AdminVM')) return [...listed];
  const dom0: ListedQube = {
    name: 'dom0',
    class: 'AdminVM',
    qid: 0,
    label: 'black',
    included: home !== undefined,
    path: home === undefined ? '' : `dom0-home/${basename(home)}`,
    size: home === undefined ? 0 : await treeSize(home),
    volumes: {},
    properties: {},
    features: {},
  };
  return [dom0, ...listed];
}

async function treeSize(folder: string): Promise<number> {
  const [kibibytes = '0'] = (await run('du', ['-sk', folder])).toString().split('\t');
  return Number(kibibytes) * 1024;
}

/** Everything to archive in the order of Qubes, each with the arguments of the tar that archives it. */
async function payloads(spec: BackupSpec, listed: readonly ListedQube[], work: string): Promise<Payload[]> {
  // A tree of links gives the archived files their names, as `--dereference` follows them.
  const tree = join(work, 'tree');
  const linked = async (
    archiveName: string,
    source: string,
    sparse: SparseForm,
  ): Promise<readonly string[]> => {
    await mkdir(dirname(join(tree, archiveName)), { recursive: true });
    await symlink(source, join(tree, archiveName));
    return [
      '-C',
      tree,
      '--dereference',
      '--owner=root:0',
      '--group=root:0',
      ...sparseArguments[sparse],
      archiveName,
    ];
  };

  const xml = join(work, 'qubes.xml');
  const result: Payload[] = [
    { archiveName: 'qubes.xml', source: xml, tarArguments: await linked('qubes.xml', xml, 'gnu') },
  ];
  for (const [index, qube] of spec.qubes.entries()) {
    const folder = (listed[index]?.path ?? '').replace(/\/?$/, '/');
    for (const file of qube.files ?? []) {
      const archiveName = folder + file.name;
      const tarArguments = await linked(archiveName, file.source, file.sparse ?? 'pax');
      result.push({ archiveName, qube: qube.name, source: file.source, tarArguments });
    }
  }
  if (spec.dom0Home !== undefined) {
    const name = basename(spec.dom0Home);
    result.push({
      archiveName: `dom0-home/${name}`,
      qube: 'dom0',
      source: spec.dom0Home,
      // The same transformation as Qubes asks for: it also touches link targets that start with the name.
      tarArguments: [
        ...['-C', dirname(spec.dom0Home), '--sort=name', '--owner=user:1000', '--group=user:1000'],
        ...sparseArguments.gnu,
        `--xform=s:^${name}:dom0-home/\\0:`,
        name,
      ],
    });
  }
  return result;
}

const sparseArguments: Readonly<Record<SparseForm, readonly string[]>> = {
  pax: ['--format=posix', '--sparse', '--sparse-version=1.0'],
  gnu: ['--format=gnu', '--sparse'],
  none: ['--format=gnu'],
};

/** Archives, compresses, splits and seals one file; leaves its chunks among the members. */
async function storeFile(spec: BackupSpec, payload: Payload, work: string): Promise<MadeFile> {
  const { archiveName, source, tarArguments, qube } = payload;
  const folder = join(work, 'members');
  const pieces = join(work, 'pieces');
  const chunkSize = spec.chunkSize ?? defaultChunkSize;
  await mkdir(pieces);
  const compressor = spec.compressor ?? (spec.compression === false ? 'cat' : (spec.compression ?? 'gzip'));
  await bash(`tar -Pc -f - "\${@:3}" | ${compressor} | split -b "$1" -a 6 -d - "$2/"`, [
    String(chunkSize),
    pieces,
    ...tarArguments,
  ]);
  const names = (await readdir(pieces)).sort();
  const last = names.at(-1);
  // Qubes learns that a stream has ended by reading on, so a full last chunk is followed by an empty one.
  if (last === undefined || (await stat(join(pieces, last))).size === chunkSize) {
    const name = String(names.length).padStart(6, '0');
    await writeFile(join(pieces, name), '');
    names.push(name);
  }
  await mkdir(dirname(join(folder, archiveName)), { recursive: true });
  const chunks = await mapLimited(names, 2, async (piece, index) => {
    const chunk = `${archiveName}.${String(index).padStart(3, '0')}`;
    await sealChunk(spec, chunk, join(pieces, piece), join(folder, `${chunk}.enc`));
    return `${chunk}.enc`;
  });
  await rm(pieces, { recursive: true });
  const about = (await stat(source)).isFile() ? await aboutFile(source) : {};
  return { archiveName, ...(qube !== undefined && { qube }), source, ...about, chunks };
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

/** Archives each of `members` of `folder` on its own and joins the archives, as Qubes sends them out. */
export async function packMembers(
  folder: string,
  members: readonly string[],
  destination: string,
  form: Pick<BackupSpec, 'outerFormat' | 'outerBlocking'> = {},
): Promise<void> {
  const format = form.outerFormat ?? 'posix';
  const times = format === 'posix' ? [`--pax-option=atime:=${writingTime},ctime:=${writingTime}`] : [];
  const script = 'while IFS= read -r member; do tar "${@:2}" -cf - "$member"; done > "$1"';
  const blocking = String(form.outerBlocking ?? 20);
  await bash(
    script,
    [
      destination,
      `--format=${format}`,
      ...times,
      '-b',
      blocking,
      '--owner=root:0',
      '--group=root:0',
      `--mtime=@${writingTime}`,
    ],
    { cwd: folder, input: members.map((member) => `${member}\n`).join('') },
  );
}

/** Size in bytes and SHA-256 in hex of a file. */
export async function aboutFile(path: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(bytes);
    size += bytes.length;
  }
  return { size, sha256: hash.digest('hex') };
}
