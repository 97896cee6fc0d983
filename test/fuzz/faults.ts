/** Ends restores by force at random moments: `npm run faults -- [rounds of each blow] [seed]`. Needs Linux. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blows, killableBackup, survives } from '../support/killing.ts';
import { Dice } from './mutate.ts';

const [rounds = '200', seed = '1'] = process.argv.slice(2);
const scratch = await mkdtemp(join(tmpdir(), 'lifeboat-faults-'));
process.env['LIFEBOAT_SCRATCH'] = scratch;
const dice = new Dice(Number(seed));
const faults: string[] = [];
try {
  const backup = await killableBackup();
  for (const blow of blows) {
    for (let round = 0; round < Number(rounds); round++) {
      const found = await survives(backup, blow, 100 + dice.below(2500));
      for (const fault of found) process.stdout.write(`${fault}\n`);
      faults.push(...found);
    }
    process.stdout.write(`${blow}: ${rounds} rounds\n`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
process.stdout.write(`${faults.length} findings, seed ${seed}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
