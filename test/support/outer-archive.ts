/** The outer container of all formats, chunks and their names, and what a finished backup says of its files. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CommonSpec, MadeBackup, MadeFile } from './backup-spec.ts';
import type { Payload } from './inner-archives.ts';
import { bash } from './tools.ts';

/** Bytes of a chunk of Qubes. */
const defaultChunkSize = 100 * 1024 * 1024;

/** A fixed time for the outer members, in Unix seconds, so that two runs differ in little but their salts. */
const writingTime = 1709210096;

/** Bytes of the chunks of a file. The list of qubes is never cut, as no real one comes near the real size. */
export function chunkSizeOf(spec: CommonSpec, archiveName: string): number {
  return archiveName === 'qubes.xml' ? defaultChunkSize : (spec.chunkSize ?? defaultChunkSize);
}

/** The name of a chunk: three digits at least, four past the thousandth. */
export function chunkName(archiveName: string, index: number): string {
  return `${archiveName}.${String(index).padStart(3, '0')}`;
}

/** The program of a specification's inner compression, as bash runs it. */
export function compressorOf(spec: CommonSpec): string {
  return spec.compressor ?? (spec.compression === false ? 'cat' : (spec.compression ?? 'gzip'));
}

/** The text of a header out of the real one's lines and what the specification changes of them. */
export function headerText(
  real: Readonly<Record<string, string | undefined>>,
  changes: CommonSpec['header'],
): string {
  return Object.entries({ ...real, ...changes })
    .map(([key, value]) => (value === undefined ? '' : `${key}=${value}\n`))
    .join('');
}

/**
 * The frame of all makers: a working folder, members that `fill` leaves in its folder `members` (first the
 * header's, then those of each file), packed and described, and nothing left behind.
 */
export async function assemble(
  spec: CommonSpec,
  fill: (work: string, folder: string) => Promise<Filled>,
): Promise<MadeBackup> {
  const work = await mkdtemp(join(tmpdir(), 'lifeboat-making-'));
  try {
    const folder = join(work, 'members');
    await mkdir(folder);
    const { header, headerMembers, qubesXml, payloads, store } = await fill(work, folder);
    const files: MadeFile[] = [];
    const members = [...headerMembers];
    for (const payload of payloads) {
      const { archiveName, source, qube } = payload;
      await mkdir(join(folder, dirname(archiveName)), { recursive: true });
      const stored = await store(payload);
      members.push(...stored.members);
      const about = (await stat(source)).isFile() ? await aboutFile(source) : {};
      files.push({
        archiveName,
        ...(qube !== undefined && { qube }),
        source,
        ...about,
        chunks: stored.chunks,
      });
    }
    await spec.alter?.(folder, members);
    const ordered = spec.order?.(members) ?? members;
    await packMembers(folder, ordered, spec.destination, spec);
    const { destination: path, passphrase } = spec;
    const backupId = /^backup-id=(.*)$/m.exec(header)?.[1] ?? '';
    return { path, passphrase, backupId, header, qubesXml, files, members: ordered };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What a maker has ready before the files are archived, and how it stores each of them. */
export interface Filled {
  readonly header: string;
  readonly headerMembers: readonly string[];
  readonly qubesXml: string;
  readonly payloads: readonly Payload[];
  readonly store: (payload: Payload) => Promise<{ members: readonly string[]; chunks: readonly string[] }>;
}

/** Archives each of `members` of `folder` on its own and joins the archives, as Qubes sends them out. */
export async function packMembers(
  folder: string,
  members: readonly string[],
  destination: string,
  form: Pick<CommonSpec, 'outerFormat' | 'outerBlocking'> = {},
): Promise<void> {
  const { outerFormat = 'posix', outerBlocking = 20 } = form;
  // Given as overrides, the times are written as extended headers, which every real member of `posix` has.
  const times = outerFormat === 'posix' ? [`--pax-option=atime:=${writingTime},ctime:=${writingTime}`] : [];
  const owner = ['--owner=root:0', '--group=root:0', `--mtime=@${writingTime}`];
  await bash(
    'while IFS= read -r member; do tar "${@:2}" -cf - "$member"; done > "$1"',
    [destination, `--format=${outerFormat}`, ...times, '-b', String(outerBlocking), ...owner],
    { cwd: folder, input: members.map((member) => `${member}\n`).join('') },
  );
}

/** A file of more bytes is nearly all hole, and reading it takes longer than anybody waits for a test. */
const mostHashed = 64 * 2 ** 30;

/** Size in bytes and, unless it is vast, SHA-256 in hex of a file. */
export async function aboutFile(path: string): Promise<{ size: number; sha256?: string }> {
  const { size } = await stat(path);
  if (size > mostHashed) return { size };
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path) as AsyncIterable<Buffer>) hash.update(bytes);
  return { size, sha256: hash.digest('hex') };
}
