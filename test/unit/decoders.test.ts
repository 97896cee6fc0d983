/** Promises of the decompressors, for every way in which backups are compressed, each carried out by the real program. */
import { setTimeout as pause } from 'node:timers/promises';
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decoderFor, sniffCompression } from '../../main/recovery/archive/decoders/decoder-for.ts';
import { crc32ByTable } from '../../main/recovery/bytes/crc32.ts';
import { oracle } from '../support/oracles.ts';
import { noise } from '../support/trees.ts';
import {
  compress,
  decode,
  decompress,
  mixedContent,
  nameOf,
  variants,
  type Variant,
} from '../vectors/compressed.ts';
import { inPieces } from '../vectors/reading.ts';

const content = mixedContent(300_000);
const short = content.subarray(71_000, 77_000);
const nothing = Buffer.alloc(0);

for (const variant of variants) {
  oracle(variant.tool).describe(nameOf(variant), () => promisesFor(variant));
}

function promisesFor(variant: Variant): void {
  const { compression, single, unchecked } = variant;

  test('gives back what was compressed, however it is cut into pieces', async () => {
    const stored = await compress(variant, content);
    expect(sniffCompression(stored)).toBe(compression);
    for (const size of [stored.length, 65_536, 4099]) {
      expect(await decode(compression, stored, size)).toEqual({ content, fault: undefined });
    }
    const storedShort = await compress(variant, short);
    for (const size of [1, 7]) {
      expect(await decode(compression, storedShort, size)).toEqual({ content: short, fault: undefined });
    }
  });

  test('gives back many pieces, wherever the input is cut in relation to them', async () => {
    // So well does it compress that every few bytes of input stand for as much as the end of a piece.
    const long = Buffer.alloc(4_500_000, mixedContent(1000));
    const stored = await compress(variant, long);
    for (const size of [1, 2, 3, 5, 16, 17, 64]) {
      const outcome = await decode(compression, stored, size);
      expect(outcome.fault, `in pieces of ${size}`).toBeUndefined();
      expect(outcome.content.equals(long), `in pieces of ${size}`).toBe(true);
    }
  });

  test('lets go of its input when it is given up, before that is put to another use', async () => {
    const stored = await compress(variant, Buffer.concat(Array.from({ length: 20 }, () => content)));
    let lent = new Uint8Array(0);
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: (lent = new Uint8Array(stored)) }),
        return: () => {
          // As a buffer of a chunk goes back to the threads that read and decrypt.
          structuredClone(lent, { transfer: [lent.buffer] });
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    for await (const piece of decoderFor(compression)(source)) {
      // The decoder works ahead at this moment.
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await pause(20);
  });

  test('tells nothing compressed from nothing at all', async () => {
    const stored = await compress(variant, nothing);
    expect(await decode(compression, stored, 5)).toEqual({ content: nothing, fault: undefined });
    expect(await decode(compression, nothing)).toEqual({ content: nothing, fault: 'unfinished' });
  });

  test('says that a stream is unfinished, wherever it was cut off', async () => {
    const stored = await compress(variant, short);
    for (const length of positions(stored.length)) {
      const outcome = await decode(compression, stored.subarray(0, length), 4099);
      expect(outcome.fault, `after ${length} bytes`).toBe('unfinished');
      expect(outcome.content.equals(short.subarray(0, outcome.content.length))).toBe(true);
    }
  });

  test('hands out no other content without a fault when a bit is flipped', async () => {
    const stored = await compress(variant, short);
    for (const position of positions(stored.length)) {
      const flipped = Buffer.from(stored);
      flipped[position] = (flipped[position] ?? 0) ^ (1 << (position % 8));
      const outcome = await decode(compression, flipped);
      const judged = unchecked === true ? await decompress(variant, flipped) : undefined;
      if (judged) expect(outcome, `at ${position}`).toEqual({ content: judged, fault: undefined });
      else if (!outcome.fault && !unchecked)
        expect(outcome.content.equals(short), `at ${position}`).toBe(true);
    }
  });

  test('takes zeros after the stream for padding, and anything else for a fault', async () => {
    const stored = await compress(variant, short);
    for (const zeros of [1, 511, 100_000]) {
      const padded = Buffer.concat([stored, Buffer.alloc(zeros)]);
      expect(await decode(compression, padded, 4099)).toEqual({ content: short, fault: undefined });
    }
    for (const behind of ['!', '\0\0\0?', 'more than a byte']) {
      const overlong = Buffer.concat([stored, Buffer.from(behind)]);
      for (const size of [overlong.length, stored.length]) {
        expect(await decode(compression, overlong, size)).toEqual({ content: short, fault: 'overlong' });
      }
    }
  });

  test(single ? 'takes a second stream for a fault' : 'decodes streams that follow each other', async () => {
    const first = await compress(variant, short);
    const second = await compress(variant, content.subarray(100, 20_000));
    const both = Buffer.concat([short, content.subarray(100, 20_000)]);
    const joined = [first, second];
    const apart = [first, Buffer.alloc(512), await compress(variant, nothing), second];
    for (const streams of [joined, apart]) {
      for (const size of [undefined, first.length, 101]) {
        const outcome = await decode(compression, Buffer.concat(streams), size);
        expect(outcome).toEqual(
          single ? { content: short, fault: 'overlong' } : { content: both, fault: undefined },
        );
      }
    }
  });

  test('gives back any content', async () => {
    const property = fc.asyncProperty(contents, fc.integer({ min: 1, max: 70_000 }), async (any, size) => {
      expect(await decode(compression, await compress(variant, any), size)).toEqual({
        content: any,
        fault: undefined,
      });
    });
    await fc.assert(property, { numRuns: 6 });
  });
}

/** Positions in `length` bytes: the first, the last, and some between. */
function positions(length: number): number[] {
  const first = Array.from({ length: 20 }, (_, i) => i);
  const between = Array.from({ length: 8 }, (_, i) => Math.floor(((i + 1) * length) / 9));
  const last = Array.from({ length: 14 }, (_, i) => length - 1 - i);
  return [...new Set([...first, ...between, ...last])].filter(
    (position) => position >= 0 && position < length,
  );
}

/** Content that grows by runs of a byte, by noise, and by copies of what came before. */
const contents = fc
  .array(
    fc.record({
      kind: fc.constantFrom('run', 'noise', 'copy'),
      length: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 30_000 })),
      choice: fc.nat(1_000_000),
    }),
    { maxLength: 20 },
  )
  .map((parts) =>
    parts.reduce((grown, { kind, length, choice }) => {
      const from = choice % (grown.length + 1);
      const copied = () => grown.subarray(from, from + length);
      const part =
        kind === 'run'
          ? Buffer.alloc(length, choice)
          : kind === 'noise'
            ? noise(length, `${choice}`)
            : copied();
      return Buffer.concat([grown, part]);
    }, nothing),
  );

describe('a piece', () => {
  const whole = noise(5 << 20, 'pieces');

  test.each([
    ['gzip', gzipSync(whole)],
    ['zstd', zstdCompressSync(whole)],
  ] as const)('of %s stays as it is while the next is made', async (compression, stored) => {
    let at = 0;
    for await (const piece of decoderFor(compression)(inPieces(stored))) {
      await pause(5);
      expect(whole.subarray(at, at + piece.length).equals(piece)).toBe(true);
      at += piece.length;
    }
    expect(at).toBe(whole.length);
  });

  test('of zstd gives its memory back after use', async () => {
    const used: Uint8Array[] = [];
    for await (const piece of decoderFor('zstd')(inPieces(zstdCompressSync(whole)))) used.push(piece);
    expect(used.slice(0, 4).map(({ length }) => length)).toEqual([0, 0, 0, 0]);
  });
});

test('sums by the table are those of Node, where one has none', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 });
  fc.assert(
    fc.property(pieces, (parts) => {
      const sums = (by: typeof crc32ByTable) => parts.reduce((sum, part) => by(part, sum), 0);
      expect(sums(crc32ByTable)).toBe(sums(crc32));
    }),
  );
});
