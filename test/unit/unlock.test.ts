/** Promises of unlocking: what a list of qubes must be to be believed, and that each fault of it has its own code. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openBackupFrom } from '../../main/recovery/backup.ts';
import { memorySource, openFileSource } from '../../main/recovery/bytes/source.ts';
import { fixturePassphrase } from '../fixtures/variants.ts';
import { flipByte, swapNames } from '../support/container-surgery.ts';
import { codesIn, filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup, type BackupSpec } from '../support/make-backup.ts';
import { makeOldBackup } from '../support/make-old-backup.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';

const passphrase = fixturePassphrase;

/** The codes that restoring a backup of one small qube ends with, made with the given changes. */
async function codesOf(changes: Partial<BackupSpec>): Promise<readonly string[]> {
  const folder = await scratchFolder();
  const image = join(folder, 'image');
  await writeFile(image, 'the content of a small volume\n'.repeat(500));
  const files = [{ name: 'private.img', source: image, sparse: 'none' as const }];
  const destination = join(folder, 'made.backup');
  await makeBackup({ destination, passphrase, qubes: [{ name: 'work', class: 'AppVM', files }], ...changes });
  const target = await scratchFolder();
  const report = await restoreInProcess(await openFileSource(destination), {
    passphrase,
    destination: target,
  });
  expect(report.outcome).toBe('failed');
  expect((await filesBelow(target)).filter((path) => path.includes('private.img'))).toEqual([]);
  return codesIn(report);
}

for (const tool of ['lz4', 'base64']) {
  oracle('scrypt', 'tar', 'split', tool).test(
    `a backup compressed by ${tool}, which no reader is there for, says so of its list and of each file`,
    async () => {
      const codes = await codesOf({ compression: tool });
      expect(new Set(codes)).toEqual(new Set(['qubes-xml-unreadable', 'compression-unsupported']));
    },
  );
}

const gate = oracle('openssl', 'tar', 'gzip');
gate.test(
  'another file in the place of the list of qubes is not believed, where no seal binds its name',
  async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'rules'), '<QubesFirewallRules policy="allow"/>');
    const files = [{ name: 'firewall.xml', source: join(folder, 'rules') }];
    const destination = join(folder, 'old.backup');
    await makeOldBackup({
      version: 3,
      destination,
      passphrase,
      qubes: [{ name: 'work', class: 'AppVM', files }],
    });
    let exchanged: Buffer = await readFile(destination);
    for (const suffix of ['.000', '.000.hmac'])
      exchanged = swapNames(`qubes.xml${suffix}`, `vm1/firewall.xml${suffix}`)(exchanged);
    const report = await restoreInProcess(memorySource(exchanged), { passphrase, destination: null });
    expect(report.problems).toContainEqual({
      code: 'qubes-xml-unreadable',
      params: { reason: 'archive-member-unexpected' },
    });
  },
);

const headerless = () => readFile(join(import.meta.dirname, '../fixtures/v2-headerless-md5.backup'));

it('a backup without a header says before its passphrase that nothing is encrypted or compressed', async () => {
  const { summary } = await openBackupFrom(memorySource(await headerless()), 'old.backup');
  expect(summary).toMatchObject({ version: 2, encrypted: false, compression: null });
});

it('a backup without a header is opened by another chunk where its list of qubes is damaged', async () => {
  const damaged = flipByte('qubes.xml.000', 600)(await headerless());
  const destination = await scratchFolder();
  const report = await restoreInProcess(memorySource(damaged), { passphrase, destination });
  expect(codesIn(report)).toEqual(['qubes-xml-unreadable']);
  expect((await filesBelow(destination)).some((path) => path.endsWith('/private.img'))).toBe(true);
  const wrong = restoreInProcess(memorySource(damaged), { passphrase: 'wrong', destination: null });
  await expect(wrong).rejects.toMatchObject({ problem: { code: 'passphrase-rejected' } });
});
