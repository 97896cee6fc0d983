/** The inventory: which stored files belong to which qube, once the list of qubes is authenticated. */
import type { BackupFile, Qube, QubeLoss } from '../../../shared/backup.ts';
import { problem, type Problem } from '../../../shared/problems.ts';
import type { ListedQube } from './qubes-xml.ts';
import type { StoredFile, StoredFiles } from './stored-files.ts';

/** A qube together with its stored files, by their names within the qube. */
export interface CatalogedQube {
  readonly qube: Qube;
  readonly files: ReadonlyMap<string, StoredFile>;
}

export interface Catalog {
  readonly qubes: readonly CatalogedQube[];
  readonly problems: readonly Problem[];
}

/** The list of qubes is a stored file itself. */
export const qubesXmlPath = 'qubes.xml';

/** Parts that belong to no qube and are told of one by one; a backup with more of them was made to have them. */
const mostUnexplained = 1000;

/**
 * Joins the list of qubes with the stored files. Paths are matched by whole components: `vm1` is not `vm10`; where
 * folders of the list lie in each other, the qube that comes first in it has the file.
 * Stored files that belong to no qube of the list are reported, and offered as a qube of their own.
 */
export function catalogQubes(listed: readonly ListedQube[], stored: StoredFiles): Catalog {
  const ranks = new Map<string, number>();
  listed.forEach(({ backupPath }, rank) => {
    if (backupPath !== null && !ranks.has(backupPath)) ranks.set(backupPath, rank);
  });
  const filesOf = listed.map(() => new Map<string, StoredFile>());
  const unclaimed = new Map<string, StoredFile>();
  for (const [path, file] of stored.files) {
    if (path === qubesXmlPath) continue;
    const rank = Math.min(...foldersAbove(path).map((folder) => ranks.get(folder) ?? Infinity));
    const folder = listed[rank]?.backupPath ?? null;
    if (folder === null) unclaimed.set(path, file);
    else filesOf[rank]?.set(nameWithin(folder, path), file);
  }
  const qubes = listed.map((entry, rank): CatalogedQube => {
    const files = filesOf[rank] ?? new Map<string, StoredFile>();
    return { qube: describeQube(entry, files, stored.cutOff), files };
  });
  const unexplained = [...unclaimed.keys(), ...stored.unexplained.map((member) => member.name)];
  const problems = unexplained
    .slice(0, mostUnexplained)
    .map((name) => problem('member-unexplained', { name }));
  return { qubes: unclaimed.size === 0 ? qubes : [...qubes, unlistedFiles(unclaimed)], problems };
}

/** A path and all folders above it, from the outermost on. */
function foldersAbove(path: string): readonly string[] {
  const folders: string[] = [];
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1))
    folders.push(path.slice(0, end));
  return [...folders, path];
}

/** What stored files without a qube are offered as; no qube can have this name. */
export const unlistedName = '(unlisted)';

const nobody: ListedQube = {
  name: '',
  class: '',
  label: '',
  template: null,
  netvm: null,
  backupPath: null,
  volumes: [],
};

function unlistedFiles(files: ReadonlyMap<string, StoredFile>): CatalogedQube {
  const entry = { ...nobody, name: unlistedName };
  return { qube: { ...describeQube(entry, files, false), included: true }, files };
}

/** The name of a stored file within a qube's folder; dom0's home is a stored file whose path is the qube's own. */
function nameWithin(folder: string, path: string): string {
  return path === folder ? path.slice(path.lastIndexOf('/') + 1) : path.slice(folder.length + 1);
}

/** Stands in for the list of qubes when it cannot be read: each folder of the backup counts as a qube. */
export function catalogFolders(stored: StoredFiles): Catalog {
  const folders = new Set([...stored.files.keys()].filter((path) => path.includes('/')).map(folderOf));
  const listed = [...folders].map((path): ListedQube => ({
    ...nobody,
    name: path === dom0Folder ? 'dom0' : path,
    class: path === dom0Folder ? 'AdminVM' : '',
    backupPath: path,
  }));
  return catalogQubes(listed, stored);
}

/** The folder of a backup in which the home of dom0's user lies. */
export const dom0Folder = 'dom0-home';

/** Whether a stored file is an archive of a whole folder: a home of dom0, or a template as format 3 stored some. */
export function isTree(path: string): boolean {
  return path.startsWith(`${dom0Folder}/`) || path.endsWith('/.');
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function describeQube(entry: ListedQube, files: ReadonlyMap<string, StoredFile>, cutOff: boolean): Qube {
  const included = entry.backupPath !== null;
  const lost = !included || files.size > 0 ? null : cutOff ? 'cut-off' : 'missing';
  return {
    name: entry.name,
    class: entry.class,
    label: entry.label,
    template: entry.template,
    netvm: entry.netvm,
    included,
    lost,
    path: entry.backupPath,
    files: [...files].map(([name, file]) => describeFile(name, file, entry)),
    problems: lost
      ? [lossOf(entry.name, lost)]
      : [...(included ? shortcomings(entry, files) : []), ...gapsOf(entry.name, files)],
  };
}

function describeFile(name: string, file: StoredFile, entry: ListedQube): BackupFile {
  const volume = entry.volumes.find((candidate) => `${candidate.name}.img` === name);
  return {
    name,
    chunks: file.chunks.length,
    storedBytes: file.storedBytes,
    virtualSize: volume?.size ?? null,
  };
}

function lossOf(qube: string, lost: QubeLoss): Problem {
  return lost === 'cut-off' ? problem('qube-cut-off', { qube }) : problem('qube-has-no-files', { qube });
}

/** The first chunk that is missing of each file, where later ones are there. */
function gapsOf(qube: string, files: ReadonlyMap<string, StoredFile>): Problem[] {
  return [...files].flatMap(([name, { firstMissing }]) =>
    firstMissing === null ? [] : [problem('chunk-missing', { file: `${qube}/${name}`, chunk: firstMissing })],
  );
}

/** What the one stored file of a folder is called that was archived as a whole. */
const wholeFolder = '.';

function shortcomings(entry: ListedQube, files: ReadonlyMap<string, StoredFile>): Problem[] {
  // A qube without any data is stored as one file named `empty`, a template of formats 3 and 2 as one of its whole folder.
  if (files.has('empty') || files.has(wholeFolder)) return [];
  return entry.volumes
    .filter((volume) => volume.saveOnStop && !files.has(`${volume.name}.img`))
    .map((volume) => problem('volume-missing', { qube: entry.name, volume: volume.name }));
}
