/**
 * Bad input, one row each: what a dying disk, a cut copy, a forger or a careless hand does to a backup, with the
 * code and the exit code that must follow. In every row no file stands at a final name that is not right, and
 * qubes that were not hit are restored.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import {
  dropMember,
  duplicateMember,
  flipByte,
  operate,
  overwrite,
  placeMembers,
  renameMember,
  spoilName,
  swapNames,
  truncateAt,
  truncateNear,
  type Operation,
} from '../support/container-surgery.ts';
import { codesIn, filesBelow, lifeboat, reportOf, saved, scratchFolder } from '../support/lifeboat.ts';
import type { RestoreReport } from '../../shared/backup.ts';
import { oracle } from '../support/oracles.ts';
import {
  standardBackup,
  standardPassphrase,
  standardTools,
  type StandardBackup,
} from '../support/standard-backup.ts';

const gate = oracle(...standardTools);
const chunk = (number: number) => `vm1/private.img.${String(number).padStart(3, '0')}.enc`;

interface Row {
  readonly what: string;
  readonly damage: readonly Operation[];
  readonly code: string;
  readonly exit: number;
  readonly passphrase?: string;
  /** Whether the other qubes must come out whole. */
  readonly othersWhole?: boolean;
}

/** Asks for 2^40 rows of 1 KiB: a pebibyte. The header's checksums are not made right, which is refused sooner. */
const greedyCost = Buffer.from([40, 0, 0, 0, 8, 0, 0, 0, 1]);

const rows: readonly Row[] = [
  { what: 'a wrong passphrase', damage: [], passphrase: 'wrong', code: 'passphrase-rejected', exit: 3 },
  {
    what: 'a file that is no tar',
    damage: [() => Buffer.from('hello '.repeat(500))],
    code: 'not-a-backup',
    exit: 4,
  },
  { what: 'an empty file', damage: [truncateAt(0)], code: 'not-a-backup', exit: 4 },
  { what: 'a file of zeros', damage: [() => Buffer.alloc(100_000)], code: 'not-a-backup', exit: 4 },
  {
    what: 'a tar that is no backup',
    damage: [dropMember('backup-header'), dropMember('backup-header.hmac')],
    code: 'not-a-backup',
    exit: 4,
  },
  { what: 'a backup cut in its header', damage: [truncateAt(700)], code: 'not-a-backup', exit: 4 },
  {
    what: 'a flipped bit in the first block of the header seal',
    damage: [flipByte('backup-header.hmac', 'salt')],
    code: 'header-seal-damaged',
    exit: 5,
  },
  {
    what: 'a flipped bit in the data of the header seal',
    damage: [flipByte('backup-header.hmac', 'data')],
    code: 'header-seal-damaged',
    exit: 5,
  },
  {
    what: 'a header seal that was taken out',
    damage: [dropMember('backup-header.hmac')],
    code: 'header-seal-missing',
    exit: 5,
  },
  {
    what: 'a flipped bit in the salt of a chunk',
    damage: [flipByte(chunk(1), 'salt')],
    code: 'chunk-header-damaged',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'a flipped bit in the data of a chunk',
    damage: [flipByte(chunk(1), 'data')],
    code: 'chunk-damaged',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'a flipped bit in the trailer of a chunk',
    damage: [flipByte(chunk(1), 'trailer')],
    code: 'chunk-damaged',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'a chunk that asks for a pebibyte of memory',
    damage: [overwrite(chunk(1), 7, greedyCost)],
    code: 'chunk-header-damaged',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'a missing chunk',
    damage: [dropMember(chunk(1))],
    code: 'chunk-missing',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'a dropped last chunk',
    damage: [dropMember(chunk(2))],
    code: 'stream-unfinished',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'two swapped chunks',
    damage: [swapNames(chunk(0), chunk(1))],
    code: 'chunk-not-authentic',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'a chunk renamed to follow the last',
    damage: [renameMember('vm4/root.img.000.enc', 'vm1/private.img.003.enc')],
    code: 'data-behind-file',
    exit: 1,
  },
  {
    what: 'a second, different chunk of the same name, which does not count',
    damage: [duplicateMember(chunk(1), flipByte(chunk(1), 'data'))],
    code: 'member-repeated',
    exit: 0,
    othersWhole: true,
  },
  {
    what: 'a member whose name leads out of the backup',
    damage: [renameMember('vm5/empty.000.enc', '../../etc/cron.d/x.000.enc')],
    code: 'member-name-unsafe',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'a backup cut between members',
    damage: [truncateNear('vm10/private.img.000.enc', 'before')],
    code: 'qube-has-no-files',
    exit: 1,
  },
  {
    what: 'a backup cut inside the header of a member',
    damage: [truncateNear('vm10/private.img.000.enc', 'in header')],
    code: 'backup-truncated',
    exit: 1,
  },
  {
    what: 'a backup cut inside a member',
    damage: [truncateNear('vm10/private.img.000.enc', 'in data')],
    code: 'backup-truncated',
    exit: 1,
  },
  {
    what: 'a damaged header of a member, whose data are whole',
    damage: [flipByte('vm10/private.img.000.enc', 'tar header')],
    code: 'container-damaged',
    exit: 0,
    othersWhole: true,
  },
  {
    what: 'a list of qubes that cannot be verified',
    damage: [flipByte('qubes.xml.000.enc', 'data')],
    code: 'qubes-xml-unreadable',
    exit: 1,
  },
  {
    what: 'a list of qubes that is missing',
    damage: [dropMember('qubes.xml.000.enc')],
    code: 'qubes-xml-missing',
    exit: 1,
  },
  {
    what: 'a header that was changed, while its sealed copy is whole',
    damage: [flipByte('backup-header', 0)],
    code: 'header-not-authentic',
    exit: 1,
    othersWhole: true,
  },
  {
    what: 'a header that is missing, while its sealed copy is there',
    damage: [dropMember('backup-header')],
    code: 'header-missing',
    exit: 1,
    othersWhole: true,
  },
];

/** Takes away only the zeros that end the last archive. */
function cutBehindLast(backup: Buffer): Buffer {
  const last = placeMembers(backup).at(-1);
  return backup.subarray(0, last ? last.data + last.size : 0);
}

/** Of the backup as a whole: every qube that is listed comes out whole, and yet it is not right. */
const ofTheWhole: Readonly<Record<string, Operation>> = {
  'qubes-xml-unreadable': flipByte('qubes.xml.000.enc', 'data'),
  'qubes-xml-missing': dropMember('qubes.xml.000.enc'),
  'header-not-authentic': flipByte('backup-header', 0),
  'header-missing': dropMember('backup-header'),
  'backup-truncated': cutBehindLast,
  'container-member-lost': spoilName('vm1/firewall.xml.000.enc'),
};

gate.describe('a damaged backup', () => {
  let backup: StandardBackup;
  let rightSums: ReadonlySet<string>;

  beforeAll(async () => {
    backup = await standardBackup();
    rightSums = new Set(backup.files.flatMap((file) => file.sha256 ?? []));
  });

  for (const { what, damage, code, exit, passphrase, othersWhole } of rows) {
    gate.test(`${what}: ${code}`, async () => {
      const folder = await scratchFolder();
      const to = await scratchFolder();
      const path = join(folder, 'bad.backup');
      await operate(backup.path, path, ...damage);
      const ended = await lifeboat(['restore', path, '--to', to, '--json'], {
        passphrase: passphrase ?? standardPassphrase,
      });
      const report = reportOf(ended);
      expect(codesIn(report)).toContain(code);
      expect(ended.code).toBe(exit);
      expect(ended.stderr).not.toMatch(/at .*\.ts:\d+/);

      for (const file of await imagesAt(to)) expect(rightSums, file.path).toContain(file.sha256);
      if (othersWhole) {
        const others = report.qubes.filter((qube) => !['work', 'default-dvm'].includes(qube.name));
        expect(others.map((qube) => [qube.name, qube.outcome])).toEqual(
          others.map((qube) => [qube.name, 'restored']),
        );
      }
    });
  }
});

gate.test(
  'a backup that ends before some of its qubes names them in every command, and ends with 1',
  async () => {
    const { path } = await standardBackup();
    const folder = await scratchFolder();
    const cut = join(folder, 'cut.backup');
    await operate(path, cut, truncateNear('vm10/private.img.000.enc', 'in data'));
    const options = { passphrase: standardPassphrase };

    const listed = await lifeboat(['list', cut], options);
    expect(listed.code).toBe(1);
    for (const name of ['personal', 'dom0'])
      expect(listed.stdout).toMatch(new RegExp(`^${name} .* Lost: the backup ends before it$`, 'm'));
    expect(listed.stdout).toMatch(/^debian-12 .* not in this backup$/m);
    const json = await lifeboat(['list', cut, '--json'], options);
    const { qubes } = JSON.parse(json.stdout) as { qubes: { name: string; lost: string | null }[] };
    expect(json.code).toBe(1);
    expect(qubes.filter(({ lost }) => lost).map(({ name, lost }) => [name, lost])).toEqual([
      ['dom0', 'cut-off'],
      ['personal', 'cut-off'],
    ]);

    const verified = await lifeboat(['verify', cut], options);
    expect(verified.code).toBe(1);
    expect(verified.stdout).toMatch(/^personal: FAILED\n {2}The qube personal is lost\.$/m);
    const quiet = await lifeboat(['verify', cut, '--quiet'], options);
    expect([quiet.code, quiet.stdout]).toEqual([1, verified.stdout]);
  },
);

gate.describe('a loss that touches no qube that is listed', () => {
  for (const [code, damage] of Object.entries(ofTheWhole)) {
    gate.test(`is neither 0 nor silent, whatever the command: ${code}`, async () => {
      const folder = await scratchFolder();
      const to = await scratchFolder();
      const path = join(folder, 'bad.backup');
      await operate((await standardBackup()).path, path, damage);
      const given = { passphrase: standardPassphrase };
      for (const args of [
        ['verify', path, '--quiet'],
        ['restore', path, '--to', to, '--quiet'],
        ['list', path],
      ]) {
        const { code: exit, stdout, stderr } = await lifeboat(args, given);
        expect([args[0], exit]).toEqual([args[0], 1]);
        expect(`${stdout}${stderr}`).toContain(`[${code}]`);
        if (code.startsWith('qubes-xml')) expect(stdout).not.toContain('other qubes are not affected');
      }
      const kept = JSON.parse(await readFile(join(to, 'lifeboat-report.json'), 'utf8')) as RestoreReport;
      expect([kept.outcome, codesIn(kept)]).toEqual(['partial', expect.arrayContaining([code])]);
      expect(kept.qubes.map(({ outcome }) => outcome)).not.toContain('failed');
    });
  }

  gate.test('is told by info, as far as it needs no passphrase', async () => {
    for (const code of ['header-missing', 'backup-truncated', 'container-member-lost']) {
      const path = join(await scratchFolder(), 'bad.backup');
      await operate((await standardBackup()).path, path, ofTheWhole[code] ?? ((backup) => backup));
      const { code: exit, stdout, stderr } = await lifeboat(['info', path]);
      expect([code, exit]).toEqual([code, 1]);
      expect(`${stdout}${stderr}`).toContain(`[${code}]`);
    }
  });
});

gate.test('an account that cannot be written keeps a restore from being right', async () => {
  const { path } = await standardBackup();
  for (const name of ['SHA256SUMS', 'lifeboat-report.json', 'qubes.xml']) {
    const to = await scratchFolder();
    await mkdir(join(to, name, 'of somebody else'), { recursive: true });
    const ended = await lifeboat(['restore', path, '--to', to, '--quiet'], {
      passphrase: standardPassphrase,
    });
    expect([name, ended.code]).toEqual([name, 1]);
    expect(ended.stdout).toContain(join(to, name));
    expect(await readdir(join(to, name))).toEqual(['of somebody else']);
    if (name === 'lifeboat-report.json') continue;
    const kept = JSON.parse(await readFile(join(to, 'lifeboat-report.json'), 'utf8')) as RestoreReport;
    expect(kept.outcome).toBe('partial');
  }
});

gate.test('what is told of a backup without its passphrase claims no more than was looked at', async () => {
  const { path } = await standardBackup();
  const folder = await scratchFolder();
  const bad = join(folder, 'bad.backup');
  await operate(path, bad, overwrite('backup-header', 0, Buffer.from('nonsense')));
  const ended = await lifeboat(['info', bad]);
  expect(ended.code).toBe(1);
  for (const line of [/^Encrypted +unknown$/m, /^Compression +unknown$/m, /^Cut off +no$/m])
    expect(ended.stdout).toMatch(line);
  expect(ended.stdout).not.toMatch(/Complete/);
  expect(ended.stderr).toContain('[header-malformed]');

  await operate(path, bad, dropMember(chunk(1)));
  const gap = await lifeboat(['info', bad, '--json']);
  const { backup } = JSON.parse(gap.stdout) as { backup: { complete: boolean; cutOff: boolean } };
  expect([gap.code, backup.complete, backup.cutOff]).toEqual([1, false, false]);
  const shown = await lifeboat(['list', bad], { passphrase: standardPassphrase });
  expect(shown.stdout).toMatch(/^work .*, incomplete$/m);
  const listed = await lifeboat(['list', bad, '--json'], { passphrase: standardPassphrase });
  const missing = { code: 'chunk-missing', params: { file: 'work/private.img', chunk: 1 } };
  expect([listed.code, JSON.parse(listed.stdout)]).toMatchObject([1, { problems: [missing] }]);
});

/** The images at final names, with their sums. */
async function imagesAt(folder: string) {
  const images = (await filesBelow(folder)).filter((path) => path.endsWith('.img'));
  return Promise.all(
    images.map(async (path) => {
      const bytes = await readFile(join(folder, path));
      return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
}

gate.test('a terminal is told what can be done in a terminal, and qubes by their names', async () => {
  const { path } = await standardBackup();
  const bad = join(await scratchFolder(), 'bad.backup');
  await operate(path, bad, flipByte(chunk(1), 'data'));
  const rejected = await lifeboat(['list', bad], { passphrase: 'wrong' });
  expect(rejected.stderr).toContain('--try-variants');
  expect(rejected.stderr).not.toContain('Show the passphrase');
  const unknown = await lifeboat(['verify', bad, 'nobody'], { passphrase: standardPassphrase });
  expect(unknown.stderr).toContain('Run lifeboat list');
  const { stdout } = await lifeboat(['verify', bad, 'work'], { passphrase: standardPassphrase });
  expect(stdout).toContain('Part of work/private.img is damaged.');
  expect(stdout).not.toMatch(/vm1|except/);
});

gate.test('a passphrase file that is missing is a mistake of usage', async () => {
  const { path } = await standardBackup();
  expect((await lifeboat(['list', path, '--passphrase-file', '/nowhere/at/all'])).code).toBe(2);
});

gate.test('a backup that is missing, and a folder in its place, are told apart', async () => {
  const folder = await scratchFolder();
  const missing = await lifeboat(['info', join(folder, 'none'), '--json']);
  expect([missing.code, codesIn(reportOf(missing))]).toEqual([5, ['source-missing']]);
  const aFolder = await lifeboat(['info', folder, '--json']);
  expect([aFolder.code, codesIn(reportOf(aFolder))]).toEqual([4, ['source-not-a-file']]);
  await saved(folder, 'qubes.xml', Buffer.from('<QubesVmCollection/>'));
  const format1 = await lifeboat(['info', folder, '--json']);
  expect([format1.code, codesIn(reportOf(format1))]).toEqual([4, ['backup-is-format-1']]);
});

gate.test('a destination that is missing or no folder is refused before anything is read', async () => {
  const { path } = await standardBackup();
  const folder = await scratchFolder();
  const missing = await lifeboat(['restore', path, '--to', join(folder, 'none'), '--json'], {
    passphrase: 'any',
  });
  expect([missing.code, codesIn(reportOf(missing))]).toEqual([5, ['dest-missing']]);
  await writeFile(join(folder, 'file'), '');
  const file = await lifeboat(['restore', path, '--to', join(folder, 'file'), '--json'], {
    passphrase: 'any',
  });
  expect([file.code, codesIn(reportOf(file))]).toEqual([5, ['dest-not-a-folder']]);
});

gate.test('asking for a qube that is not there is a mistake of usage', async () => {
  const { path } = await standardBackup();
  const to = await scratchFolder();
  for (const [qube, code] of [
    ['nobody', 'qube-unknown'],
    ['debian-12', 'qube-not-included'],
  ] as const) {
    const ended = await lifeboat(['restore', path, qube, '--to', to, '--json'], {
      passphrase: standardPassphrase,
    });
    expect([ended.code, codesIn(reportOf(ended))]).toEqual([2, [code]]);
  }
});
