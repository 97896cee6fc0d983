/** Images of file systems, made and changed by e2fsprogs and by Linux itself, and described for comparison. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { openFileSource } from '../../main/recovery/bytes/source.ts';
import { openExt4, type Ext4, type Ext4Options } from '../../main/recovery/image/ext4.ts';
import { oracle, type Oracle } from './oracles.ts';
import { missingTools, run } from './tools.ts';

/** The tools that make, change and judge file systems of the ext family. */
export const e2fsprogs = oracle('mkfs.ext4', 'debugfs', 'e2fsck');

/**
 * The gate of tests in which Linux writes to an image, which takes root and a loop device. Where those are not to
 * be had the tests are skipped, also with `CI=true`: root is not a program to install.
 */
export async function mounting(): Promise<Oracle> {
  const missing = missingTools('mount', 'umount', 'mkfs.ext4');
  const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : await obstacleToMounting();
  if (reason === null) return e2fsprogs;
  return {
    describe: (name, body) => {
      test.skip(`${name} (skipped: ${reason})`, body);
    },
    test: (name, body) => test.skip(`${name} (skipped: ${reason})`, body),
  };
}

async function obstacleToMounting(): Promise<string | null> {
  const image = join(await makeScratch(), 'probe');
  await makeImage(image, '1M');
  try {
    await withMounted(image, [], () => Promise.resolve());
    return null;
  } catch {
    return 'mounting takes root and a loop device';
  }
}

/** A new folder for images, which is swept up after all tests. */
export function makeScratch(): Promise<string> {
  return mkdtemp(join(process.env['LIFEBOAT_SCRATCH'] ?? tmpdir(), 'images-'));
}

/** Makes a file system in a new file of `size` (`64M`), with further arguments of `mkfs.ext4`. */
export async function makeImage(path: string, size: string, ...args: readonly string[]): Promise<void> {
  await rm(path, { force: true });
  await run('mkfs.ext4', ['-q', '-F', ...args, path, size]);
}

/** Runs commands of debugfs on an image that they may change, and gives what they print. */
export async function debugfs(image: string, commands: readonly string[]): Promise<string> {
  const script = `${image}.debugfs`;
  await writeFile(script, commands.map((command) => `${command}\n`).join(''));
  return (await run('debugfs', ['-w', '-f', script, image])).toString();
}

/** What a command of debugfs prints of an image as it lies there: bitmaps unread, journal not replayed. */
export async function inspect(image: string, command: string): Promise<string> {
  return (await run('debugfs', ['-c', '-R', command, image])).toString();
}

/** Fails unless e2fsck finds an image whole. */
export async function judge(image: string): Promise<void> {
  await run('e2fsck', ['-f', '-n', image]);
}

/** Runs `work` with the folder where Linux has mounted an image. */
export async function withMounted<Result>(
  image: string,
  options: readonly string[],
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = `${image}.mounted`;
  await mkdir(folder, { recursive: true });
  await run('mount', ['-o', ['loop', ...options].join(','), image, folder]);
  try {
    return await work(folder);
  } finally {
    await run('umount', [folder]);
  }
}

/** Runs `work` with the file system of an image, opened by the reader under test. */
export async function withExt4<Result>(
  image: string,
  work: (filesystem: Ext4) => Promise<Result>,
  options?: Ext4Options,
): Promise<Result> {
  const source = await openFileSource(image);
  try {
    return await work(await openExt4(source, options));
  } finally {
    await source.close();
  }
}

/** All that an async iterable hands out. */
export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Makes a file of holes only. */
export async function makeHole(path: string, size: number): Promise<void> {
  await writeFile(path, '');
  await truncate(path, size);
}

/** Describes what a file system holds in the words of `describeTree`, without `lost+found`. */
export async function describeImage(filesystem: Ext4): Promise<Record<string, string>> {
  const inodes: [path: string, inode: number][] = [];
  for await (const step of filesystem.walk(filesystem.root)) {
    const path = step.path.map((name) => Buffer.from(name).toString()).join('/');
    if ('problem' in step) throw new Error(`${path}: ${JSON.stringify(step.problem)}`);
    if (!path.startsWith('lost+found')) inodes.push([path, step.status.number]);
  }
  const firstOf = new Map<number, string>();
  const description: Record<string, string> = {};
  for (const [path, inode] of inodes.sort(([one], [other]) => (one < other ? -1 : 1))) {
    description[path] = await describeInode(filesystem, inode, path, firstOf);
  }
  return description;
}

async function describeInode(
  filesystem: Ext4,
  inode: number,
  path: string,
  firstOf: Map<number, string>,
): Promise<string> {
  const { kind, permissions } = await filesystem.stat(inode);
  if (kind === 'directory') return 'directory';
  if (kind === 'link') return `link to ${Buffer.from(await filesystem.readLink(inode)).toString()}`;
  const first = firstOf.get(inode);
  if (first !== undefined) return `same as ${first}`;
  firstOf.set(inode, path);
  return `file ${(permissions & 0o777).toString(8)} ${await digestOf(filesystem, inode)}`;
}

/** The SHA-256 of a file's content, holes and all. */
export async function digestOf(filesystem: Ext4, inode: number): Promise<string> {
  const hash = createHash('sha256');
  const content = await filesystem.openFile(inode);
  for (let position = 0; position < content.size; position += 2 ** 20) {
    hash.update(await content.read(position, Math.min(2 ** 20, content.size - position)));
  }
  return hash.digest('hex');
}

/** All entries of a directory, by name. */
export async function listing(filesystem: Ext4, inode: number): Promise<Map<string, number>> {
  const entries = new Map<string, number>();
  for await (const { name, inode: found } of filesystem.readDirectory(inode)) {
    entries.set(Buffer.from(name).toString('latin1'), found);
  }
  return entries;
}
