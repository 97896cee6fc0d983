/** Promises of drives with bad places: known from drives that are gone, asked once, read around, judged alike each time. */
import { describe, expect, it } from 'vitest';
import { memorySource, type FileSource } from '../../main/recovery/bytes/source.ts';
import { badPlace, nextReadable, readAround, steadyFile } from '../../main/recovery/bytes/unreadable.ts';
import { codeOf } from '../support/code-of.ts';

const page = 4096;

/** A file of `pages` pages on a drive that fails at those for which `isBad` says so; every request is noted. */
function drive(pages: number, isBad: (page: number) => boolean) {
  const whole = memorySource(new Uint8Array(pages * page).fill(1));
  const asked: number[] = [];
  const file: FileSource = {
    ...whole,
    rest: () => Promise.resolve(),
    read(position, length, into) {
      for (let at = Math.floor(position / page); at * page < position + length; at++) {
        asked.push(at);
        if (isBad(at)) return Promise.reject(badPlace(Math.max(position, at * page)));
      }
      return whole.read(position, length, into);
    },
  };
  return { file: steadyFile(file), asked };
}

describe('a drive that fails at some places', () => {
  it.each([0.05, 0.15, 0.5, 0.9])('is there, whatever part of it is bad: %d', async (share) => {
    const pages = 2000;
    const bad = (at: number) => at >= 100 && at < 100 + share * pages;
    for (let run = 0; run < 10; run++) {
      const { file } = drive(pages, bad);
      expect(await file.read(150 * page, 10).catch(codeOf)).toBe('source-bad-place');
      expect((await file.read(0, 10)).length).toBe(10);
    }
  });

  it('is asked for a bad place twice and never again, by whatever range', async () => {
    const { file, asked } = drive(1000, (at) => at === 500);
    const failing = [
      () => file.read(500 * page, page),
      () => file.read(500 * page + 7, 1),
      () => file.read(490 * page, 20 * page),
      () => file.read(0, 1000 * page),
    ];
    for (const read of failing) expect(await read().catch(codeOf)).toBe('source-bad-place');
    expect(asked.filter((at) => at === 500)).toHaveLength(2);
    expect(file.badPlaces?.in(0, 1000 * page)).toEqual([{ position: 500 * page, length: page }]);
    expect((await file.read(501 * page, page)).length).toBe(page);
  });

  it('is sound where it answers the second time: little is read again, and of much it is told', async () => {
    let failures = 2;
    const { file } = drive(1000, (at) => at === 500 && failures-- > 1);
    expect((await file.read(500 * page, page)).length).toBe(page);
    failures = 2;
    expect(await file.read(480 * page, 40 * page).catch(codeOf)).toBe('source-unsteady');
    expect(file.badPlaces?.in(0, 1000 * page)).toEqual([]);
    expect((await file.read(480 * page, 40 * page)).length).toBe(40 * page);
  });

  it('is read around a page at a time, with zeros in place of what is bad', async () => {
    const { file } = drive(100, (at) => at === 50);
    const bytes = await readAround(file, 48 * page + 10, 5 * page);
    const zeros = bytes?.reduce((count, byte) => count + Number(byte === 0), 0);
    expect(zeros).toBe(page);
  });

  it('is found to be readable behind a vast bad stretch in some hundred readings of 100,000 pages', async () => {
    const { file, asked } = drive(100_000, (at) => at >= 1000 && at < 90_000);
    await file.read(1000 * page, 1).catch(codeOf);
    asked.length = 0;
    const found = await nextReadable(file, 1001 * page, 16 * page);
    expect(found).toBeGreaterThanOrEqual(90_000 * page);
    expect(found).toBeLessThanOrEqual(90_016 * page);
    expect(asked.length).toBeLessThan(300);
  });
});

describe('a drive that is gone', () => {
  it('answers nowhere, and is there again once it answers', async () => {
    let isGone = false;
    const { file } = drive(1000, () => isGone);
    await file.read(0, 100 * page);
    isGone = true;
    expect(await file.read(500 * page, page).catch(codeOf)).toBe('source-lost');
    isGone = false;
    expect((await file.read(500 * page, page)).length).toBe(page);
  });

  it('is not thought to be there for what the system still has of it', async () => {
    let isGone = false;
    // What was read lately is answered without the drive.
    const cached = new Set<number>();
    const { file, asked } = drive(10_000, (at) => isGone && !cached.has(at));
    await file.read(0, 9000 * page);
    for (const at of asked) cached.add(at);
    isGone = true;
    expect(await file.read(9500 * page, page).catch(codeOf)).toBe('source-lost');
    expect((await file.read(100 * page, page)).length).toBe(page);
  });
});
