/** Promises of a restore that is repeated from a copy of the backup that is damaged elsewhere: the better one stays. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect } from 'vitest';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import type { RestoreReport } from '../../shared/backup.ts';
import { flipByte } from '../support/container-surgery.ts';
import { codesIn, filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { noise } from '../support/trees.ts';

const gate = oracle('scrypt', 'tar', 'split');
const passphrase = 'again';
const kibibyte = 2 ** 10;
const partial = 'work/private.img.partial';

gate.describe('a damaged file that is restored again', () => {
  const image = noise(256 * kibibyte, 'image');
  let whole: Buffer;
  let to: string;

  beforeAll(async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'image'), image);
    const { path } = await makeBackup({
      destination: join(folder, 'backup'),
      passphrase,
      chunkSize: 64 * kibibyte,
      compression: false,
      qubes: [
        {
          name: 'work',
          class: 'AppVM',
          files: [{ name: 'private.img', source: join(folder, 'image'), sparse: 'none' }],
        },
      ],
    });
    whole = await readFile(path);
  });

  beforeEach(async () => {
    to = await scratchFolder();
  });

  /** Restores from a copy of which the chunks of these numbers are damaged. */
  const restored = async (...chunks: readonly number[]): Promise<RestoreReport> => {
    const operations = chunks.map((chunk) => flipByte(`vm1/private.img.00${chunk}.enc`, 'data'));
    const bytes = operations.reduce((before, operation) => operation(before), whole);
    return restoreInProcess(memorySource(bytes), { passphrase, destination: to });
  };

  const left = async () => (await filesBelow(to)).filter((path) => path.startsWith('work/')).sort();
  const bytesAt = (path: string) => readFile(join(to, path));
  const fileOf = (report: RestoreReport) => report.qubes[0]?.files[0];

  for (const [what, chunks] of Object.entries({
    'of which more is lost': [1, 2, 3],
    'of which nothing can be had': [0, 1, 2, 3, 4],
  }))
    gate.test(`keeps what was recovered, from a copy ${what}`, async () => {
      const first = await restored(1);
      const before = await bytesAt(partial);
      const second = await restored(...chunks);
      expect(codesIn(second)).toContain('salvage-kept');
      expect(second.outcome).toBe('partial');
      expect(fileOf(second)).toMatchObject({ path: partial, lost: fileOf(first)?.lost });
      expect((await bytesAt(partial)).equals(before)).toBe(true);
      expect(await left()).toEqual([partial, `${partial}.map`]);
    });

  gate.test('makes way for a copy of which less is lost', async () => {
    await restored(1, 2);
    const second = await restored(1);
    expect(codesIn(second)).not.toContain('salvage-kept');
    expect((await bytesAt(partial)).subarray(128 * kibibyte, 192 * kibibyte)).toEqual(
      image.subarray(128 * kibibyte, 192 * kibibyte),
    );
    expect(await left()).toEqual([partial, `${partial}.map`]);
  });

  gate.test('is kept beside a copy of which something else is lost, until all of it is there', async () => {
    await restored(1);
    const before = await bytesAt(partial);
    const second = await restored(2);
    expect(codesIn(second)).toContain('salvage-kept');
    const aside = 'work/private.img.earlier';
    expect(await left()).toEqual([aside, `${aside}.map`, partial, `${partial}.map`]);
    expect((await bytesAt(aside)).equals(before)).toBe(true);
    expect((await restored()).outcome).toBe('restored');
    expect(await left()).toEqual(['work/private.img']);
    expect((await bytesAt('work/private.img')).equals(image)).toBe(true);
  });
});
