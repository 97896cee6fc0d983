/** Images whose newest state is still in their journal, as those of qubes that ran while they were backed up. */
import { writeFile } from 'node:fs/promises';
import { debugfs, makeHole, makeImage } from './images.ts';
import { run } from './tools.ts';

/** What the file `note` holds in the state before the last change, and after it. */
export const before = 'the state before\n'.padEnd(1024, '.');
export const after = 'the newest state\n'.padEnd(1024, '.');

/** Makes an image of 8 MiB with a file `note`, whose last change is in the journal and nowhere else. No blanks in its path. */
export async function makePendingImage(path: string): Promise<void> {
  await writeFile(`${path}.before`, before);
  await writeFile(`${path}.after`, after);
  await makeImage(path, '8M', '-b', '1024');
  const printed = await debugfs(path, [`write ${path}.before note`, 'blocks note']);
  const [, block] = /^(\d+) *$/m.exec(printed) ?? [];
  await debugfs(path, ['journal_open -c', `journal_write -b ${block} ${path}.after`, 'journal_close']);
}

/** Makes a disk of two partitions of GPT, the second with the content of an image of 8 MiB. */
export async function makePartitioned(disk: string, image: string): Promise<void> {
  await makeHole(disk, 16 * 2 ** 20);
  await run('sfdisk', ['--quiet', disk], { input: 'label: gpt\nsize=2M\nsize=8M\n' });
  await run('dd', [`if=${image}`, `of=${disk}`, 'bs=1M', 'seek=3', 'conv=notrunc', 'status=none']);
}
