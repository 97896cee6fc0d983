/** The backups that tests are made with, judged by GNU tar and by the procedures that Qubes publishes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  dropMember,
  duplicateMember,
  flipByte,
  insertBefore,
  operate,
  placeMembers,
  renameMember,
  swapNames,
  truncateNear,
} from '../support/container-surgery.ts';
import { aboutFile, makeBackup, type BackupSpec, type MadeBackup } from '../support/make-backup.ts';
import { makeOldBackup } from '../support/make-old-backup.ts';
import { restoreOfficially2, restoreOfficially3 } from '../support/official-old-procedures.ts';
import { innerArchive, listMembers, restoreOfficially } from '../support/official-procedure.ts';
import { oracle } from '../support/oracles.ts';
import { standardBackup, standardTools, type StandardBackup } from '../support/standard-backup.ts';
import { bash } from '../support/tools.ts';
import { describeTree } from '../support/trees.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-test-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

oracle(...standardTools).describe('the standard backup', () => {
  let standard: StandardBackup;
  let restored: string;
  beforeAll(async () => {
    standard = await standardBackup();
    restored = await restoreOfficially(standard.path, standard.passphrase, join(folder, 'standard'));
  });

  test('lists its members in the order of Qubes', async () => {
    const names = await listMembers(standard.path);
    expect(names).toEqual(standard.members);
    expect(names.slice(0, 4)).toEqual([
      'backup-header',
      'backup-header.hmac',
      'qubes.xml.000.enc',
      'vm1/private.img.000.enc',
    ]);
    expect(names.at(-1)).toBe('dom0-home/user.000.enc');
    expect(names.filter((name) => name.startsWith('vm1/private.img.')).length).toBeGreaterThanOrEqual(3);
  });

  test('pads every member as GNU tar does, after an extended header', async () => {
    for (const member of placeMembers(await readFile(standard.path))) {
      expect(member.start % 10_240).toBe(0);
      expect(member.header - member.start).toBe(1024);
    }
  });

  test('gives back every file, byte for byte, by the official procedure', async () => {
    for (const { archiveName, sha256 } of standard.files) {
      if (sha256 === undefined) continue;
      expect(await aboutFile(join(restored, archiveName)), archiveName).toMatchObject({ sha256 });
    }
  });

  test('gives back the home of dom0 with its links', async () => {
    const home = await describeTree(join(restored, 'dom0-home/user'));
    expect(home).toEqual(await describeTree(standard.trees.dom0Home));
    expect(home['link-out']).toBe('link to /var/log');
    expect(Object.values(home)).toContain('same as hard-link-to-notes');
  });

  test('stores holes as PAX 1.0 maps and as old GNU maps with extension blocks', async () => {
    const inner = (file: string) =>
      innerArchive(join(folder, 'standard/unpacked'), standard.passphrase, file);
    expect((await inner('vm1/private.img')).includes('GNU.sparse.major=1')).toBe(true);
    const header = (await inner('vm10/private.img')).subarray(0, 512);
    expect(header.toString('latin1', 156, 157)).toBe('S');
    // The field `isextended` of the old GNU header.
    expect(header[482]).toBe(1);
  });
});

oracle('scrypt', 'tar', 'gzip', 'split', 'openssl', 'pigz').describe('small backups', () => {
  const text = 'All work and no play. '.repeat(500);
  let source: string;
  let whole: MadeBackup;
  let count = 0;
  /** A backup of one qube with one file of some chunks, as `changes` have it. */
  const spec = (changes: Partial<BackupSpec> = {}): BackupSpec => ({
    destination: join(folder, `small-${count++}.backup`),
    passphrase: 'p',
    compression: false,
    chunkSize: 4000,
    qubes: [{ name: 'work', class: 'AppVM', files: [{ name: 'private.img', source, sparse: 'none' }] }],
    ...changes,
  });
  const restore = (path: string, only = ['vm1/private.img']) =>
    restoreOfficially(path, 'p', join(folder, `restored-${count++}`), { only });
  const contentOf = (restored: string) => readFile(join(restored, 'vm1/private.img'), 'utf8');
  const chunk = (index: number) => `vm1/private.img.00${index}.enc`;

  beforeAll(async () => {
    source = join(folder, 'text');
    await writeFile(source, text);
    whole = await makeBackup(spec());
  });

  test('end a file whose length is a multiple of the chunk size with an empty chunk', async () => {
    // The archive of 11,000 bytes fills two records of 10,240.
    const made = await makeBackup(spec({ chunkSize: 5120 }));
    const sizes = placeMembers(await readFile(made.path)).filter(({ name }) => name.startsWith('vm1/'));
    expect(sizes.map(({ size }) => size)).toEqual([5248, 5248, 5248, 5248, 128]);
    expect(await contentOf(await restore(made.path))).toBe(text);
  });

  test('carry the cost that each member is asked to have', async () => {
    const made = await makeBackup(
      spec({
        cost: (member) => ({ logN: member === chunk(1) ? 11 : 10, r: 8, p: member === chunk(2) ? 3 : 1 }),
      }),
    );
    await restore(made.path);
    const info = (index: number) =>
      bash('scrypt info "$1" 2>&1', [join(folder, `restored-${count - 1}/unpacked`, chunk(index))]);
    expect((await info(0)).toString()).toContain('N = 1024; r = 8; p = 1');
    expect((await info(1)).toString()).toContain('N = 2048; r = 8; p = 1');
    expect((await info(2)).toString()).toContain('N = 1024; r = 8; p = 3');
  });

  test('take another order, other header lines, unsealed chunks, and whatever is put among the members', async () => {
    const made = await makeBackup(
      spec({
        header: { 'backup-id': 'other', encrypted: undefined },
        sealAs: (name) => (name === 'vm1/private.img.001' ? undefined : name),
        alter: async (members, names) => {
          await writeFile(join(members, 'stranger'), 'hello');
          names.push('stranger');
        },
        order: (names) => names.toReversed(),
      }),
    );
    expect(made.header).toBe(
      'version=4\ncompressed=False\ncompression-filter=gzip\nhmac-algorithm=scrypt\nbackup-id=other\n',
    );
    const members = await listMembers(made.path);
    expect(members).toEqual(made.members);
    expect([members[0], members.at(-1)]).toEqual(['stranger', 'backup-header']);
    const stored = await bash('tar -i -xOf "$1" "$2"', [made.path, chunk(1)]);
    expect(stored.toString()).toBe(text.slice(4000 - 512, 8000 - 512));
  });

  test.each(['gnu', 'ustar'] as const)('have an outer archive of the form %s', async (outerFormat) => {
    const made = await makeBackup(spec({ outerFormat, outerBlocking: 1 }));
    const [first, second] = placeMembers(await readFile(made.path));
    expect(first?.header).toBe(first?.start);
    // A header, one block of data, and the two zero blocks that end an archive.
    expect(second?.start).toBe(4 * 512);
    expect(await contentOf(await restore(made.path))).toBe(text);
  });

  test('of format 3 are restored by its procedure', async () => {
    const made = await makeOldBackup({ ...spec({ chunkSize: 3000, compression: 'gzip' }), version: 3 });
    const options = { decompress: 'gzip -d' };
    const restored = await restoreOfficially3(made.path, 'p', join(folder, 'three'), options);
    expect(await contentOf(restored)).toBe(text);
    await expect(restoreOfficially3(made.path, 'q', join(folder, 'three-wrong'), options)).rejects.toThrow();
  });

  test('of format 2 are restored by its procedure, volume by volume', async () => {
    const made = await makeOldBackup({ ...spec({ compression: 'gzip' }), version: 2, tapeLength: 10 });
    expect(made.members).toContain('vm1/private.img.001.hmac');
    const options = { decompress: 'pigz -dz' };
    const restored = await restoreOfficially2(made.path, 'p', join(folder, 'two'), options);
    expect(await contentOf(restored)).toBe(text);
  });

  test.each(['magic', 'logN', 'salt', 'checksum', 'header mac', 'data', 'trailer'] as const)(
    'are refused by scrypt with a byte flipped in the %s of a chunk',
    async (place) => {
      const flipped = join(folder, 'flipped.backup');
      await operate(whole.path, flipped, flipByte(chunk(1), place));
      expect(await listMembers(flipped)).toEqual(whole.members);
      await expect(restore(flipped)).rejects.toThrow('scrypt');
    },
  );

  test('are refused when two chunks changed names', async () => {
    const swapped = join(folder, 'swapped.backup');
    await operate(whole.path, swapped, swapNames(chunk(0), chunk(1)));
    expect((await listMembers(swapped)).slice(3, 5)).toEqual([chunk(1), chunk(0)]);
    await expect(restore(swapped)).rejects.toThrow('scrypt');
  });

  test('hold what is left of them when members are dropped, renamed and inserted', async () => {
    const changed = join(folder, 'changed.backup');
    await operate(
      whole.path,
      changed,
      insertBefore(chunk(1), Buffer.alloc(1024)),
      renameMember(chunk(2), chunk(9)),
      dropMember('qubes.xml.000.enc'),
    );
    expect((await listMembers(changed)).slice(2, 5)).toEqual([chunk(0), chunk(1), chunk(9)]);
  });

  test('hold a member twice, of which the first counts', async () => {
    const doubled = join(folder, 'doubled.backup');
    await operate(whole.path, doubled, duplicateMember(chunk(1), flipByte(chunk(1), 'data')));
    expect((await listMembers(doubled)).filter((name) => name === chunk(1))).toHaveLength(2);
    expect(await contentOf(await restore(doubled))).toBe(text);
  });

  test('are found unfinished by tar when cut in the data of a member, and merely short when cut between', async () => {
    const cut = join(folder, 'cut.backup');
    await operate(whole.path, cut, truncateNear(chunk(2), 'in data'));
    await expect(listMembers(cut)).rejects.toThrow('Unexpected EOF');
    // Of a header cut in half, GNU tar 1.34 says nothing either.
    for (const where of ['before', 'in header'] as const) {
      await operate(whole.path, cut, truncateNear(chunk(2), where));
      expect((await listMembers(cut)).at(-1)).toBe(chunk(1));
    }
  });
});
