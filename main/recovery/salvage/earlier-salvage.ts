/**
 * What earlier restores left of a file at its unfinished names: set aside while it is restored again, and kept where the new
 * restore has less. A worse copy of a backup must not cost what a better one gave.
 */
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isWhole, type FileReport } from '../../../shared/backup.ts';
import { problem, problemOf } from '../../../shared/problems.ts';
import { errnoOf } from '../bytes/source.ts';
import { destinationError } from '../writing/destination-error.ts';
import { asideSuffix, finishedNameOf, mapSuffix, partialSuffix } from '../writing/partial-names.ts';
import { patiently } from '../writing/patience.ts';
import type { Range } from './decoded.ts';
import { mostListed, readLostMap } from './lost-map.ts';

/** What a file, or a tree of them, has that is right. */
interface Coverage {
  /** Sizes of the files of a tree by their paths; null for one file. */
  readonly tree: ReadonlyMap<string, number> | null;
  readonly size: number;
  /** In the order of the file. */
  readonly lost: readonly Range[];
  /** Bytes of pieces without a place. */
  readonly pieces: number;
}

/** What one restore left of a file: itself, its map, its pieces and their maps, as far as they are there. */
interface LeftSet {
  /** The name of the file itself, which the others begin with. */
  readonly base: string;
  /** What follows it in each name. */
  readonly endings: readonly string[];
}

const endingOfOne = /^(?:\.piece-\d+)?(?:\.map)?$/;

export class EarlierSalvage {
  readonly #folder: string;
  readonly #name: string;
  readonly #output: readonly string[];
  readonly #growing: LeftSet;
  #aside: readonly LeftSet[];

  private constructor(
    folder: string,
    output: readonly string[],
    growing: LeftSet,
    aside: readonly LeftSet[],
  ) {
    this.#folder = folder;
    this.#name = output.at(-1) ?? '';
    this.#output = output;
    this.#growing = growing;
    this.#aside = aside;
  }

  /**
   * What stands at the unfinished names of `output` below `destination`; null for nothing.
   *
   * @throws RecoveryError `dest-…`
   */
  static async find(destination: string, output: readonly string[]): Promise<EarlierSalvage | null> {
    const path = join(destination, ...output);
    const name = output.at(-1) ?? '';
    try {
      const names = await namesIn(dirname(path));
      const growing = leftSet(names, name + partialSuffix);
      const aside = asideBases(names, name).map((base) => leftSet(names, base));
      if (growing.endings.length + aside.length === 0) return null;
      return new EarlierSalvage(dirname(path), output, growing, aside);
    } catch (error) {
      throw destinationError(path, error);
    }
  }

  /** One of the paths at which something stands. */
  get path(): string {
    const [first] = [this.#growing, ...this.#aside].flatMap(({ base, endings }) =>
      endings.map((ending) => join(this.#folder, base + ending)),
    );
    return first ?? this.#folder;
  }

  /**
   * Frees the unfinished names of the file.
   *
   * @throws RecoveryError `dest-…`
   */
  async setAside(): Promise<void> {
    if (this.#growing.endings.length === 0) return;
    try {
      const taken = new Set(this.#aside.map(({ base }) => base));
      let number = 1;
      while (taken.has(this.#name + asideSuffix(number))) number++;
      const moved = { ...this.#growing, base: this.#name + asideSuffix(number) };
      await this.#move(this.#growing.base, moved);
      this.#aside = [...this.#aside, moved];
    } catch (error) {
      throw destinationError(join(this.#folder, this.#name), error);
    }
  }

  /**
   * Compares with what a new restore made of the file, as `report` tells: what that has all of is removed. Where the new
   * one has nothing beyond an earlier one, that gets its place back.
   */
  async settle(report: FileReport): Promise<FileReport> {
    try {
      if (isWhole(report.outcome)) {
        await Promise.all(this.#aside.map((each) => this.#remove(each)));
        return report;
      }
      return await this.#settleDamaged(report);
    } catch (error) {
      const path = this.#shown(this.#aside[0]?.base ?? this.#name);
      const kept = problem('salvage-kept', { file: report.name, path });
      const found = problemOf(destinationError(join(this.#folder, this.#name), error));
      return { ...report, problems: [...report.problems, found, kept] };
    }
  }

  async #settleDamaged(report: FileReport): Promise<FileReport> {
    const isNamed = report.path === this.#output.join('/');
    const fresh = leftSet(await namesIn(this.#folder), this.#growing.base);
    const made = await this.#coverage(fresh, isNamed ? this.#name : fresh.base);
    const kept: { readonly left: LeftSet; readonly has: Coverage }[] = [];
    for (const left of this.#aside) {
      const has = await this.#coverage(left);
      if (covers(made, has) || kept.some((other) => covers(other.has, has))) await this.#remove(left);
      else kept.push({ left, has });
    }
    const better = isNamed ? undefined : kept.find(({ has }) => covers(has, made));
    if (better) {
      await this.#remove(fresh);
      await this.#move(better.left.base, { ...better.left, base: this.#growing.base });
    }
    const told = kept.map(({ left }) =>
      problem('salvage-kept', {
        file: report.name,
        path: this.#shown((left === better?.left ? this.#growing.base : left.base) + (left.endings[0] ?? '')),
      }),
    );
    const problems = [...report.problems, ...told];
    // What a cancelled run takes away again is its own alone.
    if (!better || report.problems.some(({ code }) => code === 'cancelled')) return { ...report, problems };
    return { ...this.#reportOf(report, better.left, better.has), problems };
  }

  #reportOf(report: FileReport, { endings }: LeftSet, has: Coverage): FileReport {
    const bytes = rightBytes(has);
    const hasMap = endings.includes(mapSuffix);
    const lost = has.lost.reduce((sum, { start, end }) => sum + end - start, 0);
    return {
      name: report.name,
      path: this.#shown(this.#growing.base + (endings[0] ?? '')),
      bytes,
      sha256: null,
      outcome: bytes > 0 ? 'partial' : 'failed',
      problems: report.problems,
      ...(hasMap && {
        lost: {
          map: this.#shown(this.#growing.base + mapSuffix),
          bytes: lost,
          count: has.lost.length,
          ranges: has.lost
            .slice(0, mostListed)
            .map(({ start, end }): [number, number] => [start, end - start]),
        },
      }),
    };
  }

  #shown(name: string): string {
    return [...this.#output.slice(0, -1), name].join('/');
  }

  async #move(from: string, to: LeftSet): Promise<void> {
    for (const ending of to.endings)
      await patiently(() => rename(join(this.#folder, from + ending), join(this.#folder, to.base + ending)));
  }

  async #remove({ base, endings }: LeftSet): Promise<void> {
    for (const ending of endings)
      await rm(join(this.#folder, base + ending), { recursive: true, force: true });
  }

  /** What of a set is right, of which the file itself has the name `name`. */
  async #coverage({ base, endings }: LeftSet, name = base): Promise<Coverage> {
    const path = join(this.#folder, name);
    const found = await lstat(path).catch(() => null);
    const map = endings.includes(mapSuffix) ? await readLostMap(join(this.#folder, base + mapSuffix)) : null;
    const size = found?.isFile() ? found.size : 0;
    // Behind the end of a map that was not finished, nothing is known.
    const lost = map ? [...map.lost, ...(map.end < size ? [{ start: map.end, end: size }] : [])] : [];
    let pieces = 0;
    for (const ending of endings.filter((each) => /\.piece-\d+$/.test(each)))
      pieces += (await lstat(join(this.#folder, base + ending))).size;
    return { tree: found?.isDirectory() ? await sizesBelow(path) : null, size, lost, pieces };
  }
}

function rightBytes({ tree, size, lost, pieces }: Coverage): number {
  const inTree = [...(tree?.values() ?? [])].reduce((sum, each) => sum + each, 0);
  return inTree + size - lost.reduce((sum, { start, end }) => sum + end - start, 0) + pieces;
}

/** Whether everything that `other` has is in `one` too. */
function covers(one: Coverage, other: Coverage): boolean {
  if (rightBytes(other) === 0) return true;
  if ((one.tree === null) !== (other.tree === null) || one.pieces < other.pieces) return false;
  if (one.tree && other.tree) {
    for (const [path, size] of other.tree) if (one.tree.get(path) !== size) return false;
    return true;
  }
  const missing = [...one.lost, { start: one.size, end: Math.max(one.size, other.size) }];
  return missing.every((range) => isLost(range, other));
}

/** Whether a range has no byte that is right. */
function isLost({ start, end }: Range, { size, lost }: Coverage): boolean {
  let at = start;
  const last = Math.min(end, size);
  for (const range of lost) {
    if (range.end <= at) continue;
    if (range.start > at) break;
    at = range.end;
  }
  return at >= last;
}

async function sizesBelow(folder: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) sizes.set(path.slice(folder.length), (await lstat(path)).size);
  }
  return sizes;
}

function leftSet(names: readonly string[], base: string): LeftSet {
  const endings = names
    .filter((name) => name.startsWith(base))
    .map((name) => name.slice(base.length))
    .filter((ending) => endingOfOne.test(ending));
  return { base, endings: endings.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)) };
}

/** The names at which files were put aside. */
function asideBases(names: readonly string[], name: string): readonly string[] {
  const bases = names
    .filter((each) => finishedNameOf(each) === name)
    .map((each) => /^\.earlier(?:-\d+)?/.exec(each.slice(name.length))?.[0])
    .filter((found) => found !== undefined);
  return [...new Set(bases)].map((found) => name + found);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
