/** Copies files and folders out of an image, contained and safely named as everything that Lifeboat writes. */
import { chmod, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { CopiedItem, CopyReport } from '../../../shared/image.ts';
import { fail, problem, problemOf, severityOf, type Problem } from '../../../shared/problems.ts';
import { textOfBytes } from '../bytes/byte-text.ts';
import type { Ext4 } from '../image/ext4.ts';
import type { FileStatus } from '../image/inode.ts';
import { pathParts } from '../writing/archive-paths.ts';
import { diskOutputs } from '../writing/disk-output.ts';
import { probeDrive, type Drive } from '../writing/drive.ts';
import { partialSuffix } from '../writing/partial-names.ts';
import { freeBytesOf } from '../writing/free-bytes.ts';
import { fittingName } from '../writing/output-names.ts';
import type { Output } from '../writing/output.ts';
import { OwnFolder } from '../writing/own-folder.ts';
import { fileTime, whereAllowed } from '../writing/tree-output.ts';
import { inTurns } from '../turns.ts';
import { archivePath, entryOf, furtherName, secondsOf } from './entries.ts';
import type { ConflictChoice } from './conflict.ts';
import type { Measure } from './measure.ts';
import { Spots, type Spot } from './placing.ts';

export interface CopyOptions {
  /** An existing folder. */
  readonly destination: string;
  readonly conflict: ConflictChoice;
  /** Path of the image, which a copy never replaces; null where it has none. */
  readonly image: string | null;
  /** The name for the root of the file system. Default: `image`. */
  readonly rootName?: string;
  /** What each of the paths takes, which is then checked against the free space before it is begun. */
  readonly measures?: readonly Measure[];
  /** What is known of bytes of the image that the backup did not give back; a failure makes every copy incomplete. */
  readonly losses?: readonly Problem[];
  /** Gives files of which bytes are lost their own names. By default these end in `.partial`. */
  readonly acceptPartial?: boolean;
  readonly signal?: AbortSignal;
  /** Told of each file that is begun, by its path below what was chosen. */
  readonly onFile?: (path: string) => void;
  /** Told how many more bytes of content were copied. */
  readonly onBytes?: (bytes: number) => void;
}

/** Problems of one item that are told one by one. */
const TOLD_PROBLEMS = 10_000;

/**
 * Copies what is at each of `paths` of a file system, a folder with all that is in it, into the destination. Links
 * are followed only at the end of a path; links below that lead out of a folder are left out and reported.
 *
 * Copies grow in a folder of their own and get their names when they are complete, one item after the other. What
 * befalls one of them is in its report and does not keep the others.
 *
 * @throws RecoveryError `dest-…` where nothing can be written at all
 */
export async function copyOut(
  filesystem: Ext4,
  paths: readonly Uint8Array[],
  options: CopyOptions,
): Promise<CopyReport> {
  await using workspace = await OwnFolder.create(options.destination, 'copy');
  const drive = await probeDrive(workspace.path);
  const spots = new Spots(options.destination, options.conflict, options.image, drive.names);
  const items: CopiedItem[] = [];
  for (const [index, path] of paths.entries()) {
    const item = new ItemCopy(filesystem, workspace, drive, `${index}`, options);
    items.push(await item.run(path, spots, options.measures?.[index]));
  }
  return { items, cancelled: options.signal?.aborted ?? false };
}

/** The name of what lies at a path, as it is copied. */
export function nameOfPath(path: Uint8Array, rootName = 'image'): string {
  const name = Buffer.from(path.buffer, path.byteOffset, path.length);
  const end = trimmedEnd(name);
  return end === 0 ? rootName : textOfBytes(name.subarray(name.lastIndexOf('/', end - 1) + 1, end));
}

function trimmedEnd(path: Buffer): number {
  let end = path.length;
  while (end > 0 && path[end - 1] === 0x2f) end--;
  return end;
}

/** The first copy of a file of several names: its path as it is in the image, and what the name of the copy ends in. */
interface Original {
  readonly path: string;
  readonly suffix: string;
}

/** A problem that says by its name what was lost, which the file system knows by numbers only. */
function named(value: Problem, path: string): Problem {
  if (value.code !== 'filesystem-part-lost') return value;
  return problem('entry-part-lost', { path, structure: value.params.structure });
}

/** The copy of one thing that was chosen. */
class ItemCopy {
  readonly #filesystem: Ext4;
  readonly #workspace: OwnFolder;
  readonly #drive: Drive;
  /** The name under which it grows in the workspace. */
  readonly #grown: string;
  readonly #options: CopyOptions;
  readonly #problems: Problem[] = [];
  #files = 0;
  #bytes = 0;

  constructor(filesystem: Ext4, workspace: OwnFolder, drive: Drive, grown: string, options: CopyOptions) {
    this.#filesystem = filesystem;
    this.#workspace = workspace;
    this.#drive = drive;
    this.#grown = grown;
    this.#options = options;
  }

  async run(path: Uint8Array, spots: Spots, measure: Measure | undefined): Promise<CopiedItem> {
    const name = nameOfPath(path, this.#options.rootName);
    let output: Output | undefined;
    try {
      this.#heed();
      const status = await this.#filesystem.stat(await this.#filesystem.lookup(path));
      const wanted = name + (await this.#suffixOf(status, name));
      const spot = await spots.claim(wanted);
      if (!spot) return this.#report(name, null, 'skipped');
      if (measure) await this.#checkSpace(measure);
      if (spot.name !== wanted) this.#noteName(wanted, spot.name);
      const { losses = [] } = this.#options;
      this.#problems.push(...losses.filter((value) => severityOf(value) === 'failure'));
      const isFolder = status.kind === 'directory';
      output = await diskOutputs(this.#workspace.path, { plain: true, drive: this.#drive })(
        [this.#grown],
        isFolder ? 'tree' : 'file',
        { prefix: [], root: pathParts(textOfBytes(path)) },
      );
      await this.#fill(output, name, status);
      await this.#settle(output, spot, status);
      return this.#report(name, spot.name, this.#isPartial() ? 'partial' : 'copied');
    } catch (error) {
      await output?.abandon(false);
      this.#problems.unshift(problemOf(error));
      this.#files = 0;
      this.#bytes = 0;
      return this.#report(name, null, 'failed');
    }
  }

  /** What the name of a file's copy ends in, after telling what of the file is lost. */
  async #suffixOf({ kind, number, size }: FileStatus, path: string): Promise<string> {
    const lost = kind === 'file' ? await this.#filesystem.lostBytes(number) : 0;
    if (lost === 0) return '';
    this.#problems.push(problem('file-part-lost', { path, lost, size }));
    return this.#options.acceptPartial ? '' : partialSuffix;
  }

  #noteName(from: string, to: string): void {
    const isAnothers = fittingName(from, this.#drive.names) === from;
    this.#problems.push(problem(isAnothers ? 'entry-numbered' : 'entry-renamed', { from, to }));
  }

  #heed(): void {
    if (this.#options.signal?.aborted) fail('cancelled');
  }

  /** Files that are smaller than they were measured do no harm; a drive that others fill meanwhile does. */
  async #checkSpace({ bytes }: Measure): Promise<void> {
    const free = await freeBytesOf(this.#options.destination);
    if (free !== null && bytes > free) fail('dest-full', { needed: bytes, free });
  }

  async #fill(output: Output, name: string, status: FileStatus): Promise<void> {
    if (status.kind === 'directory') {
      await output.take(await entryOf(this.#filesystem, '.', status, this.#entryOptions()));
      await this.#takeTree(output, name, status.number);
    } else if (status.kind === 'file') {
      this.#options.onFile?.(name);
      await output.take(await entryOf(this.#filesystem, name, status, this.#entryOptions()));
      this.#files++;
    } else {
      fail('entry-is-special', { path: name });
    }
  }

  #entryOptions() {
    const { signal, onBytes } = this.#options;
    return {
      ...(signal && { signal }),
      onBytes: (bytes: number) => {
        this.#bytes += bytes;
        onBytes?.(bytes);
      },
    };
  }

  async #takeTree(output: Output, name: string, folder: number): Promise<void> {
    const originals = new Map<number, Original>();
    for await (const step of inTurns(this.#filesystem.walk(folder))) {
      this.#heed();
      if ('problem' in step) {
        this.#problems.push(named(step.problem, `${name}/${archivePath(step.path)}`));
        continue;
      }
      const path = archivePath(step.path);
      try {
        await this.#takeStep(output, `${name}/${path}`, path, step.status, originals);
      } catch (error) {
        const found = problemOf(error);
        // Damage within the image costs one file; what the destination refuses costs all.
        if (!found.code.startsWith('filesystem-')) throw error;
        this.#problems.push(named(found, `${name}/${path}`));
      }
    }
  }

  async #takeStep(
    output: Output,
    shown: string,
    path: string,
    status: FileStatus,
    originals: Map<number, Original>,
  ): Promise<void> {
    const original = originals.get(status.number);
    if (original !== undefined) {
      const suffix = original.suffix;
      await output.take(furtherName(path + suffix, original.path + suffix, status));
    } else {
      if (status.kind === 'file') this.#options.onFile?.(shown);
      const suffix = await this.#suffixOf(status, shown);
      await output.take(await entryOf(this.#filesystem, path + suffix, status, this.#entryOptions()));
      if (status.kind === 'file' && status.links > 1) originals.set(status.number, { path, suffix });
    }
    if (status.kind === 'file') this.#files++;
  }

  async #settle(output: Output, spot: Spot, status: FileStatus): Promise<void> {
    const completed = await output.finish();
    this.#problems.push(...completed.problems);
    if (status.kind === 'file') {
      // Trees set those of theirs by themselves.
      const grown = join(this.#workspace.path, this.#grown + partialSuffix);
      await whereAllowed(chmod(grown, status.permissions & this.#drive.permissions));
      const modified = fileTime(secondsOf(status));
      await whereAllowed(utimes(grown, modified, modified));
    }
    await output.commit();
    await this.#workspace.settle(this.#grown, spot.name, spot.isTaken);
  }

  /** Whether anything is missing that was there. */
  #isPartial(): boolean {
    return this.#problems.some((value) => severityOf(value) === 'failure');
  }

  #report(name: string, path: string | null, outcome: CopiedItem['outcome']): CopiedItem {
    return {
      name,
      path,
      outcome,
      files: this.#files,
      bytes: this.#bytes,
      problems: this.#problems.slice(0, TOLD_PROBLEMS),
      omittedProblems: Math.max(0, this.#problems.length - TOLD_PROBLEMS),
    };
  }
}
