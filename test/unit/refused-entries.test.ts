/** Promises of a tree on a drive that refuses single entries of it, as drivers of Windows and in user space do. */
import { readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { TreeOutput } from '../../main/recovery/writing/tree-output.ts';
import { probeDrive } from '../../main/recovery/writing/drive.ts';
import type { ArchiveEntry } from '../../main/recovery/archive/archive-reader.ts';
import type { PlannedFile } from '../../main/recovery/restore/plan.ts';
import { restoreFile } from '../../main/recovery/restore/restore-file.ts';
import { diskOutputs } from '../../main/recovery/writing/disk-output.ts';
import { problemOf } from '../../shared/problems.ts';
import { scratchFolder } from '../support/lifeboat.ts';
import { archiveEnd, member } from '../vectors/hand-made-tar.ts';
import { inPieces } from '../vectors/reading.ts';

/** What a call on a path that ends so answers. */
const refusals = vi.hoisted(() => new Map<string, string>());

vi.mock(import('node:fs/promises'), async (importOriginal) => {
  const original = await importOriginal();
  const refusing =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>, name: string, which: number) =>
    async (...args: A) => {
      const ending = `${name} ${String(args[which]).split('/').at(-1) ?? ''}`;
      const code = refusals.get(ending);
      if (code !== undefined) throw Object.assign(new Error(`${code}: ${ending}`), { code });
      return call(...args);
    };
  return {
    ...original,
    open: refusing(original.open, 'open', 0),
    symlink: refusing(original.symlink, 'symlink', 1),
    link: refusing(original.link, 'link', 1),
    rename: refusing(original.rename, 'rename', 1),
  };
});

const modified = 1_000_000_000;
const entry = (path: string, about: Partial<ArchiveEntry> = {}): ArchiveEntry => ({
  path,
  kind: 'file',
  mode: 0o640,
  modified,
  target: '',
  size: path.length,
  data: async function* () {
    yield await Promise.resolve({ position: 0, bytes: Buffer.from(path) });
  },
  ...about,
});

let root: string;
beforeEach(async () => {
  refusals.clear();
  root = join(await scratchFolder(), 'home');
});

async function tree(...entries: readonly ArchiveEntry[]) {
  const output = await TreeOutput.create(root, ['home'], { prefix: [], root: null }, probeDrive);
  for (const each of entries) await output.take(each);
  const completed = await output.finish();
  await output.commit();
  return completed.problems;
}

it.each([
  ['EISDIR', 'links-not-supported'],
  ['EPERM', 'links-not-supported'],
  ['EBUSY', 'dest-busy'],
  ['EUNHEARD', 'dest-refused'],
])('loses a symlink that is refused by %s, and nothing else', async (errno, code) => {
  refusals.set('symlink bad', errno);
  const link = { kind: 'symlink', target: 'file', size: 0 } as const;
  const problems = await tree(entry('file'), entry('bad', link), entry('good', link));
  expect(problems).toMatchObject([{ code, params: { path: 'bad' } }]);
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('file');
  expect(await readlink(join(root, 'good'))).toBe('file');
});

it.each(['EISDIR', 'EPERM', 'EUNHEARD'])(
  'has a copy, with its times, of a hard link that is refused by %s',
  async (errno) => {
    refusals.set('link second', errno);
    expect(await tree(entry('file'), entry('second', { kind: 'hardlink', target: 'file', size: 0 }))).toEqual(
      [],
    );
    expect(await readFile(join(root, 'second'), 'utf8')).toBe('file');
    const [first, second] = await Promise.all([stat(join(root, 'file')), stat(join(root, 'second'))]);
    expect(second.ino).not.toBe(first.ino);
    expect([second.mtimeMs, second.mode & 0o777]).toEqual([modified * 1000, 0o640]);
  },
);

it.each([
  ['EINVAL', 'dest-refused'],
  ['EBUSY', 'dest-busy'],
  ['EMFILE', 'too-many-open-files'],
])('loses a file that is refused by %s, and nothing else', async (errno, code) => {
  refusals.set('open bad', errno);
  expect(await tree(entry('bad'), entry('good'))).toMatchObject([{ code, params: { path: 'bad' } }]);
  expect(await readFile(join(root, 'good'), 'utf8')).toBe('good');
});

it('keeps a complete tree whose name is refused, and says where, also when nothing unfinished is wanted', async () => {
  const folder = await scratchFolder();
  refusals.set('rename user', 'EBUSY');
  const stored = { path: 'dom0-home/user', chunks: [], storedBytes: 0 };
  const archive = Buffer.concat([
    member({ name: 'dom0-home/user/', type: '5' }, ''),
    member({ name: 'dom0-home/user/file' }, 'content'),
    archiveEnd,
  ]);
  const { report } = await restoreFile(
    { qube: 'dom0', name: 'user', stored, output: ['user'], virtualSize: null } as unknown as PlannedFile,
    inPieces(archive),
    [],
    {
      mode: 'restore',
      filter: null,
      openOutput: diskOutputs(folder),
      beforeCommit: () => Promise.resolve(),
      keepPartial: () => false,
    },
  );
  expect(report).toMatchObject({
    outcome: 'partial',
    path: 'user.partial',
    problems: [{ code: 'dest-busy' }, { code: 'file-unnamed', params: { path: 'user.partial' } }],
  });
  expect(await readFile(join(folder, 'user.partial/file'), 'utf8')).toBe('content');
});

it('ends where the drive is full', async () => {
  refusals.set('open bad', 'ENOSPC');
  const ended = await tree(entry('bad'), entry('good')).catch(problemOf);
  expect(ended).toMatchObject({ code: 'dest-ran-full' });
});
