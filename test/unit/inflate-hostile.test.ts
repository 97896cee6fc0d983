/** Promises of the inflater about deflate data that no compressor writes: zlib judges what is accepted and what comes out. */
import { deflateRawSync, gzipSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Dice, mutated } from '../fuzz/mutate.ts';
import { noise } from '../support/trees.ts';
import { decode, mixedContent } from '../vectors/compressed.ts';
import { DeflateWriter, endOfBlock, type PrefixCode, randomCode } from '../vectors/deflate-bits.ts';
import { blocks, codeWith, inFixed } from '../vectors/hand-made-deflate.ts';
import { disagreement, inflate, judge, objection } from '../vectors/inflating.ts';

describe('a block made by hand', () => {
  test.each(Object.entries(blocks))('with %s is judged as by zlib', async (_, [verdict, stored]) => {
    expect(judge(stored).fault ?? 'sound').toBe(verdict);
    const before = new DeflateWriter().stored(noise(40_000, 'before')).done();
    const long = new DeflateWriter().stored(noise(2 ** 20 - 513, 'before')).done();
    const following = [
      stored,
      Buffer.concat([stored, noise(100, 'behind')]),
      Buffer.concat([before, stored]),
      Buffer.concat([long, stored, Buffer.alloc(400)]),
    ];
    for (const each of following) {
      const judged = judge(each);
      for (const size of each.length < 1000 ? [undefined, 1, 7] : [undefined, 4099])
        expect(objection(await inflate(each, size), judged)).toBeUndefined();
    }
    for (let length = 0; length < Math.min(stored.length, 400); length++)
      expect(await disagreement(stored.subarray(0, length)), `of ${length} bytes`).toBeUndefined();
  });
});

describe('what damage makes of sound data', () => {
  const content = Buffer.concat([mixedContent(2000), noise(200, 'damage'), Buffer.alloc(1000)]);
  const sound = [
    ...[constants.Z_DEFAULT_STRATEGY, constants.Z_HUFFMAN_ONLY, constants.Z_FIXED].map((strategy) =>
      deflateRawSync(content, { strategy }),
    ),
    deflateRawSync(content, { level: 0 }),
    deflateRawSync(content.subarray(0, 200), { finishFlush: constants.Z_FULL_FLUSH }),
  ];

  test('is unfinished where it ends early, and all that is there comes out', async () => {
    for (const stored of sound.slice(0, 4)) {
      for (let length = 0; length < stored.length; length++) {
        const cut = stored.subarray(0, length);
        const made = await inflate(cut);
        expect(made.fault).toBe('unfinished');
        expect(objection(made, judge(cut)), `of ${length} bytes`).toBeUndefined();
      }
    }
  });

  test('is judged as by zlib, and what precedes it comes out', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom(undefined, 1, 33, 1000), async (seed, size) => {
        const dice = new Dice(seed);
        expect(await disagreement(mutated(dice.oneOf(sound), sound, dice), size)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  test('is judged as by zlib where a single bit is another', async () => {
    const small = sound.map((stored) => stored.subarray(0, 80));
    for (const stored of small) {
      for (let bit = 0; bit < stored.length * 8; bit++) {
        const damaged = Buffer.from(stored);
        damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
        expect(await disagreement(damaged), `bit ${bit}`).toBeUndefined();
      }
    }
  });

  test('is found by gzip on a thread, behind what precedes it', async () => {
    const large = mixedContent(3 * 2 ** 20);
    const stored = gzipSync(large, { level: 0 });
    stored[2 ** 21] = (stored[2 ** 21] ?? 0) ^ 1;
    const changed = await decode('gzip', stored, 100_000);
    expect(changed.fault).toBe('damaged');
    expect(changed.content.length).toBe(large.length);
    const cut = await decode('gzip', gzipSync(large).subarray(0, -3000), 100_000);
    expect(cut.fault).toBe('unfinished');
    expect(cut.content.length).toBeGreaterThan(2 ** 20);
    expect(cut.content.equals(large.subarray(0, cut.content.length))).toBe(true);
  });
});

describe('codes that nobody chose', () => {
  /** A block with these codes and symbols of either, drawn at random, and then its end. */
  function drawn(dice: Dice, literals: PrefixCode, distances: PrefixCode, count: number): DeflateWriter {
    const writer = new DeflateWriter().stored(noise(32_768, 'drawn')).headOf(literals, distances, true);
    const used = ({ lengths }: PrefixCode) => [...lengths.keys()].filter((symbol) => lengths[symbol]);
    const [ofLiterals, ofDistances] = [used(literals), used(distances)];
    for (let i = 0; i < count; i++) {
      const symbol = dice.oneOf(ofLiterals);
      if (symbol === endOfBlock) continue;
      writer.symbol(literals, symbol);
      if (symbol < endOfBlock) continue;
      writer.bits(dice.below(32), symbol < 265 || symbol === 285 ? 0 : (symbol - 261) >>> 2);
      const distance = dice.oneOf(ofDistances);
      writer.symbol(distances, distance).bits(dice.below(8192), distance < 4 ? 0 : (distance >>> 1) - 1);
    }
    return writer.end(literals);
  }

  async function expectSound(stored: Buffer): Promise<void> {
    const judged = judge(stored);
    expect(judged.fault).toBeUndefined();
    for (const size of [undefined, 501])
      expect(objection(await inflate(stored, size), judged)).toBeUndefined();
  }

  test('are read whatever lengths they have', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const dice = new Dice(seed);
        const literals = randomCode(dice, 286, 2 + dice.below(285), endOfBlock);
        const distances = randomCode(dice, 30, 2 + dice.below(29), dice.below(30));
        await expectSound(drawn(dice, literals, distances, 3000).done());
      }),
      { numRuns: 150 },
    );
  });

  // Of all complete codes, zlib's `enough 286 11 15` and `enough 30 9 15` find these to need the most entries.
  test('are read where they need the largest tables', async () => {
    const dice = new Dice(3);
    const literals = codeWith([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 229, 49, 2]);
    const distances = codeWith([1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 9, 9, 1, 1, 2]);
    await expectSound(drawn(dice, literals, distances, 50_000).done());
  });

  test('do not remain for the next block, nor for the next stream', async () => {
    const dice = new Dice(5);
    const literals = randomCode(dice, 286, 286, endOfBlock);
    const distances = randomCode(dice, 30, 30, 0);
    const first = new DeflateWriter().headOf(literals, distances).end(literals);
    for (let i = 0; i < 3; i++) {
      first.fixed().literals('fixed').copy(20, 3).end();
      first.headOf(literals, distances).symbol(literals, 285).symbol(distances, 0).end(literals);
    }
    const stored = first.fixed(true).literals('last').end().done();
    await expectSound(stored);
    const damaged = stored.subarray(0, 30);
    expect((await inflate(damaged)).fault).toBe('unfinished');
    await expectSound(inFixed((writer) => writer.copy(100, 2)));
  });
});
