/** Promises of the archive reader, held against archives of GNU tar in every form, and against lies by hand. */
import { spawn } from 'node:child_process';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { ArchiveFault } from '../../main/recovery/archive/archive-fault.ts';
import { readArchive } from '../../main/recovery/archive/archive-reader.ts';
import { denseMap, SparseMap } from '../../main/recovery/archive/sparse-map.ts';
import { readLayout } from '../../main/recovery/salvage/archive-layout.ts';
import { tarwriterData, tarwriterFixture, tarwriterVolumes } from '../fixtures/tarwriter.ts';
import { oracle } from '../support/oracles.ts';
import { bash, run } from '../support/tools.ts';
import { noise, writeSparseFile } from '../support/trees.ts';
import {
  archiveEnd,
  base256,
  headerBlock,
  member,
  oldGnuFile,
  padded,
  pax1File,
  pax1Map,
  paxHeader,
} from '../vectors/hand-made-tar.ts';
import { contentOf, inPieces, readAll } from '../vectors/reading.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-archive-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const mebibyte = 2 ** 20;

/** Files with holes everywhere that a hole can be, by their names. */
const shapes = {
  'empty.img': () => writeSparseFile(join(folder, 'empty.img'), 0, []),
  'plain.img': () => writeFile(join(folder, 'plain.img'), noise(5000, 'plain')),
  'whole-blocks.img': () => writeFile(join(folder, 'whole-blocks.img'), noise(2048, 'whole')),
  'hole-at-start.img': () => writeSparseFile(join(folder, 'hole-at-start.img'), 69_632, [65_536]),
  'hole-at-end.img': () => writeSparseFile(join(folder, 'hole-at-end.img'), 65_536, [0]),
  'all-hole.img': () => writeSparseFile(join(folder, 'all-hole.img'), 65_536, []),
  'odd-all-hole.img': () => writeSparseFile(join(folder, 'odd-all-hole.img'), 65_537, []),
  'odd-end.img': () => writeSparseFile(join(folder, 'odd-end.img'), 40_961, [8192, 40_960], 1),
  'five.img': () => writeSparseFile(join(folder, 'five.img'), 163_840, every(5, 32_768)),
  'extension-full.img': () =>
    writeSparseFile(join(folder, 'extension-full.img'), 4 * 25 * 8192, every(25, 8192), 512),
  'extension-and-one.img': () =>
    writeSparseFile(join(folder, 'extension-and-one.img'), 26 * 8192, every(26, 8192), 512),
} as const;
const names = Object.keys(shapes);

function every(count: number, distance: number): number[] {
  return Array.from({ length: count }, (_, index) => index * distance);
}

beforeAll(async () => {
  for (const make of Object.values(shapes)) await make();
});

/** All ways in which GNU tar writes a sparse file, and one in which it does not. */
const forms = {
  'the old GNU form': ['--format=gnu', '--sparse'],
  'PAX 0.0': ['--format=posix', '--sparse', '--sparse-version=0.0'],
  'PAX 0.1': ['--format=posix', '--sparse', '--sparse-version=0.1'],
  'PAX 1.0': ['--format=posix', '--sparse', '--sparse-version=1.0'],
  'no sparse form': ['--format=posix'],
} as const;

/** An archive that ends right behind its two blocks of zeros. */
const tar = (...args: readonly string[]) =>
  run('tar', ['-C', folder, '-b1', '--owner=root:0', '--group=root:0', '-cf', '-', ...args]);

const kindOf = (error: unknown) => (error instanceof ArchiveFault ? error.kind : error);

/** How reading an archive ends: `sound`, or the kind of its fault. */
async function endOf(archive: Uint8Array, pieceSize?: number): Promise<unknown> {
  return readAll(inPieces(archive, pieceSize)).then(() => 'sound', kindOf);
}

const gnuTar = oracle('tar');

gnuTar.describe('files in an archive of GNU tar', () => {
  for (const [form, args] of Object.entries(forms)) {
    describe(`in ${form}`, () => {
      test('come back byte for byte, however they are sparse', async () => {
        const entries = await readAll(inPieces(await tar(...args, '--hole-detection=seek', ...names)));
        expect(entries.map(({ path }) => path)).toEqual(names);
        for (const entry of entries) {
          const original = await readFile(join(folder, entry.path));
          expect(entry).toMatchObject({ kind: 'file', size: original.length, mode: 0o644 });
          expect(contentOf(entry).equals(original), entry.path).toBe(true);
        }
      });

      test('come back alike however the stream is cut into pieces', async () => {
        const archive = await tar(...args, '--hole-detection=raw', ...names);
        const whole = await readAll(inPieces(archive));
        for (const size of [1, 7, 511, 512, 513, 4099]) {
          expect(await readAll(inPieces(archive, size)), `pieces of ${size}`).toEqual(whole);
        }
      });

      test('are unfinished wherever the stream ends early', async () => {
        const archive = await tar(...args, 'five.img', 'odd-end.img', 'extension-and-one.img', 'plain.img');
        const end = archive.length - archiveEnd.length;
        for (let at = 0; at <= end; at += 512) {
          expect(await endOf(archive.subarray(0, at)), `cut at ${at}`).toBe('unfinished');
        }
        for (let at = 0; at < end; at += 1536) {
          const odd = at + 1 + ((at * 7) % 511);
          expect(await endOf(archive.subarray(0, odd), 999), `cut at ${odd}`).toBe('unfinished');
        }
        // One block of zeros ends an archive; what is missing of the padding behind is no loss.
        expect(await endOf(archive.subarray(0, end + 511))).toBe('unfinished');
        expect(await endOf(archive.subarray(0, end + 512))).toBe('sound');
      });

      test('are followed by nothing but zeros', async () => {
        const archive = await tar(...args, 'five.img');
        expect(await endOf(Buffer.concat([archive, Buffer.alloc(100_001)]))).toBe('sound');
        expect(await endOf(Buffer.concat([archive, Buffer.alloc(100_001), Buffer.of(1)]))).toBe('overlong');
        expect(await endOf(Buffer.concat([archive, archive]))).toBe('overlong');
      });

      test('with thousands of extents come back too', async () => {
        const path = join(folder, 'thousands.img');
        const file = await open(path, 'w');
        for (const at of every(3001, 1536)) await file.write(noise(512, String(at)), 0, 512, at);
        // GNU tar looks for holes only in files that have fewer blocks than bytes.
        await file.truncate(3001 * 1536 + mebibyte + 700);
        await file.close();
        const [entry] = await readAll(
          inPieces(await tar(...args, '--hole-detection=raw', 'thousands.img'), 65_000),
        );
        if (!entry) throw new Error('nothing came');
        if (form !== 'no sparse form') expect(entry.extents).toHaveLength(3001);
        expect(contentOf(entry).equals(await readFile(path))).toBe(true);
      });

      if (form !== 'no sparse form') {
        test('of more than eight gibibytes come back from their few extents', async () => {
          const size = 9 * 2 ** 30 + 1;
          const offsets = [0, 5_000_003_584, 8 * 2 ** 30, 9 * 2 ** 30 - 4096];
          await writeSparseFile(join(folder, 'huge.img'), size, offsets);
          const [entry] = await readAll(inPieces(await tar(...args, '--hole-detection=seek', 'huge.img')));
          expect(entry).toMatchObject({ path: 'huge.img', size });
          const found = entry?.extents ?? [];
          for (const offset of offsets) {
            const extent = found.find(
              ({ position, bytes }) => position <= offset && offset < position + bytes.length,
            );
            const at = offset - (extent?.position ?? 0);
            expect(extent?.bytes.subarray(at, at + 4096).equals(noise(4096, String(offset)))).toBe(true);
          }
          const stored = found.reduce((sum, { bytes }) => sum + bytes.length, 0);
          expect(stored).toBeLessThan(64 * 1024);
        });
      }
    });
  }
});

gnuTar.test('a map of a million entries is read as it comes', async () => {
  const path = join(folder, 'million.img');
  const period = Buffer.concat([Buffer.alloc(512, 'data'), Buffer.alloc(512)]);
  const periods = Buffer.concat(Array.from({ length: 4096 }, () => period));
  {
    await using file = await open(path, 'w');
    for (let at = 0; at < 1024 * mebibyte; at += periods.length) await file.write(periods);
    // GNU tar looks for holes only in files that have fewer blocks than bytes.
    await file.truncate(1025 * mebibyte);
  }
  const child = spawn(
    'tar',
    ['-C', folder, ...forms['PAX 1.0'], '--hole-detection=raw', '-cf', '-', 'million.img'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let extents = 0;
  for await (const entry of readArchive(child.stdout as AsyncIterable<Buffer>)) {
    expect(entry.size).toBe(1025 * mebibyte);
    for await (const { position, bytes } of entry.data()) {
      if (position !== extents * 1024 || !period.subarray(0, 512).equals(bytes)) {
        throw new Error(`extent ${extents} lies at ${position}`);
      }
      extents++;
    }
  }
  await rm(path);
  expect(extents).toBe(2 ** 20);
});

gnuTar.describe('a tree in an archive of GNU tar', () => {
  const deep = `tree/${'a-folder/'.repeat(14)}leaf.txt`;
  const long = `tree/${'long-'.repeat(45)}name.txt`;

  beforeAll(async () => {
    await mkdir(join(folder, deep, '..'), { recursive: true });
    await writeFile(join(folder, deep), 'deep\n');
    await writeFile(join(folder, long), 'long\n');
    await writeFile(join(folder, 'tree/größe ☂.txt'), 'non-ASCII\n');
    await writeFile(join(folder, 'tree/program'), '#!/bin/sh\n');
    await chmod(join(folder, 'tree/program'), 0o4755);
    await utimes(join(folder, 'tree/program'), 1_709_210_096, 1_709_210_096.5);
    await symlink('program', join(folder, 'tree/link'));
    await symlink('x/'.repeat(90), join(folder, 'tree/long-link'));
    await link(join(folder, long), join(folder, 'tree/zz-again'));
    await run('mkfifo', [join(folder, 'tree/pipe')]);
  });

  for (const format of ['v7', 'ustar', 'gnu', 'posix']) {
    test(`in ${format} form gives paths, kinds, targets, modes and times`, async () => {
      // The oldest forms leave out, with a complaint, what has no room in them.
      const archive = await bash(
        'tar -C "$1" -b1 --sort=name --format="$2" -cf - tree 2>/dev/null || [ "$2" = v7 ] || [ "$2" = ustar ]',
        [folder, format],
      );
      const entries = await readAll(inPieces(archive, 1000));
      const byPath = new Map(entries.map((entry) => [entry.path, entry]));
      expect(byPath.get('tree/')).toMatchObject({ kind: 'folder', size: 0 });
      expect(byPath.get('tree/größe ☂.txt')).toMatchObject({ kind: 'file', size: 10 });
      expect(byPath.get('tree/program')).toMatchObject({
        kind: 'file',
        mode: 0o4755,
        modified: format === 'posix' ? 1_709_210_096.5 : 1_709_210_096,
      });
      expect(byPath.get('tree/link')).toMatchObject({ kind: 'symlink', target: 'program', size: 0 });
      if (format !== 'v7') expect(byPath.get(deep)?.extents[0]?.bytes.toString()).toBe('deep\n');
      if (format === 'v7' || format === 'ustar') return;
      expect(byPath.get('tree/pipe')).toMatchObject({ kind: 'other', size: 0 });
      expect(byPath.get('tree/long-link')).toMatchObject({ kind: 'symlink', target: 'x/'.repeat(90) });
      expect(byPath.get(long)).toMatchObject({ kind: 'file', size: 5 });
      expect(byPath.get('tree/zz-again')).toMatchObject({ kind: 'hardlink', target: long, size: 0 });
    });
  }

  test('is passed over where nobody takes the data', async () => {
    const archive = await tar('--format=gnu', '--sparse', ...names, 'tree');
    const paths: string[] = [];
    for await (const entry of readArchive(inPieces(archive, 777))) {
      paths.push(entry.path);
      // Every other entry is begun and left.
      if (paths.length % 2 === 0) for await (const piece of entry.data()) if (piece.bytes.length > 0) break;
    }
    expect(paths.slice(0, names.length)).toEqual(names);
    expect(paths).toContain('tree/zz-again');
  });

  test('is left early without waiting for its end, and its source is told', async () => {
    let closed = false;
    async function* source() {
      try {
        yield* inPieces(await tar('tree'));
      } finally {
        closed = true;
      }
    }
    for await (const entry of readArchive(source())) if (entry.kind === 'file') break;
    expect(closed).toBe(true);
  });
});

describe('an archive of tar-stream', () => {
  it('reads as it was written', async () => {
    const packer = pack();
    const path = `${'ordner/'.repeat(40)}größe.txt`;
    packer.entry({ name: path, mode: 0o600, mtime: new Date(1_709_210_096_000) }, 'x'.repeat(1000));
    packer.entry({ name: 'folder', type: 'directory' });
    packer.entry({ name: 'folder/link', type: 'symlink', linkname: 'y'.repeat(150) });
    packer.finalize();
    const entries = await readAll(packer as AsyncIterable<Buffer>);
    expect(entries).toMatchObject([
      { path, kind: 'file', size: 1000, mode: 0o600, modified: 1_709_210_096 },
      { path: 'folder', kind: 'folder' },
      { path: 'folder/link', kind: 'symlink', target: 'y'.repeat(150) },
    ]);
  });
});

describe('the layout of Qubes OS', () => {
  const data = noise(4096 + 1000, 'qubes');
  const ranges = [
    [4096, 4096],
    [81_920, 1000],
  ] as const;
  const realSize = 82_920;

  /** Data of a volume whose size is no multiple of 512 are not padded before the blocks that end the archive. */
  const unpadded = (map: Buffer, stored: Buffer, size: number) => {
    const whole = pax1File({ realSize: size, map, data: stored });
    return Buffer.concat([
      whole.subarray(0, whole.length - padded(stored).length + stored.length - (map.length % 512)),
      archiveEnd,
    ]);
  };

  const expected = Buffer.alloc(realSize);
  expected.set(data.subarray(0, 4096), 4096);
  expected.set(data.subarray(4096), 81_920);

  it('is read with its name, and with data that are not padded', async () => {
    const [entry] = await readAll(inPieces(unpadded(pax1Map(ranges), data, realSize), 700));
    expect(entry).toMatchObject({ path: 'vm1/private.img', kind: 'file', size: realSize });
    expect(entry && contentOf(entry).equals(expected)).toBe(true);
  });

  it('is read with the empty last range that carries the length', async () => {
    const map = pax1Map([...ranges, [100_000, 0]]);
    const [entry] = await readAll(inPieces(unpadded(map, data, 100_000)));
    expect(entry).toMatchObject({ size: 100_000 });
    expect(entry && contentOf(entry).subarray(0, realSize).equals(expected)).toBe(true);
  });

  it('is read when the volume is one hole, or empty', async () => {
    for (const size of [0, 1, 512, 2 ** 40]) {
      const [entry] = await readAll(inPieces(unpadded(pax1Map([[size, 0]]), Buffer.alloc(0), size)));
      expect(entry).toMatchObject({ size, extents: [] });
    }
  });

  gnuTar.test('is read as GNU tar reads it', async () => {
    const map = pax1Map([...ranges, [100_000, 0]]);
    const target = await mkdtemp(join(folder, 'qubes-'));
    await run('tar', ['-C', target, '-xf', '-'], { input: unpadded(map, data, 100_000) });
    const restored = await readFile(join(target, 'vm1/private.img'));
    expect(restored.length).toBe(100_000);
    expect(restored.subarray(0, realSize).equals(expected)).toBe(true);
  });

  it('is unfinished wherever it is cut', async () => {
    const archive = unpadded(pax1Map(ranges), data, realSize);
    // Padding and end cannot be told apart, but less than one block of zeros behind the data is no end.
    const end = archive.length - archiveEnd.length;
    for (let at = 0; at < end + 512; at += 64)
      expect(await endOf(archive.subarray(0, at)), `${at}`).toBe('unfinished');
  });

  it('gives a map of a hundred thousand ranges without holding the data', async () => {
    const many = every(100_000, 1024).map((offset) => [offset, 512] as const);
    const map = pax1Map(many);
    const stored = Buffer.alloc(512 * many.length, 7);
    let seen = 0;
    for await (const entry of readArchive(inPieces(unpadded(map, stored, 1024 * many.length), 65_536))) {
      for await (const { position, bytes } of entry.data()) {
        if (position % 1024 >= 512 || bytes[0] !== 7) throw new Error(`wrong data at ${position}`);
        seen += bytes.length;
      }
    }
    expect(seen).toBe(stored.length);
  });
});

/** Reading must not take long or much, whatever an archive says of itself. */
async function quickly(work: () => Promise<void>): Promise<void> {
  const begin = performance.now();
  const before = process.memoryUsage();
  await work();
  const after = process.memoryUsage();
  expect(performance.now() - begin).toBeLessThan(2000);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 * mebibyte);
}

describe('an archive by the program of Qubes OS', () => {
  it.each(Object.entries(tarwriterVolumes))('is read as it was: %s', async (name, { extents, size }) => {
    const archive = gunzipSync(await readFile(tarwriterFixture(name)));
    const volume = Buffer.alloc(size);
    for (const [offset, length] of extents) volume.set(tarwriterData(offset, length), offset);
    const entries = await readAll(inPieces(archive, 10_007));
    expect(entries).toMatchObject([{ path: 'vm1/private.img', kind: 'file', size }]);
    const [entry] = entries;
    expect(entry && contentOf(entry).equals(volume)).toBe(true);
    // Salvage counts from the end of what it expects such an archive to be.
    expect((await readLayout(inPieces(archive, 10_007)))?.usualTotal).toBe(archive.length);
  });
});

describe('a sparse map that lies', () => {
  const data = noise(1024, 'lies');
  const pax1 = (map: Uint8Array, realSize: number | string = 4096, storedSize?: number) =>
    pax1File({ realSize, map, data, ...(storedSize !== undefined && { storedSize }) });

  const lies: Record<string, Buffer> = {
    'PAX 1.0: ranges overlap': pax1(
      pax1Map([
        [0, 600],
        [512, 424],
      ]),
    ),
    'PAX 1.0: ranges run backwards': pax1(
      pax1Map([
        [2048, 512],
        [0, 512],
      ]),
    ),
    'PAX 1.0: a range leaves the file': pax1(
      pax1Map([
        [0, 512],
        [3585, 512],
      ]),
    ),
    'PAX 1.0: an empty range lies beyond the file': pax1(
      pax1Map([
        [0, 1024],
        [4097, 0],
      ]),
    ),
    'PAX 1.0: an empty range runs backwards': pax1(
      pax1Map([
        [512, 1024],
        [0, 0],
      ]),
    ),
    'PAX 1.0: less data than mapped': pax1(pax1Map([[0, 1025]])),
    'PAX 1.0: more data than mapped': pax1(pax1Map([[0, 1023]])),
    'PAX 1.0: no data mapped': pax1(pax1Map([])),
    'PAX 1.0: offset and length wrap around': pax1(pax1Map([['9007199254740991', '9007199254740991']])),
    'PAX 1.0: a number of seventeen digits': pax1(pax1Map([['00000000000000000', 1024]])),
    'PAX 1.0: a negative number': pax1(pax1Map([['-512', 1536]])),
    'PAX 1.0: a number with a fraction': pax1(pax1Map([['0.5', 1024]])),
    'PAX 1.0: no number': pax1(pax1Map([['', 1024]])),
    'PAX 1.0: a gigantic count': pax1(pax1Map([[0, 1024]], '9999999999999999')),
    'PAX 1.0: a negative count': pax1(pax1Map([[0, 1024]], -1)),
    'PAX 1.0: a count that is no number': pax1(pax1Map([[0, 1024]], 'many')),
    'PAX 1.0: fewer ranges counted than there are': pax1(
      pax1Map(
        [
          [0, 512],
          [512, 512],
        ],
        1,
      ),
    ),
    'PAX 1.0: a real size that is no number': pax1(pax1Map([[0, 1024]]), 'large'),
    'PAX 1.0: a negative real size': pax1(pax1Map([[0, 1024]]), -4096),
    'PAX 1.0: a map longer than its member': pax1(
      pax1Map(every(200, 8).map((at) => [at, 8] as const)),
      4096,
      512,
    ),
    'PAX 1.0: a member too small for any map': pax1(pax1Map([[0, 1024]]), 4096, 100),
    'old GNU: ranges overlap': oldGnuFile({
      realSize: 4096,
      ranges: [
        [0, 600],
        [512, 424],
      ],
      data,
    }),
    'old GNU: ranges run backwards': oldGnuFile({
      realSize: 4096,
      ranges: [
        [2048, 512],
        [0, 512],
      ],
      data,
    }),
    'old GNU: a range leaves the file': oldGnuFile({
      realSize: 4096,
      ranges: [
        [0, 512],
        [3585, 512],
      ],
      data,
    }),
    'old GNU: sums differ': oldGnuFile({ realSize: 4096, ranges: [[0, 512]], data }),
    'old GNU: a lie in an extension block': oldGnuFile({
      realSize: 4096,
      ranges: [...every(29, 32).map((at) => [at, 32] as const), [0, 96]],
      data,
    }),
    'old GNU: a negative offset': oldGnuFile({ realSize: 4096, ranges: [[base256(-512n, 12), 1024]], data }),
    'old GNU: a gigantic offset': oldGnuFile({
      realSize: 4096,
      ranges: [[base256(2n ** 80n, 12), 1024]],
      data,
    }),
    'old GNU: an offset that is no number': oldGnuFile({
      realSize: 4096,
      ranges: [[Buffer.from('offset here!'), 1024]],
      data,
    }),
    'old GNU: a negative real size': oldGnuFile({ realSize: base256(-1n, 12), ranges: [[0, 1024]], data }),
    'old GNU: a gigantic real size': oldGnuFile({
      realSize: base256(2n ** 64n, 12),
      ranges: [[0, 1024]],
      data,
    }),
  };
  const early = (...records: readonly (readonly [string, string])[]) =>
    Buffer.concat([paxHeader([['GNU.sparse.size', '4096'], ...records]), member({}, data)]);
  Object.assign(lies, {
    'PAX 0.1: ranges overlap': early(['GNU.sparse.map', '0,600,512,424']),
    'PAX 0.1: ranges run backwards': early(['GNU.sparse.map', '2048,512,0,512']),
    'PAX 0.1: a range leaves the file': early(['GNU.sparse.map', '0,512,3585,512']),
    'PAX 0.1: sums differ': early(['GNU.sparse.map', '0,512']),
    'PAX 0.1: an odd count of numbers': early(['GNU.sparse.map', '0,1024,4096']),
    'PAX 0.1: an empty map': early(['GNU.sparse.map', '']),
    'PAX 0.1: no numbers': early(['GNU.sparse.map', 'a,b']),
    'PAX 0.1: a negative number': early(['GNU.sparse.map', '-512,1024']),
    'PAX 0.0: sums differ': early(['GNU.sparse.offset', '0'], ['GNU.sparse.numbytes', '512']),
    'PAX 0.0: an offset without its length': early(
      ['GNU.sparse.offset', '0'],
      ['GNU.sparse.numbytes', '1024'],
      ['GNU.sparse.offset', '4096'],
    ),
    'PAX 0.0: no real size': Buffer.concat([
      paxHeader([
        ['GNU.sparse.offset', '0'],
        ['GNU.sparse.numbytes', '1024'],
      ]),
      member({}, data),
    ]),
  });

  const unknown = (...records: readonly (readonly [string, string])[]) =>
    Buffer.concat([paxHeader(records), member({}, data)]);
  Object.assign(lies, {
    'of a form to come: 2.0': unknown(['GNU.sparse.major', '2'], ['GNU.sparse.realsize', '4096']),
    'of a form to come: 1.1': unknown(
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '1'],
      ['GNU.sparse.realsize', '4096'],
    ),
    'of which only the real size is left': unknown(['GNU.sparse.size', '4096']),
    'of which only the count is left': unknown(['GNU.sparse.numblocks', '1']),
    'PAX 0.0: lengths and offsets out of turn': early(
      ['GNU.sparse.numbytes', '0'],
      ['GNU.sparse.offset', '1024'],
    ),
  });

  for (const [lie, archive] of Object.entries(lies)) {
    test(`is refused: ${lie}`, () =>
      quickly(async () => expect(await endOf(Buffer.concat([archive, archiveEnd]))).toBe('sparse-map')));
  }

  it('is refused when it counts more ranges than anybody has', () => {
    const map = new SparseMap(2 ** 50);
    expect(() => {
      for (let i = 0; i <= 16 * mebibyte; i++) map.append(2 * i, 1);
    }).toThrow('too many');
  });

  it('ends where its stream does, whatever it still promises', () =>
    quickly(async () => {
      const chain = Buffer.alloc(512);
      chain[504] = 1;
      const endless = headerBlock({ type: 'S', magic: 'gnu', raw: { 482: Buffer.of(1) } });
      expect(await endOf(Buffer.concat([endless, Buffer.alloc(20_000 * 512, chain)]))).toBe('unfinished');
      const promised = pax1File({
        realSize: 2 ** 40,
        map: pax1Map([[0, 1024]], 10 ** 9),
        data: Buffer.alloc(0),
        storedSize: 2 ** 50,
      });
      expect(await endOf(promised.subarray(0, 1536))).toBe('unfinished');
    }));
});

describe('a header that lies', () => {
  it('of a size for a link or a folder does not lead astray, since neither has data', async () => {
    for (const [type, kind] of [
      ['1', 'hardlink'],
      ['2', 'symlink'],
      ['5', 'folder'],
    ] as const) {
      const archive = [
        headerBlock({ type, size: 100, linkName: 'x' }),
        member({ name: 'next' }, 'data'),
        archiveEnd,
      ];
      const entries = await readAll(inPieces(Buffer.concat(archive)));
      expect(entries).toMatchObject([
        { kind, size: 0 },
        { path: 'next', size: 4 },
      ]);
    }
  });

  it('of a time beyond sense counts as one that every system takes', async () => {
    const latest = 2 ** 34 - 1;
    const times = {
      Infinity: 0,
      '1e300': latest,
      '-1.5': -1.5,
      '-1e300': -(2 ** 31),
      noon: 0,
      '': 0,
      '1709210096.5': 1_709_210_096.5,
    };
    for (const [mtime, modified] of Object.entries(times)) {
      const archive = Buffer.concat([paxHeader([['mtime', mtime]]), member({}, ''), archiveEnd]);
      expect(await readAll(inPieces(archive)), mtime).toMatchObject([{ modified }]);
    }
    const archive = Buffer.concat([headerBlock({ modified: base256(2n ** 52n, 12) }), archiveEnd]);
    expect(await readAll(inPieces(archive))).toMatchObject([{ modified: latest }]);
  });

  it('of a name longer than any system takes is malformed', async () => {
    const endless = 'x/'.repeat(mebibyte);
    const archives = [
      [member({ type: 'L' }, endless), member({})],
      [member({ type: 'K' }, endless), member({ type: '2' })],
      [paxHeader([['path', endless]]), member({})],
      [paxHeader([['linkpath', endless]]), member({ type: '2' })],
      [pax1File({ name: endless, realSize: 0, map: pax1Map([]), data: Buffer.alloc(0) })],
    ];
    for (const parts of archives)
      expect(await endOf(Buffer.concat([...parts, archiveEnd]))).toBe('malformed');
  });

  it('of a size beyond the stream ends as unfinished, and takes no memory for it', () =>
    quickly(async () => {
      const sizes = [base256(2n ** 53n - 1n, 12), base256(2n ** 40n, 12), 2 ** 33 - 1];
      for (const size of sizes) {
        expect(await endOf(Buffer.concat([headerBlock({ size }), Buffer.alloc(5000)]))).toBe('unfinished');
      }
      for (const type of ['x', 'g', 'L', 'K']) {
        expect(await endOf(Buffer.concat([headerBlock({ type, size: 2 ** 14 })]))).toBe('unfinished');
      }
    }));

  it('of an extended header beyond reason is malformed', async () => {
    for (const type of ['x', 'g', 'L', 'K']) {
      expect(await endOf(headerBlock({ type, size: 2 ** 33 - 1 })), type).toBe('malformed');
    }
  });

  it.each([
    ['noise', noise(512, 'noise')],
    ['a wrong checksum', Buffer.from(headerBlock({})).fill('9', 148, 150)],
    ['a size of nonsense', headerBlock({ raw: { 124: 'abcdefghijkl' } })],
    ['a pax size of nonsense', Buffer.concat([paxHeader([['size', 'big']]), member({}, '')])],
    ['broken pax records', Buffer.concat([member({ type: 'x' }, '99 path=x\n'), member({}, '')])],
  ])('by %s is malformed', async (_, bytes) => {
    expect(await endOf(Buffer.concat([bytes, archiveEnd]))).toBe('malformed');
  });

  it('by a wrong header behind a good one is malformed, after the good one came', async () => {
    const seen: string[] = [];
    const reading = async () => {
      const archive = Buffer.concat([member({ name: 'good' }, 'data'), noise(512, 'bad'), archiveEnd]);
      for await (const { path } of readArchive(inPieces(archive))) seen.push(path);
    };
    expect(await reading().catch(kindOf)).toBe('malformed');
    expect(seen).toEqual(['good']);
  });
});

describe('the archive reader', () => {
  it('ends in entries or in a fault of its own, whatever bytes come', async () => {
    const block = fc.uint8Array({ minLength: 512, maxLength: 512 });
    const pieces = fc.array(
      fc.oneof(
        block,
        fc.uint8Array({ maxLength: 1500 }),
        fc.constantFrom<Uint8Array>(
          Buffer.alloc(512),
          member({ name: 'file' }, 'some data'),
          headerBlock({ type: 'S', magic: 'gnu', size: 512 }),
          headerBlock({ type: 'x', size: 30 }),
          headerBlock({ type: 'L', size: 700 }),
          paxHeader([
            ['GNU.sparse.major', '1'],
            ['GNU.sparse.realsize', '4096'],
          ]),
          paxHeader([
            ['GNU.sparse.map', '0,1'],
            ['GNU.sparse.size', '9'],
          ]),
          paxHeader([
            ['size', '513'],
            ['path', 'x'],
          ]),
          pax1Map([[0, 512]]),
        ),
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 2000 }), async (parts, size) => {
        const end = await endOf(Buffer.concat(parts), size);
        expect(['sound', 'malformed', 'sparse-map', 'unfinished', 'overlong']).toContain(end);
      }),
      { numRuns: 500 },
    );
  });

  gnuTar.test('ends in a fault of its own when single bytes of a sound archive change', async () => {
    const archives = await Promise.all(
      Object.values(forms).map((args) => tar(...args, 'five.img', 'odd-end.img')),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...archives),
        fc.nat(),
        fc.nat({ max: 255 }),
        async (archive, at, byte) => {
          const changed = Buffer.from(archive);
          // Headers and maps stand in the first blocks.
          changed[at % 4096] = byte;
          expect(['sound', 'malformed', 'sparse-map', 'unfinished', 'overlong']).toContain(
            await endOf(changed),
          );
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a sparse map', () => {
  it('gives back what it was given, and the sum of it', () => {
    const gaps = fc.array(fc.tuple(fc.nat({ max: 10_000 }), fc.integer({ min: 1, max: 10_000 })));
    fc.assert(
      fc.property(gaps, fc.nat(), (pairs, rest) => {
        let end = 0;
        const extents = pairs.map(([gap, length]) => {
          const offset = end + gap;
          end = offset + length;
          return { offset, length };
        });
        const map = new SparseMap(end + rest);
        for (const { offset, length } of extents) map.append(offset, length);
        expect([...map]).toEqual(extents);
        expect(map.dataSize).toBe(extents.reduce((sum, { length }) => sum + length, 0));
      }),
    );
  });

  it('of a file stored whole is one extent, or none for an empty file', () => {
    expect([...denseMap(10)]).toEqual([{ offset: 0, length: 10 }]);
    expect([...denseMap(0)]).toEqual([]);
  });
});

oracle('tar', 'stat').test('the fixtures of this file really have holes', async () => {
  expect((await stat(join(folder, 'all-hole.img'))).blocks).toBe(0);
});
