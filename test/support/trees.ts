/** Directory trees in tests: describing one so that two can be compared, and content that is always the same. */
import { createCipheriv, createHash } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * Every entry under `root` by its path, with what must survive a restore: `directory`, `link to …` (the target),
 * `file 644 <SHA-256>`, or `same as …` for a further hard link to a file that was described before.
 */
export async function describeTree(root: string): Promise<Record<string, string>> {
  const firstOf = new Map<string, string>();
  const description: Record<string, string> = {};
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => relative(root, join(entry.parentPath, entry.name))).sort();
  for (const path of paths) description[path] = await describeEntry(join(root, path), path, firstOf);
  return description;
}

async function describeEntry(path: string, name: string, firstOf: Map<string, string>): Promise<string> {
  const about = await lstat(path);
  if (about.isDirectory()) return 'directory';
  if (about.isSymbolicLink()) return `link to ${await readlink(path)}`;
  const inode = `${about.dev}:${about.ino}`;
  const first = firstOf.get(inode);
  if (first !== undefined) return `same as ${first}`;
  firstOf.set(inode, name);
  const mode = (about.mode & 0o777).toString(8);
  return `file ${mode} ${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
}

/** Bytes that do not compress and are the same in every run: a key stream of AES named by `seed`. */
export function noise(length: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Writes files by their paths under `root`, with the folders they need. */
export async function writeTree(
  root: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/**
 * A file of `size` bytes with `length` bytes of noise at each of `offsets` and holes elsewhere. With more than four
 * extents, an old GNU archive of it needs extension blocks.
 */
export async function writeSparseFile(
  path: string,
  size: number,
  offsets: readonly number[],
  length = 4096,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const offset of offsets) await file.write(noise(length, String(offset)), 0, length, offset);
    await file.truncate(size);
  } finally {
    await file.close();
  }
}
