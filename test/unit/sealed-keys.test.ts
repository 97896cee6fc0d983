/** The keys that a journal keeps: sealed, bound to their chunks, and never derived a second time. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import { KeySealer } from '../../main/recovery/encryption/key-sealer.ts';
import { journalName } from '../../main/recovery/restore/journal.ts';
import { flipByte } from '../support/container-surgery.ts';
import { scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { noise } from '../support/trees.ts';

describe('a sealed key', () => {
  const [headerKey, key, header] = [randomBytes(64), randomBytes(64), randomBytes(96)];
  const sealer = new KeySealer(headerKey);
  const sealed = sealer.seal('id!vm1/private.img.000', header, key);

  test('opens for its own chunk alone', () => {
    expect(sealer.open('id!vm1/private.img.000', header, sealed)).toEqual(new Uint8Array(key));
    expect(sealer.open('id!vm1/private.img.001', header, sealed)).toBeUndefined();
    expect(sealer.open('id!vm1/private.img.000', randomBytes(96), sealed)).toBeUndefined();
    expect(new KeySealer(randomBytes(64)).open('id!vm1/private.img.000', header, sealed)).toBeUndefined();
  });

  test('does not open once any of its bits was changed, or it was cut', () => {
    const bytes = Buffer.from(sealed, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(sealer.open('id!vm1/private.img.000', header, changed.toString('base64'))).toBeUndefined();
    }
    for (const text of ['', 'x', sealed.slice(0, -4), `AAAA${sealed}`])
      expect(sealer.open('id!vm1/private.img.000', header, text)).toBeUndefined();
  });

  test('is another one each time, and shows nothing of the key', () => {
    expect(sealer.seal('id!vm1/private.img.000', header, key)).not.toBe(sealed);
    const shown = Buffer.from(sealed, 'base64');
    for (let at = 0; at + 8 <= key.length; at++) expect(shown.includes(key.subarray(at, at + 8))).toBe(false);
  });
});

oracle('scrypt', 'tar', 'gzip', 'split').describe('a restore that is resumed', () => {
  const passphrase = 'resume';
  let backup: Buffer;
  let chunks: readonly string[];
  let original: Buffer;

  beforeAll(async () => {
    const folder = await scratchFolder();
    original = noise(1 << 20, 'resumed');
    await writeFile(join(folder, 'private.img'), original);
    const made = await makeBackup({
      destination: join(folder, 'b'),
      passphrase,
      chunkSize: 128 * 1024,
      qubes: [
        {
          name: 'work',
          class: 'AppVM',
          files: [{ name: 'private.img', source: join(folder, 'private.img') }],
        },
      ],
    });
    backup = await readFile(made.path);
    chunks = made.files.find(({ archiveName }) => archiveName === 'vm1/private.img')?.chunks ?? [];
  });

  /** Restores, and answers how many keys were derived in all and for the header and the list of qubes. */
  const restore = async (bytes: Uint8Array, destination: string | null) => {
    let derivations = 0;
    const report = await restoreInProcess(memorySource(bytes), {
      passphrase,
      destination,
      onDerivation: () => derivations++,
    });
    return { report, derivations };
  };

  /** Its first attempt fails on the last chunk, when all keys were derived. */
  const interrupted = async () => {
    const to = await scratchFolder();
    const { report, derivations } = await restore(flipByte(chunks.at(-1) ?? '', 'trailer')(backup), to);
    expect(report.outcome).not.toBe('restored');
    return { to, derivations };
  };

  test('derives what unlocking takes, and nothing twice', async () => {
    const { to, derivations } = await interrupted();
    expect(derivations).toBeGreaterThanOrEqual(chunks.length + 2);
    const resumed = await restore(backup, to);
    // The header, which everything else hangs on, and the list, which is read before a destination is known.
    expect([resumed.report.outcome, resumed.derivations]).toEqual(['restored', 2]);
    expect((await readFile(join(to, 'work/private.img'))).equals(original)).toBe(true);
    expect(await readFile(join(to, journalName), 'utf8')).not.toContain('sealedKey');
  });

  test('derives again, and is right, where the keys in its journal were tampered with', async () => {
    const { to } = await interrupted();
    const path = join(to, journalName);
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    const keys = lines.map((line) => JSON.parse(line) as { chunk?: string; sealedKey?: string });
    const [first, second] = keys.filter(({ sealedKey }) => sealedKey !== undefined);
    const swapped = keys.map((line) =>
      line.chunk === first?.chunk ? { ...line, sealedKey: second?.sealedKey } : line,
    );
    await writeFile(path, swapped.map((line) => JSON.stringify(line)).join('\n'));
    const resumed = await restore(backup, to);
    expect([resumed.report.outcome, resumed.derivations]).toEqual(['restored', 3]);
  });
});
