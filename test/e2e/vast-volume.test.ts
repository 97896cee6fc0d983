/** A volume of more terabytes than anybody's drive: what counts is what it holds, not what it could. */
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { codesIn, lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { noise, writeSparseFile } from '../support/trees.ts';

const size = 5 * 2 ** 40;
const offsets = [0, 4 * 2 ** 30 - 4096, 4 * 2 ** 40 + 8192, size - 4096];

const gate = oracle('scrypt', 'tar', 'gzip', 'split');

for (const sparse of ['pax', 'gnu'] as const) {
  gate.test(`of five tebibytes, sparse in the form of ${sparse}, is restored in moments`, async () => {
    const folder = await scratchFolder();
    const source = join(folder, 'vast.img');
    await writeSparseFile(source, size, offsets);
    const made = await makeBackup({
      destination: join(folder, 'vast.backup'),
      passphrase: 'vast',
      qubes: [{ name: 'vast', class: 'AppVM', qid: 1, files: [{ name: 'private.img', source, sparse }] }],
    });
    const to = join(folder, 'to');
    await mkdir(to);
    const ended = await lifeboat(['restore', made.path, '--to', to, '--json'], { passphrase: 'vast' });
    expect([ended.code, codesIn(reportOf(ended))]).toEqual([0, []]);
    // To hash five tebibytes of zeros would take most of an hour.
    expect(reportOf(ended).qubes[0]?.files[0]).toMatchObject({ bytes: size, sha256: null });
    expect(await readFile(join(to, 'SHA256SUMS'), 'utf8')).not.toContain('private.img');

    const restored = join(to, 'vast/private.img');
    const found = await stat(restored);
    expect(found.size).toBe(size);
    expect(found.blocks * 512).toBeLessThan(2 ** 20);
    await using file = await open(restored);
    for (const offset of offsets) {
      const { buffer } = await file.read(Buffer.alloc(4096), 0, 4096, offset);
      expect(buffer.equals(noise(4096, String(offset))), `at ${offset}`).toBe(true);
    }
  });
}
