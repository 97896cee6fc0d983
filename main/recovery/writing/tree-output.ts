/**
 * The output of an archive that holds a folder tree, such as the home folder of dom0: grown beside its place and
 * moved there whole.
 *
 * Paths and links come from the backup and are contained: nothing is written through a link, and links that
 * point out of the tree are left out and reported. Names that the drive cannot hold are changed, and links follow them.
 */
import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  lutimes,
  mkdir,
  rm,
  symlink,
  utimes,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';
import { fail, problem, RecoveryError, type Problem } from '../../../shared/problems.ts';
import type { ArchiveEntry } from '../archive/archive-reader.ts';
import { errnoOf } from '../bytes/source.ts';
import { systemPath } from '../bytes/byte-text.ts';
import { climbs, partsBelowOrigin, partsInside, pathParts, staysInsideForWindows } from './archive-paths.ts';
import { costsOneEntry, destinationError } from './destination-error.ts';
import type { Drive } from './drive.ts';
import { FileWriter, type WritingOptions } from './file-writer.ts';
import { moveWithoutReplacing } from './moving.ts';
import { partialSuffix } from './partial-names.ts';
import { fittingName, NameRegister, portableNames } from './output-names.ts';
import type { Abandoned, Checksum, Completed, Output, TreeOrigin } from './output.ts';
import { holdFolder, standsAt } from './standing.ts';

/** A folder of the tree while it grows: names already given in it, and what to set once nothing is added. */
interface Folder {
  /** Path components below the root, as they are on disk. */
  readonly place: readonly string[];
  readonly parent: Folder | null;
  readonly names: NameRegister;
  /** By names in the archive: the names on the drive. */
  readonly given: Map<string, string>;
  readonly folders: Map<string, Folder>;
  /** Why folders could not be made, which refuses all that belongs into them. */
  readonly refused: Map<string, unknown>;
  /** What a hard link can have as its original, by names in the archive. */
  readonly originals: Map<string, Original>;
  mode: number;
  modified: number | null;
}

type Original =
  | { readonly kind: 'file'; readonly place: readonly string[]; readonly sha256: string | null }
  | { readonly kind: 'symlink'; readonly target: Target };

/** Where a symlink leads, which is within the tree. */
interface Target {
  readonly text: string;
  /** Whether the text leads there, however far from the root of the system the tree stands. */
  readonly isRelative: boolean;
  /** The folder in which its names begin, and how many folders above the link's own that is. */
  readonly start: Folder;
  readonly up: number;
  readonly names: readonly string[];
}

interface PendingSymlink {
  readonly folder: Folder;
  readonly name: string;
  /** Its name on the drive. */
  readonly given: string;
  readonly target: Target;
  readonly modified: number;
}

/** What names lead to. */
interface Followed {
  /** The names on the drive. */
  readonly given: readonly string[];
  readonly isThere: boolean;
  readonly end: Folder | undefined;
}

/** Links that are followed to find what another one leads to, as many as Linux follows in one path. */
const mostLinks = 40;

/** Names that are tried where the drive takes one for that of another file. */
const mostNames = 20;

/** What systems answer to a name that the drive cannot hold. */
const nameRefusals: ReadonlySet<string> = new Set(['EINVAL', 'EILSEQ', 'ENAMETOOLONG']);

const ownerMayUse = 0o700;

export class TreeOutput implements Output {
  readonly #root: string;
  readonly #output: readonly string[];
  readonly #growing: string;
  readonly #top: Folder;
  readonly #symlinks: PendingSymlink[] = [];
  readonly #checksums: Checksum[] = [];
  readonly #problems: Problem[] = [];
  readonly #origin: TreeOrigin;
  readonly #drive: Drive;
  readonly #writing: WritingOptions;
  /** The growing folder, open as long as it grows. */
  #held: FileHandle | null = null;
  #bytes = 0;

  private constructor(
    root: string,
    output: readonly string[],
    origin: TreeOrigin,
    drive: Drive,
    writing: WritingOptions,
  ) {
    this.#root = root;
    this.#output = output;
    this.#origin = origin;
    this.#drive = drive;
    this.#writing = writing;
    this.#growing = root + partialSuffix;
    this.#top = this.#newFolder([], null);
  }

  /**
   * Begins the tree that will stand at `root`.
   *
   * @param probe finds out what the drive of a folder can hold
   * @throws RecoveryError `dest-…`
   */
  static async create(
    root: string,
    output: readonly string[],
    origin: TreeOrigin,
    probe: (folder: string) => Promise<Drive>,
    writing: WritingOptions = {},
  ): Promise<TreeOutput> {
    const growing = root + partialSuffix;
    try {
      await mkdir(growing, { mode: ownerMayUse });
      const tree = new TreeOutput(root, output, origin, await probe(growing), writing);
      tree.#held = await holdFolder(growing);
      return tree;
    } catch (error) {
      throw destinationError(root, error);
    }
  }

  #newFolder(place: readonly string[], parent: Folder | null): Folder {
    return {
      place,
      parent,
      names: new NameRegister(this.#drive.names),
      given: new Map(),
      folders: new Map(),
      refused: new Map(),
      originals: new Map(),
      mode: ownerMayUse,
      modified: null,
    };
  }

  async take(entry: ArchiveEntry): Promise<void> {
    const parts = this.#partsBelowRoot(entry.path);
    if (!parts) {
      this.#problems.push(problem('entry-leads-out', { path: shown(entry.path) }));
      return;
    }
    try {
      await this.#demandStanding();
      await this.#place(entry, parts);
    } catch (error) {
      this.#surviveRefusal(await this.#refusal(error), entry.path);
    }
  }

  /** A second restore into the same folder clears the growing one away and begins its own. */
  async #demandStanding(): Promise<void> {
    if (!(await this.#stillStands())) fail('dest-occupied', { path: this.#growing });
  }

  /** What a failure means: where the folder is another's by now, that alone. */
  async #refusal(error: unknown): Promise<Error> {
    const isOurs = await this.#stillStands().catch(() => true);
    return isOurs
      ? destinationError(this.#root, error)
      : new RecoveryError(problem('dest-occupied', { path: this.#growing }), { cause: error });
  }

  async #stillStands(): Promise<boolean> {
    return this.#held === null || standsAt(this.#held, this.#growing);
  }

  async #letGo(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.close().catch(() => undefined);
  }

  /** What the drive refuses to one entry costs that entry; any other failure is passed on. */
  #surviveRefusal(error: unknown, path: string): void {
    const refusal = destinationError(path, error);
    if (!(refusal instanceof RecoveryError) || !costsOneEntry(refusal.problem)) throw refusal;
    const { code, params } = refusal.problem;
    this.#problems.push({ code, params: { ...params, path: shown(path) } } as Problem);
  }

  /** The components of an archive path below the tree's root; undefined for a path that is not below it. */
  #partsBelowRoot(path: string): readonly string[] | undefined {
    const parts = pathParts(path);
    if (path.startsWith('/') || parts.includes('..')) return undefined;
    const { prefix } = this.#origin;
    return prefix.every((part, i) => parts[i] === part) ? parts.slice(prefix.length) : undefined;
  }

  async #place(entry: ArchiveEntry, parts: readonly string[]): Promise<void> {
    const name = parts.at(-1);
    if (name === undefined || entry.kind === 'folder') {
      const folder = await this.#folderAt(parts);
      folder.mode = entry.mode & 0o777;
      folder.modified = entry.modified;
      return;
    }
    const folder = await this.#folderAt(parts.slice(0, -1));
    switch (entry.kind) {
      case 'file':
        return this.#placeFile(entry, folder, name);
      case 'symlink':
        this.#placeSymlink(entry, folder, name);
        return;
      case 'hardlink':
        return this.#placeHardlink(entry, folder, name);
      case 'other':
        this.#problems.push(problem('entry-is-special', { path: shown(entry.path) }));
    }
  }

  async #placeFile(entry: ArchiveEntry, folder: Folder, name: string): Promise<void> {
    const [place, writer] = await this.#make(folder, name, (path) => FileWriter.create(path, this.#writing));
    try {
      for await (const { position, bytes } of entry.data()) await writer.write(position, bytes);
      const { sha256 } = await writer.finish(entry.size);
      await writer.close();
      this.#noteChecksum(place, sha256);
      folder.originals.set(name, { kind: 'file', place, sha256 });
    } catch (error) {
      // A file that ends in the middle must not stand among whole ones.
      const isOurs = await writer.stillStands().catch(() => true);
      await writer.close().catch(() => undefined);
      if (isOurs) await rm(this.#onDisk(place), { force: true });
      throw error;
    }
    this.#bytes += entry.size;
    await this.#setFacts(place, entry);
  }

  async #setFacts(place: readonly string[], { mode, modified }: ArchiveEntry): Promise<void> {
    const path = this.#onDisk(place);
    await whereAllowed(chmod(path, mode & this.#drive.permissions));
    await whereAllowed(utimes(path, fileTime(modified), fileTime(modified)));
  }

  /** Symlinks are made last, so that nothing can be written through them, and all names are known by then. */
  #placeSymlink({ path, target, modified }: ArchiveEntry, folder: Folder, name: string): void {
    const found = this.#targetFrom(folder, target);
    if (!found) {
      this.#problems.push(problem('link-leads-out', { path: shown(path), target: shown(target) }));
      return;
    }
    folder.originals.set(name, { kind: 'symlink', target: found });
    const given = folder.names.claim(name);
    this.#noteName(folder, name, given);
    this.#symlinks.push({ folder, name, given, target: found, modified });
  }

  /** Where a link's target leads from a folder; undefined where it leads out of the tree, or could. */
  #targetFrom(folder: Folder, text: string): Target | undefined {
    const depth = folder.place.length;
    const { root } = this.#origin;
    const below = root && partsBelowOrigin(text, root);
    if (below) return { text, isRelative: false, start: this.#top, up: depth, names: below };
    const parts = partsInside(text, depth);
    if (!parts) return undefined;
    const up = climbs(parts);
    let start = folder;
    for (let step = 0; step < up; step++) start = start.parent ?? this.#top;
    return { text, isRelative: true, start, up, names: parts.slice(up) };
  }

  async #placeHardlink(entry: ArchiveEntry, folder: Folder, name: string): Promise<void> {
    const original = this.#originalAt(this.#partsBelowRoot(entry.target));
    if (!original) {
      this.#problems.push(
        problem('link-has-no-original', { path: shown(entry.path), target: shown(entry.target) }),
      );
      return;
    }
    if (original.kind === 'symlink') {
      // A symlink of two names is made twice, and looked at twice: where it leads depends on its folder.
      this.#placeSymlink({ ...entry, target: original.target.text }, folder, name);
      return;
    }
    const from = this.#onDisk(original.place);
    const [place, isLinked] = await this.#make(folder, name, (path) => linkOrCopy(from, systemPath(path)));
    if (!isLinked) await this.#setFacts(place, entry);
    this.#noteChecksum(place, original.sha256);
    folder.originals.set(name, { ...original, place });
  }

  #noteChecksum(place: readonly string[], sha256: string | null): void {
    if (sha256 !== null) this.#checksums.push({ path: this.#reportedPath(place), sha256 });
  }

  /** The file or symlink that the archive held earlier at a path. */
  #originalAt(parts: readonly string[] | undefined): Original | undefined {
    let folder: Folder | undefined = this.#top;
    for (const part of parts?.slice(0, -1) ?? []) folder = folder?.folders.get(part);
    return folder?.originals.get(parts?.[parts.length - 1] ?? '');
  }

  async #folderAt(parts: readonly string[]): Promise<Folder> {
    let folder = this.#top;
    for (const part of parts) folder = folder.folders.get(part) ?? (await this.#makeFolder(folder, part));
    return folder;
  }

  async #makeFolder(parent: Folder, name: string): Promise<Folder> {
    if (parent.refused.has(name)) throw parent.refused.get(name);
    try {
      const [place] = await this.#make(parent, name, (path) =>
        mkdir(systemPath(path), { mode: ownerMayUse }),
      );
      const folder = this.#newFolder(place, parent);
      parent.folders.set(name, folder);
      return folder;
    } catch (error) {
      parent.refused.set(name, error);
      throw error;
    }
  }

  /**
   * Makes something of a name, or where the drive refuses it after all, of one near it.
   *
   * @param first the name on the drive that is tried first
   * @returns its place, and what `make` made of its path
   */
  async #make<T>(
    folder: Folder,
    name: string,
    make: (path: string) => Promise<T>,
    first = folder.names.claim(name),
  ): Promise<readonly [place: readonly string[], made: T]> {
    let given = first;
    let isPortable = false;
    for (let names = 1; ; names++) {
      const place = [...folder.place, given];
      try {
        const made = await make(join(this.#growing, ...place));
        this.#noteName(folder, name, given, isPortable);
        return [place, made];
      } catch (error) {
        const errno = errnoOf(error instanceof RecoveryError ? error.cause : error);
        if (errno === 'EEXIST' && names < mostNames && (await this.#stillStands())) {
          given = folder.names.claim(isPortable ? given : name);
        } else if (nameRefusals.has(errno) && fittingName(given, portableNames) !== given) {
          isPortable = true;
          given = folder.names.claim(fittingName(given, portableNames));
        } else {
          throw error;
        }
      }
    }
  }

  /** Remembers what a name became, and tells it once. */
  #noteName(folder: Folder, name: string, given: string, wasRefused = false): void {
    const isTold = folder.given.get(name) === given;
    folder.given.set(name, given);
    if (given === name || isTold) return;
    const isAnothers = !wasRefused && fittingName(name, this.#drive.names) === name;
    this.#problems.push(
      problem(isAnothers ? 'entry-numbered' : 'entry-renamed', {
        from: shown([...folder.place, name].join('/')),
        to: shown([...folder.place, given].join('/')),
      }),
    );
  }

  #onDisk(place: readonly string[]): string | Buffer {
    return systemPath(join(this.#growing, ...place));
  }

  #reportedPath(place: readonly string[]): string {
    return [...this.#output, ...place].join('/');
  }

  async finish(): Promise<Completed> {
    try {
      for (const pending of this.#symlinks) await this.#makeSymlink(pending);
      await this.#finishFolder(this.#top);
    } catch (error) {
      throw await this.#refusal(error);
    }
    return { bytes: this.#bytes, sha256: null, checksums: this.#checksums, problems: this.#problems };
  }

  async commit(): Promise<void> {
    try {
      await this.#demandStanding();
      await this.#letGo();
      await moveWithoutReplacing(this.#growing, this.#root);
    } catch (error) {
      throw destinationError(this.#root, error);
    }
  }

  async #makeSymlink({ folder, name, given, target, modified }: PendingSymlink): Promise<void> {
    const path = shown([...folder.place, given].join('/'));
    const text = this.#targetOnDisk(target);
    if (text === null || !this.#staysInside(text, folder)) {
      this.#problems.push(problem('link-leads-out', { path, target: shown(target.text) }));
      return;
    }
    try {
      const link = (place: string) => symlink(systemPath(text), systemPath(place));
      const [place] = await this.#make(folder, name, link, given);
      await whereAllowed(lutimes(this.#onDisk(place), fileTime(modified), fileTime(modified)));
    } catch (error) {
      if (hasNoLinks(error))
        this.#problems.push(problem('links-not-supported', { path, target: shown(target.text) }));
      else this.#surviveRefusal(error, path);
    }
  }

  /**
   * The target of a link by the names that everything has on the drive; where none changed, as it was. Null for an
   * absolute one that leads to nothing in the tree.
   */
  #targetOnDisk({ text, isRelative, start, up, names }: Target): string | null {
    const { given, isThere } = this.#follow(start, names, { left: mostLinks });
    if (!isRelative && !isThere) return null;
    if (isRelative && given.every((name, i) => name === names[i])) return text;
    return [...Array.from({ length: up }, () => '..'), ...given].join('/') || '.';
  }

  /** Names of the tree have no sign on the drive that means something to Windows; those that lead to nothing may. */
  #staysInside(text: string, { place }: Folder): boolean {
    return !this.#drive.names.isForWindows || staysInsideForWindows(text, place.length);
  }

  /** Follows names of the archive from a folder on, through links. */
  #follow(start: Folder, names: readonly string[], links: { left: number }): Followed {
    let at: Folder | undefined = start;
    let isThere = true;
    const given = names.map((name, i) => {
      const onDisk = at?.given.get(name);
      const folder: Folder | undefined = at?.folders.get(name);
      const original = at?.originals.get(name);
      isThere = onDisk !== undefined;
      const isLink = !folder && original?.kind === 'symlink' && links.left-- > 0;
      at = isLink ? this.#follow(original.target.start, original.target.names, links).end : folder;
      // A file may have the name of a folder too, but nothing lies in it.
      return (i < names.length - 1 ? folder?.place.at(-1) : onDisk) ?? onDisk ?? name;
    });
    return { given, isThere, end: at };
  }

  /** Sets modes and times from the leaves up, since adding to a folder changes its time. */
  async #finishFolder(folder: Folder): Promise<void> {
    for (const child of folder.folders.values()) await this.#finishFolder(child);
    const path = this.#onDisk(folder.place);
    if (folder.modified !== null)
      await whereAllowed(utimes(path, fileTime(folder.modified), fileTime(folder.modified)));
    await whereAllowed(chmod(path, (folder.mode & this.#drive.permissions) | ownerMayUse));
  }

  async abandon(keep: boolean): Promise<Abandoned> {
    // A drive that does not answer may still have it.
    const isOurs = await this.#stillStands().catch(() => true);
    await this.#letGo();
    if (!isOurs) return { path: null, bytes: 0 };
    if (keep && this.#bytes > 0) return { path: this.#output.join('/') + partialSuffix, bytes: this.#bytes };
    await rm(this.#growing, { recursive: true, force: true }).catch(() => undefined);
    return { path: null, bytes: 0 };
  }
}

/** File systems without hard links get a copy; says whether it is a link. */
async function linkOrCopy(from: string | Buffer, to: string | Buffer): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return false;
  }
}

/** Whether a file system does not have what it was asked for, or not for this user. */
function isNotAllowed(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'].includes(errnoOf(error));
}

/** Whether links are refused as FAT does, and Windows to most people; of exFAT, Windows says EISDIR. */
function hasNoLinks(error: unknown): boolean {
  return isNotAllowed(error) || errnoOf(error) === 'EISDIR';
}

/** A time in seconds as Node takes it, which has the present for negative numbers. */
export function fileTime(seconds: number): number | Date {
  return seconds < 0 ? new Date(seconds * 1000) : seconds;
}

/** Modes and times are worth less than what has them: on a drive of somebody else they are left as they are. */
export async function whereAllowed(setting: Promise<void>): Promise<void> {
  try {
    await setting;
  } catch (error) {
    if (!isNotAllowed(error)) throw error;
  }
}

/** A path as problems tell it: enough to know it again. */
function shown(path: string): string {
  return path.length > 500 ? `${path.slice(0, 500)}…` : path;
}
