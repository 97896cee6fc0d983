/** Promises of the tar header and of extended headers, held against what GNU tar and tar-stream write. */
import { chmod, link, mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import {
  blockSize,
  isZeroBlock,
  numericField,
  paddingAfter,
  parseHeader,
  type TarHeader,
} from '../../main/recovery/tar/header.ts';
import {
  longestExtendedHeader,
  parseLongName,
  parsePaxRecords,
  paxNumber,
} from '../../main/recovery/tar/pax.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';
import { base256, headerBlock, paxRecords } from '../vectors/hand-made-tar.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-tar-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** All headers of an archive in their order, each with its data. */
function walk(archive: Buffer): { header: TarHeader; data: Buffer }[] {
  const found: { header: TarHeader; data: Buffer }[] = [];
  for (let at = 0; at + blockSize <= archive.length;) {
    const block = archive.subarray(at, at + blockSize);
    if (isZeroBlock(block)) break;
    const header = parseHeader(block);
    if (!header) throw new Error(`no header at ${at}`);
    const data = archive.subarray(at + blockSize, at + blockSize + header.size);
    found.push({ header, data });
    at += blockSize + header.size + paddingAfter(header.size);
  }
  return found;
}

const tar = (...args: readonly string[]) =>
  run('tar', ['-C', folder, '--owner=root:0', '--group=root:0', '-cf', '-', ...args]);

const deep = `${'a-folder/'.repeat(14)}leaf.txt`;
const longName = `${'long-'.repeat(40)}name.txt`;

beforeAll(async () => {
  await mkdir(join(folder, 'tree'));
  await writeFile(join(folder, 'plain.txt'), 'some text\n');
  await chmod(join(folder, 'plain.txt'), 0o4751);
  await utimes(join(folder, 'plain.txt'), 1_709_210_096, 1_709_210_096.25);
  await writeFile(join(folder, 'größe ☂.txt'), 'non-ASCII\n');
  await writeFile(join(folder, longName), 'long\n');
  await mkdir(join(folder, deep, '..'), { recursive: true });
  await writeFile(join(folder, deep), 'deep\n');
  await symlink('plain.txt', join(folder, 'link'));
  await symlink(deep.repeat(2), join(folder, 'long-link'));
  await link(join(folder, 'plain.txt'), join(folder, 'plain-again.txt'));
  await writeFile(join(folder, 'old.txt'), '');
  // As a date: a negative number would stand for now.
  await utimes(join(folder, 'old.txt'), new Date(-86_400_000), new Date(-86_400_000));
  await writeFile(join(folder, 'hole.img'), '');
  await truncate(join(folder, 'hole.img'), 9 * 2 ** 30);
});

const gnuTar = oracle('tar');

gnuTar.describe('a header of GNU tar', () => {
  for (const format of ['v7', 'ustar', 'gnu', 'posix'] as const) {
    describe(`in ${format} form`, () => {
      test('gives name, type, size, mode and time', async () => {
        const members = walk(await tar(`--format=${format}`, 'plain.txt', 'tree', 'link', 'plain-again.txt'));
        const described = members.filter(({ header }) => header.type !== 'x').map(({ header }) => header);
        const [file, tree, symbolic, hard] = described;
        expect(file).toMatchObject({
          name: 'plain.txt',
          type: '0',
          size: 10,
          mode: 0o4751,
          modified: 1_709_210_096,
          linkName: '',
        });
        expect(tree).toMatchObject({ name: 'tree/', size: 0, type: '5' });
        expect(symbolic).toMatchObject({ name: 'link', type: '2', linkName: 'plain.txt', size: 0 });
        expect(hard).toMatchObject({
          name: 'plain-again.txt',
          type: '1',
          linkName: 'plain.txt',
          size: 0,
        });
        expect(described).toHaveLength(4);
      });

      test('is not believed once any of its bytes changed', async () => {
        // In posix form, an extended header comes first.
        const [first, second] = walk(await tar(`--format=${format}`, 'plain.txt'));
        const block = Buffer.from((second ?? first)?.header.block ?? []);
        expect(parseHeader(block)).toBeDefined();
        for (let at = 0; at < blockSize; at++) {
          // The checksum's own field may be spelt in more than one way.
          if (at >= 148 && at < 156) continue;
          const changed = Buffer.from(block);
          changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
          expect(parseHeader(changed), `byte ${at}`).toBeUndefined();
        }
      });
    });
  }

  test('joins the prefix of ustar, and takes none from the old GNU form', async () => {
    const [ustar] = walk(await tar('--format=ustar', deep));
    expect(ustar?.header.name).toBe(deep);
    // What GNU tar keeps in the place of the prefix are times.
    const [gnu] = walk(await tar('--format=gnu', '--incremental', '--no-recursion', 'plain.txt'));
    expect(gnu?.header.name).toBe('plain.txt');
    expect(gnu?.header.block.subarray(345, 357).every((byte) => byte === 0)).toBe(false);
  });

  test('has long names and long targets of links in headers of their own', async () => {
    const members = walk(await tar('--format=gnu', longName, 'long-link'));
    expect(members.map(({ header }) => header.type)).toEqual(['L', '0', 'K', '2']);
    expect(parseLongName(members[0]?.data ?? Buffer.alloc(0))).toBe(longName);
    expect(parseLongName(members[2]?.data ?? Buffer.alloc(0))).toBe(deep.repeat(2));
  });

  test('keeps names that are not ASCII', async () => {
    for (const format of ['v7', 'ustar', 'gnu']) {
      const [first] = walk(await tar(`--format=${format}`, 'größe ☂.txt'));
      expect(first?.header.name).toBe('größe ☂.txt');
    }
    const [extended] = walk(await tar('--format=posix', 'größe ☂.txt'));
    expect(new Map(parsePaxRecords(extended?.data ?? Buffer.alloc(0))).get('path')).toBe('größe ☂.txt');
  });

  test('holds sizes beyond eight gibibytes: in base 256, or in a pax record', async () => {
    // The archive itself is never made: GNU tar is stopped once its headers are out.
    const head = async (format: string) =>
      run('bash', [
        '-c',
        'tar -C "$1" --format="$2" -cf - hole.img 2>/dev/null | head -c 2048',
        'bash',
        folder,
        format,
      ]);
    expect(parseHeader((await head('gnu')).subarray(0, blockSize))?.size).toBe(9 * 2 ** 30);
    const posix = await head('posix');
    const size = parseHeader(posix.subarray(0, blockSize))?.size ?? 0;
    const records = new Map(parsePaxRecords(posix.subarray(blockSize, blockSize + size)));
    expect(paxNumber(records.get('size'))).toBe(9 * 2 ** 30);
  });

  test('has fractions of seconds in a pax record, and times before 1970 there or in base 256', async () => {
    const [extended] = walk(await tar('--format=posix', 'plain.txt'));
    const records = new Map(parsePaxRecords(extended?.data ?? Buffer.alloc(0)));
    expect(Number(records.get('mtime'))).toBe(1_709_210_096.25);
    const [old] = walk(await tar('--format=posix', 'old.txt'));
    expect(new Map(parsePaxRecords(old?.data ?? Buffer.alloc(0))).get('mtime')).toBe('-86400');
    const [gnu] = walk(await tar('--format=gnu', 'old.txt'));
    expect(gnu?.header).toMatchObject({ name: 'old.txt', modified: -86_400 });
  });
});

describe('a header of tar-stream', () => {
  test('reads as it was written, long and non-ASCII names in pax records', async () => {
    const packer = pack();
    packer.entry({ name: 'plain.txt', mode: 0o640, mtime: new Date(1_709_210_096_000) }, 'twelve bytes');
    packer.entry({ name: `${'ordner/'.repeat(40)}größe.txt` }, 'x');
    packer.entry({ name: 'link', type: 'symlink', linkname: 'plain.txt' });
    packer.finalize();
    const pieces: Buffer[] = [];
    for await (const piece of packer as AsyncIterable<Buffer>) pieces.push(piece);
    const members = walk(Buffer.concat(pieces));
    expect(members.map(({ header }) => header.type)).toEqual(['0', 'x', '0', '2']);
    expect(members[0]?.header).toMatchObject({ size: 12, mode: 0o640, modified: 1_709_210_096 });
    expect(new Map(parsePaxRecords(members[1]?.data ?? Buffer.alloc(0))).get('path')).toBe(
      `${'ordner/'.repeat(40)}größe.txt`,
    );
    expect(members[3]?.header.linkName).toBe('plain.txt');
  });
});

describe('a header block', () => {
  it('is nothing when it is short, zero, or noise', () => {
    expect(parseHeader(new Uint8Array(0))).toBeUndefined();
    expect(parseHeader(headerBlock({}).subarray(0, 511))).toBeUndefined();
    expect(parseHeader(new Uint8Array(blockSize))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: blockSize, maxLength: blockSize }), (bytes) => {
        expect(parseHeader(bytes)).toBeUndefined();
      }),
    );
  });

  it('is nothing when its size is no number, negative or beyond exact doubles', () => {
    const sizes = [
      Buffer.from('0000000089\0\0'),
      Buffer.from('-0000000001\0'),
      Buffer.from('0x000000010\0'),
      base256(-1n, 12),
      base256(-(2n ** 60n), 12),
      base256(2n ** 53n, 12),
      base256(2n ** 90n, 12),
    ];
    for (const size of sizes)
      expect(parseHeader(headerBlock({ size })), size.toString('hex')).toBeUndefined();
    expect(parseHeader(headerBlock({ size: base256(2n ** 53n - 1n, 12) }))?.size).toBe(2 ** 53 - 1);
    expect(parseHeader(headerBlock({ size: Buffer.from('     12 \0\0\0\0') }))?.size).toBe(10);
  });

  it('keeps a byte order mark that a name begins with', () => {
    const mark = '\ufeff';
    expect(parseHeader(headerBlock({ name: `${mark}name`, linkName: `${mark}target` }))).toMatchObject({
      name: `${mark}name`,
      linkName: `${mark}target`,
    });
    expect(parseLongName(Buffer.from(`${mark}name\0`))).toBe(`${mark}name`);
  });

  it('survives a mode and a time that make no sense', () => {
    const raw = { 100: 'rwxr-xr-', 136: 'yesterday noo' };
    expect(parseHeader(headerBlock({ raw }))).toMatchObject({ mode: 0o600, modified: 0 });
  });

  it('reads any header that is written by the book, whatever its fields', () => {
    const text = fc
      .string({ unit: 'binary-ascii', maxLength: 99 })
      .map((value) => value.replaceAll('\0', '_'));
    fc.assert(
      fc.property(text, text, fc.nat({ max: 0o777_7777 }), fc.nat(), (name, linkName, mode, size) => {
        const header = parseHeader(headerBlock({ name, linkName, mode, size }));
        expect(header).toMatchObject({ name, linkName, mode, size, type: '0' });
      }),
    );
  });
});

describe('a number field', () => {
  it('reads back what base 256 wrote', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(numericField(base256(BigInt(value), 12), 0, 12)).toBe(value);
      }),
    );
  });

  it('is empty, a whole number or nothing, whatever bytes it has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), (bytes) => {
        const value = numericField(bytes, 0, 12);
        expect(value === undefined || (Number.isSafeInteger(value) && value >= 0)).toBe(true);
      }),
    );
  });
});

describe('pax records', () => {
  it('read back in their order, keys repeated, values with line breaks and equals signs', () => {
    const key = fc.stringMatching(/^[A-Za-z.]{1,20}$/);
    const value = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 20 }), (records) => {
        expect(parsePaxRecords(paxRecords(records))).toEqual(records);
      }),
    );
  });

  it('end at the first zero byte', () => {
    expect(parsePaxRecords(Buffer.concat([paxRecords([['a', 'b']]), Buffer.alloc(40)]))).toEqual([
      ['a', 'b'],
    ]);
  });

  it.each([
    ['no length', ' path=x\n'],
    ['no blank', '9path=xy\n'],
    ['a length of zero', '0 path=x\n'],
    ['a length that ends inside its own number', '2 path=x\n'],
    ['a length beyond the header', '99 path=x\n'],
    ['a length that hits no line break', '9 path=xyz\n'],
    ['a negative length', '-9 path=x\n'],
    ['a gigantic length', '99999999999999999999 path=x\n'],
    ['a length that is no number', 'NaN path=x\n'],
    ['a length in hexadecimal', '0xb path=x\n'],
    ['a length with an exponent', '1e1 path=\n'],
    ['no equals sign', '8 path\n\n'],
    ['no key', '6 =ab\n'],
  ])('are refused with %s', (_, text) => {
    expect(parsePaxRecords(Buffer.from(text))).toBeUndefined();
  });

  it('are refused when there are more than any real map has', () => {
    const tiny = Buffer.from('5 a=\n');
    const before = process.memoryUsage().heapUsed;
    expect(parsePaxRecords(Buffer.alloc(longestExtendedHeader, tiny))).toBeUndefined();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(256 * 2 ** 20);
    // Half a million extents in the wordiest form, PAX 0.0.
    const real = [
      ['GNU.sparse.offset', '12345678'],
      ['GNU.sparse.numbytes', '4096'],
    ] as const;
    const many = Buffer.alloc(500_000 * paxRecords(real).length, paxRecords(real));
    expect(many.length).toBeLessThan(longestExtendedHeader);
    expect(parsePaxRecords(many)).toHaveLength(1_000_000);
  });

  it('are records or nothing, whatever bytes they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const records = parsePaxRecords(bytes);
        expect(records === undefined || records.every(([key]) => key !== '')).toBe(true);
      }),
    );
  });

  it('hold numbers that are whole, not negative and exact, or none', () => {
    expect(['0', '12', '9007199254740991'].map(paxNumber)).toEqual([0, 12, 2 ** 53 - 1]);
    for (const value of [
      undefined,
      '',
      '-1',
      '1.5',
      ' 1',
      '0x1',
      '1e3',
      '9007199254740992',
      '1'.repeat(17),
    ]) {
      expect(paxNumber(value), value).toBeUndefined();
    }
  });
});
