/** Folders of test material that takes seconds to make: made once, and again when what makes it changes. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The programs of this folder that shape everything that is made. */
const makers = [
  'backup-spec.ts',
  'inner-archives.ts',
  'make-backup.ts',
  'make-old-backup.ts',
  'outer-archive.ts',
  'qubes-xml.ts',
  'tools.ts',
  'trees.ts',
].map((name) => join(import.meta.dirname, name));

const root = join(import.meta.dirname, '../../node_modules/.cache/lifeboat-tests');

/**
 * The folder `name` as `make` fills it, out of the cache where neither the makers of backups nor the files `by`
 * have changed since. What is in it is shared by all tests and must not be changed.
 */
export async function cachedFolder(
  name: string,
  by: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(root, `${name}-${await stateOf([...makers, ...by])}`);
  if (await exists(folder)) return folder;
  await mkdir(root, { recursive: true });
  for (const old of (await readdir(root)).filter((entry) => entry.startsWith(`${name}-`))) {
    await rm(join(root, old), { recursive: true, force: true });
  }
  const making = await mkdtemp(join(root, 'making-'));
  try {
    await make(making);
    await rename(making, folder);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    // Two test files may make the same at the same time: the first one stays.
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function stateOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
