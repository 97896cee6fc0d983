/**
 * The output of an archive that holds a folder tree, such as the home folder of dom0: grown beside its place and
 * moved there whole.
 *
 * Paths and links come from the backup and are contained: nothing is written through a link, and links that
 * point out of the tree are left out and reported.
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
import { pathParts, staysInside } from './archive-paths.ts';
import { costsOneEntry, destinationError } from './destination-error.ts';
import { FileWriter, type WritingOptions } from './file-writer.ts';
import { moveWithoutReplacing } from './moving.ts';
import { partialSuffix } from './partial-names.ts';
import { longestName, NameRegister } from './output-names.ts';
import type { Abandoned, Checksum, Completed, Output } from './output.ts';
import { holdFolder, standsAt } from './standing.ts';

/** A folder of the tree while it grows: names already given in it, and what to set once nothing is added. */
interface Folder {
  /** Path components below the root, as they are on disk. */
  readonly place: readonly string[];
  readonly made: Promise<void>;
  readonly names: NameRegister;
  readonly folders: Map<string, Folder>;
  /** What a hard link can have as its original, by names in the archive. */
  readonly originals: Map<string, Original>;
  mode: number;
  modified: number | null;
}

type Original =
  | { readonly kind: 'file'; readonly place: readonly string[]; readonly sha256: string | null }
  | { readonly kind: 'symlink'; readonly target: string };

interface PendingSymlink {
  readonly place: readonly string[];
  readonly target: string;
  readonly modified: number;
}

const ownerMayUse = 0o700;

export class TreeOutput implements Output {
  readonly #root: string;
  readonly #output: readonly string[];
  readonly #growing: string;
  readonly #top: Folder = newFolder([], Promise.resolve());
  readonly #symlinks: PendingSymlink[] = [];
  readonly #checksums: Checksum[] = [];
  readonly #problems: Problem[] = [];
  readonly #prefix: readonly string[];
  readonly #writing: WritingOptions;
  /** The growing folder, open as long as it grows. */
  #held: FileHandle | null = null;
  #bytes = 0;

  private constructor(
    root: string,
    output: readonly string[],
    prefix: readonly string[],
    writing: WritingOptions,
  ) {
    this.#root = root;
    this.#output = output;
    this.#prefix = prefix;
    this.#writing = writing;
    this.#growing = root + partialSuffix;
  }

  /**
   * Begins the tree that will stand at `root`.
   *
   * @throws RecoveryError `dest-…`
   */
  static async create(
    root: string,
    output: readonly string[],
    prefix: readonly string[],
    writing: WritingOptions = {},
  ): Promise<TreeOutput> {
    const tree = new TreeOutput(root, output, prefix, writing);
    try {
      await mkdir(tree.#growing, { mode: ownerMayUse });
      tree.#held = await holdFolder(tree.#growing);
    } catch (error) {
      throw destinationError(root, error);
    }
    return tree;
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
    return this.#prefix.every((part, i) => parts[i] === part) ? parts.slice(this.#prefix.length) : undefined;
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
    const place = this.#claim(folder, name);
    const writer = await FileWriter.create(this.#onDisk(place), this.#writing);
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
    await this.#setFacts(this.#onDisk(place), entry);
  }

  async #setFacts(path: string, { mode, modified }: ArchiveEntry): Promise<void> {
    await whereAllowed(chmod(path, mode & 0o777));
    await whereAllowed(utimes(path, fileTime(modified), fileTime(modified)));
  }

  /** Symlinks are made last, so that nothing can be written through them. */
  #placeSymlink(entry: ArchiveEntry, folder: Folder, name: string): void {
    if (!staysInside(entry.target, folder.place.length)) {
      this.#problems.push(
        problem('link-leads-out', { path: shown(entry.path), target: shown(entry.target) }),
      );
      return;
    }
    folder.originals.set(name, { kind: 'symlink', target: entry.target });
    this.#symlinks.push({ place: this.#claim(folder, name), target: entry.target, modified: entry.modified });
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
      this.#placeSymlink({ ...entry, target: original.target }, folder, name);
      return;
    }
    const place = this.#claim(folder, name);
    const [from, to] = [this.#onDisk(original.place), this.#onDisk(place)];
    try {
      await link(from, to);
    } catch {
      // File systems without hard links get a copy.
      await copyFile(from, to, constants.COPYFILE_EXCL);
      await this.#setFacts(to, entry);
    }
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
    for (const part of parts) {
      let next = folder.folders.get(part);
      if (!next) {
        const place = this.#claim(folder, part);
        const made = mkdir(this.#onDisk(place), { mode: ownerMayUse }).then(() => undefined);
        next = newFolder(place, made);
        folder.folders.set(part, next);
      }
      // One that could not be made refuses all that belongs into it.
      await next.made;
      folder = next;
    }
    return folder;
  }

  #claim(folder: Folder, name: string): readonly string[] {
    const given = folder.names.claim(name);
    const place = [...folder.place, given];
    if (given !== name) {
      this.#problems.push(
        problem('entry-renamed', {
          from: shown([...folder.place, name].join('/')),
          to: shown(place.join('/')),
        }),
      );
    }
    return place;
  }

  #onDisk(place: readonly string[]): string {
    return join(this.#growing, ...place);
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

  async #makeSymlink({ place, target, modified }: PendingSymlink): Promise<void> {
    try {
      await symlink(target, this.#onDisk(place));
    } catch (error) {
      const path = shown(place.join('/'));
      if (hasNoLinks(error))
        this.#problems.push(problem('links-not-supported', { path, target: shown(target) }));
      else this.#surviveRefusal(error, path);
      return;
    }
    await whereAllowed(lutimes(this.#onDisk(place), fileTime(modified), fileTime(modified)));
  }

  /** Sets modes and times from the leaves up, since adding to a folder changes its time. */
  async #finishFolder(folder: Folder): Promise<void> {
    for (const child of folder.folders.values()) {
      const isThere = await child.made.then(
        () => true,
        () => false,
      );
      if (isThere) await this.#finishFolder(child);
    }
    const path = this.#onDisk(folder.place);
    if (folder.modified !== null)
      await whereAllowed(utimes(path, fileTime(folder.modified), fileTime(folder.modified)));
    await whereAllowed(chmod(path, folder.mode | ownerMayUse));
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

function newFolder(place: readonly string[], made: Promise<void>): Folder {
  return {
    place,
    made,
    names: new NameRegister(longestName),
    folders: new Map(),
    originals: new Map(),
    mode: ownerMayUse,
    modified: null,
  };
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
