/** Promises of what is written: names, files with holes, trees that nothing leads out of, verdicts and accounts. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { saveAccount } from '../../main/recovery/restore/account.ts';
import { ContentHash } from '../../main/recovery/writing/content-hash.ts';
import { diskOutputs } from '../../main/recovery/writing/disk-output.ts';
import { exists, moveWithoutReplacing } from '../../main/recovery/writing/moving.ts';
import { FileWriter } from '../../main/recovery/writing/file-writer.ts';
import {
  fittingName,
  longestGrowingName,
  NameRegister,
  portableNames,
  type NameRules,
} from '../../main/recovery/writing/output-names.ts';
import { parseJournal } from '../../main/recovery/restore/journal.ts';
import { planRestore, type PlannedFile } from '../../main/recovery/restore/plan.ts';
import { restoreFile, type RestoredFile } from '../../main/recovery/restore/restore-file.ts';
import { completeOutcome, outcomeOf, withProblems } from '../../main/recovery/restore/verdict.ts';
import { openVerifyOutput } from '../../main/recovery/writing/verify-output.ts';
import type { UnlockedBackup } from '../../main/recovery/unlock.ts';
import { exitCodeOfFindings, exitCodeOfOutcome, exitCodeOfProblem } from '../../main/cli/exit-codes.ts';
import {
  isWhole,
  type FileReport,
  type Outcome,
  type RestoreMode,
  type RestoreReport,
} from '../../shared/backup.ts';
import {
  hasFailure,
  problem,
  problemCodes,
  problemKinds,
  RecoveryError,
  type Problem,
} from '../../shared/problems.ts';
import { visible } from '../../shared/words/formats.ts';
import { codeOf } from '../support/code-of.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { bash, missingTools, run } from '../support/tools.ts';
import { describeTree, noise, writeTree } from '../support/trees.ts';
import { archiveEnd, base256, member, paxHeader, type HeaderFields } from '../vectors/hand-made-tar.ts';
import { inPieces } from '../vectors/reading.ts';

let folder: string;
// Not by `afterEach`, which comes before what a test itself undoes, such as its mounts.
beforeEach(async ({ onTestFinished }) => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-restore-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

/** Where names are bytes. */
const linux = process.platform === 'linux' ? oracle('sha256sum') : skipped('for Linux');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The names that folders of qubes get. */
const safeName = (name: string) => fittingName(name, { ...portableNames, longest: longestGrowingName });

describe('a safe name', () => {
  it.each([
    ['private.img', 'private.img'],
    ['größe ☂.txt', 'größe ☂.txt'],
    ['.bashrc', '.bashrc'],
    ['', '_'],
    ['.', '_'],
    ['..', '__'],
    ['...', '___'],
    ['a/b', 'a_b'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['a\\b', 'a_b'],
    ['C:\\x', 'C__x'],
    ['a:stream', 'a_stream'],
    ['what?', 'what_'],
    ['a\0b\nc\x7fd\x85e', 'a_b_c_d_e'],
    ['a\u202eb\u200bc\u00add\u3164e\ufefff\u2066g', 'a_b_c_d_e_f_g'],
    ['file-\udce9', 'file-_'],
    ['name.', 'name_'],
    ['name. . ', 'name____'],
    [' name', ' name'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['Lpt9.tar.gz', '_Lpt9.tar.gz'],
    ['COM¹', '_COM¹'],
    ['con .txt', '_con .txt'],
    ['CONIN$', '_CONIN$'],
    ['console', 'console'],
    [`${'x'.repeat(230)}.y.z`, `${'x'.repeat(230)}.y.z`],
    [`${'x'.repeat(233)}. ${'y'.repeat(50)}`, `${'x'.repeat(233)}_`],
    ['com10', 'com10'],
  ])('of %j is %j', (name, expected) => expect(safeName(name)).toBe(expected));

  it('is one component of a path that every system takes, whatever it was', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({
        unit: fc.constantFrom('.', ' ', '/', '\\', 'con', '.partial', 'ä', '☂', '𝄞', 'x'),
        maxLength: 300,
      }),
    );
    fc.assert(
      fc.property(name, (wanted) => {
        const safe = safeName(wanted);
        expect(safe).not.toMatch(/^$|^\.{1,2}$|[\p{Cc}<>:"/\\|?*]|[. ]$/u);
        expect(visible(safe)).toBe(safe);
        expect(safe).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
        expect(Buffer.byteLength(`${safe}.partial.piece-99.map`)).toBeLessThanOrEqual(255);
        expect(safe.isWellFormed()).toBe(true);
        expect(safeName(safe)).toBe(safe);
      }),
      { numRuns: 1000 },
    );
  });

  it('is found quickly, however long and odd the name is', () => {
    for (const name of [
      '.'.repeat(30_000) + 'x',
      ' '.repeat(30_000) + 'x',
      '𝄞'.repeat(15_000),
      'x.'.repeat(15_000),
    ]) {
      const begin = performance.now();
      for (let i = 0; i < 20; i++) safeName(name);
      expect(performance.now() - begin, name.slice(0, 4)).toBeLessThan(200);
    }
  });
});

describe('a register of names', () => {
  it('gives no two names that are one where case or form does not count', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'A', 'ä', 'a\u0308', 'Ä', '.', ' ', '(2)', '/'),
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(name, { maxLength: 60 }), (wanted) => {
        const register = new NameRegister(portableNames);
        const given = wanted.map((value) => register.claim(value).normalize('NFC').toLowerCase());
        expect(new Set(given).size).toBe(given.length);
      }),
    );
  });

  it('knows letters of which systems that fold case make one', () => {
    // Unicode CaseFolding.txt, as ext4 with casefold, APFS and NTFS apply it in part or in whole.
    const pairs = [
      ['straße', 'STRASSE'],
      ['ſ', 's'],
      ['\u212a', 'k'],
      ['ﬁ', 'FI'],
      ['ς', 'σ'],
      ['ά', '\u03b1\u0301'],
      ['ŉ', 'ʼN'],
    ];
    for (const [one = '', other = ''] of pairs) {
      const register = new NameRegister(portableNames);
      register.claim(one);
      expect(register.claim(other), `${one} ${other}`).toBe(`${other} (2)`);
    }
  });

  it('gives out a hundred thousand equal names without growing slow', () => {
    const register = new NameRegister(portableNames);
    const begin = performance.now();
    for (let i = 0; i < 100_000; i++) register.claim('same.txt');
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});

describe('a file writer', () => {
  const at = (name: string) => join(folder, name);

  /** Writes pieces at their positions and finishes. */
  async function write(path: string, size: number, ...pieces: readonly (readonly [number, Uint8Array])[]) {
    const writer = await FileWriter.create(path);
    for (const [position, bytes] of pieces) await writer.write(position, bytes);
    const facts = await writer.finish(size);
    await writer.close();
    return facts;
  }

  it('writes what it is given where it belongs, and knows its sum', async () => {
    const expected = Buffer.alloc(100_000);
    const parts = [
      [10, noise(5000, 'one')],
      [5010, noise(1, 'two')],
      [70_000, noise(20_000, 'three')],
    ] as const;
    for (const [position, bytes] of parts) expected.set(bytes, position);
    const facts = await write(at('file'), expected.length, ...parts);
    expect((await readFile(at('file'))).equals(expected)).toBe(true);
    expect(facts).toEqual({ bytes: expected.length, sha256: sha256(expected) });
    expect((await stat(at('file'))).mode & 0o777).toBe(0o600);
  });

  it('leaves holes where nothing was given, and where zeros were', async () => {
    const mebibyte = 2 ** 20;
    const facts = await write(
      at('holes'),
      40 * mebibyte + 1,
      [8 * mebibyte, noise(4096, 'first')],
      [16 * mebibyte, Buffer.alloc(8 * mebibyte)],
      [32 * mebibyte, noise(4096, 'second')],
    );
    const found = await stat(at('holes'));
    expect(found.size).toBe(40 * mebibyte + 1);
    expect(found.blocks * 512).toBeLessThanOrEqual(32 * 1024);
    expect(facts.sha256).toBe(sha256(await readFile(at('holes'))));
  });

  it('leaves every whole block of zeros a hole, wherever the pieces are cut', async () => {
    const content = Buffer.alloc(512 * 1024);
    for (let at = 0; at < content.length; at += 8192) content.set(noise(4096, String(at)), at);
    for (const size of [content.length, 65_536 + 512, 8191]) {
      const path = at(`pieces-of-${size}`);
      const pieces: (readonly [number, Uint8Array])[] = [];
      for (let position = 0; position < content.length; position += size) {
        pieces.push([position, content.subarray(position, position + size)]);
      }
      const facts = await write(path, content.length, ...pieces);
      expect((await readFile(path)).equals(content)).toBe(true);
      expect(facts.sha256).toBe(sha256(content));
      // What systems note of a file's blocks may take some of its own.
      expect((await stat(path)).blocks * 512, `pieces of ${size}`).toBeLessThanOrEqual(256 * 1024 + 8192);
    }
  });

  it('writes any pieces as a plain file would have them', async () => {
    let n = 0;
    const piece = fc.tuple(fc.nat({ max: 6000 }), fc.uint8Array({ maxLength: 6000 }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.nat({ max: 9000 }), async (list, tail) => {
        let end = 0;
        const pieces = list.map(([gap, bytes, zeros]) => {
          const position = end + gap;
          end = position + bytes.length;
          return [position, zeros ? new Uint8Array(bytes.length) : bytes] as const;
        });
        const expected = Buffer.alloc(end + tail);
        for (const [position, bytes] of pieces) expected.set(bytes, position);
        const path = at(`any-${n++}`);
        const facts = await write(path, expected.length, ...pieces);
        expect((await readFile(path)).equals(expected)).toBe(true);
        expect(facts.sha256).toBe(sha256(expected));
      }),
      { numRuns: 40 },
    );
  });

  it('creates its file and takes no other: not a file, not a folder, not a link', async () => {
    await writeTree(folder, { file: 'kept', target: 'kept' });
    await mkdir(at('folder'));
    await symlink('target', at('link'));
    await symlink('nowhere', at('broken'));
    for (const name of ['file', 'folder', 'link', 'broken']) {
      expect(await FileWriter.create(at(name)).catch(codeOf), name).toBe('dest-occupied');
    }
    expect(await readFile(at('target'), 'utf8')).toBe('kept');
    expect(await exists(at('nowhere'))).toBe(false);
    expect(await FileWriter.create(at('file/x')).catch(codeOf)).toBe('dest-not-a-folder');
  });

  it('moves a finished file or folder to a free name, and to no other', async () => {
    await writeTree(folder, { from: 'new', taken: 'old', 'tree/x': 'x', 'full/y': 'y' });
    await symlink('nowhere', at('broken'));
    for (const name of ['taken', 'full', 'broken']) {
      expect(await moveWithoutReplacing(at('from'), at(name)).catch(codeOf), name).toBe('dest-occupied');
      expect(await moveWithoutReplacing(at('tree'), at(name)).catch(codeOf), name).toBe('dest-occupied');
    }
    expect(await readFile(at('taken'), 'utf8')).toBe('old');
    await moveWithoutReplacing(at('from'), at('to'));
    await moveWithoutReplacing(at('tree'), at('tree-moved'));
    expect((await readdir(folder)).sort()).toEqual(['broken', 'full', 'taken', 'to', 'tree-moved']);
  });

  it('does not hide a name behind a case that the system does not tell apart', async () => {
    await writeTree(folder, { 'from.partial': 'new', Name: 'old' });
    await moveWithoutReplacing(at('from.partial'), at('name')).catch(() => undefined);
    expect(await readFile(at('Name'), 'utf8')).toBe('old');
  });
});

/** Runs the body of an async function in a process of its own, which may write files of 64 KiB at most. */
async function underFileLimit(body: string): Promise<unknown> {
  const source = pathToFileURL(join(import.meta.dirname, '../../main/recovery/writing/file-writer.ts')).href;
  const script = `const { FileWriter } = await import(${JSON.stringify(source)});
    const path = process.argv[1];
    try { ${body} } catch (error) { console.log(JSON.stringify(error.problem ?? String(error))); }`;
  const { stdout } = await promisify(execFile)(
    'bash',
    [
      '-c',
      'ulimit -f 64; exec "$@"',
      'bash',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
      join(folder, 'limited'),
    ],
    { env: { PATH: process.env['PATH'] } },
  );
  return JSON.parse(stdout);
}

describe('a file writer on a bad day', () => {
  /** Mounts, until the test is over, at a folder of its own; skips where this machine cannot. */
  async function mounted(skip: (reason: string) => never, ...args: readonly string[]): Promise<string> {
    if (process.getuid?.() !== 0) skip('mounting needs root');
    const point = join(folder, 'mount');
    await mkdir(point);
    try {
      execFileSync('mount', [...args, point], { stdio: 'pipe' });
    } catch (error) {
      skip(`this machine cannot mount it: ${String(error).split('\n')[1] ?? ''}`);
    }
    onTestFinished(() => void execFileSync('umount', [point]));
    return point;
  }

  it('says that the drive ran full, and where', async ({ skip }) => {
    const point = await mounted(skip, '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs');
    const path = join(point, 'large');
    const writer = await FileWriter.create(path);
    const writing = writer.write(0, noise(2 ** 21, 'large')).catch((error: unknown) => error);
    expect(await writing).toMatchObject({ problem: { code: 'dest-ran-full', params: { path } } });
    await writer.close();
  });

  it('fits a volume of holes on a drive that is smaller by far', async ({ skip }) => {
    const point = await mounted(skip, '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs');
    const writer = await FileWriter.create(join(point, 'sparse'));
    await writer.write(0, noise(1000, 'start'));
    await writer.write(2 ** 26, noise(1000, 'end'));
    expect(await writer.finish(2 ** 26 + 5000)).toMatchObject({ bytes: 2 ** 26 + 5000 });
    await writer.close();
  });

  it('says that the drive is read-only', async ({ skip }) => {
    const point = await mounted(skip, '-t', 'tmpfs', '-o', 'ro', 'tmpfs');
    expect(await FileWriter.create(join(point, 'x')).catch(codeOf)).toBe('dest-read-only');
  });

  it('says that the folder is somebody else’s', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('changing the user needs root');
    await chmod(folder, 0o755);
    process.seteuid?.(65_534);
    onTestFinished(() => process.seteuid?.(0));
    expect(await FileWriter.create(join(folder, 'x')).catch(codeOf)).toBe('dest-denied');
  });

  it('says that the drive cannot hold files so large', async () => {
    const found = await underFileLimit(`
      const writer = await FileWriter.create(path);
      await writer.write(0, new Uint8Array(60_000).fill(1));
      await writer.write(60_000, new Uint8Array(60_000).fill(1));`);
    expect(found).toMatchObject({ code: 'dest-file-limit', params: { path: join(folder, 'limited') } });
  });
});

describe('the end of a file beyond the limit of its drive', () => {
  it('is told as such, also where it is a hole', async () => {
    const found = await underFileLimit(`
      const writer = await FileWriter.create(path);
      await writer.write(0, new Uint8Array(1000).fill(1));
      await writer.finish(1_000_000);`);
    expect(found).toMatchObject({ code: 'dest-file-limit', params: { path: join(folder, 'limited') } });
  });
});

describe('a drive of NTFS that belongs to somebody else', () => {
  it('takes a tree without its modes and times, rather than not at all', async ({ skip }) => {
    if (process.getuid?.() !== 0) skip('mounting needs root');
    const lacking = missingTools('ntfs-3g', 'mkfs.ntfs');
    if (lacking.length > 0) skip(`needs ${lacking.join(', ')}`);
    const image = join(folder, 'image');
    await bash('truncate -s 16M "$1" && mkfs.ntfs -Q -F -q "$1"', [image]);
    const point = join(folder, 'dom0');
    await mkdir(point);
    await chmod(folder, 0o755);
    try {
      execFileSync('ntfs-3g', ['-o', 'allow_other,uid=0,gid=0,umask=0', image, point], { stdio: 'pipe' });
    } catch (error) {
      skip(`this machine cannot mount it: ${String(error).split('\n')[1] ?? ''}`);
    }
    onTestFinished(() => void execFileSync('umount', [point]));
    process.seteuid?.(65_534);
    onTestFinished(() => process.seteuid?.(0));
    const { report } = await restore(
      home(file('kept'), directory('sub'), file('sub/inside'), symbolic('link', 'kept')),
    );
    expect(report).toMatchObject({ outcome: 'restored', path: 'dom0/user' });
    expect(await readFile(join(root(), 'sub/inside'), 'utf8')).toBe('sub/inside');
  });
});

describe('a content hash', () => {
  it('counts holes as the zeros that they read as', async () => {
    const hash = new ContentHash();
    const whole = Buffer.alloc(40 * 2 ** 20);
    whole.set(noise(1000, 'x'), 33 * 2 ** 20);
    await hash.update(33 * 2 ** 20, noise(1000, 'x'));
    expect(await hash.finish(whole.length)).toBe(sha256(whole));
    expect(await new ContentHash().finish(0)).toBe(sha256(Buffer.alloc(0)));
  });
});

describe('an image that no drive can hold', () => {
  it('is refused by the drive at once, before its holes are hashed', async () => {
    // Eight petabytes; ext4 ends at sixteen terabytes. Where a system takes any length, there is nothing to see.
    const path = join(folder, 'vast');
    const probe = await FileWriter.create(join(folder, 'probe'));
    await probe.close();
    if (
      await truncate(join(folder, 'probe'), 2 ** 53 - 1).then(
        () => true,
        () => false,
      )
    )
      return;
    const writer = await FileWriter.create(path);
    const begin = performance.now();
    expect(await writer.finish(2 ** 53 - 1).catch(codeOf)).toBe('dest-file-limit');
    expect(performance.now() - begin).toBeLessThan(1000);
    const written = writer.write(2 ** 53 - 10_000, noise(100, 'far')).catch(codeOf);
    expect(await written).toBe('dest-file-limit');
    expect(performance.now() - begin).toBeLessThan(1000);
    await writer.close();
  });
});

/** A stored file that stands for any; its stream is given by the tests. */
const planned = (path: string, output: readonly string[]): PlannedFile => ({
  qube: 'work',
  name: path.slice(path.lastIndexOf('/') + 1),
  stored: { path, chunks: [], firstMissing: null, behindGap: [], storedBytes: 0 },
  output,
  virtualSize: null,
});

interface Restoring {
  readonly path?: string;
  readonly output?: readonly string[];
  readonly keep?: boolean;
  readonly filter?: string | null;
  readonly mode?: RestoreMode;
  readonly warnings?: Problem[];
  /** What the drive can hold; by default that is found out. */
  readonly names?: NameRules;
}

/** Restores an archive, or any stream, below the test's folder. */
function restore(
  archive: Uint8Array | AsyncIterable<Uint8Array>,
  options: Restoring = {},
): Promise<RestoredFile> {
  const {
    path = 'dom0-home/user',
    output = ['dom0', 'user'],
    keep = true,
    filter = null,
    mode = 'restore',
    names,
  } = options;
  const drive = names && { drive: { names, permissions: 0o777 } };
  return restoreFile(
    planned(path, output),
    archive instanceof Uint8Array ? inPieces(archive, 60_000) : archive,
    options.warnings ?? [],
    {
      mode,
      filter,
      openOutput: mode === 'restore' ? diskOutputs(folder, drive) : openVerifyOutput,
      beforeCommit: () => Promise.resolve(),
      keepPartial: () => keep,
    },
  );
}

const codes = ({ report }: RestoredFile) => report.problems.map(({ code }) => code);

const volume = (data: Uint8Array, path = 'vm1/private.img') =>
  Buffer.concat([member({ name: path }, data), archiveEnd]);
function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}

const asVolume = { path: 'vm1/private.img', output: ['work', 'private.img'] } as const;

/** Sets the umask until the test is over. */
function underUmask(mask: number): void {
  const before = process.umask(mask);
  onTestFinished(() => void process.umask(before));
}

describe('a restored volume', () => {
  const data = noise(100_000, 'volume');

  it('and its folder are for their owner alone, whatever the umask', async () => {
    underUmask(0);
    await restore(volume(data), asVolume);
    expect((await stat(join(folder, 'work'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'work/private.img'))).mode & 0o777).toBe(0o600);
  });

  it('stands at its final name alone, and its report says so', async () => {
    const { report, checksums } = await restore(volume(data), asVolume);
    expect(report).toEqual({
      name: 'private.img',
      path: 'work/private.img',
      bytes: data.length,
      sha256: sha256(data),
      outcome: 'restored',
      problems: [],
    });
    expect(checksums).toEqual([{ path: 'work/private.img', sha256: sha256(data) }]);
    expect(await readdir(join(folder, 'work'))).toEqual(['private.img']);
    expect((await readFile(join(folder, 'work/private.img'))).equals(data)).toBe(true);
  });

  it('is decompressed, and takes what the data are over what the header names', async () => {
    const named = await restore(gzipSync(volume(data)), { ...asVolume, filter: 'gzip' });
    expect(named.report).toMatchObject({ outcome: 'restored', sha256: sha256(data), problems: [] });
    const other = { ...asVolume, output: ['other', 'private.img'], filter: 'bzip2' };
    const differs = await restore(gzipSync(volume(data)), other);
    expect(differs.report).toMatchObject({ outcome: 'restored', sha256: sha256(data) });
    expect(codes(differs)).toEqual(['compression-differs']);
  });

  it('is verified with the same sum, and nothing is written', async () => {
    const { report } = await restore(volume(data), { ...asVolume, mode: 'verify' });
    expect(report).toMatchObject({
      outcome: 'verified',
      path: null,
      sha256: sha256(data),
      bytes: data.length,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  const bad: Record<string, [Uint8Array, Restoring, string]> = {
    'ends early': [volume(data).subarray(0, 60_000), {}, 'stream-unfinished'],
    'ends without the end of its archive': [volume(data).subarray(0, -1024), {}, 'stream-unfinished'],
    'is followed by more': [Buffer.concat([volume(data), Buffer.of(1)]), {}, 'stream-overlong'],
    'is followed by another member': [
      Buffer.concat([member({ name: 'vm1/private.img' }, data), volume(data, 'vm1/other')]),
      {},
      'archive-member-unexpected',
    ],
    'is followed by a link': [
      Buffer.concat([
        member({ name: 'vm1/private.img' }, data),
        member({ name: 'vm1/private.img', type: '2' }),
        archiveEnd,
      ]),
      {},
      'archive-member-unexpected',
    ],
    'follows a link': [
      Buffer.concat([member({ name: 'vm1/private.img', type: '2' }), volume(data)]),
      {},
      'archive-member-unexpected',
    ],
    'is followed by itself': [
      Buffer.concat([member({ name: 'vm1/private.img' }, data), volume(data)]),
      {},
      'archive-member-unexpected',
    ],
    'has another name': [volume(data, 'vm10/private.img'), {}, 'archive-member-unexpected'],
    'has a longer name': [volume(data, 'vm1/private.img2'), {}, 'archive-member-unexpected'],
    'has a header of noise': [Buffer.concat([noise(512, 'bad'), volume(data)]), {}, 'archive-malformed'],
    'is empty': [Buffer.alloc(0), {}, 'stream-unfinished'],
    'is an archive of nothing': [archiveEnd, {}, 'stream-unfinished'],
    'is compressed by what nobody knows': [noise(5000, 'lz4'), { filter: 'lz4' }, 'compression-unsupported'],
    'is damaged in its compression': [
      flipped(gzipSync(volume(data)), 70_000),
      { filter: 'gzip' },
      'stream-damaged',
    ],
  };
  for (const [what, [stream, options, code]] of Object.entries(bad)) {
    it(`never stands at its final name when it ${what}`, async () => {
      const restored = await restore(stream, { ...asVolume, ...options, keep: false });
      expect(restored.report).toMatchObject({ path: null, bytes: 0, sha256: null, outcome: 'failed' });
      expect(codes(restored)[0]).toBe(code);
      expect(restored.checksums).toEqual([]);
      const left = await readdir(folder, { recursive: true });
      expect(left.filter((name) => name.includes('private'))).toEqual([]);
    });
  }

  const linkIn = async (path: string) => {
    await mkdir(join(folder, 'src/vm1'), { recursive: true });
    await mkdir(join(folder, 'src/dom0-home'), { recursive: true });
    await symlink('/usr/share/icons/hicolor/128x128/devices/appvm-blue.png', join(folder, 'src', path));
    return run('tar', ['-Pc', '--sparse', '-f', '-', '-C', join(folder, 'src'), path]);
  };

  oracle('tar').test(
    'that is stored as a link, as icons were, is told of and nothing is lost with it',
    async () => {
      for (const name of ['icon.png', 'firewall.xml']) {
        const output = ['work', name];
        for (const mode of ['restore', 'verify'] as const) {
          const archive = await linkIn(`vm1/${name}`);
          await rm(join(folder, 'src'), { recursive: true });
          const restored = await restore(archive, { path: `vm1/${name}`, output, mode });
          expect(restored.report).toMatchObject({ path: null, bytes: 0, sha256: null });
          expect(isWhole(restored.report.outcome)).toBe(true);
          expect(codes(restored)).toEqual(['file-is-link']);
          expect(restored.checksums).toEqual([]);
          expect(await readdir(folder)).toEqual([]);
        }
      }
    },
  );

  oracle('tar').test('that is a link where its content should be is a loss', async () => {
    for (const [path, output] of [
      ['vm1/private.img', ['work', 'private.img']],
      ['dom0-home/user', ['dom0', 'user']],
    ] as const) {
      const restored = await restore(await linkIn(path), { path, output });
      expect(restored.report).toMatchObject({ path: null, outcome: 'failed' });
      expect(codes(restored)).toEqual(['content-is-link']);
      await rm(join(folder, 'src'), { recursive: true });
    }
  });

  it('that ends early stays at its partial name when that is wanted, as far as it goes', async () => {
    const { report } = await restore(volume(data).subarray(0, 60_000), asVolume);
    expect(report).toMatchObject({ path: 'work/private.img.partial', outcome: 'partial', sha256: null });
    const left = await readFile(join(folder, 'work/private.img.partial'));
    expect(left.equals(data.subarray(0, left.length))).toBe(true);
    expect(report.bytes).toBe(left.length);
    // By itself the next attempt does not know whose it is, and leaves it.
    const next = await restore(volume(data), asVolume);
    expect(next.report.problems.map(({ code }) => code)).toEqual(['dest-occupied']);
    expect(await readdir(join(folder, 'work'))).toEqual(['private.img.partial']);
  });

  it('never replaces what stands at its name, also when that came meanwhile', async () => {
    await writeTree(folder, { 'work/private.img': 'mine' });
    expect(codes(await restore(volume(data), asVolume))).toEqual(['dest-occupied']);
    await rm(join(folder, 'work/private.img'));
    async function* meanwhile() {
      yield* inPieces(volume(data), 10_000);
      await writeFile(join(folder, 'work/private.img'), 'mine');
    }
    const late = await restore(meanwhile(), asVolume);
    expect(codes(late)).toEqual(['dest-occupied']);
    expect(late.report).toMatchObject({ outcome: 'partial', path: 'work/private.img.partial' });
    expect(await readFile(join(folder, 'work/private.img'), 'utf8')).toBe('mine');
  });

  it('tells its stream that no more is wanted, whenever that is', async () => {
    for (const [filter, bytes] of [
      ['lz4', noise(200_000, 'lz4')],
      ['gzip', volume(data)],
      [null, noise(5000, 'x')],
    ] as const) {
      let closed = false;
      async function* watched() {
        try {
          yield* inPieces(bytes, 1000);
        } finally {
          closed = true;
        }
      }
      await restore(watched(), { ...asVolume, filter, mode: 'verify' });
      expect(closed, filter ?? 'none').toBe(true);
    }
  });

  it('reports what befalls its stream as what it is, after what precedes', async () => {
    async function* dying() {
      yield* inPieces(volume(data).subarray(0, 50_000), 10_000);
      throw new RecoveryError(problem('chunk-damaged', { file: 'vm1/private.img', chunk: 7 }));
    }
    const warnings = [problem('chunk-unstable', { file: 'vm1/private.img', chunk: 3 })];
    const restored = await restore(dying(), { ...asVolume, warnings });
    expect(codes(restored)).toEqual(['chunk-damaged', 'chunk-unstable']);
    expect(restored.report).toMatchObject({ outcome: 'partial', bytes: 50_000 - 512 });
  });
});

/** An archive of a home by hand: `dom0-home/user` first, then what the tests put into it. */
function home(...entries: readonly (readonly [HeaderFields, (string | Uint8Array)?])[]): Buffer {
  const parts = entries.map(([fields, data]) => {
    const { name = '', linkName = '' } = fields;
    const below = name.startsWith('/') || name.startsWith('dom0-home') ? name : `dom0-home/user/${name}`;
    const long = paxHeader([
      ['path', below],
      ['linkpath', linkName],
    ]);
    return Buffer.concat([long, member({ ...fields, name: 'x', linkName: '' }, data)]);
  });
  return Buffer.concat([member({ name: 'dom0-home/user/', type: '5', mode: 0o755 }), ...parts, archiveEnd]);
}

const file = (name: string, data = name): readonly [HeaderFields, string] => [{ name }, data];
const symbolic = (name: string, linkName: string): readonly [HeaderFields] => [{ name, type: '2', linkName }];
const hard = (name: string, linkName: string): readonly [HeaderFields] => [{ name, type: '1', linkName }];
const directory = (name: string, mode = 0o755): readonly [HeaderFields] => [
  { name: `${name}/`, type: '5', mode },
];

const root = () => join(folder, 'dom0/user');

oracle('tar', 'sha256sum').describe('a restored tree', () => {
  it('is the tree that GNU tar archived: contents, modes, times, links of both kinds', async () => {
    const original = join(folder, 'original/user');
    await writeTree(original, {
      'notes.txt': 'notes\n',
      '.config/größe ☂.xml': '<x/>\n',
      [`${'a-folder/'.repeat(14)}${'long-'.repeat(40)}.txt`]: 'deep\n',
      'program.sh': '#!/bin/sh\n',
      'large.bin': noise(300_000, 'large'),
      'zeros.bin': Buffer.alloc(300_000),
      empty: '',
    });
    await chmod(join(original, 'program.sh'), 0o755);
    await mkdir(join(original, 'empty-folder'), { mode: 0o700 });
    await symlink('notes.txt', join(original, 'link'));
    await symlink('../notes.txt', join(original, '.config/link-up'));
    await symlink('nowhere', join(original, 'broken'));
    await link(join(original, 'notes.txt'), join(original, 'same-notes.txt'));
    for (const [n, name] of ['notes.txt', '.config', 'empty-folder', 'large.bin'].entries()) {
      await utimes(join(original, name), 1_600_000_000, 1_600_000_000 + n + 0.5);
    }
    for (const form of [['--format=gnu', '--sparse'], ['--format=posix', '--sparse'], ['--format=posix']]) {
      const args = [
        '-C',
        join(folder, 'original'),
        '--sort=name',
        ...form,
        '--xform=s:^user:dom0-home/user:',
      ];
      const restored = await restore(await run('tar', [...args, '-cf', '-', 'user']));
      expect(restored.report).toMatchObject({ outcome: 'restored', path: 'dom0/user', problems: [] });
      expect(await describeTree(root())).toEqual(await describeTree(original));
      for (const [n, name] of ['notes.txt', '.config', 'empty-folder', 'large.bin'].entries()) {
        const { mtimeMs, mode } = await stat(join(root(), name));
        expect(mtimeMs).toBe((1_600_000_000 + n + (form.includes('--format=gnu') ? 0 : 0.5)) * 1000);
        expect(mode & 0o777).toBe((await stat(join(original, name))).mode & 0o777);
      }
      const sums = restored.checksums.map(({ path, sha256: sum }) => `${sum}  ${path}\n`).join('');
      await run('sha256sum', ['--strict', '-c', '-'], { cwd: folder, input: sums });
      expect(restored.checksums).toHaveLength(8);
      await rm(join(folder, 'dom0'), { recursive: true });
    }
  });

  it('keeps times before 1970', async () => {
    const old = { modified: base256(-86_400n, 12) };
    const restored = await restore(
      home(
        [{ name: 'file', ...old }, Buffer.from('x')],
        [{ name: 'sub/', type: '5', ...old }],
        [{ name: 'link', type: '2', linkName: 'file', ...old }],
      ),
    );
    expect(restored.report.problems).toEqual([]);
    for (const name of ['file', 'sub', 'link'])
      expect([name, (await lstat(join(root(), name))).mtimeMs]).toEqual([name, -86_400_000]);
  });

  it('has no setuid, setgid or sticky bits, and folders that their owner can use', async () => {
    underUmask(0o022);
    const { report } = await restore(
      home(
        [{ name: 'setuid', mode: 0o6755 }, 'x'],
        directory('sticky', 0o1777),
        directory('closed', 0),
        file('closed/inside'),
      ),
    );
    expect(report.problems).toEqual([]);
    expect((await stat(join(root(), 'setuid'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(root(), 'sticky'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(root(), 'closed'))).mode & 0o7777).toBe(0o700);
    expect(await readFile(join(root(), 'closed/inside'), 'utf8')).toBe('closed/inside');
  });

  it('has the permissions that the umask leaves of its own', async () => {
    underUmask(0o027);
    await restore(home([{ name: 'open', mode: 0o666 }, 'x'], directory('folder', 0o777)));
    const modeOf = async (name: string) => ((await stat(join(root(), name))).mode & 0o7777).toString(8);
    expect([await modeOf('open'), await modeOf('folder'), await modeOf('.')]).toEqual(['640', '750', '750']);
    expect((await stat(join(folder, 'dom0'))).mode & 0o7777).toBe(0o700);
  });

  it('is restored by somebody who is not root, closed folders and unreadable files included', async ({
    skip,
  }) => {
    if (process.getuid?.() !== 0) skip('changing the user needs root');
    await chmod(folder, 0o777);
    process.seteuid?.(65_534);
    onTestFinished(() => process.seteuid?.(0));
    const { report } = await restore(
      home(
        directory('closed', 0),
        file('closed/inside'),
        directory('read-only', 0o555),
        file('read-only/inside'),
        [{ name: 'unreadable', mode: 0 }, 'x'],
        hard('unreadable-too', 'dom0-home/user/unreadable'),
      ),
    );
    expect(report).toMatchObject({ outcome: 'restored', problems: [] });
    expect(await readdir(root())).toHaveLength(4);
    expect((await stat(join(root(), 'unreadable'))).mode & 0o777).toBe(0);
  });

  it('has a symlink of two names twice, in its second folder only where it still stays inside', async () => {
    const restored = await restore(
      home(
        file('target'),
        directory('sub'),
        symbolic('link', 'target'),
        hard('again', 'dom0-home/user/link'),
        symbolic('sub/up', '../target'),
        hard('up', 'dom0-home/user/sub/up'),
        hard('up-again', 'dom0-home/user/again'),
      ),
    );
    expect(restored.report).toMatchObject({ outcome: 'restored' });
    expect(restored.report.problems).toEqual([
      problem('link-leads-out', { path: 'dom0-home/user/up', target: '../target' }),
    ]);
    for (const name of ['link', 'again', 'up-again', 'sub/up']) {
      expect(await readFile(join(root(), name), 'utf8'), name).toBe('target');
    }
  });

  it('gives every name of a file its sum, however many it has', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `name-${i}`);
    const { checksums } = await restore(
      home(file('name'), ...names.map((name, i) => hard(name, `dom0-home/user/${names[i - 1] ?? 'name'}`))),
    );
    expect(checksums).toEqual(
      ['name', ...names].map((name) => ({ path: `dom0/user/${name}`, sha256: sha256(Buffer.from('name')) })),
    );
  });

  it('leaves devices and pipes out, and says so', async () => {
    const restored = await restore(
      home(
        [{ name: 'disk', type: '4' }],
        [{ name: 'tty', type: '3' }],
        [{ name: 'pipe', type: '6' }],
        file('kept'),
      ),
    );
    expect(restored.report.problems).toEqual(
      ['disk', 'tty', 'pipe'].map((name) => problem('entry-is-special', { path: `dom0-home/user/${name}` })),
    );
    expect(await readdir(root())).toEqual(['kept']);
  });

  it('is left whole at its partial name, or removed, when its stream ends early', async () => {
    const cut = home(file('first'), [{ name: 'second' }, noise(5000, 'second')]).subarray(0, -4096);
    const kept = await restore(cut);
    expect(kept.report).toMatchObject({
      outcome: 'partial',
      path: 'dom0/user.partial',
      problems: [{ code: 'stream-unfinished' }],
    });
    expect(await readdir(join(folder, 'dom0/user.partial'))).toEqual(['first']);
    await rm(join(folder, 'dom0/user.partial'), { recursive: true });
    const gone = await restore(cut, { keep: false });
    expect(gone.report).toMatchObject({ outcome: 'failed', path: null });
    expect(await readdir(join(folder, 'dom0'))).toEqual([]);
  });
});

describe('a hostile tree', () => {
  it('writes nothing outside of its root', async () => {
    const restored = await restore(
      home(
        file('../leaked'),
        file('a/../../leaked'),
        file('a/..'),
        file('/dom0-home/user/leaked'),
        file('dom0-home/user/../leaked'),
        file('inside'),
      ),
    );
    expect(codes(restored)).toEqual(Array.from({ length: 5 }, () => 'entry-leads-out'));
    expect((await readdir(folder, { recursive: true })).filter((name) => name.includes('leaked'))).toEqual(
      [],
    );
  });

  it('with a member of somebody else is refused', async () => {
    for (const name of ['dom0-home/other', 'dom0-home/userx', 'dom0-home', 'etc/passwd']) {
      const archive = Buffer.concat([
        member({ name: 'dom0-home/user/', type: '5' }),
        member({ name }, 'x'),
        archiveEnd,
      ]);
      expect(codes(await restore(archive, { keep: false })), name).toEqual(['archive-member-unexpected']);
    }
  });

  it('writes nothing through a link of its own', async () => {
    const outside = join(folder, 'outside');
    await mkdir(outside);
    const { report } = await restore(
      home(
        symbolic('link', outside),
        file('link/through-absolute'),
        symbolic('up', '../../outside'),
        file('up/through-relative'),
        directory('sub'),
        symbolic('in', 'sub'),
        file('in/through-inside'),
        file('in'),
      ),
    );
    expect(await readdir(outside)).toEqual([]);
    expect(await readdir(join(root(), 'sub'))).toEqual([]);
    // The files are there, beside the link that had their folder's name.
    const all = (await readdir(root(), { recursive: true })).map((name) => name.split('/').at(-1));
    expect(all).toContain('through-inside');
    expect(all).toContain('through-absolute');
    expect(report.problems.map(({ code }) => code)).toContain('entry-numbered');
  });

  const leading: Record<string, readonly (readonly [string, string])[]> = {
    'an absolute target': [['l', '/etc']],
    'too many steps up': [['l', '..']],
    'too many steps up from a folder': [['sub/l', '../..']],
    'steps up behind a name': [['l', 'sub/../..']],
    'a chain': [
      ['l1', 'sub/deep'],
      ['l2', 'l1/../..'],
      ['l3', 'l2/../..'],
    ],
    'a chain from a folder': [
      ['sub/l1', '../sub/deep'],
      ['sub/l2', 'l1/../../..'],
    ],
    'steps up between dots and slashes': [['l', './/.././../']],
    'a chain of two links of one folder': [
      ['sub/a', '..'],
      ['b', 'sub/a/..'],
    ],
  };
  for (const [what, links] of Object.entries(leading)) {
    it(`keeps no link that leads out by ${what}`, async () => {
      const restored = await restore(
        home(directory('sub'), directory('sub/deep'), ...links.map(([from, to]) => symbolic(from, to))),
      );
      expect(codes(restored)).toContain('link-leads-out');
      await expectContained();
    });
  }

  /** Every link of the tree that leads anywhere leads into it. */
  async function expectContained(): Promise<void> {
    const top = await realpath(root());
    // With the kinds of entries asked for, links are not followed.
    for (const entry of await readdir(top, { recursive: true, withFileTypes: true })) {
      if (!entry.isSymbolicLink()) continue;
      const path = join(entry.parentPath, entry.name);
      const target = await realpath(path).catch(() => top);
      expect(target === top || target.startsWith(`${top}/`), `${path} -> ${await readlink(path)}`).toBe(true);
    }
  }

  it('keeps no link that leads out, however links are chained', async () => {
    const component = fc.constantFrom('..', '.', 'a', 'b', 'c', '');
    const target = fc.array(component, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/') || '.');
    const place = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'));
    const entry = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(place, target).map(([from, to]) => symbolic(from, to)) },
      { weight: 1, arbitrary: place.map((name) => directory(name)) },
      { weight: 1, arbitrary: place.map((name) => file(name)) },
      {
        weight: 1,
        arbitrary: fc.tuple(place, place).map(([name, to]) => hard(name, `dom0-home/user/${to}`)),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 12 }), async (entries) => {
        const { report } = await restore(home(...entries));
        expect(report.outcome, JSON.stringify(report.problems)).toBe('restored');
        await expectContained();
        await rm(join(folder, 'dom0'), { recursive: true });
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it('links to no file outside, nor to what is no file', async () => {
    await writeTree(folder, { secret: 'secret' });
    const targets = [
      '/etc/passwd',
      join(folder, 'secret'),
      '../secret',
      'dom0-home/user/../../../secret',
      'secret',
      'dom0-home/user/absent',
      'dom0-home/user',
      '',
    ];
    const restored = await restore(home(...targets.map((target, i) => hard(`hard-${i}`, target))));
    expect(codes(restored)).toEqual(targets.map(() => 'link-has-no-original'));
    expect(await readdir(root())).toEqual([]);
    expect((await stat(join(folder, 'secret'))).nlink).toBe(1);
  });

  it('costs one entry, not the restore, when a name or a target is more than the drive takes', async () => {
    const deep = Array.from({ length: 30 }, () => 'd'.repeat(200)).join('/');
    const restored = await restore(
      home(
        symbolic('nul', 'a\0b'),
        symbolic('long', 'x'.repeat(5000)),
        symbolic('empty', ''),
        file(`${deep}/file`),
        directory(`${deep}/folder`),
        file('kept'),
      ),
    );
    expect(restored.report).toMatchObject({ outcome: 'partial', path: 'dom0/user' });
    expect(await readFile(join(root(), 'kept'), 'utf8')).toBe('kept');
    expect(
      restored.report.problems.map(({ code, params }) => [
        code,
        Object.values(params)[0]?.toString().slice(0, 24),
      ]),
    ).toEqual([
      ['link-leads-out', 'dom0-home/user/nul'],
      ['link-leads-out', 'dom0-home/user/long'],
      ['link-leads-out', 'dom0-home/user/empty'],
      ['dest-name-refused', 'dom0-home/user/ddddddddd'],
      ['dest-name-refused', 'dom0-home/user/ddddddddd'],
    ]);
  });

  it('keeps no link that leads out where Windows reads it', async () => {
    const targets = ['..\\..\\x', 'sub\\..\\..\\x', '\\x', 'C:\\x', 'c:x', 'C:/x', '\\\\server\\share'];
    const restored = await restore(
      home(directory('sub'), ...targets.map((target, i) => symbolic(`l${i}`, target))),
      { names: portableNames },
    );
    expect(codes(restored)).toEqual(targets.map(() => 'link-leads-out'));
    expect(await readdir(root())).toEqual(['sub']);
  });

  linux.test(
    'keeps a link whose target Windows would read as a drive where nothing reads it so',
    async () => {
      const targets = ['c:d', 'C:/x', 'a\\b', '\\x'];
      const restored = await restore(home(...targets.map((target, i) => symbolic(`l${i}`, target))));
      expect(codes(restored)).toEqual([]);
      const links = await Promise.all(targets.map((_, i) => readlink(join(root(), `l${i}`))));
      expect(links).toEqual(targets);
    },
  );

  it('whose root is no folder is refused, and so is one that becomes a file', async () => {
    const roots = [
      { type: '2', linkName: '/etc' },
      { type: '1', linkName: 'x' },
      { type: '6' },
      { type: '3' },
    ];
    for (const fields of roots) {
      const archive = Buffer.concat([member({ name: 'dom0-home/user', ...fields }), archiveEnd]);
      const restored = await restore(archive, { keep: false });
      expect(codes(restored), fields.type).toEqual([
        fields.type === '2' ? 'content-is-link' : 'archive-member-unexpected',
      ]);
      expect(restored.report.outcome).toBe('failed');
    }
    const both = Buffer.concat([
      member({ name: 'dom0-home/user/', type: '5' }),
      member({ name: 'dom0-home/user' }, 'x'),
      archiveEnd,
    ]);
    expect(codes(await restore(both, { keep: false }))).toEqual(['archive-member-unexpected']);
  });

  it('hides no file behind another: names that are one elsewhere get numbers, and it says so', async () => {
    const names = [
      'name',
      'NAME',
      'nam\u0065',
      'ä',
      'a\u0308',
      'con',
      'x:y',
      'x_y',
      'end.',
      'end_',
      'tab\there',
    ];
    const restored = await restore(home(...names.map((name, i) => file(name, String(i)))), {
      names: portableNames,
    });
    const found = await readdir(root());
    expect(found).toHaveLength(names.length);
    expect(new Set(found.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(names.length);
    const contents = await Promise.all(found.map((name) => readFile(join(root(), name), 'utf8')));
    expect(contents.map(Number).toSorted((a, b) => a - b)).toEqual(names.map((_, i) => i));
    expect(codes(restored).filter((code) => code === 'entry-renamed')).toHaveLength(4);
    expect(codes(restored).filter((code) => code === 'entry-numbered')).toHaveLength(5);
  });

  it('keeps both a file and a folder of one name, and a file that comes twice', async () => {
    await restore(
      home(
        file('a', 'file'),
        file('a/inside'),
        directory('b'),
        file('b', 'file'),
        file('c', '1'),
        file('c', '2'),
      ),
    );
    const all = await readdir(root(), { recursive: true });
    expect(all.filter((name) => name.endsWith('inside'))).toHaveLength(1);
    const contents = await Promise.all(
      all.map(async (name) =>
        (await lstat(join(root(), name))).isFile() ? readFile(join(root(), name), 'utf8') : '',
      ),
    );
    expect(contents.filter((content) => content !== '').sort()).toEqual([
      '1',
      '2',
      'a/inside',
      'file',
      'file',
    ]);
  });
});

describe('a verdict', () => {
  const parts = (outcomes: readonly Outcome[]) => outcomes.map((outcome) => ({ outcome }));
  const lacking = [problem('volume-missing', { qube: 'work', volume: 'root' })];
  const noticed = [problem('member-repeated', { name: 'x' }), problem('cancelled')];

  it.each<[string, readonly Outcome[], readonly Problem[], RestoreMode, Outcome]>([
    ['every part restored', ['restored', 'restored'], [], 'restore', 'restored'],
    ['every part verified', ['verified'], [], 'verify', 'verified'],
    ['every part restored and a warning', ['restored'], noticed, 'restore', 'restored'],
    ['one partial', ['restored', 'partial'], [], 'restore', 'partial'],
    ['one failed', ['restored', 'failed'], [], 'restore', 'partial'],
    ['only a partial one', ['partial'], [], 'restore', 'partial'],
    ['all failed', ['failed', 'failed'], [], 'restore', 'failed'],
    ['stopped in the middle', ['restored', 'unfinished'], [], 'restore', 'unfinished'],
    ['stopped behind a failure', ['failed', 'unfinished'], lacking, 'verify', 'unfinished'],
    ['no parts', [], [], 'restore', 'failed'],
    ['a volume missing', ['restored'], lacking, 'restore', 'partial'],
    ['a volume missing and all failed', ['failed'], lacking, 'verify', 'failed'],
    ['a volume missing and no parts', [], lacking, 'verify', 'failed'],
  ])('on a whole with %s', (_, outcomes, problems, mode, expected) => {
    expect(outcomeOf(parts(outcomes), problems, mode)).toBe(expected);
  });

  const anyProblem = fc
    .constantFrom(...problemCodes)
    .map((code) => ({ code, params: {} }) as unknown as Problem);
  const problems = fc.array(anyProblem, { maxLength: 4 });
  const modes = fc.constantFrom<RestoreMode>('restore', 'verify');
  /** A report as a run makes it: each outcome follows from what it belongs to. */
  const reports = (mode: RestoreMode) =>
    fc
      .record({
        ofBackup: problems,
        ofAccount: problems,
        qubes: fc.array(
          fc.record({
            lacks: problems,
            files: fc.array(fc.record({ problems, isFinished: fc.boolean() }), { maxLength: 3 }),
          }),
          { maxLength: 3 },
        ),
      })
      .map(({ ofBackup, ofAccount, qubes }) => {
        const told = qubes.map(({ lacks, files }) => {
          const ofFiles = files.map(({ problems: found, isFinished }): FileReport => {
            const outcome = isFinished ? completeOutcome(found, mode) : 'failed';
            return { name: 'x', path: null, bytes: 0, sha256: null, outcome, problems: found };
          });
          return { name: 'x', outcome: outcomeOf(ofFiles, lacks, mode), files: ofFiles };
        });
        const ofPlan = qubes.flatMap(({ lacks }) => lacks);
        const all = [...ofBackup, ...ofPlan];
        return withProblems(
          { outcome: outcomeOf(told, all, mode), qubes: told, problems: all },
          ofAccount,
          mode,
        );
      });

  it('exits with 0 only where no problem anywhere is a failure, and everything is there', () => {
    fc.assert(
      fc.property(modes.chain(reports), (report) => {
        const files = report.qubes.flatMap((qube) => qube.files);
        const all = [...report.problems, ...files.flatMap((file) => file.problems)];
        const isRight = exitCodeOfOutcome(report.outcome) === 0;
        if (hasFailure(all)) expect(isRight).toBe(false);
        if (report.qubes.length === 0 || files.some(({ outcome }) => outcome === 'failed'))
          expect(isRight).toBe(false);
        expect(isRight).toBe(isWhole(report.outcome));
      }),
    );
  });

  it('is never 0 for a command that a problem kept from beginning', () => {
    for (const code of problemCodes) expect(exitCodeOfProblem(code), code).toBeGreaterThan(0);
  });

  it('says why where a backup contains no qube at all', () => {
    const plan = planRestore([], null);
    expect(plan.problems).toEqual([problem('qubes-none')]);
    expect(outcomeOf([], plan.problems, 'verify')).toBe('failed');
  });

  it('takes in every code of the catalogue that is a failure, whichever part of a report it is in', () => {
    for (const code of problemCodes) {
      const found = { code, params: {} } as unknown as Problem;
      const expected = problemKinds[code].severity === 'failure' ? 1 : 0;
      const whole = { outcome: 'restored' as const, qubes: [], problems: [] };
      const qube = { name: 'x', outcome: completeOutcome([found], 'restore'), files: [] };
      for (const outcome of [
        outcomeOf([qube], [], 'restore'),
        outcomeOf(parts(['restored']), [found], 'restore'),
        withProblems({ ...whole, qubes: [{ ...qube, outcome: 'restored' }] }, [found], 'restore').outcome,
      ])
        expect(exitCodeOfOutcome(outcome), code).toBe(expected);
      expect(exitCodeOfFindings([found]), code).toBe(expected);
    }
  });
});

describe('the account of a restore', () => {
  const report: RestoreReport = {
    outcome: 'restored',
    qubes: [{ name: 'a', outcome: 'restored', files: [] }],
    problems: [],
  };
  const savedReport = async () =>
    JSON.parse(await readFile(join(folder, 'lifeboat-report.json'), 'utf8')) as unknown;
  const backup = (qubesXml: string | null) =>
    ({
      qubesXml: qubesXml === null ? null : Buffer.from(qubesXml),
      inventory: { backup: {} },
    }) as unknown as UnlockedBackup;
  const sum = (path: string, content: string) => ({ path, sha256: sha256(Buffer.from(content)) });

  oracle('sha256sum').test(
    'holds the list, the report, and sums that sha256sum checks, also of names with line breaks',
    async () => {
      const files = { 'a/b.img': 'one', 'back\\slash': 'two', 'line\nbreak': 'three', 'c  d': 'four' };
      await writeTree(folder, files);
      const sums = Object.entries(files).map(([path, content]) => sum(path, content));
      expect(await saveAccount(folder, report, sums, backup('<qubes/>'))).toEqual(report);
      await run('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder });
      expect(await readFile(join(folder, 'qubes.xml'), 'utf8')).toBe('<qubes/>');
      expect(await savedReport()).toMatchObject(report);
      expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
    },
  );

  it('is for its owner alone, whatever the umask', async () => {
    underUmask(0);
    await saveAccount(folder, report, [sum('a', 'a')], backup('<qubes/>'));
    for (const name of ['qubes.xml', 'SHA256SUMS', 'lifeboat-report.json'])
      expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
  });

  linux.test(
    'holds sums of names that are not UTF-8, byte for byte, also those of an earlier restore',
    async () => {
      const names = [Buffer.of(0x66, 0xe8), Buffer.of(0x66, 0xe9)];
      const files = names.map((name) => {
        const raw = { 0: Buffer.concat([Buffer.from('dom0-home/user/'), name]) };
        return member({ name: '', raw }, name);
      });
      const { checksums } = await restore(
        Buffer.concat([member({ name: 'dom0-home/user/', type: '5' }), ...files, archiveEnd]),
      );
      await saveAccount(folder, report, checksums.slice(0, 1), backup(null));
      await saveAccount(folder, report, checksums.slice(1), backup(null));
      await run('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder });
      const sums = await readFile(join(folder, 'SHA256SUMS'));
      for (const name of names) expect(sums.includes(Buffer.concat([Buffer.from('user/'), name]))).toBe(true);
    },
  );

  oracle('sha256sum').test(
    'adds to the sums of an earlier restore, newer ones of a path in place of older ones',
    async () => {
      await writeTree(folder, { a: 'old', b: 'b' });
      await saveAccount(folder, report, [sum('a', 'old'), sum('b', 'b')], backup(null));
      await writeTree(folder, { a: 'new', c: 'c' });
      await saveAccount(folder, report, [sum('c', 'c'), sum('a', 'new')], backup(null));
      const text = await readFile(join(folder, 'SHA256SUMS'), 'utf8');
      expect(text.split('\n').map((line) => line.slice(66))).toEqual(['a', 'b', 'c', '']);
      await run('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder });
    },
  );

  it('is written beside what others have at partial names, and through no link', async () => {
    await writeTree(folder, { 'qubes.xml.partial': '<qub', 'SHA256SUMS.partial': 'half', victim: 'mine' });
    await symlink('victim', join(folder, 'lifeboat-report.json.partial'));
    await rm(join(folder, 'SHA256SUMS.partial'));
    await symlink('victim', join(folder, 'SHA256SUMS.partial'));
    expect(await saveAccount(folder, report, [sum('a', 'a')], backup('<qubes/>'))).toEqual(report);
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('mine');
    expect((await readdir(folder)).sort()).toEqual([
      'SHA256SUMS',
      'SHA256SUMS.partial',
      'lifeboat-report.json',
      'lifeboat-report.json.partial',
      'qubes.xml',
      'qubes.xml.partial',
      'victim',
    ]);
    expect((await lstat(join(folder, 'SHA256SUMS'))).isFile()).toBe(true);
    expect(await readFile(join(folder, 'qubes.xml.partial'), 'utf8')).toBe('<qub');
  });

  it('has the lines of all restores that end at once, and leaves no lock', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `file-${i}`);
    await Promise.all(
      names.map((name) => saveAccount(folder, report, [sum(name, name)], backup('<qubes/>'))),
    );
    const lines = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => line.split('  ')[1])).toEqual(names.toSorted());
    expect((await readdir(folder)).sort()).toEqual(['SHA256SUMS', 'lifeboat-report.json', 'qubes.xml']);
  });

  it('does not replace sums that are too many to be read', async () => {
    await writeFile(join(folder, 'SHA256SUMS'), '');
    await truncate(join(folder, 'SHA256SUMS'), 2 ** 30);
    const told = await saveAccount(folder, report, [sum('a', 'a')], backup('<qubes/>'));
    expect(told).toMatchObject({ outcome: 'partial', problems: [{ code: 'dest-occupied' }] });
    expect((await stat(join(folder, 'SHA256SUMS'))).size).toBe(2 ** 30);
  });

  it('does not replace a list of qubes that is another', async () => {
    await saveAccount(folder, report, [], backup('<first/>'));
    expect(await saveAccount(folder, report, [], backup('<first/>'))).toEqual(report);
    const told = await saveAccount(folder, report, [], backup('<second/>'));
    expect(told.problems).toEqual([problem('dest-occupied', { path: join(folder, 'qubes.xml') })]);
    expect(told.outcome).toBe('partial');
    expect(await readFile(join(folder, 'qubes.xml'), 'utf8')).toBe('<first/>');
    expect(await savedReport()).toMatchObject(told);
  });

  it('of which one part cannot be written consists of the others, and the restore is not whole', async () => {
    await mkdir(join(folder, 'SHA256SUMS/in-the-way'), { recursive: true });
    const told = await saveAccount(folder, report, [sum('a', 'a')], backup('<qubes/>'));
    expect(told.problems).toHaveLength(1);
    expect(told.problems[0]?.params).toMatchObject({ path: join(folder, 'SHA256SUMS') });
    expect(told.outcome).toBe('partial');
    expect(await savedReport()).toMatchObject(told);
    expect(await readFile(join(folder, 'qubes.xml'), 'utf8')).toBe('<qubes/>');
  });

  it('without its report is told in what the run answers', async () => {
    await mkdir(join(folder, 'lifeboat-report.json/in-the-way'), { recursive: true });
    const told = await saveAccount(folder, report, [sum('a', 'a')], backup('<qubes/>'));
    expect(told.outcome).toBe('partial');
    expect(told.problems[0]?.params).toMatchObject({ path: join(folder, 'lifeboat-report.json') });
    expect(await readFile(join(folder, 'SHA256SUMS'), 'utf8')).toContain('  a\n');
  });
});

oracle('bash', 'truncate').test('a hole of the tests is a hole on this machine', async () => {
  const path = join(folder, 'hole');
  await bash('truncate -s 1M "$1"', [path]);
  expect((await stat(path)).blocks).toBe(0);
});

it('a journal of tens of megabytes that others wrote is passed over, and what is in it of this backup counts', () => {
  const identity = '20240229T235959-4711:51200';
  let attested = 0;
  const attest = (text: string) => {
    attested++;
    return `attested ${text.length}`;
  };
  const key = JSON.stringify({ backup: identity, chunk: 'vm1/private.img.000', sealedKey: 'sealed' });
  const fill = (line: string, bytes: number) => `${line}\n`.repeat(Math.floor(bytes / (line.length + 1)));
  const strange = '{"finished":"x","attestation":"y"}';
  for (const line of ['{}', '[', strange]) {
    const text = fill(line, 30e6) + key + '\n' + fill(line, 30e6);
    expect([...parseJournal(text, identity, attest).sealedKeys.keys()]).toEqual(['vm1/private.img.000']);
    expect(attested).toBe(0);
  }
  const forged = JSON.stringify({ finished: identity, attestation: 'y' });
  parseJournal(fill(forged, 60e6), identity, attest);
  expect(attested).toBeLessThanOrEqual(250_000);
});
