/** The small parts that the reader of images stands on: checksums, hashes of names, names to show, runs. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../main/recovery/image/block-map.ts';
import { CRC_START, crc16, crc32BigEndian, crc32c } from '../../main/recovery/image/checksums.ts';
import { coalesced } from '../../main/recovery/image/coalesced.ts';
import { directoryHash } from '../../main/recovery/image/directory-hash.ts';
import { entryAfter } from '../../main/recovery/image/fast-commit.ts';
import { flattened, overriddenRuns } from '../../main/recovery/image/run-overrides.ts';
import { collected, debugfs, e2fsprogs, inspect, makeImage, makeScratch } from '../support/images.ts';
import { run } from '../support/tools.ts';
import { writeTree } from '../support/trees.ts';

describe('checksums', () => {
  const digits = Buffer.from('123456789');

  test('are those of the catalogue of parametrised CRC algorithms for its check string', () => {
    expect(~crc32c(digits) >>> 0).toBe(0xe306_9283);
    expect(~crc32BigEndian(digits) >>> 0).toBe(0xfc89_1918);
    expect(crc16(digits, 0)).toBe(0xbb3d);
  });

  test('of CRC-32C are those of RFC 3720, appendix B.4', () => {
    expect(~crc32c(new Uint8Array(32)) >>> 0).toBe(0x8a91_36aa);
    expect(~crc32c(new Uint8Array(32).fill(0xff)) >>> 0).toBe(0x62a8_ab43);
    expect(~crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)) >>> 0).toBe(0x46dd_794e);
  });

  test('go on where they left off', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, border) => {
        for (const checksum of [crc32c, crc32BigEndian, crc16]) {
          const first = checksum(bytes.subarray(0, border), CRC_START);
          expect(checksum(bytes.subarray(border), first)).toBe(checksum(bytes));
        }
      }),
    );
  });
});

e2fsprogs.describe('hashes of names', () => {
  const versions = { legacy: 0, half_md4: 1, tea: 2 };
  const seeds = ['00000000-0000-0000-0000-000000000000', '12345678-9abc-def0-0fed-cba987654321'];
  const bytesOf = (uuid: string) => Buffer.from(uuid.replaceAll('-', ''), 'hex');

  test('are those of debugfs', async () => {
    const names = [
      'a',
      'abc',
      'entry number 12345',
      'Grüße',
      '\u{1f6df} ring',
      ...[31, 32, 33, 255].map((length) => 'x'.repeat(length)),
    ];
    const image = join(await makeScratch(), 'any');
    await makeImage(image, '1M');
    const cases = seeds.flatMap((seed) =>
      Object.entries(versions).flatMap(([version, number]) =>
        names.map((name) => ({ seed, version, number, name })),
      ),
    );
    const printed = await debugfs(
      image,
      cases.map(({ seed, version, name }) => `dx_hash -h ${version} -s ${seed} "${name}"`),
    );
    const expected = [...printed.matchAll(/is (0x[0-9a-f]+) \(minor/g)].map(([, hash]) => Number(hash));
    expect(expected).toHaveLength(cases.length);
    expect(
      cases.map(({ seed, number, name }) => directoryHash(Buffer.from(name), number, bytesOf(seed), false)),
    ).toEqual(expected);
  });

  test.each([
    ['signed', 1],
    ['unsigned', 2],
  ])('are those of an index that e2fsck made with %s bytes', async (signedness, flag) => {
    const folder = await makeScratch();
    const image = join(folder, 'image');
    const names = Array.from({ length: 100 }, (_, n) => [`folder/Grüße ${n} \u{1f6df}`, '']);
    await writeTree(join(folder, 'content'), Object.fromEntries(names) as Record<string, string>);
    await makeImage(image, '4M', '-b', '1024', '-d', join(folder, 'content'));
    await debugfs(image, [`ssv flags ${flag}`, `ssv hash_seed ${seeds[1]}`]);
    await run('bash', ['-c', 'e2fsck -fyD "$1" || test $? = 1', 'bash', image]);
    const dump = await inspect(image, 'htree folder');
    const entries = [...dump.matchAll(/^\d+ (0x[0-9a-f]+)-[0-9a-f]+ \(\d+\) (.+?) {2}/gm)];
    expect(entries).toHaveLength(100);
    for (const [, hash, name = ''] of entries) {
      const computed = directoryHash(
        Buffer.from(name),
        1,
        bytesOf(seeds[1] ?? ''),
        signedness === 'unsigned',
      );
      expect(computed).toBe(Number(hash));
    }
  });

  test('of kinds that are not known are not made up', () => {
    expect(directoryHash(Buffer.from('name'), 6, new Uint8Array(16), false)).toBeNull();
  });
});

describe('a name that fast commits changed', () => {
  test('leads where Linux leads it when it replays them', () => {
    const link = (inode: number) => ({ does: 'link', inode }) as const;
    const unlink = (inode: number) => ({ does: 'unlink', inode }) as const;
    expect(entryAfter([link(5)], null)).toBe(5);
    // What is there already stays, and is only removed by the name of its own inode.
    expect(entryAfter([link(5)], 3)).toBe(3);
    expect(entryAfter([unlink(5)], 3)).toBe(3);
    expect(entryAfter([unlink(3)], 3)).toBeNull();
    expect(entryAfter([unlink(3), link(5)], 3)).toBe(5);
    expect(entryAfter([link(5), unlink(5)], null)).toBeNull();
  });
});

describe('runs that were mapped anew', () => {
  const anyRun = fc.record({
    logical: fc.nat(40),
    physical: fc.option(fc.nat(1000).map((block) => block + 1)),
    length: fc.integer({ min: 1, max: 12 }),
  });

  /** What each block of a file maps to, when runs are applied one after another. */
  function painted(runs: readonly Run[]): (number | null | undefined)[] {
    const blocks = Array<number | null | undefined>(60).fill(undefined);
    for (const { logical, physical, length } of runs) {
      for (let index = 0; index < length; index++) {
        blocks[logical + index] = physical === null ? null : physical + index;
      }
    }
    return blocks;
  }

  test('amount to what the last change of each block says', () => {
    fc.assert(
      fc.property(fc.array(anyRun, { maxLength: 30 }), (changes) => {
        const runs = flattened(changes);
        expect(painted(runs)).toEqual(painted(changes));
        runs.slice(1).forEach((next, index) => {
          const before = runs[index];
          expect(next.logical).toBeGreaterThanOrEqual((before?.logical ?? 0) + (before?.length ?? 0));
        });
      }),
    );
  });

  test('prevail over what the disk says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRun), fc.array(anyRun), async (disk, changes) => {
        const stored = flattened(disk);
        const result = await collected(overriddenRuns(iterated(stored), flattened(changes)));
        // Later runs lie under earlier ones, so they are painted first.
        expect(painted(result.toReversed())).toEqual(painted([...stored, ...changes]));
      }),
    );
  });

  async function* iterated<Item>(items: readonly Item[]): AsyncGenerator<Item> {
    for (const item of items) yield await Promise.resolve(item);
  }

  test('are not lost when the sequence breaks off', async () => {
    const broken = async function* () {
      yield* iterated([1, 1, 2]);
      throw new Error('broken');
    };
    const seen: number[] = [];
    const reading = async () => {
      for await (const sum of coalesced(broken(), (one, other) => (one === other ? one : null)))
        seen.push(sum);
    };
    await expect(reading()).rejects.toThrow('broken');
    expect(seen).toEqual([1, 2]);
  });
});
