/**
 * A backup that was unpacked into a folder, as the emergency pages of Qubes tell people to do (`tar -i -x`): its members as
 * files. Some may have been decrypted by hand as well; what is left of those is taken as unsealed.
 */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import type { Layout } from '../bytes/layout.ts';
import { longestSeal, mostMembers, type ContainerIndex, type Member } from './container-index.ts';
import { headerName, headerSealName, isSafeName } from './safe-name.ts';

/** A chunk of a backup or the seal of one; in format 4, also the plaintext of a chunk. */
const chunkName = /^.+\.\d{3,7}(\.enc|\.hmac)?$/;

/** Folders of a backup are two deep at most, those of format 3 one more. */
const deepest = 6;

/** What tells a folder that a backup was unpacked into. */
const telling = [headerName, headerSealName, 'qubes.xml.000', 'qubes.xml.000.enc'];

/** Whether a backup was unpacked into a folder. */
export async function isUnpackedBackup(folder: string): Promise<boolean> {
  const found = await Promise.all(telling.map((name) => isFile(join(folder, name))));
  return found.includes(true);
}

/** The folder that a file of an unpacked backup belongs to; null for any other file. */
export async function unpackedFolderOf(path: string): Promise<string | null> {
  const name = basename(path);
  if (!telling.includes(name) && !chunkName.test(name)) return null;
  let folder = dirname(path);
  for (let i = 0; i < deepest; i++, folder = dirname(folder))
    if (await isUnpackedBackup(folder)) return folder;
  return null;
}

/**
 * Indexes the files of an unpacked backup, as if they followed each other.
 *
 * @throws RecoveryError `source-unreadable`, `container-too-long`
 */
export async function indexFolder(
  folder: string,
): Promise<{ readonly layout: Layout; readonly index: ContainerIndex }> {
  const files = await filesIn(folder);
  const header = await readFile(join(folder, headerName), 'latin1').catch(() => '');
  const isFormat4 = /^version=4\r?$/m.test(header) || files.some(({ name }) => name.endsWith('.enc'));
  const names = namesOf(new Set(files.map(({ name }) => name)), isFormat4);
  const members = new Map<string, Member>();
  const layout: { path: string; start: number; length: number }[] = [];
  const fingerprint = createHash('sha256');
  let offset = 0;
  for (const { name: found, size } of files) {
    const name = names.get(found);
    if (name === undefined) continue;
    const path = join(folder, found);
    members.set(name, { name, offset, size });
    layout.push({ path, start: 0, length: size });
    offset += size;
    fingerprint.update(`${name}\n${size}\n`);
    if (name.endsWith('.hmac') && size <= longestSeal)
      fingerprint.update(await readFile(path).catch(() => ''));
  }
  return {
    layout,
    index: {
      members,
      complete: true,
      cutOff: null,
      cutShort: null,
      fingerprint: fingerprint.digest('hex'),
      doubtfulFrom: null,
      problems: [],
    },
  };
}

interface Found {
  readonly name: string;
  readonly size: number;
}

/** The files of a backup in a folder, the header first, the others by their names. */
async function filesIn(root: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && depth < deepest) await walk(name, depth + 1);
      if (!entry.isFile() || !isSafeName(name)) continue;
      if (name !== headerName && name !== headerSealName && !chunkName.test(name)) continue;
      if (found.length === mostMembers) fail('container-too-long', { limit: mostMembers });
      found.push({ name, size: (await lstat(join(root, name))).size });
    }
  };
  await walk('', 0);
  const rank = ({ name }: Found) => [headerName, headerSealName].indexOf(name) + 1 || 3;
  return found.toSorted((a, b) => rank(a) - rank(b));
}

/**
 * The name of the member that each file stands for. Where a chunk was decrypted by hand and its sealed form was deleted, the
 * plaintext stands for it; where both are there, the sealed one does.
 */
function namesOf(found: ReadonlySet<string>, isFormat4: boolean): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const name of found) {
    const isPlain = isFormat4 && /\.\d{3,7}$/.test(name);
    if (!isPlain) names.set(name, name);
    else if (!found.has(`${name}.enc`)) names.set(name, `${name}.enc`);
  }
  return names;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
