/**
 * Promises of what lies behind the end: a new backup that was written over an older, longer one without cutting the file,
 * as onto a drive, and files that are complete before a chunk that cannot be used.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import type { RestoreReport } from '../../shared/backup.ts';
import { fixturePassphrase } from '../fixtures/variants.ts';
import { dropMember, flipByte, spoilName } from '../support/container-surgery.ts';
import { codesIn, filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup, type QubeSpec } from '../support/make-backup.ts';
import { makeOldBackup } from '../support/make-old-backup.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { noise } from '../support/trees.ts';

const passphrase = 'a new passphrase';
const chunkSize = 20_000;

interface Two {
  readonly older: Buffer;
  readonly newer: Buffer;
  readonly content: Buffer;
}

/** An older backup of three qubes with long files, and a newer one of the first of them with a short file. */
async function made(version: 3 | 4): Promise<Two> {
  const folder = await scratchFolder();
  const content = noise(30_000, 'new');
  await writeFile(join(folder, 'new'), content);
  await writeFile(join(folder, 'old'), noise(150_000, 'old'));
  const qube = (name: string, source: string): QubeSpec => ({
    name,
    class: 'AppVM',
    template: 'debian',
    files: [{ name: 'private.img', source: join(folder, source), sparse: 'none' }],
  });
  const template: QubeSpec = { name: 'debian', class: 'TemplateVM' };
  const older = {
    destination: join(folder, 'older.backup'),
    passphrase: 'the passphrase of then',
    chunkSize,
    qubes: [qube('a', 'old'), qube('b', 'old'), qube('c', 'old'), template],
  };
  const newer = {
    destination: join(folder, 'newer.backup'),
    passphrase,
    chunkSize,
    qubes: [qube('work', 'new'), template],
  };
  if (version === 4) {
    await makeBackup({ ...older, backupId: '20200101T000000-1' });
    await makeBackup({ ...newer, backupId: '20260101T000000-1' });
  } else {
    await makeOldBackup({ ...older, version });
    await makeOldBackup({ ...newer, version });
  }
  return { older: await readFile(older.destination), newer: await readFile(newer.destination), content };
}

const written = ({ newer, older }: Two) => Buffer.concat([newer, older.subarray(newer.length)]);

async function restored(bytes: Uint8Array): Promise<{ report: RestoreReport; folder: string }> {
  const folder = await scratchFolder();
  return { report: await restoreInProcess(memorySource(bytes), { passphrase, destination: folder }), folder };
}

async function expectWhole({ report, folder }: Awaited<ReturnType<typeof restored>>, content: Buffer) {
  expect(report.outcome).toBe('restored');
  expect(report.qubes.map(({ name }) => name)).toEqual(['work']);
  expect((await readFile(join(folder, 'work/private.img'))).equals(content)).toBe(true);
  expect((await filesBelow(folder)).filter((path) => path.includes('.partial'))).toEqual([]);
}

oracle('scrypt', 'tar', 'gzip', 'split').describe(
  'a new backup of format 4 over an older, longer one',
  () => {
    let two: Two;
    beforeAll(async () => void (two = await made(4)));

    it('is whole, with what lies behind it told and left out', async () => {
      const outcome = await restored(written(two));
      await expectWhole(outcome, two.content);
      expect(new Set(codesIn(outcome.report))).toEqual(
        new Set(['data-behind-file', 'files-of-another-backup', 'container-damaged']),
      );
    });

    it('is whole where the older one follows at the border of an archive', async () => {
      const outcome = await restored(Buffer.concat([two.newer, two.older]));
      await expectWhole(outcome, two.content);
      expect(codesIn(outcome.report)).toContain('files-of-another-backup');
      expect(codesIn(outcome.report)).not.toContain('container-damaged');
    });

    it('is not whole where one of its own chunks is damaged', async () => {
      const damaged = flipByte('vm1/private.img.000.enc', 'data')(two.newer);
      const { report } = await restored(written({ ...two, newer: damaged }));
      expect(report.outcome).not.toBe('restored');
      expect(codesIn(report)).toContain('chunk-damaged');
      expect(codesIn(report)).not.toContain('data-behind-file');
    });

    it('is not whole where its own last chunk is gone', async () => {
      const { report } = await restored(dropMember('vm1/private.img.001.enc')(written(two)));
      expect(report.outcome).not.toBe('restored');
      expect(codesIn(report)).not.toContain('data-behind-file');
    });
  },
);

oracle('scrypt', 'tar', 'gzip', 'split').test(
  'a member without a name that was taken for the next chunk of a whole file is told as lost',
  async () => {
    const folder = await scratchFolder();
    const content = noise(30_000, 'whole');
    await writeFile(join(folder, 'private'), content);
    await writeFile(join(folder, 'firewall'), '<firewall version="2"/>');
    const destination = join(folder, 'made.backup');
    const files = [
      { name: 'private.img', source: join(folder, 'private'), sparse: 'none' as const },
      { name: 'firewall.xml', source: join(folder, 'firewall'), sparse: 'none' as const },
    ];
    const qubes: QubeSpec[] = [{ name: 'work', class: 'StandaloneVM', files }];
    await makeBackup({ destination, passphrase, qubes });
    const damaged = spoilName('vm1/firewall.xml.000.enc')(await readFile(destination));
    const { report, folder: to } = await restored(damaged);
    expect(report.outcome).toBe('partial');
    expect(codesIn(report)).toEqual(expect.arrayContaining(['container-member-lost', 'data-behind-file']));
    expect((await readFile(join(to, 'work/private.img'))).equals(content)).toBe(true);
  },
);

oracle('openssl', 'tar', 'gzip', 'split').test(
  'a new backup of format 3 over an older, longer one has its own files whole',
  async () => {
    const two = await made(3);
    const { report, folder } = await restored(written(two));
    const [work] = report.qubes;
    expect(work).toMatchObject({ name: 'work', outcome: 'restored' });
    expect(codesIn(report)).toContain('data-behind-file');
    expect((await readFile(join(folder, 'work/private.img'))).equals(two.content)).toBe(true);
  },
);

it('a file whose last chunk holds nothing is whole also where that chunk is damaged', async () => {
  const fixture: Buffer = await readFile(join(import.meta.dirname, '../fixtures/v4-empty-last-chunk.backup'));
  const names = fixture.toString('latin1').match(/vm1\/private\.img\.\d{3}\.enc/g) ?? [];
  const damaged = flipByte(names.toSorted().at(-1) ?? '', 'trailer')(fixture);
  const report = await restoreInProcess(memorySource(damaged), {
    passphrase: fixturePassphrase,
    destination: await scratchFolder(),
  });
  expect(report.outcome).toBe('restored');
  expect(codesIn(report)).toEqual(['data-behind-file']);
});
