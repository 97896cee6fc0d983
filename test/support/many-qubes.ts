/** A backup of many small qubes, as a system with a qube for everything has, where each is restored within a moment. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MadeBackup } from './backup-spec.ts';
import { cachedFolder } from './cache.ts';
import { makeBackup } from './make-backup.ts';
import { labelColours } from '../../shared/backup.ts';
import { noise } from './trees.ts';

export const manyPassphrase = 'one of many';

/** Bytes of a qube's image. */
const imageBytes = 1024 * 1024;

/** A backup of `count` qubes with an image each, made by the first caller and kept: only read it. */
export async function backupOfMany(count: number): Promise<MadeBackup> {
  const folder = await cachedFolder(`many-${count}`, [import.meta.filename], async (making) => {
    const image = join(making, 'private.img');
    await writeFile(image, noise(imageBytes, 'many'));
    const made = await makeBackup({
      destination: join(making, 'many.backup'),
      passphrase: manyPassphrase,
      qubes: Array.from({ length: count }, (_, index) => ({
        name: `project-${index + 1}`,
        class: 'AppVM' as const,
        label: labelColours[index % labelColours.length] ?? 'red',
        template: 'debian-12',
        files: [{ name: 'private.img', source: image }],
      })),
    });
    await writeFile(join(making, 'made.json'), JSON.stringify(made).replaceAll(making, '{folder}'));
  });
  const text = await readFile(join(folder, 'made.json'), 'utf8');
  return JSON.parse(text.replaceAll('{folder}', folder)) as MadeBackup;
}
