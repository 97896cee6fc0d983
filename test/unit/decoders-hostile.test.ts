/** Promises of the decompressors about streams made to harm, about memory, and about being given up early. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Compression } from '../../main/recovery/archive/decoder.ts';
import {
  compressionOfFilter,
  decoderFor,
  sniffCompression,
} from '../../main/recovery/archive/decoders/decoder-for.ts';
import { oracle } from '../support/oracles.ts';
import { bash, run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';
import { decode, mixedContent } from '../vectors/compressed.ts';
import { literalLzma } from '../vectors/literal-lzma.ts';

const mebibyte = 2 ** 20;
const empty = Buffer.alloc(0);
const decodingProgram = join(import.meta.dirname, '../vectors/decode-stdin.ts');

describe('the compression of data', () => {
  test('is named by a program, never by a path', () => {
    const named = {
      gzip: ['gzip', 'pigz', 'gzip -3', 'pigz\t-p4'],
      bzip2: ['bzip2', 'pbzip2', 'lbzip2'],
      xz: ['xz', 'pixz', 'xz -T0'],
      lzma: ['lzma'],
      zstd: ['zstd', 'zstdmt', 'zstd --long=31'],
    } as const;
    for (const [compression, filters] of Object.entries(named)) {
      for (const filter of filters) expect(compressionOfFilter(filter), filter).toBe(compression);
    }
    for (const filter of ['', '/bin/gzip', './xz', ' gzip', 'GZIP', 'constructor', 'cat', 'gzip;reboot']) {
      expect(compressionOfFilter(filter), filter).toBeUndefined();
    }
  });

  test('shows in the first bytes, and not in too few of them', () => {
    const tar = Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar\0' + '00'), Buffer.alloc(300)]);
    const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
    const emptyBzip2 = Buffer.from('BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0', 'latin1');
    expect(sniffCompression(tar)).toBe('none');
    expect(sniffCompression(skippable)).toBe('zstd');
    expect(sniffCompression(emptyBzip2)).toBe('bzip2');
    const unknown = [
      '',
      'B',
      'BZh9',
      'BZh9 is what it began with',
      'text of a letter',
      '\0'.repeat(600),
      '\xff'.repeat(600),
    ];
    for (const text of unknown) expect(sniffCompression(Buffer.from(text, 'latin1')), text).toBeUndefined();
  });
});

describe('memory', () => {
  const bombs: Readonly<Record<string, string>> = {
    gzip: 'gzip -c',
    zlib: 'pigz -zc',
    bzip2: 'bzip2 -c',
    xz: 'xz -0c',
    lzma: 'xz -0c --format=lzma',
    zstd: 'zstd -qc',
  };
  for (const [compression, command] of Object.entries(bombs)) {
    const [tool = ''] = command.split(' ');
    oracle(tool).test(`stays small however much comes out of ${compression}`, async () => {
      const pipe = `head -c ${300 * mebibyte} /dev/zero | ${command} | "$1" "$2" ${compression}`;
      const report = JSON.parse((await bash(pipe, [process.execPath, decodingProgram])).toString()) as Report;
      expect(report.length).toBe(300 * mebibyte);
      expect(report.mostMemory).toBeLessThan(400 * mebibyte);
    });
  }

  const crumbs: Readonly<Record<string, () => Uint8Array | Promise<Uint8Array>>> = {
    gzip: () => gzipSync(''),
    zstd: () => zstdCompressSync(''),
    xz: () => run('xz', ['-c']),
    bzip2: () => run('bzip2', ['-c']),
  };
  for (const [compression, crumb] of Object.entries(crumbs)) {
    oracle('xz', 'bzip2').test(`stays small however many streams of ${compression} there are`, async () => {
      const stored = Buffer.concat(Array.from<Uint8Array>({ length: 10_000 }).fill(await crumb()));
      const report = JSON.parse(
        (await run(process.execPath, [decodingProgram, compression], { input: stored })).toString(),
      ) as Report;
      expect(report.length).toBe(0);
      expect(report.mostMemory).toBeLessThan(400 * mebibyte);
    });
  }

  oracle('xz').test(
    'is not taken for a dictionary that nothing fills, and refused for one beyond reason',
    async () => {
      const stored = await run('xz', ['-0c'], { input: 'content' });
      const declaring = (bits: number) => {
        // The only block header begins at 12: size, flags, filter, size of properties, properties.
        const changed = Buffer.from(stored);
        changed[16] = bits;
        const size = ((changed[12] ?? 0) + 1) * 4;
        changed.writeUInt32LE(crc32(changed.subarray(12, 12 + size - 4)), 12 + size - 4);
        return changed;
      };
      const [largest, fourGibibytes, beyond] = [declaring(37), declaring(40), declaring(41)];
      expect(await decode('xz', largest)).toEqual({ content: Buffer.from('content'), fault: undefined });
      expect(await decode('xz', fourGibibytes)).toEqual({ content: empty, fault: 'damaged' });
      expect(await decode('xz', beyond)).toEqual({ content: empty, fault: 'damaged' });
      const lzma = await run('xz', ['-0c', '--format=lzma'], { input: 'content' });
      lzma.fill(0xff, 1, 5);
      expect(await decode('lzma', lzma)).toEqual({ content: empty, fault: 'damaged' });
    },
  );

  test('is refused for a window of zstd beyond 2 GiB', async () => {
    const frame = (window: number) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, window, 3, 0, 0, 7]);
    expect(await decode('zstd', frame(21 << 3))).toEqual({ content: empty, fault: undefined });
    expect(await decode('zstd', frame(22 << 3))).toEqual({ content: empty, fault: 'damaged' });
  });
});

describe('a reader', () => {
  const content = noise(8 * mebibyte, 'reader');
  const commands: Readonly<Record<string, readonly string[]>> = {
    gzip: ['gzip', '-1c'],
    zlib: ['pigz', '-1zc'],
    bzip2: ['bzip2', '-c'],
    xz: ['xz', '-0c'],
    lzma: ['xz', '-0c', '--format=lzma'],
    zstd: ['zstd', '-qc'],
  };
  for (const [compression, [tool = '', ...args]] of Object.entries(commands)) {
    const decoder = decoderFor(compression as Compression);
    oracle(tool).describe(`of ${compression}`, () => {
      let stored: Buffer;
      beforeAll(async () => void (stored = await run(tool, args, { input: content })));

      test('makes the decoder read no further than a little ahead, and sets the source free', async () => {
        const source = { taken: 0, freed: false };
        for await (const piece of decoder(watched(stored, source))) {
          expect(piece.length).toBeGreaterThan(0);
          await wait(200);
          break;
        }
        expect(source.taken).toBeLessThan(5 * mebibyte);
        expect(source.freed).toBe(true);
      });

      test('leaves nothing running when it stops early', () => {
        const child = spawnSync(process.execPath, [decodingProgram, compression, '1'], {
          input: stored,
          encoding: 'utf8',
          timeout: 30_000,
        });
        expect(child.status).toBe(0);
        expect((JSON.parse(child.stdout) as Report).length).toBeGreaterThan(0);
      });

      test('is told what broke the source, once it has what precedes that', async () => {
        async function* broken() {
          yield* pieces(stored.subarray(0, 3 * mebibyte));
          await Promise.reject(new Error('the drive is gone'));
        }
        let length = 0;
        const reading = async () => {
          for await (const piece of decoder(broken())) {
            expect(content.subarray(length, length + piece.length).equals(piece)).toBe(true);
            length += piece.length;
          }
        };
        await expect(reading).rejects.toThrow('the drive is gone');
        expect(length).toBeGreaterThan(mebibyte);
      });
    });
  }
});

describe('a stream made by hand', () => {
  const text = Buffer.from('what a backup holds');

  oracle('gzip').test('of gzip has every field of the header read', async () => {
    const header = (flags: number, ...fields: Buffer[]) =>
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]), ...fields]);
    const number = (value: number, size: number) => {
      const bytes = Buffer.alloc(size);
      bytes.writeUIntLE(value, 0, size);
      return bytes;
    };
    const body = Buffer.concat([deflateRawSync(text), number(crc32(text), 4), number(text.length, 4)]);
    const full = header(
      0x1e,
      number(5, 2),
      Buffer.from('extra'),
      Buffer.from('name\0'),
      Buffer.from('comment\0'),
    );
    const sealed = Buffer.concat([full, number(crc32(full) & 0xffff, 2), body]);
    expect(await run('gzip', ['-dc'], { input: sealed })).toEqual(text);
    for (const size of [sealed.length, 1]) {
      expect(await decode('gzip', sealed, size)).toEqual({ content: text, fault: undefined });
    }
    const wrongSeal = Buffer.concat([full, number((crc32(full) & 0xffff) ^ 1, 2), body]);
    expect(await decode('gzip', wrongSeal)).toEqual({ content: empty, fault: 'damaged' });
    expect(await decode('gzip', Buffer.concat([header(0x20), body]))).toEqual({
      content: empty,
      fault: 'damaged',
    });
  });

  oracle('zstd').test('of zstd may have skippable frames anywhere', async () => {
    const frame = await run('zstd', ['-qc'], { input: text });
    const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('any')]);
    const stored = Buffer.concat([skippable, frame, skippable, skippable, frame, skippable]);
    for (const size of [stored.length, 1]) {
      expect(await decode('zstd', stored, size)).toEqual({
        content: Buffer.concat([text, text]),
        fault: undefined,
      });
    }
    expect((await decode('zstd', stored.subarray(0, -1))).fault).toBe('unfinished');
  });

  oracle('xz').test('of lzma may tell its length, with an end marker or without', async () => {
    const marked = await run('xz', ['-0c', '--format=lzma'], { input: text });
    const told = Buffer.from(marked);
    told.writeBigUInt64LE(BigInt(text.length), 5);
    for (const [stored, content] of [
      [told, text],
      [literalLzma(text), text],
      [literalLzma(noise(70_000, 'literals')), noise(70_000, 'literals')],
      [literalLzma(empty), empty],
    ] as const) {
      expect(await run('xz', ['-dc', '--format=lzma'], { input: stored })).toEqual(content);
      for (const size of [stored.length, 777]) {
        expect(await decode('lzma', stored, size)).toEqual({ content, fault: undefined });
      }
      const shortened = await decode('lzma', stored.subarray(0, -1));
      expect(shortened.fault).toBe('unfinished');
    }
    told.writeBigUInt64LE(BigInt(text.length - 1), 5);
    expect((await decode('lzma', told)).fault).toBe('damaged');
    told.writeBigUInt64LE(BigInt(text.length + 1), 5);
    expect((await decode('lzma', told)).fault).toBe('damaged');
  });

  oracle('xz').test(
    'of xz is refused where its index, its checks or its filters are none of ours',
    async () => {
      const stored = await run('xz', ['-0c', '--check=crc32'], { input: text });
      const filtered = await run('xz', ['-c', '--x86', '--lzma2'], { input: text });
      expect(await decode('xz', filtered)).toEqual({ content: empty, fault: 'damaged' });

      // The flags of the stream are at 7, their CRC at 8; the index has two numbers before its padding and its CRC.
      const otherCheck = Buffer.from(stored);
      otherCheck[7] = 2;
      otherCheck.writeUInt32LE(crc32(otherCheck.subarray(6, 8)), 8);
      expect(await decode('xz', otherCheck)).toEqual({ content: empty, fault: 'damaged' });

      const otherIndex = Buffer.from(stored);
      const index = stored.length - 12 - 8;
      expect(otherIndex.subarray(index, index + 2)).toEqual(Buffer.from([0, 1]));
      otherIndex[index + 3] = text.length + 1;
      otherIndex.writeUInt32LE(crc32(otherIndex.subarray(index, index + 4)), index + 4);
      expect(await decode('xz', otherIndex)).toEqual({ content: text, fault: 'damaged' });
    },
  );

  oracle('bzip2').test('of bzip2 may be randomised, as the first versions did', async () => {
    // The distances between flipped bits with which every randomised block begins.
    const flips = [618, 720, 127, 481, 931, 816];
    const plain = Buffer.from(noise(4400, 'randomised'));
    const flipped = Buffer.from(plain);
    for (let i = 0, at = -1; i < flips.length; i++) {
      at += flips[i] ?? 0;
      flipped[at] = (flipped[at] ?? 0) ^ 1;
    }
    const bitsOf = (bytes: Buffer) => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const crcOf = async (content: Buffer) =>
      bitsOf((await run('bzip2', ['-c'], { input: content })).subarray(10, 14));
    const stored = bitsOf(await run('bzip2', ['-c'], { input: flipped }));
    // Both CRCs are those of the plain content; the bit after the first of them says that the block is randomised.
    const randomised = stored
      .replaceAll(await crcOf(flipped), await crcOf(plain))
      .replace(/^(.{112})0/, '$11');
    const bytes = Buffer.from((randomised.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
    expect(await run('bzip2', ['-dc'], { input: bytes })).toEqual(plain);
    expect(await decode('bzip2', bytes)).toEqual({ content: plain, fault: undefined });
  });

  const mangled: readonly (readonly [Compression, string, readonly string[]])[] = [
    ['bzip2', 'bzip2', ['-1c']],
    ['xz', 'xz', ['-0c', '--check=none']],
    ['lzma', 'xz', ['-0c', '--format=lzma']],
    ['zstd', 'zstd', ['-qc', '--no-check']],
  ];
  for (const [compression, tool, args] of mangled) {
    oracle(tool).test(`of ${compression}, mangled in any way, ends in a fault or in content`, async () => {
      const stored = await run(tool, args, { input: mixedContent(20_000) });
      const change = fc.tuple(fc.nat(stored.length - 1), fc.nat(255));
      const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = Buffer.from(stored);
        for (const [at, value] of changes) bytes[at] = value;
        // Anything but a fault of the stream, as a trap of the WebAssembly, would be thrown on.
        await decode(compression, bytes);
      });
      await fc.assert(property, { numRuns: 100 });
    });
  }
});

/** What `decode-stdin.ts` prints. */
interface Report {
  readonly length: number;
  readonly mostMemory: number;
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536)
    yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}

/** The pieces of `bytes`, with an account of how many were taken and whether their source was set free. */
async function* watched(
  bytes: Uint8Array,
  account: { taken: number; freed: boolean },
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of pieces(bytes)) {
      account.taken += piece.length;
      yield piece;
    }
  } finally {
    account.freed = true;
  }
}
