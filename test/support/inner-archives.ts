/** What goes into a backup: the list of qubes, and for each file the `tar` that archives it under its name. */
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CommonSpec, QubeSpec, SparseForm } from './backup-spec.ts';
import type { ListedQube } from './qubes-xml.ts';
import { run } from './tools.ts';

/** What is about to be archived, and the arguments of the `tar -c` that does it. */
export interface Payload {
  readonly archiveName: string;
  readonly qube?: string;
  readonly source: string;
  readonly tarArguments: readonly string[];
}

/** How a format differs from the others in this. */
export interface ArchiveHabits {
  readonly listXml: (qubes: readonly ListedQube[]) => string;
  /** The folder of a qube as the list spells it. */
  readonly pathOf: (qube: QubeSpec, qid: number) => string;
  readonly defaultSparse: SparseForm;
}

/** Writes `qubes.xml` into the folder `work`; gives its text and everything to archive in the order of Qubes. */
export async function prepareArchives(
  spec: CommonSpec,
  habits: ArchiveHabits,
  work: string,
): Promise<{ qubesXml: string; payloads: readonly Payload[] }> {
  const listed = await Promise.all(spec.qubes.map((qube, index) => listQube(qube, index, habits)));
  const qubesXml = spec.qubesXml ?? habits.listXml(await withDom0(listed, spec.dom0Home));
  const xml = join(work, 'qubes.xml');
  await writeFile(xml, qubesXml);

  const links = join(work, 'links');
  const payloads = [await filePayload('qubes.xml', xml, 'gnu', links)];
  for (const [index, qube] of spec.qubes.entries()) {
    const folder = (listed[index]?.path ?? '').replace(/\/?$/, '/');
    for (const { name, source, sparse = habits.defaultSparse } of qube.files ?? []) {
      const payload =
        name === '.'
          ? directoryPayload(folder, source)
          : await filePayload(folder + name, source, sparse, links);
      payloads.push({ ...payload, qube: qube.name });
    }
  }
  if (spec.dom0Home !== undefined) payloads.push({ ...homePayload(spec.dom0Home), qube: 'dom0' });
  return { qubesXml, payloads };
}

const sparseArguments: Readonly<Record<SparseForm, readonly string[]>> = {
  pax: ['--format=posix', '--sparse', '--sparse-version=1.0'],
  gnu: ['--format=gnu', '--sparse'],
  'pax-0.1': ['--format=posix', '--sparse', '--sparse-version=0.1'],
  'pax-0.0': ['--format=posix', '--sparse', '--sparse-version=0.0'],
  none: ['--format=gnu'],
};

const ownedBy = (owner: string) => [`--owner=${owner}`, `--group=${owner}`];

/** A tree of symbolic links gives files their names in the archive, as `--dereference` follows them. */
async function filePayload(
  archiveName: string,
  source: string,
  sparse: SparseForm,
  links: string,
): Promise<Payload> {
  const link = join(links, archiveName);
  await mkdir(dirname(link), { recursive: true });
  await symlink(source, link);
  const tarArguments = [
    '-C',
    links,
    '--dereference',
    ...ownedBy('root:0'),
    ...sparseArguments[sparse],
    archiveName,
  ];
  return { archiveName, source, tarArguments };
}

/** A directory stored whole: its members are `vm9/./root.img` and so on. */
function directoryPayload(folder: string, source: string): Payload {
  const tarArguments = ['-C', source, '--sort=name', ...ownedBy('root:0'), ...sparseArguments.gnu];
  return {
    archiveName: `${folder}.`,
    source,
    tarArguments: [...tarArguments, `--xform=s:^.:${folder}\\0:`, '.'],
  };
}

/** The transformation is the one Qubes asks for: it also touches link targets that start with the home's name. */
function homePayload(source: string): Payload {
  const name = basename(source);
  const tarArguments = [
    '-C',
    dirname(source),
    '--sort=name',
    ...ownedBy('user:1000'),
    ...sparseArguments.gnu,
  ];
  return {
    archiveName: `dom0-home/${name}`,
    source,
    tarArguments: [...tarArguments, `--xform=s:^${name}:dom0-home/\\0:`, name],
  };
}

async function listQube(qube: QubeSpec, index: number, habits: ArchiveHabits): Promise<ListedQube> {
  const qid = qube.qid ?? index + 1;
  const sizes = await Promise.all((qube.files ?? []).map((file) => sizeOf(file.source)));
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
    path: qube.path ?? habits.pathOf(qube, qid),
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
    size: home === undefined ? 0 : await sizeOf(home),
    volumes: {},
    properties: {},
    features: {},
  };
  return [dom0, ...listed];
}

/** Bytes of a file, or of all that a directory holds. */
async function sizeOf(path: string): Promise<number> {
  const about = await stat(path);
  if (!about.isDirectory()) return about.size;
  const [bytes = '0'] = (await run('du', ['-s', '--apparent-size', '--block-size=1', path]))
    .toString()
    .split('\t');
  return Number(bytes);
}
