/** Folders of test material that take seconds to make: made once, and again when what makes them changes. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../node_modules/.cache/lifeboat-tests');

/**
 * The folder `name` as `make` fills it, out of the cache where the files of this folder have not changed since.
 * What is in it is shared by all tests and must not be changed.
 */
export async function cachedFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(root, `${name}-${await stateOfMakers()}`);
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

/** A digest of all programs in this folder, as any of them may shape what is made. */
async function stateOfMakers(): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.ts')).sort();
  for (const name of names) hash.update(await readFile(join(import.meta.dirname, name)));
  return hash.digest('hex').slice(0, 16);
}
