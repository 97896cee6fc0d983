/** The files and folders that the wizard may speak of: ids handed out here stand for paths that it cannot forge. */
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, opendir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FolderListing, Place } from '../../shared/contract/wizard.ts';
import { fail, problem, RecoveryError } from '../../shared/problems.ts';
import { errnoOf } from '../recovery/bytes/source.ts';
import { inOrderOfNames } from '../recovery/container/part-names.ts';
import { destinationError } from '../recovery/writing/destination-error.ts';
import { findDrives, homeFolder } from './drives.ts';

/** Ids that are remembered; the longest unused is forgotten first. */
const rememberedPlaces = 20_000;
/** Entries that one listing shows, and names that are read of a folder before it counts only. */
const shownEntries = 2_000;
const sortedEntries = 100_000;

/** What a person looks for: a file that is a backup or an image, or a folder to write into. */
export type PlaceKind = 'backup' | 'image' | 'folder';

export interface Places {
  /** The place of a path that a person chose in a dialog of the system; the same path keeps its id. */
  remember(path: string): Place;
  /** The place of several files that are one backup, in the order of their names; it stands for the first in all else. */
  together(paths: readonly string[]): Place;
  /** The files behind an id: one, or those that were taken together. */
  filesOf(id: string): readonly string[];
  /**
   * The path behind an id that was handed out here.
   *
   * @throws RecoveryError `unexpected` for any other id, `dest-not-a-folder` for the list of drives
   */
  pathOf(id: string): string;
  /**
   * The place of a path that was typed, pasted or dropped: in quotes, as a `file://` URL, from `~`.
   *
   * @throws RecoveryError `source-missing`, `source-unreadable`; `dest-missing`, `dest-not-a-folder`, `dest-denied`
   */
  locate(path: string, kind: PlaceKind): Promise<Place>;
  /**
   * What lies in a folder, folders first; null starts in the home folder. Above the home folder, every drive and
   * the root lies the list of drives, which is how a person gets to a USB disk.
   *
   * @throws RecoveryError `dest-missing`, `dest-not-a-folder`, `dest-denied`, `dest-lost`
   */
  list(folderId: string | null): Promise<FolderListing>;
  /**
   * Makes a folder, or answers the one that has this name already.
   *
   * @throws RecoveryError `dest-name-invalid`, `dest-occupied` where a file has the name, and what `list` throws
   */
  createFolder(parentId: string, name: string): Promise<Place>;
}

/** Stands for the list of drives where a path stands for anything else; no path is empty. */
const drivesList = '';

export function createPlaces(): Places {
  const paths = new Map<string, string>();
  const ids = new Map<string, string>();
  /** By id, the files that were taken together; few people do that often. */
  const groups = new Map<string, readonly string[]>();

  function remember(path: string): Place {
    const id = ids.get(path) ?? randomUUID();
    // Maps keep the order of insertion, so the first of them is the longest unused.
    paths.delete(id);
    paths.set(id, path);
    ids.set(path, id);
    for (const [oldId, oldPath] of paths) {
      if (paths.size <= rememberedPlaces) break;
      paths.delete(oldId);
      ids.delete(oldPath);
    }
    const name = path === drivesList ? hostname() : basename(path) || path;
    return { id, name, path: path === drivesList ? name : path };
  }

  function recall(id: string): string {
    const path = paths.get(id) ?? fail('unexpected', { detail: 'unknown place' });
    remember(path);
    return path;
  }

  function pathOf(id: string): string {
    const path = recall(id);
    return path === drivesList ? fail('dest-not-a-folder', { path: hostname() }) : path;
  }

  return {
    remember,
    pathOf,

    together(paths) {
      const files = inOrderOfNames([...new Set(paths)]);
      const [first = ''] = files;
      if (files.length < 2) return remember(first);
      const id = randomUUID();
      groups.set(id, files);
      return { id, name: basename(first), path: first };
    },

    filesOf: (id) => groups.get(id) ?? [pathOf(id)],

    async locate(path, kind) {
      for (const candidate of readingsOf(path, homeFolder())) {
        const found = await look(candidate, kind);
        if (!found) continue;
        if (kind === 'folder' && !found.isDirectory()) fail('dest-not-a-folder', { path: candidate });
        return remember(candidate);
      }
      return fail(kind === 'folder' ? 'dest-missing' : 'source-missing', { path: path.trim() });
    },

    async list(folderId) {
      const path = folderId === null ? await firstFolder() : recall(folderId);
      const drives = await findDrives();
      if (path === drivesList) {
        const entries = await Promise.all(drives.map((drive) => describe(drive)));
        return {
          folder: remember(path),
          parent: null,
          entries: entries.filter(isPresent).map(withId),
          omitted: 0,
        };
      }
      const { names, uncounted } = await namesIn(path);
      const entries = await Promise.all(
        names.slice(0, shownEntries).map((name) => describe(join(path, name))),
      );
      return {
        folder: remember(path),
        parent: remember(drives.includes(path) || dirname(path) === path ? drivesList : dirname(path)),
        entries: entries.filter(isPresent).sort(foldersFirst).map(withId),
        omitted: Math.max(0, names.length - shownEntries) + uncounted,
      };
    },

    async createFolder(parentId, name) {
      if (/[/\\\0]/.test(name) || /^\.{1,2}$/.test(name.trim())) fail('dest-name-invalid', { name });
      const path = join(pathOf(parentId), name);
      try {
        await mkdir(path, { mode: 0o700 });
      } catch (error) {
        const errno = errnoOf(error);
        // What FAT and Windows answer to a name with `:` or `?` in it.
        if (errno === 'EINVAL' || errno === 'ENAMETOOLONG') fail('dest-name-invalid', { name });
        if (errno !== 'EEXIST') throw destinationError(path, error);
        if (!(await stat(path)).isDirectory()) fail('dest-occupied', { path });
      }
      return remember(path);
    },
  };

  function withId({ path, ...rest }: Described): FolderListing['entries'][number] {
    return { ...remember(path), ...rest };
  }
}

/** The home folder; the list of drives where the account has none. */
async function firstFolder(): Promise<string> {
  const home = await stat(homeFolder()).catch(() => undefined);
  return home?.isDirectory() ? homeFolder() : drivesList;
}

/** The absolute paths that a text may mean, the most literal first. */
export function readingsOf(text: string, home: string): readonly string[] {
  const trimmed = text.trim().replace(/^(["'])(.*)\1$/s, '$2');
  const readings = [text, trimmed, fromUrl(trimmed), trimmed.replace(/^~(?=$|[/\\])/, home)];
  const absolute = readings.filter((path) => isAbsolute(path) && !path.includes('\0'));
  return [...new Set(absolute.map((path) => resolve(path)))];
}

function fromUrl(text: string): string {
  try {
    return text.startsWith('file:') ? fileURLToPath(text) : text;
  } catch {
    return text;
  }
}

/** What is at `path`, or nothing; a problem other than absence is thrown in the words of the wanted kind. */
async function look(path: string, kind: PlaceKind): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const reason = errnoOf(error);
    if (reason === 'ENOENT' || reason === 'ENOTDIR' || reason === 'ENAMETOOLONG') return undefined;
    if (kind === 'folder') throw destinationError(path, error);
    throw new RecoveryError(problem('source-unreadable', { path, reason }), { cause: error });
  }
}

/** The names in a folder that are not hidden, sorted, and how many more there are beyond the bound. */
async function namesIn(
  path: string,
): Promise<{ readonly names: readonly string[]; readonly uncounted: number }> {
  const names: string[] = [];
  let uncounted = 0;
  try {
    for await (const { name } of await opendir(path)) {
      if (isHidden(name)) continue;
      if (names.length < sortedEntries) names.push(name);
      else uncounted++;
    }
  } catch (error) {
    throw destinationError(path, error);
  }
  return { names: names.sort(byName), uncounted };
}

/** Hidden by the customs of Unix and of Windows, whose hidden flag Node does not tell. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('$') || name === 'System Volume Information';
}

const collator = new Intl.Collator(undefined, { numeric: true });

function byName(one: string, other: string): number {
  return collator.compare(one, other);
}

interface Described {
  readonly path: string;
  readonly kind: 'folder' | 'file';
  readonly size: number | null;
  readonly modified: number | null;
}

/** What is at `path`; nothing for what can be neither a backup nor a folder, and for links that lead nowhere. */
async function describe(path: string): Promise<Described | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return { path, kind: 'folder', size: null, modified: found.mtimeMs };
  if (found?.isFile()) return { path, kind: 'file', size: found.size, modified: found.mtimeMs };
  return undefined;
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** Folders before files; a stable sort keeps the names in order. */
function foldersFirst(one: Described, other: Described): number {
  return Number(one.kind === 'file') - Number(other.kind === 'file');
}
