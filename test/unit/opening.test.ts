/** Promises of what can be opened as a backup: the file in parts, on a drive, unpacked, in a tar; and what is refused how. */
import { createHash } from 'node:crypto';
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBackup, type GivenBackup } from '../../main/recovery/backup.ts';
import { measuredSize } from '../../main/recovery/bytes/device.ts';
import { OpenFiles, sourceOf } from '../../main/recovery/bytes/layout.ts';
import { openFileSource } from '../../main/recovery/bytes/source.ts';
import { inOrderOfNames, partsFrom } from '../../main/recovery/container/part-names.ts';
import { problemOf } from '../../shared/problems.ts';
import { findMember, placeMembers } from '../support/container-surgery.ts';
import { scratchFolder } from '../support/lifeboat.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';

const fixture = (name: string) => join(import.meta.dirname, `../fixtures/${name}.backup`);
const backup = fixture('v4-gzip');
const another = fixture('v4-plain');

/** A place in the data of a member: what ends there does not end as an archive does. */
const inData = async () => findMember(await readFile(backup), 'vm1/private.img.000.enc').data + 50;

const opened = (...files: readonly string[]) => openBackup({ files, findParts: files.length === 1 });

/** What a backup is opened to: its members with the sums of their bytes, and what is said of it. */
async function contentOf(given: Promise<Awaited<ReturnType<typeof openBackup>>>) {
  const { source, index, summary } = await given;
  const members: Record<string, string> = {};
  for (const { name, offset, size } of index.members.values())
    members[name] = createHash('sha256')
      .update(await source.read(offset, size))
      .digest('hex');
  await source.close();
  return {
    members,
    version: summary.version,
    backupId: summary.backupId,
    encrypted: summary.encrypted,
    codes: summary.problems.map(({ code }) => code),
  };
}

const problemFrom = (given: GivenBackup) =>
  openBackup(given).then(
    async ({ source }) => {
      await source.close();
      return null;
    },
    (error: unknown) => problemOf(error),
  );
const refusal = async (path: string) =>
  (await problemFrom({ files: [path], findParts: true }))?.code ?? 'opened';

/** Cuts a file by GNU split and gives its parts in the order of split. */
async function cut(
  file: string,
  folder: string,
  prefix: string,
  ...options: readonly string[]
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const said = await run('split', ['--verbose', ...options, file, join(folder, prefix)]);
  return said
    .toString()
    .trim()
    .split('\n')
    .map((line) => /['‘](.+)['’]$/.exec(line)?.[1] ?? '');
}

describe('a whole backup', () => {
  const neighbors: readonly (readonly string[])[] = [
    ['qubes-4.2', 'qubes-4.3'],
    ['qubes-30.11.2025', 'qubes-30.11.2026'],
    ['backup-2026.11.01', 'backup-2026.11.15'],
    ['qubes-main', 'qubes-mail', 'qubes-maim'],
    ['qubes.1', 'qubes.2', 'qubes.4'],
    ['b.aa', 'b.ab', 'b.ad'],
    ['backup.000', 'backup.001'],
    ['backup.part1', 'backup.part2'],
  ];
  for (const names of neighbors)
    it(`is opened by itself beside others: ${names.join(', ')}`, async () => {
      const folder = await scratchFolder();
      for (const [i, name] of names.entries()) await copyFile(i === 0 ? backup : another, join(folder, name));
      const whole = await contentOf(opened(backup));
      expect(await contentOf(opened(join(folder, names[0] ?? '')))).toEqual(whole);
      expect(await contentOf(opened(join(folder, names[1] ?? '')))).toEqual(await contentOf(opened(another)));
    });

  it('is opened by itself beside files of any content whose names go on from its own', async () => {
    const folder = await scratchFolder();
    const whole = await contentOf(opened(backup));
    for (const content of [
      '',
      'a note\n',
      noise(51_200, 'as large'),
      Buffer.alloc(51_200),
      await readFile('/proc/self/exe'),
    ]) {
      for (const [own, other] of [
        ['b.1', 'b.2'],
        ['b.aa', 'b.ab'],
        ['b', 'b.sha256'],
      ] as const) {
        await copyFile(backup, join(folder, own));
        await writeFile(join(folder, other), content);
        expect(await contentOf(opened(join(folder, own)))).toEqual(whole);
      }
    }
  });
});

oracle('split').describe('a backup cut by GNU split', () => {
  const ways: readonly (readonly [prefix: string, ...options: string[]])[] = [
    ['x', '-b', '5000'],
    ['b.', '-b', '5000', '-d'],
    ['b.', '-b', '520', '-d'],
    ['b.', '-b', '75'],
    ['b.', '-b', '520', '-x'],
    ['backup_', '-b', '20000', '-d'],
    ['backup', '-b', '5000', '--numeric-suffixes=1'],
    ['backup', '-b', '5000', '-d', '-a', '3'],
    ['b.', '-b', '2000', '--numeric-suffixes=95', '-a', '3'],
    ['b-', '-b', '5000', '-x', '--additional-suffix=.bin'],
    ['b.', '-b', '5000', '--additional-suffix=.tar'],
    ['b.', '-n', '3', '--hex-suffixes=8'],
    ['', '-b', '9000', '-d', '-a', '4'],
    ['qubes-backup-2026-11-01T101112.', '-b', '10240'],
    ['b.', '-b', '512'],
    ['b.', '-n', '2'],
    ['b.', '-a', '1', '-n', '7'],
  ];
  for (const [prefix, ...options] of ways)
    it(`is opened whole by its first part: ${prefix} ${options.join(' ')}`, async () => {
      const folder = await scratchFolder();
      const parts = await cut(backup, folder, prefix, ...options);
      expect(parts.length).toBeGreaterThan(1);
      await copyFile(another, join(folder, 'a-whole-backup'));
      expect(await contentOf(opened(parts[0] ?? ''))).toEqual(await contentOf(opened(backup)));
    });

  it('is opened in every way to the same, where the border falls into a header, its data, or padding', async () => {
    const bytes = await readFile(backup);
    const whole = await contentOf(opened(backup));
    const folder = await scratchFolder();
    const { header, data, end } = findMember(bytes, placeMembers(bytes)[3]?.name ?? '');
    for (const border of [600, header - 512, header, header + 100, data, data + 50, end - 512, end, 20_000]) {
      await writeFile(join(folder, 'b.00'), bytes.subarray(0, border));
      await writeFile(join(folder, 'b.01'), bytes.subarray(border));
      expect(await contentOf(opened(join(folder, 'b.00'))), `cut at ${border}`).toEqual(whole);
    }
  });

  it('names a part that is missing amid the others, and is opened without it when told to take one file', async () => {
    const folder = await scratchFolder();
    const parts = await cut(backup, folder, 'b.', '-b', String(await inData()), '-a', '2');
    await copyFile(parts[0] ?? '', join(folder, 'b.ac'));
    await writeFile(join(folder, 'b.ac'), noise(await inData(), 'as large as the first'));
    await rm(parts[1] ?? '');
    const given = { files: [parts[0] ?? ''], findParts: true };
    expect(await problemFrom(given)).toEqual({ code: 'part-missing', params: { part: 'b.ab' } });
    const alone = await contentOf(openBackup({ ...given, findParts: false }));
    expect(alone.codes).toContain('backup-truncated');
  });

  it('says of a later part which one is the first', async () => {
    const folder = await scratchFolder();
    const parts = await cut(backup, folder, 'b', '-b', '3000', '-d');
    for (const part of parts.slice(1, 4))
      expect(await problemFrom({ files: [part], findParts: true })).toEqual({
        code: 'part-not-first',
        params: { first: parts[0] },
      });
  });

  it('says of a later part that the first one is missing', async () => {
    const folder = await scratchFolder();
    const parts = await cut(backup, folder, 'b.', '-b', '8000');
    await rm(parts[0] ?? '');
    expect(await problemFrom({ files: [parts[2] ?? ''], findParts: true })).toEqual({
      code: 'part-missing',
      params: { part: 'b.aa' },
    });
  });

  it('is cut off where its last part is missing', async () => {
    const folder = await scratchFolder();
    const parts = await cut(backup, folder, 'b.', '-n', '7');
    await rm(parts.at(-1) ?? '');
    expect((await contentOf(opened(parts[0] ?? ''))).codes).toEqual(['backup-truncated']);
  });

  it('is not joined with what does not go on in it, which is offered', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'qubes.1');
    await copyFile(backup, path);
    await truncate(path, await inData());
    await writeFile(join(folder, 'qubes.2'), noise(40_000, 'no part'));
    const { summary, source } = await opened(path);
    await source.close();
    expect(source.size).toBe(await inData());
    expect(summary.problems.map(({ code }) => code)).toEqual(['backup-truncated', 'parts-beside']);
    expect(summary.problems[1]?.params).toEqual({ count: 1, names: 'qubes.2' });
  });

  it('is opened from parts of any names, in the order that a person gives', async () => {
    const folder = await scratchFolder();
    const parts = await cut(backup, folder, 'b.', '-n', '3');
    const names = ['first half', 'second', 'the rest'].map((name) => join(folder, name));
    for (const [i, part] of parts.entries()) await rename(part, names[i] ?? '');
    expect(await contentOf(opened(...names))).toEqual(await contentOf(opened(backup)));
  });

  it('is opened from parts in numbered folders', async () => {
    const folder = await scratchFolder();
    const whole = await contentOf(opened(backup));
    const parts = await cut(backup, folder, 'b.', '-b', '9000');
    for (const [i, part] of parts.entries()) {
      await mkdir(join(folder, `disk${i + 8}`));
      await rename(part, join(folder, `disk${i + 8}`, basename(part)));
    }
    expect(await contentOf(opened(join(folder, 'disk8', 'b.aa')))).toEqual(whole);
  });
});

describe('names of parts', () => {
  const rowOf = (first: string, ...others: readonly string[]) =>
    partsFrom(first, new Set([first, ...others]))[0]?.names;

  it('follow each other where the suffix of split gets longer', () => {
    for (const row of [
      ['b.89', 'b.9000', 'b.9001'],
      ['b.9899', 'b.990000'],
      ['b.yz', 'b.zaaa', 'b.zaab'],
      ['b.zyzz', 'b.zzaaaa'],
      ['b.ef', 'b.f000'],
      ['b.part9', 'b.part10'],
      ['b.999', 'b.1000'],
    ] as const)
      expect(rowOf(...(row as readonly string[] as [string, ...string[]]))).toEqual(row);
  });

  it('that a person chose are put in their order', () => {
    expect(inOrderOfNames(['b.part10', 'b.part9', 'b.part1'])).toEqual(['b.part1', 'b.part9', 'b.part10']);
    expect(inOrderOfNames(['b.zaaa', 'b.yz', 'b.yy'])).toEqual(['b.yy', 'b.yz', 'b.zaaa']);
  });
});

oracle('tar').describe('a backup unpacked by tar --ignore-zeros --extract', () => {
  for (const name of ['v4-gzip', 'v4-xz-streams', 'v3-gzip', 'v3-unencrypted', 'v2-volumes'])
    it(`has every member that its file had: ${name}`, async () => {
      const folder = await scratchFolder();
      await run('tar', ['-i', '-xf', fixture(name), '-C', folder]);
      await writeFile(
        join(folder, 'backup-header.verified'),
        await readFile(join(folder, 'backup-header')).catch(() => ''),
      );
      const whole = await contentOf(opened(fixture(name)));
      expect(await contentOf(opened(folder))).toEqual(whole);
      const [inner = ''] = Object.keys(whole.members).filter((each) => each.includes('/'));
      for (const file of ['backup-header', inner])
        expect(await contentOf(opened(join(folder, file)))).toEqual(whole);
    });

  it('has chunks that were decrypted by hand: sealed where that form is there, else as they are', async () => {
    const folder = await scratchFolder();
    await run('tar', ['-i', '-xf', backup, '-C', folder]);
    const whole = await contentOf(opened(backup));
    const chunks = Object.keys(whole.members).filter((name) => name.endsWith('.enc') && name.includes('/'));
    const [kept = '', replaced = ''] = chunks;
    await writeFile(join(folder, kept.slice(0, -4)), 'plaintext');
    await rename(join(folder, replaced), join(folder, replaced.slice(0, -4)));
    const { members } = await contentOf(opened(folder));
    expect(members).toEqual(whole.members);
  });

  it('is opened with few files open at once, however many it has', async () => {
    const folder = await scratchFolder();
    const layout = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const path = join(folder, String(i));
        await writeFile(path, `content of ${i}`.padEnd(20));
        return { path, start: 0, length: 20 };
      }),
    );
    const files = new OpenFiles();
    const source = sourceOf(layout, files);
    const openNow = async () =>
      (
        await Promise.all(
          (await readdir('/proc/self/fd')).map((fd) =>
            run('readlink', [`/proc/${process.pid}/fd/${fd}`]).catch(() => Buffer.alloc(0)),
          ),
        )
      ).filter((link) => link.toString().startsWith(folder)).length;
    for (let i = 0; i < 300; i++)
      expect(
        Buffer.from(await source.read(i * 20, 20))
          .toString()
          .trimEnd(),
      ).toBe(`content of ${i}`);
    if (process.platform === 'linux') expect(await openNow()).toBeLessThanOrEqual(12);
    expect(Buffer.from(await source.read(15, 10)).toString()).toBe('     conte');
    await source.close();
    await expect(source.read(0, 1)).rejects.toMatchObject({ problem: { code: 'source-lost' } });
  });

  it('is told from a folder that holds something else', async () => {
    const folder = await scratchFolder();
    expect(await refusal(folder)).toBe('source-not-a-file');
    await writeFile(join(folder, 'qubes.xml'), '<QubesVmCollection/>');
    expect(await refusal(folder)).toBe('backup-is-format-1');
  });
});

oracle('tar').describe('a backup in a tar', () => {
  it('is opened where it is, whatever stands around it', async () => {
    const folder = await scratchFolder();
    await copyFile(backup, join(folder, 'my-backup'));
    await writeFile(join(folder, 'notes.txt'), 'notes');
    await run('tar', ['-C', folder, '-cf', join(folder, 'w.tar'), 'notes.txt', 'my-backup']);
    expect(await contentOf(opened(join(folder, 'w.tar')))).toEqual(await contentOf(opened(backup)));
  });

  it('beside another one is refused with the command that takes them out', async () => {
    const folder = await scratchFolder();
    await copyFile(backup, join(folder, 'one'));
    await copyFile(another, join(folder, 'two'));
    await run('tar', ['-C', folder, '-cf', join(folder, 'w.tar'), 'one', 'two']);
    expect((await problemFrom({ files: [join(folder, 'w.tar')], findParts: true }))?.params).toMatchObject({
      by: 'tar',
    });
  });
});

describe('a backup that another program packed or encrypted', () => {
  const ways: readonly (readonly [tool: string, script: string, by: string])[] = [
    ['gzip', 'gzip -c b > w.gz', 'gzip'],
    ['xz', 'xz -0c b > w.xz', 'xz'],
    ['zstd', 'zstd -q b -o w.zst', 'zstd'],
    ['bzip2', 'bzip2 -c b > w.bz2', 'bzip2'],
    ['lz4', 'lz4 -q b w.lz4', 'lz4'],
    ['zip', 'zip -q w.zip b', 'zip'],
    ['7z', '7z a w.7z b', '7-Zip'],
    ['base64', 'base64 b > w.b64', 'base64'],
    ['openssl', 'openssl enc -aes-256-cbc -pbkdf2 -k x -in b -out w.enc', 'OpenSSL'],
    ['openssl', 'openssl enc -aes-256-cbc -pbkdf2 -a -k x -in b -out w.enc', 'OpenSSL (as text)'],
    ['gpg', 'gpg --homedir . --batch --passphrase x --pinentry-mode loopback -c -o w.gpg b', 'GnuPG'],
    ['gpg', 'gpg --homedir . --batch --passphrase x --pinentry-mode loopback --armor -c -o w.asc b', 'GnuPG'],
    ['age', 'age-keygen -o k 2>&1 | sed "s/.* //" > r; age -R r -o w.age b', 'age'],
    ['scrypt', 'printf x | scrypt enc -P --logN 10 -r 8 -p 1 b w.scrypt', 'scrypt'],
    [
      'cryptsetup',
      'truncate -s 64M w.luks; printf p | cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 w.luks -',
      'LUKS (cryptsetup)',
    ],
  ];
  for (const [tool, script, by] of ways)
    oracle(tool).test(
      `is refused with the name of ${by}, and with a command: ${script.split(' ')[0] ?? ''}`,
      async () => {
        const folder = await scratchFolder();
        await copyFile(backup, join(folder, 'b'));
        await run('sh', ['-c', script], { cwd: folder });
        const [wrapped = ''] = (await readdir(folder)).filter((name) => name.startsWith('w.'));
        const problem = await problemFrom({ files: [join(folder, wrapped)], findParts: true });
        expect(problem).toMatchObject({ code: 'backup-wrapped', params: { by } });
        expect((problem?.params as { command: string }).command).toContain(join(folder, wrapped));
      },
    );

  for (const [tool, wrap] of [
    ['gzip', 'gzip -c b > "$1"'],
    ['xz', 'xz -0c b > "$1"'],
    ['zstd', 'zstd -q b -o "$1"'],
    ['bzip2', 'bzip2 -c b > "$1"'],
    ['base64', 'base64 b > "$1"'],
  ] as const)
    oracle(tool).test(`is had again by the command that the refusal names: ${tool}`, async () => {
      const folder = await scratchFolder();
      await copyFile(backup, join(folder, 'b'));
      const wrapped = join(folder, "it's wrapped");
      await run('sh', ['-c', wrap, 'sh', wrapped], { cwd: folder });
      const problem = await problemFrom({ files: [wrapped], findParts: true });
      await rm(join(folder, 'b'));
      await run('sh', ['-c', (problem?.params as { command: string }).command], { cwd: folder });
      const [out = ''] = (await readdir(folder)).filter((name) => join(folder, name) !== wrapped);
      expect(await contentOf(opened(join(folder, out)))).toEqual(await contentOf(opened(backup)));
    });

  it('is suspected where a file begins as noise, and nowhere else', async () => {
    const folder = await scratchFolder();
    const as = async (content: Uint8Array | string) => {
      await writeFile(join(folder, 'f'), content);
      return refusal(join(folder, 'f'));
    };
    expect(await as(noise(100_000, 'container'))).toBe('looks-encrypted');
    for (const content of ['', 'hello '.repeat(5000), Buffer.alloc(100_000), noise(1000, 'short')])
      expect(await as(content)).toBe('not-a-backup');
  });
});

const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
(asRoot ? oracle('losetup', 'dd') : skipped('needs root on Linux')).describe('a drive', () => {
  /** A loop device over a file with `bytes` at its beginning, for as long as `work` takes. */
  async function onDrive<T>(
    size: number,
    bytes: Uint8Array,
    work: (device: string) => Promise<T>,
  ): Promise<T> {
    const image = join(await scratchFolder(), 'drive');
    await writeFile(image, bytes);
    await truncate(image, size);
    const device = (await run('losetup', ['--find', '--show', image])).toString().trim();
    try {
      return await work(device);
    } finally {
      await run('losetup', ['--detach', device]);
    }
  }

  it('has the size that the system knows, by its number and by reading alone', async () => {
    for (const size of [51_200, 512 * 1001, 4096 * 1000, 7 * 2 ** 20 + 512])
      await onDrive(size, new Uint8Array(0), async (device) => {
        const source = await openFileSource(device);
        expect(source.size).toBe(size);
        await source.close();
        const { open } = await import('node:fs/promises');
        const handle = await open(device);
        expect(await measuredSize(handle)).toBe(size);
        await handle.close();
      });
  });

  it('with a backup on it is opened as the file is, also through a link', async () => {
    const bytes = await readFile(backup);
    await onDrive(bytes.length, bytes, async (device) => {
      const whole = await contentOf(opened(backup));
      expect(await contentOf(opened(device))).toEqual(whole);
      const link = join(await scratchFolder(), 'by-id');
      await symlink(device, link);
      expect(await contentOf(opened(link))).toEqual(whole);
    });
  });

  it('is read in whole sectors, and gives what was asked for', async () => {
    const bytes = Buffer.from(noise(512 * 33, 'drive'));
    await onDrive(bytes.length, bytes, async (device) => {
      const { open } = await import('node:fs/promises');
      const places: number[] = [];
      const source = await openFileSource(device, async (path) => {
        const handle = await open(path);
        const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
        return Object.assign(handle, {
          read: (...args: unknown[]) => {
            places.push(Number(args[2]), Number(args[3]));
            return read(...args);
          },
        });
      });
      for (const [position, length] of [
        [0, 1],
        [511, 2],
        [512, 512],
        [1000, 9000],
        [bytes.length - 5, 5],
      ] as const)
        expect(Buffer.from(await source.read(position, length))).toEqual(
          bytes.subarray(position, position + length),
        );
      const target = Buffer.alloc(20);
      await source.read(700, 10, target);
      expect(target.subarray(0, 10)).toEqual(bytes.subarray(700, 710));
      await source.close();
      expect(places.every((place) => place % 512 === 0)).toBe(true);
    });
  });
});

describe('the size of a drive found by reading', () => {
  const drive = (size: number, bad: (position: number) => boolean = () => false) => ({
    read: (_: unknown, __: unknown, length: number, position: number) => {
      if (bad(position)) return Promise.reject(Object.assign(new Error(), { code: 'EIO' }));
      return Promise.resolve({ bytesRead: Math.max(0, Math.min(length, size - position)) });
    },
  });
  const measured = (...args: Parameters<typeof drive>) =>
    measuredSize(drive(...args) as unknown as Parameters<typeof measuredSize>[0]);

  it('is exact for any size', async () => {
    for (const size of [0, 512, 4096, 4608, 2 ** 20, 2 ** 20 - 512, 3e12 - (3e12 % 512), 2 ** 44 + 512])
      expect(await measured(size)).toBe(size);
  });

  it('is not taken for less where places cannot be read', async () => {
    const size = 2 ** 30;
    expect(await measured(size, (position) => position > 2 ** 20 && position < 2 ** 29)).toBe(size);
  });

  it('is none for what never ends', async () => {
    expect(await measured(Number.MAX_SAFE_INTEGER)).toBeGreaterThan(2 ** 50);
  });
});

oracle('tar').test(
  'a backup whose header stands in the place of its seal is told to be unsealed when it is opened',
  async () => {
    const folder = await scratchFolder();
    await run('tar', ['-i', '-xf', backup, '-C', folder]);
    await copyFile(join(folder, 'backup-header'), join(folder, 'backup-header.hmac'));
    const unsealed = { codes: ['backup-not-sealed'], encrypted: false };
    expect(await contentOf(opened(folder))).toMatchObject(unsealed);
    const path = join(await scratchFolder(), 'stub');
    await run('tar', ['-C', folder, '-cf', path, 'backup-header', 'backup-header.hmac', 'qubes.xml.000.enc']);
    expect(await contentOf(opened(path))).toMatchObject(unsealed);
    await appendFile(join(folder, 'backup-header.hmac'), ' ');
    expect(await contentOf(opened(folder))).toMatchObject({ codes: [], encrypted: true });
    expect(dirname(path)).not.toBe(folder);
  },
);
