/**
 * Drives that fail while a restore runs: bad places, a drive that goes and comes back. No wrong file stands at a final
 * name, and the next run gives the same bytes as one that nothing befell.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { steadyFile } from '../../main/recovery/bytes/unreadable.ts';
import { memorySource, type ByteSource } from '../../main/recovery/bytes/source.ts';
import { problem, RecoveryError } from '../../shared/problems.ts';
import { findMember } from '../support/container-surgery.ts';
import { codesIn, filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { makeOldBackup } from '../support/make-old-backup.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { noise } from '../support/trees.ts';

const gate = oracle('scrypt', 'tar', 'gzip', 'split', 'openssl');
const passphrase = 'faults';

/** A source in which a reading fails as on a drive, at the byte that `fails` names for it if it names any. */
function failing(
  bytes: Uint8Array,
  fails: (position: number, length: number) => number | undefined,
): ByteSource {
  const whole = memorySource(bytes);
  return steadyFile({
    ...whole,
    rest: () => Promise.resolve(),
    read(position, length, into) {
      const bad = fails(position, length);
      if (bad === undefined) return whole.read(position, length, into);
      return Promise.reject(new RecoveryError(problem('source-bad-place', { position: bad })));
    },
  });
}

gate.describe('a drive that fails', () => {
  const backups = new Map<3 | 4, Buffer>();
  const originals = new Map<string, Buffer>();

  beforeAll(async () => {
    const folder = await scratchFolder();
    const qubes = await Promise.all(
      ['one', 'two'].map(async (name, i) => {
        const source = join(folder, name);
        originals.set(name, noise(900 << 10, name));
        await writeFile(source, originals.get(name) ?? '');
        const files = [{ name: 'private.img', source, sparse: 'none' as const }];
        return { name, class: 'AppVM' as const, qid: i + 1, template: 'debian', files };
      }),
    );
    // In format 3, a qube without a template would have a root.img as well.
    const template = { name: 'debian', class: 'TemplateVM' as const, qid: 3 };
    const common = { passphrase, chunkSize: 128 << 10, qubes: [...qubes, template] };
    const v4 = await makeBackup({ ...common, destination: join(folder, 'v4') });
    const v3 = await makeOldBackup({ ...common, destination: join(folder, 'v3'), version: 3 });
    for (const [version, { path }] of [
      [4, v4],
      [3, v3],
    ] as const)
      backups.set(version, await readFile(path));
  });

  const restored = async (to: string, name: string) => {
    const bytes = await readFile(join(to, name, 'private.img'));
    return createHash('sha256').update(bytes).digest('hex');
  };
  const right = (name: string) =>
    createHash('sha256')
      .update(originals.get(name) ?? '')
      .digest('hex');

  for (const version of [4, 3] as const) {
    const backupOf = () => backups.get(version) ?? Buffer.alloc(0);
    const nameOf = (chunk: number) => `vm1/private.img.00${chunk}${version === 4 ? '.enc' : ''}`;

    gate.test(`at one place costs that piece alone (format ${version})`, async () => {
      const backup = backupOf();
      const member = backup.includes(nameOf(3)) ? nameOf(3) : nameOf(3).replace('vm1', 'appvms/one');
      const { data, size } = findMember(backup, member);
      const bad = data + Math.floor(size / 2);
      const source = failing(backup, (position, length) =>
        position <= bad && bad < position + length ? bad : undefined,
      );
      const to = await scratchFolder();
      const report = await restoreInProcess(source, { passphrase, destination: to });
      expect(codesIn(report)).toEqual(expect.arrayContaining(['chunk-unreadable', 'file-salvaged']));
      expect(report.qubes.map(({ outcome }) => outcome)).toEqual(['partial', 'restored']);
      expect(await restored(to, 'two')).toBe(right('two'));
      expect(await filesBelow(to)).not.toContain('one/private.img');
    });

    gate.test(`for good is told as lost, and the next run goes on (format ${version})`, async () => {
      const backup = backupOf();
      for (const readsLeft of [30, 60, 90]) {
        let left = readsLeft;
        const source = failing(backup, (position) => (left-- <= 0 ? position : undefined));
        const to = await scratchFolder();
        const report = await restoreInProcess(source, { passphrase, destination: to }).catch(
          (error: unknown) => {
            expect(error).toBeInstanceOf(RecoveryError);
            return null;
          },
        );
        if (report && report.outcome !== 'restored') expect(codesIn(report)).toContain('source-lost');
        for (const name of ['one', 'two']) {
          if ((await filesBelow(to)).includes(`${name}/private.img`))
            expect(await restored(to, name)).toBe(right(name));
        }
        if (report?.outcome === 'restored') continue;
        const again = await restoreInProcess(memorySource(backup), { passphrase, destination: to });
        expect(again.outcome).toBe('restored');
        for (const name of ['one', 'two']) expect(await restored(to, name)).toBe(right(name));
        expect((await filesBelow(to)).filter((path) => /partial/.test(path))).toEqual([]);
      }
    });

    gate.test(`once and then answers is warned of, and nothing is lost (format ${version})`, async () => {
      const backup = backupOf();
      const member = backup.includes(nameOf(2)) ? nameOf(2) : nameOf(2).replace('vm1', 'appvms/one');
      const { data, size } = findMember(backup, member);
      let failures = 1;
      const source = failing(backup, (position, length) => {
        const place = data + Math.floor(size / 2);
        const isIt = position <= place && place < position + length;
        return isIt && failures-- > 0 ? place : undefined;
      });
      const to = await scratchFolder();
      const report = await restoreInProcess(source, { passphrase, destination: to });
      expect([report.outcome, codesIn(report)]).toEqual(['restored', ['chunk-unstable']]);
      expect(await restored(to, 'one')).toBe(right('one'));
    });
  }
});
