/** Promises of the inflater about sound deflate data: whoever made them, however they are cut, zlib's content comes out. */
import { buffer } from 'node:stream/consumers';
import { constants, createDeflateRaw, deflateRawSync, gzipSync, type ZlibOptions } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { standingPieces } from '../../main/recovery/archive/decoder.ts';
import { inflated } from '../../main/recovery/archive/decoders/deflate.ts';
import { InflateKernel, longestInput } from '../../main/recovery/archive/decoders/inflate-kernel.ts';
import { StoredInput } from '../../main/recovery/archive/decoders/stored-input.ts';
import { Dice } from '../fuzz/mutate.ts';
import { noise } from '../support/trees.ts';
import { decode, mixedContent } from '../vectors/compressed.ts';
import { DeflateWriter, prefixCode } from '../vectors/deflate-bits.ts';
import { inflate, inflatePieces, judge, objection } from '../vectors/inflating.ts';
import { inPieces } from '../vectors/reading.ts';

const mebibyte = 2 ** 20;
const { Z_FULL_FLUSH, Z_SYNC_FLUSH, Z_PARTIAL_FLUSH, Z_BLOCK } = constants;
const strategies = {
  default: constants.Z_DEFAULT_STRATEGY,
  filtered: constants.Z_FILTERED,
  'Huffman only': constants.Z_HUFFMAN_ONLY,
  'run lengths': constants.Z_RLE,
  'fixed codes': constants.Z_FIXED,
} as const;

/** Bytes so unevenly spread that zlib's codes for them have up to 15 bits. */
function skewed(size: number): Buffer {
  const dice = new Dice(1);
  return Buffer.from(Array.from({ length: size }, () => Math.clz32(dice.below(2 ** 31) + 1) * 7));
}

const contents: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  noise: noise(70_000, 'inflate'),
  text: mixedContent(100_000).subarray(0, 12_000),
  zeros: Buffer.alloc(200_000),
  'rare bytes': skewed(60_000),
  'all kinds': mixedContent(150_000),
};

/** Expects `stored`, in pieces of `size` bytes or all at once, to be inflated to `content`, and nothing behind it to be touched. */
async function expectInflated(stored: Buffer, content: Buffer, size?: number): Promise<void> {
  const made = await inflate(Buffer.concat([stored, Buffer.from('what follows')]), size);
  expect(made.fault).toBeUndefined();
  expect(made.consumed).toBe(stored.length);
  expect(made.content.equals(content)).toBe(true);
}

describe('what zlib deflated', () => {
  describe.each(Object.entries(contents))('of %s', (_, content) => {
    test.each(Object.entries(strategies))(
      'comes out at every level with the strategy %s',
      async (_, strategy) => {
        for (let level = 0; level <= 9; level++) {
          const stored = deflateRawSync(content, { level, strategy });
          for (const size of [undefined, 997, 65_537]) await expectInflated(stored, content, size);
        }
      },
    );

    test('comes out for every window and any memory that zlib had', async () => {
      for (let windowBits = 9; windowBits <= 15; windowBits++) {
        for (const memLevel of [1, 4, 9])
          await expectInflated(deflateRawSync(content, { windowBits, memLevel }), content);
      }
    });
  });

  test('comes out byte by byte', async () => {
    for (const strategy of Object.values(strategies)) {
      for (const [name, content] of Object.entries(contents)) {
        const beginning = content.subarray(0, name === 'zeros' ? 200_000 : 8000);
        await expectInflated(deflateRawSync(beginning, { strategy }), beginning, 1);
      }
    }
  });

  test('comes out of two pieces with their border anywhere', async () => {
    const content = Buffer.concat([mixedContent(1000), noise(300, 'border'), Buffer.alloc(2000)]);
    const stored = Buffer.concat([
      await flushed(content, Z_FULL_FLUSH, 3),
      deflateRawSync(content, { strategy: constants.Z_FIXED }),
    ]);
    const judged = judge(stored);
    for (let border = 1; border < stored.length; border++) {
      async function* pieces() {
        yield await Promise.resolve(stored.subarray(0, border));
        yield await Promise.resolve(stored.subarray(border));
      }
      expect(objection(await inflatePieces(pieces()), judged), `border at ${border}`).toBeUndefined();
    }
  });

  test.each(Object.entries({ Z_FULL_FLUSH, Z_SYNC_FLUSH, Z_PARTIAL_FLUSH, Z_BLOCK }))(
    'comes out with %s in the middle',
    async (_, flush) => {
      for (const parts of [2, 50]) {
        for (const content of Object.values(contents)) {
          const stored = await flushed(content, flush, parts);
          for (const size of [undefined, 1001]) await expectInflated(stored, content, size);
        }
      }
    },
  );

  const large = mixedContent(9 * mebibyte + 12_345);
  const options: Readonly<Record<string, ZlibOptions>> = {
    'level 0': { level: 0 },
    'level 1': { level: 1 },
    'level 6': {},
    'level 9': { level: 9, memLevel: 9 },
    'Huffman only': { strategy: constants.Z_HUFFMAN_ONLY },
    'run lengths': { strategy: constants.Z_RLE },
    'fixed codes': { strategy: constants.Z_FIXED, level: 1 },
  };
  test.each(Object.entries(options))(
    'comes out over many pieces of output with %s, however the input is cut',
    async (_, option) => {
      const stored = deflateRawSync(large, option);
      const sizes = [undefined, 10_007, longestInput - 1, longestInput, longestInput + 1, 2 * mebibyte + 3];
      for (const size of sizes) await expectInflated(stored, large, size);
    },
  );

  test('comes out wherever in memory its first byte lies', async () => {
    const content = contents['all kinds'] ?? Buffer.alloc(0);
    const stored = deflateRawSync(content);
    for (let place = 0; place < 9; place++) {
      const placed = Buffer.alloc(stored.length + place, 0xff).subarray(place);
      placed.set(stored);
      await expectInflated(placed, content);
    }
  });
});

describe('repetitions', () => {
  const lengths = Array.from({ length: 256 }, (_, i) => i + 3);

  test.each(['at the pace of a large input', 'of which a byte is read at a time'])(
    'come out for every length at short distances and around the longest, %s',
    async (pace) => {
      const short = Array.from({ length: 40 }, (_, i) => i + 1);
      const distances = [...short, 63, 64, 65, 255, 256, 257, 4096, 16_383, 16_384, 16_385, 32_767, 32_768];
      const writer = new DeflateWriter().stored(noise(32_768, 'repetitions')).fixed(true);
      const byteWise = pace !== 'at the pace of a large input';
      for (const distance of byteWise ? short : distances)
        for (const length of lengths) writer.literals('#').copy(length, distance);
      const stored = writer.end().done();
      const judged = judge(stored);
      expect(judged.fault).toBeUndefined();
      expect(objection(await inflate(stored, byteWise ? 1 : undefined), judged)).toBeUndefined();
    },
  );

  test('come out at every distance', async () => {
    const dice = new Dice(7);
    const writer = new DeflateWriter().stored(noise(32_768, 'distances')).fixed(true);
    for (let distance = 1; distance <= 32_768; distance++)
      writer.literals(String.fromCharCode(dice.below(256))).copy(3 + dice.below(80), distance);
    const stored = writer.end().done();
    const judged = judge(stored);
    expect(judged.content.length).toBeGreaterThan(mebibyte);
    for (const size of [undefined, 4099])
      expect(objection(await inflate(stored, size), judged)).toBeUndefined();
  });

  test('reach back over the border of two pieces of output as far as any may', async () => {
    const content = noise(2 * mebibyte, 'border');
    const source = inPieces(new DeflateWriter().stored(content, true).done());
    let border = 0;
    for await (const piece of inflated(new StoredInput(source), new InflateKernel())) border ||= piece.length;
    expect(border).toBeLessThan(content.length);
    // A few bytes behind, the end of the input has symbols decoded in another way.
    for (const tail of [0, 100]) {
      for (let before = 0; before <= 270; before++) {
        const writer = new DeflateWriter().stored(content.subarray(0, border - before)).fixed(true);
        writer.copy(258, 32_768).literals('a').copy(3, 32_768).copy(5, 1).copy(258, 32_768).copy(258, 7);
        const stored = Buffer.concat([writer.copy(100, 32_767).end().done(), Buffer.alloc(tail)]);
        expect(objection(await inflate(stored), judge(stored)), `${before} before`).toBeUndefined();
      }
    }
  });

  test('reach back no further than the beginning of the stream, behind a piece too', async () => {
    for (const before of [1, 5, 258, 32_767, 32_768, 3 * mebibyte]) {
      const content = noise(before, 'beginning');
      for (const distance of [before - 1, before, before + 1].filter((each) => each > 0 && each <= 32_768)) {
        for (const tail of [0, 100]) {
          const end = new DeflateWriter().stored(content).fixed(true).copy(3, distance).end().done();
          const stored = Buffer.concat([end, Buffer.alloc(tail)]);
          const judged = judge(stored);
          expect(judged.fault).toBe(distance > before ? 'damaged' : undefined);
          expect(objection(await inflate(stored), judged), `${distance} of ${before}`).toBeUndefined();
        }
      }
    }
  });
});

describe('the input of the inflater', () => {
  test('may end for a while anywhere in the head of a block', async () => {
    const content = mixedContent(3000);
    const block = deflateRawSync(content);
    for (let before = 0; before <= 400; before++) {
      const filler = noise(longestInput - before, 'filler');
      const stored = Buffer.concat([new DeflateWriter().stored(filler).done(), block]);
      await expectInflated(stored, Buffer.concat([filler, content]));
    }
  });

  test('may hold blocks without content in any number', async () => {
    const writer = new DeflateWriter();
    const literals = prefixCode(
      Array.from({ length: 257 }, (_, symbol) => Number(symbol === 0 || symbol === 256)),
    );
    for (let i = 0; i < 20_000; i++) {
      if (i % 3 === 0) writer.stored(Buffer.alloc(0));
      else if (i % 3 === 1) writer.fixed().end();
      else writer.headOf(literals, prefixCode([1])).end(literals);
    }
    const stored = writer.fixed(true).literals('x').end().done();
    for (const size of [undefined, 100]) await expectInflated(stored, Buffer.from('x'), size);
  });
});

test('pieces stay as they are while as many more are made as are promised', async () => {
  const content = mixedContent(12 * mebibyte);
  const standing: { readonly piece: Uint8Array; readonly copy: Buffer }[] = [];
  const source = inPieces(deflateRawSync(content, { level: 1 }), 100_003);
  let count = 0;
  for await (const piece of inflated(new StoredInput(source), new InflateKernel())) {
    for (const each of standing) expect(each.copy.equals(each.piece)).toBe(true);
    standing.push({ piece, copy: Buffer.from(piece) });
    if (standing.length > standingPieces) standing.shift();
    count++;
  }
  expect(count).toBeGreaterThan(3 * standingPieces);
});

test('what gzip made comes out of a thread, whatever its members hold', async () => {
  const members = [mixedContent(5 * mebibyte), ...Object.values(contents), noise(3 * mebibyte, 'member')];
  const stored = Buffer.concat(members.map((content) => gzipSync(content, { level: 1 })));
  for (const size of [stored.length, 70_001]) {
    const { content, fault } = await decode('gzip', stored, size);
    expect(fault).toBeUndefined();
    expect(content.equals(Buffer.concat(members))).toBe(true);
  }
});

/** Deflates `content` in some parts, flushing between them. */
async function flushed(content: Buffer, flush: number, parts: number): Promise<Buffer> {
  const stream = createDeflateRaw();
  const whole = buffer(stream);
  const length = Math.ceil(content.length / parts);
  for (let at = 0; at < content.length; at += length) {
    stream.write(content.subarray(at, at + length));
    await new Promise<void>((resolve) => stream.flush(flush, resolve));
  }
  stream.end();
  return whole;
}
