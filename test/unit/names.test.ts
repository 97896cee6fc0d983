/** Promises of names, which systems keep as bytes: as texts, as people read and type them, and as drives can hold them. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { bytesOfText, systemPath, textOfBytes } from '../../main/recovery/bytes/byte-text.ts';
import { openFileSource } from '../../main/recovery/bytes/source.ts';
import { copyOut } from '../../main/recovery/copy-out/copy-out.ts';
import { openExt4, type Ext4 } from '../../main/recovery/image/ext4.ts';
import { displayName, namedBy } from '../../main/recovery/image/names.ts';
import type { PlannedFile } from '../../main/recovery/restore/plan.ts';
import { restoreFile } from '../../main/recovery/restore/restore-file.ts';
import { diskOutputs } from '../../main/recovery/writing/disk-output.ts';
import type { FileReport } from '../../shared/backup.ts';
import { visible, visibleJson, visibleLines } from '../../shared/words/formats.ts';
import { collected, e2fsprogs, makeImage } from '../support/images.ts';
import { lifeboat } from '../support/lifeboat.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { run } from '../support/tools.ts';
import { inPieces } from '../vectors/reading.ts';

let folder: string;
// Not by `afterEach`, which comes before what a test itself undoes, such as its mounts.
beforeEach(async ({ onTestFinished }) => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-names-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

const linux = process.platform === 'linux' ? oracle() : skipped('for Linux');

/** Names as hostile as a file system can hold them: any bytes but a slash and zero, often near to UTF-8 and to escapes. */
const nameBytes = fc
  .oneof(
    fc.uint8Array({ min: 1, minLength: 1, maxLength: 255 }),
    fc.array(
      fc.constantFrom(
        ...['a', 'x41', 'xe9', 'u{1b}', 'u{202e}', '\\', '\\\\', '\\x41', '\\u{e9}', 'é', '🛟', '❤\ufe0f'],
        ...[
          '\n',
          '\x1b',
          '\x7f',
          '\x9b',
          '\u202e',
          '\u200b',
          '\u00ad',
          '\ufeff',
          '\u3164',
          '\ufffd',
          ':',
          '.',
          ' ',
        ],
        ...[[0xe9], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0xaf], [0xff]],
      ),
      { minLength: 1, maxLength: 12 },
    ),
  )
  .map((parts) =>
    parts instanceof Uint8Array ? Buffer.from(parts) : Buffer.concat(parts.map((part) => Buffer.from(part))),
  )
  .filter((name) => name.length <= 255 && !name.includes(0) && !name.includes(0x2f))
  .filter((name) => !['.', '..'].includes(name.toString('latin1')));

describe('bytes as text', () => {
  it('are given back by it, whatever they are', () => {
    fc.assert(
      fc.property(nameBytes, (bytes) => {
        expect(bytesOfText(textOfBytes(bytes))).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  oracle('python3').test('are the text that Python makes of file names', async () => {
    const names = [
      ...fc.sample(nameBytes, { numRuns: 300, seed: 2 }),
      ...[[0xe9], [0xed, 0xb3, 0xa9], [0xf0, 0x9f, 0x9b]].map((bytes) => Buffer.from(bytes)),
    ];
    const script =
      'import sys,json; print(json.dumps([bytes.fromhex(x).decode("utf-8","surrogateescape") for x in sys.stdin]))';
    const input = names.map((name) => `${Buffer.from(name).toString('hex')}\n`).join('');
    const expected = JSON.parse((await run('python3', ['-c', script], { input })).toString()) as string[];
    expect(names.map((name) => textOfBytes(Buffer.from(name)))).toEqual(expected);
  });
});

describe('a name that people read', () => {
  it.each([
    ['Grüße 🛟', 'Grüße 🛟'],
    [[0x66, 0xff, 0xe9], 'f\\xff\\xe9'],
    [[0xc3, 0xbc, 0xc3], 'ü\\xc3'],
    [[0xef, 0xbf, 0xbd], '\ufffd'],
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['line\nbreak', 'line\\u{a}break'],
    ['photo\u202egpj.exe', 'photo\\u{202e}gpj.exe'],
    ['zero\u200bwidth', 'zero\\u{200b}width'],
    ['soft\u00adhyphen', 'soft\\u{ad}hyphen'],
    ['filler\u3164', 'filler\\u{3164}'],
    ['❤\ufe0f.txt', '❤\ufe0f.txt'],
    ['a\ufe0f.txt', 'a\\u{fe0f}.txt'],
    ['back\\slash', 'back\\slash'],
    ['a\\x2db.service', 'a\\\\x2db.service'],
    ['\\\\server', '\\\\\\server'],
  ])('%j is %s', (bytes, expected) => expect(displayName(Buffer.from(bytes as string))).toBe(expected));

  it('says which name it is, shows nothing unseen, and stays what it is when it is shown once more', () => {
    fc.assert(
      fc.property(nameBytes, (bytes) => {
        const shown = displayName(bytes);
        expect(Buffer.from(namedBy(shown))).toEqual(bytes);
        expect(visible(shown)).toBe(shown);
      }),
      { numRuns: 5000 },
    );
  });

  it('may be typed with a backslash that begins nothing', () => {
    expect(namedBy('a\\b\\x4\\u{}\\u{110000}\\')).toEqual(
      new Uint8Array(Buffer.from('a\\b\\x4\\u{}\\u{110000}\\')),
    );
    expect(namedBy('\\x1b\\xe9')).toEqual(Uint8Array.of(0x1b, 0xe9));
  });

  it('has everything unseen escaped in JSON, and is the same to whoever reads that', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), nameBytes, (text, bytes) => {
        const value = { [text]: [textOfBytes(bytes), { text }] };
        const json = visibleJson(value);
        expect(json.split('\n').map(visible).join('\n')).toBe(json);
        expect(JSON.parse(json)).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });
});

e2fsprogs.describe('an image with names of any bytes', () => {
  const names = [
    ...new Map(
      fc.sample(nameBytes, { numRuns: 400, seed: 1 }).map((name) => [name.toString('latin1'), name]),
    ).values(),
  ];

  async function imageOf(entries: readonly Buffer[]): Promise<string> {
    const content = join(folder, 'content');
    await mkdir(content);
    for (const name of entries) await writeFile(inside(content, name), name);
    const image = join(folder, 'image');
    await makeImage(image, '8M', '-b', '1024', '-d', content);
    return image;
  }

  linux.test('lists each by a spelling that leads to it, and copies each to its own name', async () => {
    const filesystem = await opened(await imageOf(names));
    const listed = (await collected(filesystem.readDirectory(filesystem.root))).filter(
      ({ name }) => Buffer.from(name).toString() !== 'lost+found',
    );
    const spelled = listed.map(({ name }) => displayName(name));
    expect(new Set(spelled).size).toBe(names.length);
    for (const spelling of spelled) {
      const path = namedBy(spelling);
      const content = await filesystem.readFile(await filesystem.lookup(path), 0, 1000);
      expect(Buffer.from(content)).toEqual(Buffer.from(path));
    }

    const to = join(folder, 'to');
    await mkdir(to);
    const report = await copyOut(filesystem, [Buffer.from('/'), ...names.slice(0, 50)], {
      destination: to,
      conflict: 'refuse',
      image: null,
    });
    expect(report.items.map(({ outcome, problems }) => [outcome, problems])).toEqual(
      report.items.map(() => ['copied', []]),
    );
    expect(await namesIn(join(to, 'image'))).toEqual(sorted([...names, Buffer.from('lost+found')]));
    for (const name of names) expect(await readFile(inside(join(to, 'image'), name))).toEqual(name);
    expect(await namesIn(to)).toEqual(sorted([...names.slice(0, 50), Buffer.from('image')]));
  });

  linux.test(
    'is listed by the command line as it takes them, with nothing unseen in anything it prints',
    async () => {
      const odd = [
        'esc\x1b[31m',
        '\u202egnp.exe',
        'zero\u200b',
        'soft\u00ad',
        'foo\\x2dbar',
        'c1\x9b31m',
      ].map((name) => Buffer.from(name));
      const image = await imageOf([...odd, Buffer.of(0x66, 0xe9)]);
      const listed = await lifeboat(['ls', image, '/']);
      const asJson = await lifeboat(['ls', image, '/', '--json']);
      const { entries } = JSON.parse(asJson.stdout) as { entries: readonly { name: string; kind: string }[] };
      const names = entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
      expect(names).toHaveLength(odd.length + 1);
      for (const name of names) expect(listed.stdout).toContain(name);
      const cats = await Promise.all(names.map((name) => lifeboat(['cat', image, name])));
      expect(cats.map(({ stdout }) => stdout).toSorted()).toEqual(
        [...odd.map((name) => name.toString()), 'f\ufffd'].toSorted(),
      );
      // What was typed as it is stands for itself where no other has that name.
      expect((await lifeboat(['cat', image, 'foo\\x2dbar'])).stdout).toBe('foo\\x2dbar');
      const errors = await Promise.all([
        lifeboat(['cat', image, '\x1b[31mabsent']),
        lifeboat(['info', '/absent/\x1b[31m']),
        lifeboat(['list', image, '--passphrase-file', '/absent/\u202e']),
        lifeboat(['\x1b[31mcommand']),
      ]);
      for (const { stdout, stderr } of [listed, asJson, ...errors])
        expect(visibleLines(stdout + stderr)).toBe(stdout + stderr);
      for (const { stderr } of errors) expect(stderr).not.toBe('');
    },
  );

  linux.test('hides none of them behind one that cannot be named', async () => {
    const content = join(folder, 'content');
    await mkdir(content);
    const whole = [
      '0-before',
      'AAAAAAAAAAAAAAAA',
      'BBBBBBBBBBBBBBBB',
      'CCCCCCCCCCCCCCCC',
      'DDDDDDDDDDDDDDDD',
      'z-after',
    ];
    for (const name of whole) await writeFile(join(content, name), name);
    const image = join(folder, 'image');
    await makeImage(image, '4M', '-O', '^metadata_csum', '-d', content);
    await patchEntry(image, 'AAAAAAAAAAAAAAAA', (entry) => entry.write('../../../../evil', 8, 'latin1'));
    await patchEntry(image, 'BBBBBBBBBBBBBBBB', (entry) => entry.write('nul\0hidden......', 8, 'latin1'));
    await patchEntry(image, 'CCCCCCCCCCCCCCCC', (entry) => entry.writeUInt8(255, 6));
    await patchEntry(image, 'DDDDDDDDDDDDDDDD', (entry) => entry.writeUInt32LE(0xffff, 0));
    const filesystem = await opened(image);
    const found: string[] = [];
    let damage: unknown;
    try {
      for await (const { name } of filesystem.readDirectory(filesystem.root)) found.push(displayName(name));
    } catch (error) {
      damage = error;
    }
    expect(found.toSorted()).toEqual(['0-before', 'lost+found', 'z-after']);
    expect(damage).toMatchObject({ problem: { code: 'filesystem-damaged' } });

    const to = join(folder, 'to');
    await mkdir(to);
    const { items } = await copyOut(filesystem, [Buffer.from('/')], {
      destination: to,
      conflict: 'refuse',
      image: null,
    });
    expect(items.map(({ outcome }) => outcome)).toEqual(['partial']);
    expect(await readdir(join(to, 'image'))).toEqual(['0-before', 'lost+found', 'z-after']);
  });

  async function opened(image: string): Promise<Ext4> {
    const source = await openFileSource(image);
    onTestFinished(() => source.close());
    return openExt4(source);
  }

  /** Changes the entry of a name in the directory of an image without checksums. */
  async function patchEntry(image: string, name: string, change: (entry: Buffer) => void): Promise<void> {
    const bytes = await readFile(image);
    let at = bytes.indexOf(name);
    while (bytes.readUInt8(at - 2) !== name.length) at = bytes.indexOf(name, at + 1);
    change(bytes.subarray(at - 8));
    await writeFile(image, bytes);
  }
});

function joined(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function inside(parent: string, name: Uint8Array): Buffer {
  return joined(parent, '/', name);
}

function sorted(names: readonly Uint8Array[]): string[] {
  return names.map((name) => Buffer.from(name).toString('latin1')).toSorted();
}

async function namesIn(path: string): Promise<string[]> {
  return sorted(await readdir(path, { encoding: 'buffer' }));
}

/** What people keep in a home that not every system could hold. */
const textNames = [
  ...[
    'Mail:2,RS',
    'xt_MARK.h',
    'xt_mark.h',
    'aux.c',
    'CON',
    'end.',
    'end ',
    'a?*"<>|b',
    'back\\slash',
    'c:d',
  ],
  ...['line\nbreak', 'esc\x1b[31m', 'ä', 'a\u0308', 'x'.repeat(240)],
].map((name) => Buffer.from(name));
const byteNames = [joined('f-', Uint8Array.of(0xe8)), joined('f-', Uint8Array.of(0xe9))];
const oddNames = [...textNames, ...byteNames];

/** A home with each of these names in a file, a folder, a link into that, and one that begins at the root. */
async function makeHome(home: string): Promise<void> {
  await mkdir(home);
  for (const name of oddNames) {
    await writeFile(inside(home, name), name);
    await mkdir(inside(home, joined('in ', name)));
    await writeFile(joined(home, '/in ', name, '/', name), name);
    await symlink(joined('in ', name, '/', name), inside(home, joined('to ', name)));
    await symlink(joined('/home/user/to ', name), inside(home, joined('at ', name)));
  }
}

/** Restores an archive that GNU tar makes of a home of dom0 into `to/dom0/user`. */
async function restoreHome(home: string, to: string): Promise<FileReport> {
  const archive = await run('tar', ['-C', home, '--xform=s:^\\.:dom0-home/user:S', '-cf', '-', '.']);
  const planned: PlannedFile = {
    qube: 'dom0',
    name: 'user',
    stored: { path: 'dom0-home/user', chunks: [], firstMissing: null, behindGap: [], storedBytes: 0 },
    output: ['dom0', 'user'],
    virtualSize: null,
  };
  const { report } = await restoreFile(planned, inPieces(archive, 60_000), [], {
    mode: 'restore',
    filter: null,
    openOutput: diskOutputs(to),
    beforeCommit: () => Promise.resolve(),
    keepPartial: () => true,
  });
  return report;
}

/** Every entry below a folder: kind, permissions, path and target, byte for byte. */
async function found(root: string): Promise<string[]> {
  const printed = await run('find', ['.', '-printf', '%y %m %P %l\\0'], { cwd: root });
  return printed.toString('latin1').split('\0').toSorted();
}

/** Everything of the home is there under some name, and its links lead to it. */
async function expectAll(restored: string, { problems }: FileReport, hasLinks: boolean): Promise<void> {
  const given = new Map(
    problems
      .filter(({ code }) => code === 'entry-renamed' || code === 'entry-numbered')
      .map(({ params }) => params as { from: string; to: string })
      .map(({ from, to }) => [from, to]),
  );
  const onDrive = (path: string) => given.get(path) ?? path;
  for (const name of oddNames) {
    const text = textOfBytes(name);
    const files = [onDrive(text), onDrive(`${onDrive(`in ${text}`)}/${text}`)];
    const links = [onDrive(`to ${text}`), onDrive(`at ${text}`)];
    for (const path of hasLinks ? [...files, ...links] : files)
      expect(await readFile(systemPath(join(restored, path))), path).toEqual(name);
  }
  const lost = problems.filter(({ code }) => code === 'links-not-supported');
  expect(lost).toHaveLength(hasLinks ? 0 : 2 * oddNames.length);
}

oracle('tar', 'find').describe('the names of a home', () => {
  linux.test(
    'stay what they are, byte for byte, on a drive that holds them, and nothing is told',
    async () => {
      const home = join(folder, 'home');
      await makeHome(home);
      const report = await restoreHome(home, folder);
      expect(report).toMatchObject({ outcome: 'restored', problems: [] });
      // Links that began at the root begin at their own folder now.
      const expected = (await found(home)).map((entry) => entry.replace(' /home/user/', ' ')).toSorted();
      expect(await found(join(folder, 'dom0/user'))).toEqual(expected);
      await expectAll(join(folder, 'dom0/user'), report, true);
    },
  );

  const ntfs = ['mkfs.ntfs', '-F', '-q'];
  const utf8 = ['mount', '-o', 'loop,iocharset=utf8'];
  const drives: readonly (readonly [
    what: string,
    maker: readonly string[],
    mounter: readonly string[],
    facts: { readonly tellsCase: boolean; readonly hasLinks: boolean },
  ])[] = [
    ['NTFS', ntfs, ['mount', '-o', 'loop'], { tellsCase: false, hasLinks: true }],
    ['one that refuses names', ntfs, ['ntfs-3g', '-o', 'windows_names'], { tellsCase: true, hasLinks: true }],
    ['one that folds case', ntfs, ['lowntfs-3g', '-o', 'ignore_case'], { tellsCase: false, hasLinks: true }],
    ['exFAT', ['mkfs.exfat'], utf8, { tellsCase: false, hasLinks: false }],
    ['FAT', ['mkfs.vfat'], utf8, { tellsCase: false, hasLinks: false }],
  ];
  for (const [what, maker, mounter, { tellsCase, hasLinks }] of drives)
    oracle(maker[0] ?? '', mounter[0] ?? '').describe(`on ${what}`, () => {
      it('change as far as it needs and are told, and links follow them', async ({ skip }) => {
        const at = await mounted(skip, maker, mounter);
        const home = join(folder, 'home');
        await makeHome(home);
        const report = await restoreHome(home, at);
        expect(report.outcome).toBe('restored');
        expect(await readdir(at)).toEqual(['dom0']);
        const restored = await readdir(join(at, 'dom0/user'));
        expect(restored).toHaveLength((hasLinks ? 4 : 2) * oddNames.length);
        const folded = new Set(restored.map((name) => name.normalize('NFC').toLowerCase()));
        expect(folded.size === restored.length).toBe(!tellsCase);
        await expectAll(join(at, 'dom0/user'), report, hasLinks);
      });
    });

  /** Makes a file system in a file and mounts it until the test is over; skips where this machine cannot. */
  async function mounted(
    skip: (reason: string) => never,
    [maker = '', ...making]: readonly string[],
    [mounter = '', ...mounting]: readonly string[],
  ): Promise<string> {
    if (process.getuid?.() !== 0) skip('mounting needs root');
    const [image, at] = [join(folder, 'image'), join(folder, 'mount')];
    await mkdir(at);
    await writeFile(image, '');
    await truncate(image, 64 * 2 ** 20);
    await run(maker, [...making, image]);
    try {
      execFileSync(mounter, [...mounting, image, at], { stdio: 'pipe' });
    } catch (error) {
      skip(`this kernel cannot mount it: ${String(error).split('\n')[1] ?? ''}`);
    }
    onTestFinished(() => void execFileSync('umount', [at]));
    return at;
  }
});
