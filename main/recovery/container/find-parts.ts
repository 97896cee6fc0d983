/**
 * The parts of a backup that was cut: which files beside its first one go on where that ends. Their names propose, what they
 * hold decides, so that a neighbor's name keeps no whole backup from being opened.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fail, problem, problemOf, type Problem } from '../../../shared/problems.ts';
import { sourceOf, type Layout, type OpenFiles, type Stretch } from '../bytes/layout.ts';
import type { ByteSource } from '../bytes/source.ts';
import { blockSize, isZeroBlock, parseHeader } from '../tar/header.ts';
import { containerDamage, indexContainer, type ContainerIndex } from './container-index.ts';
import { beginningLength, beginsBackup } from './beginning.ts';
import { firstPartsOf, likeness, partsFrom, type PartNames } from './part-names.ts';

/** Files joined to one backup, with its index. */
export interface Joined {
  readonly layout: Layout;
  readonly index: ContainerIndex;
  /** What is to be said of the parts. */
  readonly problems: readonly Problem[];
}

/** Rows of names that are tried; each costs an index. */
const mostRows = 8;

/** Zeros looked through at the beginning of a part for the header of a member: as many as GNU tar pads with. */
const longestPadding = 10_240;

/** Names of a damaged backup's neighbors that are told. */
const mostNamed = 5;

/**
 * Looks for the parts that go on where the file at `path` ends.
 *
 * @param alone the index of that file by itself; null where it is too short to have one
 * @throws RecoveryError `part-missing` where later parts are there and the next one is not
 */
export async function findParts(
  path: string,
  alone: ContainerIndex | null,
  files: OpenFiles,
): Promise<Joined | null> {
  const neighbors = await neighborsOf(path);
  const rows = partsFrom(neighbors.own, neighbors.names).slice(0, mostRows);
  const isWhole = alone?.cutOff === false;
  for (const row of rows) {
    const joined = await joinRow(row, neighbors.folder, files, isWhole);
    if (joined) return joined;
  }
  if (isWhole || alone === null) return null;
  await refuseGap(rows, neighbors.folder, files);
  const similar = await similarFiles(path, neighbors, files);
  if (similar.length === 0) return null;
  const layout = [{ path, start: 0, length: await files.sizeOf(path) }];
  const names = similar.slice(0, mostNamed).join(', ');
  return { layout, index: alone, problems: [problem('parts-beside', { count: similar.length, names })] };
}

/**
 * Says of a file that does not begin as a backup whether it is a later part of one.
 *
 * @throws RecoveryError `part-not-first`, `part-missing`
 */
export async function refuseLaterPart(path: string, files: OpenFiles): Promise<void> {
  const { folder, own, names } = await neighborsOf(path);
  const size = await files.sizeOf(path);
  for (const { first, before, steps } of firstPartsOf(own, names)) {
    const candidate = join(folder, first);
    if (steps > 0 && (await beginsLikeBackup(candidate, files))) {
      const rows = partsFrom(first, names).filter((row) => row.names.includes(own));
      const isFirst = await Promise.all(rows.map((row) => joinRow(row, folder, files, false)));
      if (isFirst.some((joined) => joined !== null)) fail('part-not-first', { first: candidate });
    }
    // Parts of one size are such by more than their names.
    const follows = steps > 0 ? first : partsFrom(own, names)[0]?.names[1];
    if (before === null || follows === undefined || steps === 0) continue;
    if ((await sizeOrNull(candidate, files)) === size && !(await beginsLikeBackup(candidate, files)))
      fail('part-missing', { part: basename(before) });
  }
}

interface Neighbors {
  /** What the names are relative to. */
  readonly folder: string;
  readonly own: string;
  readonly names: ReadonlySet<string>;
}

/** The files beside one, and those in folders whose names are numbered like its own. */
async function neighborsOf(path: string): Promise<Neighbors> {
  const folder = dirname(dirname(path));
  const ownFolder = basename(dirname(path));
  const folders = new Set(await namesIn(folder, 'folders'));
  const numbered = partsFrom(ownFolder, folders).flatMap((row) => row.names);
  const names = new Set<string>();
  for (const each of new Set([ownFolder, ...numbered])) {
    const within = await namesIn(join(folder, each), 'files');
    for (const name of within) names.add(join(each, name));
    // The only file of a folder is the part that the folder stands for, whatever it is called.
    if (within.length === 1) names.add(join(each, basename(path)));
  }
  return { folder, own: relative(folder, path), names };
}

async function namesIn(folder: string, kind: 'files' | 'folders'): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() === (kind === 'folders') && !entry.name.startsWith('.'))
    .map(({ name }) => name);
}

/** Joins the files of a row, as far as what they hold proves that they belong together; null where it does not. */
async function joinRow(
  { names, missing, later }: PartNames,
  folder: string,
  files: OpenFiles,
  isWhole: boolean,
): Promise<Joined | null> {
  const layout: Stretch[] = [];
  let size = 0;
  for (const name of names) {
    const path = await fileAt(join(folder, name));
    // What begins as a backup is another one, unless what precedes it is shorter than such a beginning.
    if (size >= beginningLength && (await beginsLikeBackup(path, files))) break;
    const length = await sizeOrNull(path, files);
    if (length === null) return null;
    layout.push({ path, start: 0, length });
    size += length;
  }
  const [first, second] = layout;
  if (!first || !second) return null;
  // What ends as an archive ends is whole, unless a member goes on in the next file that no backup begins with.
  if (isWhole && !(await hasMemberBehind(sourceOf(layout, files), first.length))) return null;
  const index = await indexContainer(sourceOf(layout, files)).catch((error: unknown) => {
    if (problemOf(error).code === 'not-a-backup') return null;
    throw error;
  });
  const further = later === null ? null : await sizeOrNull(join(folder, later), files);
  const sizes = [...layout.map(({ length }) => length), ...(further === null ? [] : [further])];
  if (!index || !goesOn(sizes, index)) return null;
  if (missing !== null && index.cutOff !== false) fail('part-missing', { part: basename(missing) });
  return { layout, index, problems: [] };
}

/** A part in a numbered folder may be the only file there, under any name. */
async function fileAt(path: string): Promise<string> {
  const within = await namesIn(dirname(path), 'files');
  const [only] = within;
  return within.length === 1 && only !== undefined ? join(dirname(path), only) : path;
}

/**
 * Whether the second file goes on where the first one ends: a member, or the end of the archive, stands behind the member
 * that the first one breaks off in. Where that member goes on beyond all files, equal sizes have to tell.
 *
 * @param sizes of all files but the last the same, as split makes them; that of a later part may be among them
 */
function goesOn(sizes: readonly number[], { members, problems, cutShort }: ContainerIndex): boolean {
  const [border = 0] = sizes;
  const damage = problems.flatMap(({ code, params }) =>
    containerDamage.has(code) && 'offset' in params ? [Number(params.offset)] : [],
  );
  const behind = [...members.values()].find(({ offset }) => offset - blockSize >= border);
  const last = [...members.values()].at(-1);
  const proof = behind
    ? behind.offset
    : !cutShort && last && last.offset + last.size > border
      ? Infinity
      : null;
  if (proof !== null) return !damage.some((at) => at >= border - 4 * blockSize && at <= proof);
  return sizes.length > 2 && sizes.slice(0, -1).every((size) => size === border);
}

/** @throws RecoveryError `part-missing` where a part behind the next one is there, by its size */
async function refuseGap(rows: readonly PartNames[], folder: string, files: OpenFiles): Promise<void> {
  for (const { names, missing, later } of rows) {
    const [first] = names;
    if (names.length > 1 || missing === null || later === null || first === undefined) continue;
    const own = await sizeOrNull(join(folder, first), files);
    const size = await sizeOrNull(join(folder, later), files);
    if (own !== null && size === own && !(await beginsLikeBackup(join(folder, later), files)))
      fail('part-missing', { part: basename(missing) });
  }
}

/** Names of files beside a backup that was cut off which may be its parts: they are offered, not taken. */
async function similarFiles(path: string, { folder, names }: Neighbors, files: OpenFiles): Promise<string[]> {
  const own = basename(path);
  const similar: string[] = [];
  for (const name of names) {
    const other = basename(name);
    if (dirname(join(folder, name)) !== dirname(path) || other === own || likeness(own, other) < 0.5)
      continue;
    if (similar.length > 100) break;
    const candidate = join(folder, name);
    if (((await sizeOrNull(candidate, files)) ?? 0) < blockSize || (await beginsLikeBackup(candidate, files)))
      continue;
    similar.push(other);
  }
  return similar;
}

async function sizeOrNull(path: string, files: OpenFiles): Promise<number | null> {
  return files.sizeOf(path).catch(() => null);
}

async function beginsLikeBackup(path: string, files: OpenFiles): Promise<boolean> {
  const head = await headOf(path, beginningLength, files);
  return head !== null && beginsBackup(head);
}

/** Whether the header of a member that is not the first of a backup stands behind a border, perhaps behind padding. */
async function hasMemberBehind(source: ByteSource, border: number): Promise<boolean> {
  const start = Math.ceil(border / blockSize) * blockSize;
  const length = Math.min(longestPadding + beginningLength, source.size - start);
  const head = await source.read(start, Math.max(0, length)).catch(() => new Uint8Array(0));
  for (let at = 0; at + blockSize <= head.length; at += blockSize) {
    const block = head.subarray(at, at + blockSize);
    if (isZeroBlock(block)) continue;
    return parseHeader(block) !== undefined && !beginsBackup(head.subarray(at));
  }
  return false;
}

async function headOf(path: string, length: number, files: OpenFiles): Promise<Uint8Array | null> {
  const size = await sizeOrNull(path, files);
  if (size === null) return null;
  const layout = [{ path, start: 0, length: size }];
  return sourceOf(layout, files)
    .read(0, Math.min(length, size))
    .catch(() => null);
}
