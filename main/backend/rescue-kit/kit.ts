/** The rescue kit: a small folder that a backup can carry along, with all that it takes to open it one day. */
import { createHash } from 'node:crypto';
import { mkdir, open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { exists } from '../../recovery/writing/moving.ts';
import { destinationError } from '../../recovery/writing/destination-error.ts';
import { OwnFolder } from '../../recovery/writing/own-folder.ts';
import { byHand } from './by-hand.ts';
import { readMaterials, type Materials } from './materials.ts';
import { readme } from './readme.ts';

export const kitFolderName = 'lifeboat-rescue-kit';

/** Tells a kit from another folder of its name. */
const sumsName = 'SHA256SUMS';

interface KitFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
}

/**
 * Writes a kit beside the backup at `target`, naming it, or into the folder `target`; gives the kit's folder. Nothing
 * is overwritten. A kit has its name only when it is complete; what a killed run left of one is cleared by the next.
 *
 * @throws RecoveryError `source-missing`, `kit-exists`, `dest-occupied` and what else keeps a folder from being written
 */
export async function writeRescueKit(target: string): Promise<string> {
  const found = await stat(target).catch(() => fail('source-missing', { path: target }));
  const backup = found.isDirectory() ? null : basename(target);
  const parent = found.isDirectory() ? target : dirname(target);
  const folder = join(parent, kitFolderName);
  if (await exists(folder))
    fail((await exists(join(folder, sumsName))) ? 'kit-exists' : 'dest-occupied', { path: folder });
  const files = kitFiles(await readMaterials(), backup);
  await using workspace = await OwnFolder.create(parent, 'kit');
  const growing = join(workspace.path, kitFolderName);
  try {
    await mkdir(growing);
    for (const file of files) await write(join(growing, file.name), file);
  } catch (error) {
    throw destinationError(folder, error);
  }
  await workspace.settle(kitFolderName, kitFolderName, false);
  return folder;
}

/** The kit for a backup of the name `backup`, or for any. */
function kitFiles({ program, formats }: Materials, backup: string | null): readonly KitFile[] {
  const text = (name: string, content: string) => ({ name, content, mode: 0o644 });
  const files: readonly KitFile[] = [
    text('README.txt', readme(backup, 'en')),
    text('LIESMICH.txt', readme(backup, 'de')),
    text('BY-HAND.txt', byHand(backup, 'en')),
    text('VON-HAND.txt', byHand(backup, 'de')),
    text('FORMAT.txt', formats),
    { name: 'lifeboat.mjs', content: program, mode: 0o755 },
  ];
  const sums = files.map(({ name, content }) => `${sha256(content)}  ${name}\n`);
  return [...files, text(sumsName, sums.join(''))];
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A kit is written to drives that are pulled out soon after: each file is on the drive when this resolves. */
async function write(path: string, { content, mode }: KitFile): Promise<void> {
  await using file = await open(path, 'wx', mode);
  await file.writeFile(content);
  await file.sync();
}
