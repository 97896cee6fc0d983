/** A short turn of `npm run fuzz` with a fixed seed: every reader of foreign bytes refuses in order, soon and in little memory. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Dice, mutated } from '../fuzz/mutate.ts';
import { makeTargets, type Target } from '../fuzz/targets.ts';
import { oracle } from '../support/oracles.ts';

const names = [
  'container',
  'header',
  'scrypt container',
  'journal',
  'hmac file',
  'list of qubes',
  'inner archive',
  'volumes of an archive',
  'gzip',
  'bzip2',
  'xz',
  'lzma',
  'zstd',
  'zlib',
  'inflate',
  'gzip behind damage',
  'bzip2 behind damage',
  'xz behind damage',
  'runs behind damage',
  'image',
  'contract',
];

oracle('tar', 'gzip', 'bzip2', 'xz', 'lzma', 'zstd', 'pigz', 'scrypt', 'mkfs.ext4', 'fallocate').describe(
  'mutated input',
  () => {
    let targets: ReadonlyMap<string, Target>;
    beforeAll(async () => {
      targets = new Map((await makeTargets()).map((each) => [each.name, each]));
    });

    test('goes to every reader', () => expect([...targets.keys()]).toEqual(names));

    describe.each(names)('of %s', (name) => {
      test('is read or refused in order', async () => {
        const { seeds, take } = targets.get(name) as Target;
        const dice = new Dice(20240229);
        for (const seed of seeds) await take(seed);
        for (let i = 0; i < 60; i++) await take(mutated(dice.oneOf(seeds), seeds, dice));
      });
    });
  },
);
