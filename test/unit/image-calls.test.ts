/** Promises of the engine's calls on images: what is listed, found, previewed and copied out, and what is refused. */
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CopyProgress, ImageEntry, SearchHit } from '../../shared/image.ts';
import { emittersOf, serve, clientOf, type Result } from '../../shared/contract/define.ts';
import { engineContract, type EngineClient } from '../../main/engine/contract.ts';
import { createEngine } from '../../main/engine/engine.ts';
import { copyOut } from '../../main/recovery/copy-out/copy-out.ts';
import { recognisePicture } from '../../main/recovery/preview/pictures.ts';
import { readText } from '../../main/recovery/preview/text.ts';
import { changed, hostile, makeHomeImage, manyFiles, oddName, picture } from '../support/home-image.ts';
import { e2fsprogs, makeHole, makeImage, makeScratch, withExt4 } from '../support/images.ts';
import { oracle } from '../support/oracles.ts';
import { after, makePartitioned, makePendingImage } from '../support/pending-journal.ts';
import { run } from '../support/tools.ts';

interface Session {
  readonly client: EngineClient;
  readonly hits: SearchHit[];
  readonly progress: CopyProgress[];
  readonly close: () => Promise<void>;
}

function session(): Session {
  const hits: SearchHit[] = [];
  const progress: CopyProgress[] = [];
  const engine = createEngine(
    emittersOf(engineContract, (name, payload) => {
      if (name === 'image.found')
        hits.push(...(payload as { findings: { found: SearchHit[] } }).findings.found);
      if (name === 'image.copyProgress') progress.push((payload as { progress: CopyProgress }).progress);
    }),
  );
  const dispatch = serve(engineContract, engine.handlers);
  const client = clientOf(engineContract, { call: dispatch, listen: () => () => undefined });
  return { client, hits, progress, close: () => engine.close() };
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.value;
}

const idOf = (path: string | Buffer) => Buffer.from(path).toString('base64url');

let folder: string;
let image: string;
let here: Session;
let at: { handle: number; volume: number };

e2fsprogs.describe('an image that the engine has open', () => {
  const { test } = e2fsprogs;

  beforeAll(async () => {
    folder = await makeScratch();
    await mkdir(join(folder, 'tree'));
    image = join(folder, 'home.img');
    await makeHomeImage(join(folder, 'tree'), image);
  });
  beforeEach(async () => {
    here = session();
    const { handle } = valueOf(await here.client.image.open({ path: image }));
    at = { handle, volume: 0 };
  });
  afterEach(() => here.close());

  const list = async (path: string) => valueOf(await here.client.image.list({ ...at, folder: idOf(path) }));
  const entryAt = async (parent: string, name: string): Promise<ImageEntry> => {
    const found = (await list(parent)).entries.find((entry) => entry.name === name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  const preview = async (path: string | Buffer) =>
    valueOf(await here.client.image.preview({ ...at, entry: idOf(path) }));
  const destination = async () => {
    const made = await makeScratch();
    await mkdir(join(made, 'to'));
    return join(made, 'to');
  };
  const copy = async (
    paths: readonly (string | Buffer)[],
    to: string,
    conflict: 'keep-both' | 'replace' | 'skip' | 'refuse' = 'refuse',
  ) =>
    valueOf(
      await here.client.image.copy({
        ...at,
        task: 'copy',
        entries: paths.map(idOf),
        name: 'work',
        destination: to,
        conflict,
      }),
    );

  test('is described by what its volumes hold', async () => {
    const opened = valueOf(await here.client.image.open({ path: image })).image;
    expect(opened).toMatchObject({
      table: null,
      volumes: [{ partition: null, kind: 'ext4', isReadable: true, needsRecovery: false }],
      problems: [],
    });
  });

  test('lists a large folder whole, with ids that lead back', async () => {
    const listing = await list('home/user/Mail');
    expect(listing).toMatchObject({ omitted: 0, problems: [] });
    expect(listing.entries).toHaveLength(manyFiles);
    const last = listing.entries.find(({ name }) => name === `${manyFiles - 1}.eml`);
    expect(last?.id).toBe(idOf(`home/user/Mail/${manyFiles - 1}.eml`));
  });

  test('tells kinds, sizes, times and where links lead', async () => {
    expect(await entryAt('home/user', 'Documents')).toMatchObject({
      kind: 'directory',
      modified: changed.getTime(),
    });
    expect(await entryAt('home/user/Documents', 'latest')).toMatchObject({
      kind: 'link',
      link: { target: 'report.txt', leadsTo: 'file' },
    });
    expect(await entryAt('home/user/odd', 'way-out')).toMatchObject({
      kind: 'link',
      link: { target: '/etc/passwd', leadsTo: null },
    });
    expect(await entryAt('home/user/odd', 'documents')).toMatchObject({
      link: { leadsTo: 'directory' },
    });
    const report = await entryAt('home/user/Documents', 'report.txt');
    expect(valueOf(await here.client.image.describe({ ...at, entry: report.id }))).toMatchObject({
      permissions: 0o640,
      links: 2,
      size: report.size,
    });
  });

  test('opens a file whose name is no text by its id', async () => {
    const odd = await entryAt('home/user/odd', 'sch\\xf6n.txt');
    expect(Buffer.from(odd.id, 'base64url').subarray(-oddName.length).equals(oddName)).toBe(true);
    expect(await preview(Buffer.from(odd.id, 'base64url'))).toMatchObject({ text: 'odd bytes\n' });
  });

  test('finds names wherever they lie, whatever their case', async () => {
    const end = valueOf(await here.client.image.search({ ...at, task: 's', text: 'REPORT' }));
    expect(end).toMatchObject({ isCut: false, unread: 0 });
    expect(end.visited).toBeGreaterThan(manyFiles);
    expect(here.hits.map(({ entry, folder: { path } }) => `${path}/${entry.name}`).sort()).toEqual([
      '/home/user/Documents/report-again.txt',
      '/home/user/Documents/report.txt',
    ]);
    expect(here.hits[0]?.folder.id).toBe(idOf('home/user/Documents'));
  });

  test('ends a search that finds too much, and one that is cancelled', async () => {
    expect(valueOf(await here.client.image.search({ ...at, task: 's', text: '.eml' })).isCut).toBe(true);
    expect(here.hits).toHaveLength(2000);
    const searching = here.client.image.search({ ...at, task: 't', text: 'no such name' });
    await here.client.image.cancel({ task: 't' });
    expect(await searching).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
  });

  test('shows text as text, whatever language it is in', async () => {
    expect(await preview('home/user/Documents/report.txt')).toMatchObject({
      kind: 'text',
      text: 'The report.\nGrüße aus dem Büro.\n',
      encoding: 'utf-8',
      isCut: false,
    });
    expect(await preview('home/user/Documents/old-windows.txt')).toMatchObject({
      text: 'Grüße\r\n',
      encoding: 'windows-1252',
    });
    expect(await preview('home/user/odd/page.html')).toMatchObject({ kind: 'text', text: hostile.html });
    expect(await preview('home/user/odd/drawing.svg')).toMatchObject({ kind: 'text', text: hostile.svg });
  });

  test('shows pictures of a size that can be drawn, and nothing else as one', async () => {
    expect(await preview('home/user/Pictures/sea.png')).toEqual({
      kind: 'picture',
      type: 'image/png',
      width: 64,
      height: 48,
      base64: picture(64, 48).toString('base64'),
    });
    expect(await preview('home/user/Pictures/bomb.png')).toEqual({ kind: 'none', reason: 'too-large' });
    expect(await preview('home/user/odd/program.bin')).toEqual({ kind: 'none', reason: 'binary' });
    expect(await preview('home/user/odd/empty')).toEqual({ kind: 'none', reason: 'empty' });
    expect(await preview('home/user/odd')).toEqual({ kind: 'none', reason: 'no-file' });
  });

  test('is copied from with times, modes, further names and holes', async () => {
    const to = await destination();
    const report = await copy(['home/user/Documents', 'home/user/odd/sparse.bin'], to);
    expect(report).toMatchObject({
      cancelled: false,
      items: [
        { name: 'Documents', path: 'Documents', outcome: 'copied', problems: [] },
        { path: 'sparse.bin', outcome: 'copied' },
      ],
    });
    const copied = await stat(join(to, 'Documents/report.txt'));
    expect([copied.mode & 0o777, copied.mtimeMs]).toEqual([0o640, changed.getTime()]);
    expect((await stat(join(to, 'Documents/report-again.txt'))).ino).toBe(copied.ino);
    expect((await stat(join(to, 'Documents'))).mtimeMs).toBe(changed.getTime());
    expect(await readlink(join(to, 'Documents/latest'))).toBe('report.txt');
    expect(await stat(join(to, 'sparse.bin'))).toMatchObject({ size: 50 * 2 ** 20, blocks: 0 });
    expect(await readdir(to)).toHaveLength(2);
    expect(here.progress.at(-1)?.totalFiles).toBe(5);
  });

  test('keeps the names of files that the drive can hold; links that lead out stay behind', async () => {
    const to = await destination();
    const { items } = await copy(['home/user/odd'], to);
    expect(items.map(({ outcome }) => outcome)).toEqual(['copied']);
    const problems = items.flatMap((item) => item.problems);
    expect(problems.map(({ code, params }) => [code, ...Object.values(params)])).toEqual(
      expect.arrayContaining([
        ['link-leads-out', 'way-out', '/etc/passwd'],
        ['link-leads-out', 'inside', '../../../etc/passwd'],
        ['link-leads-out', 'documents', '../Documents'],
      ]),
    );
    expect(problems).toHaveLength(3);
    const copied = await readdir(join(to, 'odd'));
    expect(copied).toEqual(expect.arrayContaining(['a:b?.txt', 'con']));
    expect(copied).not.toContain('way-out');
    expect(await readFile(Buffer.concat([Buffer.from(`${to}/odd/`), oddName]), 'utf8')).toBe('odd bytes\n');
  });

  test('copies beside, over or not at all where a name is taken, as was chosen', async () => {
    const to = await destination();
    const mine = join(to, 'report.txt');
    const theirs = await readFile(join(folder, 'tree/home/user/Documents/report.txt'), 'utf8');
    await writeFile(mine, 'mine');
    const planned = valueOf(
      await here.client.image.planCopy({
        ...at,
        task: 'p',
        entries: [idOf('home/user/Documents/report.txt'), idOf('home/user/Pictures')],
        name: 'work',
        destination: to,
      }),
    );
    expect(planned).toMatchObject({ files: 3, conflicts: ['report.txt'], findings: [] });

    const outcomeOf = async (choice: Parameters<typeof copy>[2]) =>
      (await copy(['home/user/Documents/report.txt'], to, choice)).items[0];
    expect(await outcomeOf('refuse')).toMatchObject({
      outcome: 'failed',
      path: null,
      problems: [{ code: 'dest-occupied' }],
    });
    expect(await outcomeOf('skip')).toMatchObject({ outcome: 'skipped', path: null });
    expect(await readFile(mine, 'utf8')).toBe('mine');
    expect(await outcomeOf('keep-both')).toMatchObject({ outcome: 'copied', path: 'report (2).txt' });
    expect(await readFile(mine, 'utf8')).toBe('mine');
    expect(await readFile(join(to, 'report (2).txt'), 'utf8')).toBe(theirs);
    expect(await outcomeOf('replace')).toMatchObject({ outcome: 'copied', path: 'report.txt' });
    expect(await readFile(mine, 'utf8')).toBe(theirs);
    expect((await readdir(to)).sort()).toEqual(['report (2).txt', 'report.txt']);
  });

  test('replaces a folder as a whole, and never the one in which the image itself lies', async () => {
    const to = await destination();
    await mkdir(join(to, 'Pictures'));
    await writeFile(join(to, 'Pictures/old.png'), '');
    await copy(['home/user/Pictures'], to, 'replace');
    expect((await readdir(join(to, 'Pictures'))).sort()).toEqual(['bomb.png', 'sea.png']);

    const own = await destination();
    await mkdir(join(own, 'Pictures'));
    const inside = join(own, 'Pictures/home.img');
    await makeImage(inside, '8M', '-d', join(folder, 'tree/home/user/Documents/2024'));
    await withExt4(inside, async (filesystem) => {
      const options = { destination: own, conflict: 'replace', image: inside } as const;
      const { items } = await copyOut(filesystem, [new Uint8Array()], { ...options, rootName: 'Pictures' });
      expect(items).toMatchObject([{ outcome: 'failed', problems: [{ code: 'dest-occupied' }] }]);
      expect((await stat(inside)).size).toBe(8 * 2 ** 20);
    });
  });

  test('gives two things of one name two names', async () => {
    const to = await destination();
    await copy(['home/user/Documents/report.txt', 'home/user/Documents/latest'], to);
    const { items } = await copy(['home/user/Pictures', 'home/user/Pictures'], to, 'replace');
    expect(items.map(({ path }) => path)).toEqual(['Pictures', 'Pictures (2)']);
  });

  test('leaves nothing of a copy that was cancelled', async () => {
    const to = await destination();
    const copying = copy(['home/user/Mail', 'home/user/Documents'], to);
    while (here.progress.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await here.client.image.cancel({ task: 'copy' });
    const { cancelled, items } = await copying;
    expect(cancelled).toBe(true);
    expect(items).toMatchObject([{ outcome: 'failed', problems: [{ code: 'cancelled' }] }, {}]);
    expect(await readdir(to)).toEqual([]);
  });

  test('does not begin what the drive has no room for', async () => {
    const to = await destination();
    await withExt4(image, async (filesystem) => {
      const { items } = await copyOut(filesystem, [Buffer.from('home/user/Documents')], {
        destination: to,
        conflict: 'refuse',
        image,
        measures: [{ files: 1, bytes: 2 ** 60 }],
      });
      expect(items).toMatchObject([{ outcome: 'failed', problems: [{ code: 'dest-full' }] }]);
    });
    expect(await readdir(to)).toEqual([]);
  });

  test('with its newest state in the journal shows that state, and says so', async () => {
    const pending = join(folder, 'pending.img');
    await makePendingImage(pending);
    const opened = valueOf(await here.client.image.open({ path: pending }));
    expect(opened.image.volumes[0]).toMatchObject({ isReadable: true, needsRecovery: true });
    at = { handle: opened.handle, volume: 0 };
    const { notes } = valueOf(await here.client.image.openVolume(at));
    expect(notes).toMatchObject([{ code: 'journal-replayed' }]);
    expect(await preview('note')).toMatchObject({ text: after });
  });

  test('that is divided names each part, also those that cannot be read', async () => {
    const [disk, small] = [join(folder, 'disk.img'), join(folder, 'small.img')];
    await makeImage(small, '8M', '-L', 'data');
    await makePartitioned(disk, small);
    const opened = valueOf(await here.client.image.open({ path: disk }));
    expect(opened.image).toMatchObject({
      table: 'gpt',
      volumes: [
        { partition: 1, kind: 'blank', isReadable: false },
        { partition: 2, kind: 'ext4', label: 'data', isReadable: true },
      ],
    });
    const first = { handle: opened.handle, volume: 0 };
    expect(await here.client.image.list({ ...first, folder: '' })).toMatchObject({
      problem: { code: 'image-blank' },
    });
  });

  test('that is no image is a problem and not a crash', async () => {
    const swap = join(folder, 'swap.img');
    await makeHole(swap, 2 ** 20);
    const opened = valueOf(await here.client.image.open({ path: swap }));
    expect(opened.image.volumes).toMatchObject([{ kind: 'blank', isReadable: false }]);
    expect(await here.client.image.open({ path: join(folder, 'nothing') })).toMatchObject({
      problem: { code: 'image-missing' },
    });
    expect(await here.client.image.list({ handle: 99, volume: 0, folder: '' })).toMatchObject({ ok: false });
  });
});

oracle('convert').test('pictures of every known format are recognised with their size', async () => {
  const scratch = await makeScratch();
  for (const type of ['png', 'jpeg', 'gif', 'webp']) {
    const path = join(scratch, `picture.${type}`);
    await run('convert', ['-size', '37x21', 'plasma:', path]);
    const bytes = await readFile(path);
    expect(recognisePicture(bytes), type).toEqual({ type: `image/${type}`, width: 37, height: 21 });
    // Cut anywhere, it is a picture or none, and nothing else happens.
    for (let end = 0; end < Math.min(bytes.length, 200); end++) recognisePicture(bytes.subarray(0, end));
  }
});

it('text is told from other bytes, and a character that was cut is left out', () => {
  const letters = Buffer.from('ä'.repeat(10));
  expect(readText(letters.subarray(0, 19), true)).toMatchObject({ text: 'ä'.repeat(9), encoding: 'utf-8' });
  expect(readText(Buffer.from('\ufeffGröße', 'utf16le'), false)).toMatchObject({
    text: 'Größe',
    encoding: 'utf-16le',
  });
  expect(readText(Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), false)).toBeNull();
});
