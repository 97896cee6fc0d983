/** Promises of costs that take very long: nothing that the scrypt tool writes is one, and a forged one is told. */
import { describe, expect, it } from 'vitest';
import { estimateSeconds, isSlow, workOf } from '../../main/recovery/kdf/slow-cost.ts';

describe('a cost that takes very long', () => {
  it.each([
    ['a desktop, with little memory free', { logN: 17, r: 8, p: 12 }],
    ['a server', { logN: 20, r: 8, p: 4 }],
    ['a fast computer, told to take a minute', { logN: 23, r: 8, p: 4 }],
  ])('is none of those that scrypt chooses on %s', (_, cost) => expect(isSlow(cost, null)).toBe(false));

  it('is told before any key was proven by its work alone', () => {
    expect(isSlow({ logN: 14, r: 8, p: 100_000 }, null)).toBe(true);
    expect(isSlow({ logN: 1, r: 1, p: 2 ** 30 - 1 }, null)).toBe(true);
  });

  it('is one that asks for far more work than the key that was proven', () => {
    const header = workOf({ logN: 16, r: 8, p: 1 });
    expect(isSlow({ logN: 18, r: 8, p: 6 }, header)).toBe(false);
    expect(isSlow({ logN: 20, r: 8, p: 6 }, header)).toBe(true);
    // Of a backup made with dear keys, dear ones are to be expected.
    expect(isSlow({ logN: 20, r: 8, p: 6 }, workOf({ logN: 20, r: 8, p: 1 }))).toBe(false);
  });

  it('takes ten times as long for ten times the work', () => {
    const cost = { logN: 20, r: 8, p: 1 };
    const ratio = estimateSeconds({ ...cost, p: 1000 }) / estimateSeconds({ ...cost, p: 1 });
    // By two samples of this computer, which may be busy during one of them.
    expect(ratio).toBeGreaterThan(100);
    expect(ratio).toBeLessThan(10_000);
  });
});
