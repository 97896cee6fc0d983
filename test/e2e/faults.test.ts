/** Restores that are ended by force at seeded moments, of which `npm run faults` tries hundreds. */
import { expect } from 'vitest';
import { Dice } from '../fuzz/mutate.ts';
import { aftermath, blows, killableBackup } from '../support/killing.ts';
import { mishaps, type Mishap } from '../support/mishaps.ts';
import { oracle, skipped } from '../support/oracles.ts';

const gate = process.platform === 'linux' ? oracle('scrypt', 'tar', 'gzip', 'split') : skipped('reads /proc');

gate.test(
  'a restore that is killed or suspended at any moment leaves nothing wrong, and is resumed',
  async () => {
    const backup = await killableBackup();
    const dice = new Dice(20240229);
    for (const blow of blows)
      expect((await aftermath(backup, blow, 200 + dice.below(1500))).faults).toEqual([]);
  },
);

for (const name of [
  'output that cannot be written',
  'an account that cannot be written',
  'a damaged list of qubes',
  'a volume that is missing from an old backup',
]) {
  gate.test(`${name} is never told as all right`, async () => {
    const backup = await killableBackup();
    const dice = new Dice(20240229);
    for (let round = 0; round < 4; round++) expect(await (mishaps[name] as Mishap)(backup, dice)).toEqual([]);
  });
}
