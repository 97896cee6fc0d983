/** Promises of the container index, held against containers of GNU tar, and against damage and lies by hand. */
import { appendFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memorySource, openFileSource, type ByteSource } from '../../main/recovery/bytes/source.ts';
import { groupStoredFiles } from '../../main/recovery/catalog/stored-files.ts';
import { indexContainer, type ContainerIndex } from '../../main/recovery/container/container-index.ts';
import { isSafeName } from '../../main/recovery/container/safe-name.ts';
import { problem, RecoveryError } from '../../shared/problems.ts';
import type { MadeBackup } from '../support/backup-spec.ts';
import { codeOf } from '../support/code-of.ts';
import { findMember, placeMembers } from '../support/container-surgery.ts';
import { killableBackup } from '../support/killing.ts';
import { packMembers } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';
import { archiveEnd, base256, headerBlock, member, paxHeader } from '../vectors/hand-made-tar.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-container-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const indexOf = (...parts: readonly Uint8Array[]): Promise<ContainerIndex> =>
  indexContainer(memorySource(Buffer.concat(parts)));
const codesOf = (index: ContainerIndex) => index.problems.map(({ code }) => code);

/** Members as Qubes names them, with the size of each. */
const sizes: Readonly<Record<string, number>> = {
  'backup-header': 180,
  'backup-header.hmac': 308,
  'qubes.xml.000.enc': 2000,
  'vm1/private.img.000.enc': 30_000,
  'vm1/private.img.001.enc': 512,
  'vm1/firewall.xml.000.enc': 511,
  'dom0-home/user.000.enc': 128,
};

/** A container of GNU tar, one archive for each member, in the given form. */
async function packed(outerFormat: 'posix' | 'gnu' | 'ustar', outerBlocking: number): Promise<string> {
  const members = join(folder, 'members');
  for (const [name, size] of Object.entries(sizes)) {
    await mkdir(dirname(join(members, name)), { recursive: true });
    await writeFile(join(members, name), noise(size, name));
  }
  const path = join(folder, `${outerFormat}-${outerBlocking}.backup`);
  await packMembers(members, Object.keys(sizes), path, { outerFormat, outerBlocking });
  return path;
}

const gnuTar = oracle('tar');

gnuTar.describe('a container of GNU tar', () => {
  for (const format of ['posix', 'gnu', 'ustar'] as const) {
    for (const blocking of [1, 20]) {
      it(`in ${format} form, padded to ${blocking * 512} bytes, is indexed whole and in its order`, async () => {
        const path = await packed(format, blocking);
        const source = await openFileSource(path);
        const index = await indexContainer(source);
        expect(index).toMatchObject({ complete: true, cutShort: null, problems: [] });
        expect([...index.members.keys()]).toEqual(Object.keys(sizes));
        for (const { name, offset, size } of index.members.values()) {
          const bytes = await source.read(offset, size);
          expect(Buffer.compare(bytes, noise(sizes[name] ?? -1, name)), name).toBe(0);
        }
        await source.close();
      });
    }
  }

  it('is indexed alike when one archive holds all members', async () => {
    await packed('posix', 1);
    const archive = await run('tar', ['-C', join(folder, 'members'), '-cf', '-', ...Object.keys(sizes)]);
    const index = await indexOf(archive);
    expect(index).toMatchObject({ complete: true, problems: [] });
    expect([...index.members.keys()]).toEqual(Object.keys(sizes));
  });

  it('says of every cut what it lost, and keeps what precedes', async () => {
    const bytes = await readFile(await packed('posix', 1));
    const placed = placeMembers(bytes);
    for (let at = 512; at < bytes.length; at += 512) {
      for (const end of [at, at + 1, at + 300]) {
        const whole = placed.filter(({ data, size }) => data + size <= end).map(({ name }) => name);
        const reading = indexOf(bytes.subarray(0, end));
        const [first] = placed;
        if (first && end < first.data) {
          await expect(reading.catch(codeOf), `cut at ${end}`).resolves.toBe('not-a-backup');
          continue;
        }
        const index = await reading;
        expect([...index.members.keys()], `cut at ${end}`).toEqual(whole);
        const inside = placed.find(({ data, size }) => data <= end && end < data + size);
        expect(index.cutShort?.name, `cut at ${end}`).toBe(inside?.name);
        // A cut between two archives cannot be told from an end.
        const between = placed.some(
          (member) => end >= member.data + Math.ceil(member.size / 512) * 512 + 512 && end <= member.end,
        );
        expect(index.complete, `cut at ${end}`).toBe(between);
        expect(codesOf(index), `cut at ${end}`).toEqual(between ? [] : ['backup-truncated']);
      }
    }
  });
});

gnuTar.describe('a backup that was unpacked and packed again by GNU tar', () => {
  const pack = (...args: readonly string[]) => run('tar', ['-C', folder, '-cf', '-', ...args]);
  /** What each member has is known by its name. */
  const contentsOf = async (archive: Buffer) => {
    const source = memorySource(archive);
    const { members, problems, complete } = await indexContainer(source);
    const entries = await Promise.all(
      [...members].map(async ([name, { offset, size }]) => [name, await source.read(offset, size)] as const),
    );
    expect({ problems, complete }).toEqual({ problems: [], complete: true });
    return Object.fromEntries(entries);
  };
  const originals = () =>
    Object.fromEntries(
      Object.entries(sizes).map(([name, size]) => [name, new Uint8Array(noise(size, name))]),
    );

  beforeAll(() => packed('posix', 1));

  it('with ./ before its names is indexed like the one that it was', async () => {
    for (const format of ['gnu', 'posix', 'ustar'])
      expect(await contentsOf(await pack(`--format=${format}`, '-C', 'members', '.'))).toEqual(originals());
  });

  it('with the folder around it, and other files beside that, is indexed without either', async () => {
    await writeFile(join(folder, 'notes.txt'), 'notes');
    const archive = await pack('notes.txt', 'members');
    expect(await contentsOf(archive)).toEqual(originals());
  });

  it('with other files amid its own is indexed with all of them', async () => {
    await writeFile(join(folder, 'notes.txt'), 'notes');
    const archive = await pack('notes.txt', '-C', 'members', '.');
    expect(Object.keys(await contentsOf(archive)).toSorted()).toEqual(
      [...Object.keys(sizes), 'notes.txt'].toSorted(),
    );
  });
});

gnuTar.describe('zeros in the middle of a container', () => {
  for (const mebibytes of [500, 1030, 5000])
    it(`are passed over as tar --ignore-zeros does: ${mebibytes} MiB`, async () => {
      const bytes = await readFile(await packed('posix', 20));
      const { start } = findMember(bytes, 'vm1/private.img.000.enc');
      const path = join(folder, 'gap.backup');
      await writeFile(path, bytes.subarray(0, start));
      const gap = mebibytes * 2 ** 20;
      await truncate(path, start + gap);
      await appendFile(path, bytes.subarray(start));
      const source = counting(await openFileSource(path));
      const index = await indexContainer(source);
      await source.close();
      const listed = (await run('tar', ['--ignore-zeros', '-tf', path])).toString().trim().split('\n');
      expect([...index.members.keys()]).toEqual(listed);
      expect(codesOf(index)).toEqual(['container-damaged']);
      expect(source.bytes).toBeLessThan(1.2 * 2 ** 30);
      await rm(path);
    });
});

gnuTar.describe('a container of GNU tar of which headers are lost', () => {
  for (const format of ['posix', 'gnu'] as const) {
    it(`in ${format} form is indexed whole, whichever byte of its headers is wrong`, async () => {
      const bytes = await readFile(await packed(format, 1));
      const before = await indexOf(bytes);
      // Whose name is nowhere but in its own header cannot be told without it.
      const single = ['vm1/firewall.xml.000.enc', 'dom0-home/user.000.enc'];
      for (const { name, start, header, data } of placeMembers(bytes)) {
        for (let at = start; at < data; at += 3) {
          const damaged = Buffer.from(bytes);
          damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (at % 8)), at);
          const index = await indexOf(damaged);
          const isNamed = !single.includes(name) || at < header || at > header + name.length;
          for (const member of before.members.values()) {
            if (member.name !== name || isNamed)
              expect(index.members.get(member.name), `byte ${at}`).toMatchObject(member);
          }
          expect(index.members.size).toBeLessThanOrEqual(before.members.size);
          // A name that no member has is that of the lost one, misspelled or guessed: it cannot be authenticated.
          const areNamed = index.members.size === before.members.size;
          expect(codesOf(index).includes('container-member-lost'), `byte ${at}`).toBe(!areNamed);
        }
      }
    });

    it(`in ${format} form loses no more than what zeros overwrote`, async () => {
      const bytes = await readFile(await packed(format, 20));
      for (let at = 512; at < bytes.length; at += 1700) {
        const damaged = Buffer.from(bytes).fill(0, at, Math.min(at + 3000, bytes.length));
        const index = await indexOf(damaged);
        for (const { name, start, data, size } of placeMembers(bytes)) {
          if (start < at + 3000 && data + size > at) continue;
          expect(index.members.get(name), `zeros at ${at}`).toMatchObject({ offset: data, size });
        }
      }
    });

    it(`in ${format} form is indexed on behind lost bytes, however many`, async () => {
      const bytes = await readFile(await packed(format, 20));
      const { data, size } = placeMembers(bytes)[3] ?? { data: 0, size: 0 };
      for (const lost of [1, 511, 512, 4096, 10_239, 29_000]) {
        const index = await indexOf(
          Buffer.concat([bytes.subarray(0, data + 100), bytes.subarray(data + 100 + lost)]),
        );
        for (const behind of placeMembers(bytes).filter(({ start }) => start > data + size)) {
          expect(index.members.get(behind.name), `${lost} bytes lost`).toMatchObject({
            offset: behind.data - lost,
            size: behind.size,
          });
        }
      }
    });
  }

  it('is told to have lost a file where nothing names that, also in one archive of all members', async () => {
    await packed('posix', 1);
    for (const format of ['posix', 'gnu', 'ustar']) {
      const names = ['-C', join(folder, 'members'), ...Object.keys(sizes)];
      const bytes = await run('tar', ['--format', format, '-cf', '-', ...names]);
      const { header } = findMember(bytes, 'vm1/firewall.xml.000.enc');
      const damaged = Buffer.from(bytes).fill('7', header + 20, header + 24);
      expect(codesOf(await indexOf(damaged)), format).toEqual(['container-member-lost']);
    }
  });

  it('is told to be damaged alone where zeros between its members are', async () => {
    const bytes = await readFile(await packed('gnu', 20));
    const { start } = findMember(bytes, 'vm1/firewall.xml.000.enc');
    const damaged = Buffer.from(bytes).fill('?', start - 1000, start - 990);
    expect(codesOf(await indexOf(damaged))).toEqual(['container-damaged']);
  });

  it('is indexed where the drive cannot read some of its places', async () => {
    const bytes = await readFile(await packed('posix', 20));
    const whole = memorySource(bytes);
    const members = placeMembers(bytes);
    for (let bad = 512; bad < bytes.length; bad += 4096 - 512) {
      const failing: ByteSource = {
        ...whole,
        read: (position, length, into) =>
          position < bad + 512 && position + length > bad
            ? Promise.reject(
                new RecoveryError(problem('source-bad-place', { position: Math.max(bad, position) })),
              )
            : whole.read(position, length, into),
      };
      const index = await indexContainer(failing).catch(codeOf);
      if (typeof index !== 'object' || index === null) throw new Error(`bad place ${bad}: ${String(index)}`);
      // A window of the search that cannot be read is passed over, with what lies in it.
      const near = members.filter(({ start, end }) => start > bad + 70_000 || end <= bad);
      for (const { name } of near) expect([...(index as ContainerIndex).members.keys()]).toContain(name);
    }
  });
});

const withSeals = oracle('scrypt', 'tar', 'gzip', 'split');

withSeals.describe('a container of which two headers in a row are lost', () => {
  let sealed: MadeBackup;
  beforeAll(async () => void (sealed = await killableBackup()));
  const fixture = (name: string) => readFile(join(import.meta.dirname, `../fixtures/${name}.backup`));
  const spoil = (header: Buffer) => {
    header.fill('7', 150, 152);
  };
  const losses: Readonly<Record<string, (header: Buffer) => void>> = {
    'have a wrong sum': spoil,
    'are noise': (header) => header.set(noise(512, 'lost')),
    'are zeros': (header) => header.set(new Uint8Array(512)),
  };

  /** Loses the headers of each two neighbours; tells of which members something else is known then than before. */
  async function changed(bytes: Buffer, lose: (header: Buffer) => void): Promise<string[]> {
    const { members: before } = await indexOf(bytes);
    const placed = placeMembers(bytes);
    const found: string[] = [];
    for (const [i, second] of placed.entries()) {
      const first = placed[i - 1];
      if (!first) continue;
      const damaged = Buffer.from(bytes);
      for (const { header } of [first, second]) lose(damaged.subarray(header, header + 512));
      const { members: after, problems } = await indexOf(damaged);
      expect(problems.map(({ code }) => code)).toContain('container-damaged');
      for (const [name, member] of before) {
        const { offset, size } = after.get(name) ?? {};
        if (offset === member.offset && size === member.size) continue;
        expect([first.name, second.name]).toContain(name);
        found.push(`${first.name} + ${second.name}: ${name}`);
      }
    }
    return found;
  }

  for (const [how, lose] of Object.entries(losses)) {
    it(`is indexed whole by the seals of its chunks, where both ${how}`, async () => {
      const { path, members } = sealed;
      expect(members.length).toBeGreaterThan(20);
      const lead = `backup-header + backup-header.hmac:`;
      // Without a seal and without a header, the first member cannot be told from what zeros are behind.
      const expected = how === 'are zeros' ? [`${lead} backup-header`, `${lead} backup-header.hmac`] : [];
      expect(await changed(await readFile(path), lose)).toEqual(expected);
    });
  }

  for (const name of ['v3-gzip', 'v3-unencrypted', 'v4-gzip', 'v4-outer-gnu', 'v4-outer-ustar'])
    it(`is indexed whole by what is left of them: ${name}`, async () => {
      expect(await changed(await fixture(name), spoil)).toEqual([]);
    });

  it('has no more than these two damaged in the older formats, whose chunks nothing marks', async () => {
    for (const name of ['v3-gzip', 'v3-unencrypted'])
      for (const lose of Object.values(losses)) await changed(await fixture(name), lose);
  });

  it('is not made whole by a guess: behind the last chunk of a file comes another file', async () => {
    const bytes = await readFile(sealed.path);
    const { start, data, end } = findMember(bytes, 'vm2/private.img.000.enc');
    // Nothing but its data is left of it, and nothing behind it.
    const names = [
      ...(await indexOf(Buffer.from(bytes.subarray(0, end)).fill(0, start, data))).members.keys(),
    ];
    const whole = [...(await indexOf(bytes.subarray(0, start))).members.keys()];
    expect(whole).toContain('vm1/private.img.006.enc');
    expect(names).toEqual(whole);
  });
});

/** A source that counts what is read of it, and knows which ranges may not be. */
function counting(source: ByteSource): ByteSource & { bytes: number; reads: number } {
  return {
    size: source.size,
    bytes: 0,
    reads: 0,
    async read(position, length, into) {
      this.bytes += length;
      this.reads++;
      return source.read(position, length, into);
    },
    close: () => source.close(),
  };
}

/** A container with bodies of `bodySize` bytes that exist nowhere: only its headers are bytes. */
function withoutBodies(names: readonly string[], bodySize: number): ByteSource {
  const stride = 512 + Math.ceil(bodySize / 512) * 512 + 1024;
  const headers = names.map((name) => headerBlock({ name, size: base256(BigInt(bodySize), 12) }));
  return {
    size: stride * names.length,
    read(position, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const at = position + done;
        const i = Math.floor(at / stride);
        const within = at - i * stride;
        const left = Math.min(length - done, within < 512 ? 512 - within : stride - within);
        const body = within >= 512 && within < 512 + bodySize;
        if (within < 512) bytes.set(headers[i]?.subarray(within, within + left) ?? [], done);
        else if (body) bytes.fill(0xa5, done, done + Math.min(left, 512 + bodySize - within));
        done += left;
      }
      return Promise.resolve(bytes);
    },
    close: () => Promise.resolve(),
  };
}

describe('the index of a large container', () => {
  it('is made by seeking: half a terabyte costs some megabytes', async () => {
    const names = Array.from({ length: 5000 }, (_, i) => `vm1/private.img.${String(i).padStart(3, '0')}.enc`);
    const source = counting(withoutBodies(names, 100 * 2 ** 20 + 128));
    const index = await indexContainer(source);
    expect(source.size).toBeGreaterThan(500e9);
    expect(index).toMatchObject({ complete: true, problems: [] });
    expect(index.members.size).toBe(5000);
    expect(source.bytes / 5000).toBeLessThanOrEqual(16 * 1024 * 2);
    expect(source.reads).toBeLessThanOrEqual(2 * 5000);
    const { files } = groupStoredFiles(index, 4);
    const chunks = files.get('vm1/private.img')?.chunks ?? [];
    expect(chunks.map(({ number }) => number)).toEqual(names.map((_, i) => i));
  });

  it('has chunk 1000 after chunk 999, in whatever order they lie', async () => {
    const names = Array.from({ length: 1200 }, (_, i) => `vm1/private.img.${String(i).padStart(3, '0')}.enc`);
    const { files, unexplained } = groupStoredFiles(
      await indexContainer(withoutBodies(names.toSorted(), 128)),
      4,
    );
    const file = files.get('vm1/private.img');
    expect(file?.firstMissing).toBeNull();
    expect(file?.chunks.map(({ member: { name } }) => name)).toEqual(names);
    expect(unexplained).toEqual([]);
  });

  it('is made in time and reading that grow with it alone, however many damaged headers it has', async () => {
    const damaged = Buffer.from(headerBlock({ name: 'vm7/private.img.000.enc', size: 0 })).fill(
      '0',
      148,
      155,
    );
    const first = Buffer.concat([member({ name: 'backup-header' }, 'version=4\n'), archiveEnd]);
    const last = Buffer.concat([member({ name: 'vm8/private.img.000.enc' }, noise(700, 'last')), archiveEnd]);
    const middle = Buffer.alloc(200_000 * damaged.length, damaged);
    const source = counting(memorySource(Buffer.concat([first, middle, last])));
    const { members } = await indexContainer(source);
    expect([...members.keys()]).toEqual(expect.arrayContaining(['backup-header', 'vm8/private.img.000.enc']));
    // Each byte by the walk, by the search, and at most once more for the end of a member whose header is lost.
    expect(source.bytes).toBeLessThan(4 * source.size);
  });

  it('is made by few readings where its members are small', async () => {
    const small = Array.from({ length: 100_000 }, (_, i) => member({ name: `j${i}.000.enc` }));
    const source = counting(memorySource(Buffer.concat([...small, archiveEnd])));
    const index = await indexContainer(source);
    expect(index.members.size).toBe(100_000);
    expect(source.reads).toBeLessThan(source.size / (128 * 1024));
  });

  it('ends at a tail of zeros, however long, and says that it is there', async () => {
    const written = Buffer.concat([member({ name: 'backup-header' }, 'version=4\n'), archiveEnd]);
    const size = 2 ** 40;
    const source = counting({
      size,
      read(position, length) {
        const bytes = new Uint8Array(length);
        bytes.set(written.subarray(position, position + length));
        return Promise.resolve(bytes);
      },
      close: () => Promise.resolve(),
    });
    const index = await indexContainer(source);
    // Whether it is a drive's empty space, or what a copy that broke off has not written, its qubes tell.
    expect(index).toMatchObject({ complete: true, cutOff: false, cutShort: null });
    expect([...index.members.keys()]).toEqual(['backup-header']);
    expect(index.problems).toEqual([
      { code: 'data-behind-end', params: { offset: 1024, size: size - 1024 } },
    ]);
    expect(source.bytes).toBeLessThan(1.1 * 2 ** 30);
  });
});

describe('the index', () => {
  const one = member({ name: 'backup-header' }, 'version=4\n');
  const two = member({ name: 'vm1/private.img.000.enc' }, noise(700, 'two'));

  it('passes over blocks of zeros wherever they stand', async () => {
    const zeros = (blocks: number) => Buffer.alloc(512 * blocks);
    const index = await indexOf(zeros(3), one, zeros(1), zeros(200), two, zeros(2));
    expect(index).toMatchObject({ complete: true, problems: [] });
    expect([...index.members.keys()]).toEqual(['backup-header', 'vm1/private.img.000.enc']);
  });

  it('takes name and size from pax records and from long names, for the next member only', async () => {
    const real = 'dom0-home/'.padEnd(140, 'x');
    const index = await indexOf(
      paxHeader([
        ['path', real],
        ['size', '700'],
        ['mtime', '1.5'],
      ]),
      headerBlock({ name: 'short', size: 0 }),
      noise(700, 'two'),
      Buffer.alloc(324),
      one,
      member({ name: '././@LongLink', type: 'L' }, `${real}.001\0`),
      two,
      paxHeader(
        [
          ['path', 'global'],
          ['size', '1'],
        ],
        'g',
      ),
      member({ name: 'last' }, 'x'),
      archiveEnd,
    );
    expect([...index.members.values()].map(({ name, size }) => [name, size])).toEqual([
      [real, 700],
      ['backup-header', 10],
      [`${real}.001`, 700],
      ['last', 1],
    ]);
    expect(index.complete).toBe(true);
  });

  it('keeps the first of members with one name, and says so', async () => {
    const index = await indexOf(one, member({ name: 'backup-header' }, 'another'), archiveEnd);
    expect(index.members.get('backup-header')).toMatchObject({ offset: 512, size: 10 });
    expect(index.problems).toEqual([{ code: 'member-repeated', params: { name: 'backup-header' } }]);
  });

  it.each(['/etc/passwd', '../x', 'vm1/../../x', 'vm1/..', '..\\x', 'C:\\x', 'vm1\\..\\x'])(
    'leaves out a member called %j, which leads out, and says so',
    async (name) => {
      const index = await indexOf(one, paxHeader([['path', name]]), member({}, 'x'), two, archiveEnd);
      expect([...index.members.keys()]).toEqual(['backup-header', 'vm1/private.img.000.enc']);
      expect(index.problems).toEqual([{ code: 'member-name-unsafe', params: { name } }]);
    },
  );

  it('has a later member in the place of an empty one where none is empty, and says so', async () => {
    const name = 'vm1/private.img.000.enc';
    const index = await indexOf(one, member({ name }), two, archiveEnd);
    expect(index.members.get(name)?.size).toBe(700);
    expect(index.problems).toEqual([{ code: 'member-repeated', params: { name } }]);
    // The last chunk of a file of format 3 may be empty.
    const older = await indexOf(one, member({ name: 'a.000' }), member({ name: 'a.000' }, 'x'), archiveEnd);
    expect(older.members.get('a.000')?.size).toBe(0);
  });

  it.each(['vm1//x', 'vm1/', 'a\\b', 'a\tb', 'a\nb', 'größe', ' x', 'x ', 'a  b', ''])(
    'leaves out a member called %j, and says so',
    async (name) => {
      // A pax record can carry names that a header cannot.
      const index = await indexOf(one, paxHeader([['path', name]]), member({}, 'x'), two, archiveEnd);
      expect([...index.members.keys()]).toEqual(['backup-header', 'vm1/private.img.000.enc']);
      expect(index.problems).toEqual([{ code: 'member-name-foreign', params: { name } }]);
    },
  );

  it('leaves out a member whose pax name has a NUL in it', async () => {
    const index = await indexOf(one, paxHeader([['path', 'vm1/a\0b']]), member({}, 'x'), archiveEnd);
    expect(codesOf(index)).toEqual(['member-name-unsafe']);
  });

  it('takes regular files only', async () => {
    const others = ['1', '2', '3', '4', '6', 'S', 'D', 'V', 'Z'];
    const index = await indexOf(
      one,
      ...others.map((type) => member({ name: `other-${type}`, type, linkName: 'backup-header' })),
      archiveEnd,
    );
    expect([...index.members.keys()]).toEqual(['backup-header']);
    expect(index.problems).toEqual(
      others.map((type) => ({ code: 'member-unexplained', params: { name: `other-${type}` } })),
    );
    expect([...(await indexOf(member({ type: '\0' }, 'x'), archiveEnd)).members.keys()]).toEqual(['file']);
  });

  it('refuses what does not begin as a tar', async () => {
    const strangers = [
      Buffer.alloc(0),
      Buffer.alloc(100, 1),
      Buffer.alloc(10_240),
      Buffer.alloc(3 * 2 ** 20),
      noise(5000, 'stranger'),
      Buffer.from('<?xml version="1.0"?>'.padEnd(2000)),
      paxHeader([['path', 'x']]),
    ];
    for (const bytes of strangers) expect(await indexOf(bytes).catch(codeOf)).toBe('not-a-backup');
  });

  it('goes on behind damage, and says where it is', async () => {
    const index = await indexOf(one, archiveEnd, noise(512, 'damage'), two, archiveEnd);
    expect([...index.members.keys()]).toEqual(['backup-header', 'vm1/private.img.000.enc']);
    expect(index).toMatchObject({ complete: false, cutShort: null });
    expect(index.problems).toEqual([{ code: 'container-damaged', params: { offset: 2048 } }]);
  });

  it.each(['\n', '\r\n', '\0\0\n', ' \t\n', '\x1a'])(
    'ends before %j that was added to it, and says so',
    async (added) => {
      const index = await indexOf(one, archiveEnd, Buffer.from(added));
      expect(index).toMatchObject({ complete: true, cutOff: false, cutShort: null });
      expect(index.problems).toEqual([
        { code: 'data-behind-end', params: { offset: 2048, size: added.length } },
      ]);
    },
  );

  it('ends at zeros that fill no block, as if they were not there', async () => {
    const index = await indexOf(one, archiveEnd, Buffer.alloc(300));
    expect(index).toMatchObject({ complete: true, problems: [] });
  });

  it('ends at damage that nothing follows', async () => {
    const index = await indexOf(one, archiveEnd, noise(5000, 'damage'));
    expect(index).toMatchObject({ complete: false, cutShort: null });
    expect(index.problems).toEqual([{ code: 'container-damaged', params: { offset: 2048 } }]);
  });

  it('takes nothing for a member but what a backup has', async () => {
    const strange = [member({ name: 'notes.txt' }, 'x'), member({ name: '../a.000.enc' }, 'x')];
    const index = await indexOf(one, archiveEnd, noise(512, 'damage'), ...strange, two, archiveEnd);
    expect([...index.members.keys()].filter((name) => name !== 'backup-header.hmac')).toEqual([
      'backup-header',
      'vm1/private.img.000.enc',
    ]);
  });

  it('is not led beyond the file by any size', async () => {
    for (const size of [2 ** 33 - 1, base256(2n ** 53n - 1n, 12), base256(2n ** 40n, 12)]) {
      const index = await indexOf(one, headerBlock({ name: 'vast', size }), two);
      expect(index.cutShort?.name).toBe('vast');
      expect([...index.members.keys()]).toEqual(['backup-header']);
    }
    for (const type of ['x', 'g', 'L']) {
      const index = await indexOf(one, headerBlock({ type, size: 2 ** 33 - 1 }), two, archiveEnd);
      expect(codesOf(index)).toEqual(['container-damaged']);
    }
  });

  it('reports extended headers that cannot be read, and goes on behind them', async () => {
    const broken = member({ type: 'x' }, '99 path=x\n');
    const index = await indexOf(
      one,
      broken,
      two,
      paxHeader([['size', 'big']]),
      member({ name: 'c' }, 'x'),
      archiveEnd,
    );
    expect([...index.members.keys()]).toEqual(['backup-header', 'vm1/private.img.000.enc', 'c']);
    expect(index.problems).toEqual([
      { code: 'container-damaged', params: { offset: 1024 } },
      { code: 'container-damaged', params: { offset: 3584 } },
    ]);
  });

  it('takes no extended header that is larger than any of Qubes or GNU tar', async () => {
    const index = await indexOf(one, member({ type: 'x' }, Buffer.alloc(2 * 2 ** 20)), two, archiveEnd);
    expect(codesOf(index)).toEqual(['container-damaged']);
  });

  it('tells of a bounded number of odd members, with names of a bounded length', async () => {
    const odd = paxHeader([['path', `../${'x'.repeat(5000)}`]]);
    const index = await indexOf(
      one,
      ...Array.from({ length: 3000 }, () => [odd, member({})]).flat(),
      archiveEnd,
    );
    expect(index.complete).toBe(true);
    expect(index.problems.length).toBeLessThanOrEqual(1000);
    expect(JSON.stringify(index.problems).length).toBeLessThan(600_000);
  });

  it('takes a name of any length that Qubes makes, and none that only fills memory', async () => {
    const names = [`dom0-home/${'x'.repeat(255)}.000.enc`, `${'x/'.repeat(2000)}x.000.enc`];
    const parts = names.flatMap((name) => [paxHeader([['path', name]]), member({}, 'x')]);
    expect([...(await indexOf(one, ...parts, archiveEnd)).members.keys()]).toEqual([
      'backup-header',
      names[0],
    ]);
  });

  it('is an index or a problem, whatever bytes come', async () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 1500 }),
        fc.constantFrom<Uint8Array>(
          Buffer.alloc(512),
          one,
          two,
          headerBlock({ type: 'x', size: 30 }),
          headerBlock({ type: 'L', size: 700 }),
          paxHeader([
            ['size', '513'],
            ['path', 'x'],
          ]),
          paxHeader([['path', '../x']]),
          headerBlock({ size: 5000 }),
        ),
      ),
      { maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const bytes = Buffer.concat(parts);
        const index = await indexOf(bytes).catch(codeOf);
        if (index === 'not-a-backup') return;
        const { members } = index as ContainerIndex;
        for (const [name, { offset, size }] of members) {
          expect(isSafeName(name)).toBe(true);
          expect(offset + size).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('stored files', () => {
  const filesOf = async (version: number, ...names: readonly string[]) =>
    groupStoredFiles(await indexOf(...names.map((name) => member({ name }, 'x')), archiveEnd), version);

  it('end where a chunk is missing', async () => {
    const { files } = await filesOf(4, 'a.000.enc', 'a.001.enc', 'a.003.enc', 'b.001.enc');
    expect(files.get('a')).toMatchObject({ firstMissing: 2, storedBytes: 3 });
    expect(files.get('a')?.chunks).toHaveLength(2);
    expect(files.get('b')).toMatchObject({ firstMissing: 0, chunks: [] });
  });

  it('count no chunk twice by another spelling of its number', async () => {
    const { files, unexplained } = await filesOf(4, 'a.000.enc', 'a.0001.enc', 'a.01.enc', 'a.00000000.enc');
    expect(files.get('a')?.chunks).toHaveLength(1);
    expect(unexplained.map(({ name }) => name)).toEqual(['a.0001.enc', 'a.01.enc', 'a.00000000.enc']);
  });

  it('keep neighbours apart whose names begin alike', async () => {
    const { files } = await filesOf(
      4,
      'vm1/a.000.enc',
      'vm10/a.000.enc',
      'vm1/a.000.000.enc',
      'vm1/a.b.000.enc',
    );
    expect([...files.keys()].sort()).toEqual(['vm1/a', 'vm1/a.000', 'vm1/a.b', 'vm10/a']);
  });

  it('of older formats have a file of their HMAC beside each chunk', async () => {
    const { files, unexplained } = await filesOf(
      3,
      'a.000',
      'a.000.hmac',
      'stray.hmac',
      'a.001.enc',
      'backup-header',
    );
    expect([...files.keys()]).toEqual(['a']);
    expect(unexplained.map(({ name }) => name)).toEqual(['stray.hmac', 'a.001.enc']);
  });
});
