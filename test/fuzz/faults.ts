/**
 * Ends restores by force at random moments, and lets other mishaps befall commands: `npm run faults -- [rounds of each]
 * [seed] [which]`. Needs Linux and, for drives that are unmounted, root, and for the blows to the main process a built wizard.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aftermath, blows, killableBackup, undisturbed } from '../support/killing.ts';
import { mishaps } from '../support/mishaps.ts';
import { Dice } from './mutate.ts';

const [rounds = '200', seed = '1', only] = process.argv.slice(2);
const roundsPerMeasurement = 10;
const scratch = await mkdtemp(join(tmpdir(), 'lifeboat-faults-'));
process.env['LIFEBOAT_SCRATCH'] = scratch;
const dice = new Dice(Number(seed));
const faults: string[] = [];
try {
  const backup = await killableBackup();
  for (const blow of blows.filter((name) => only === undefined || name === only)) {
    let whole = 0;
    /** How many rounds left how many of the files finished. */
    const spread = new Map<number, number>();
    for (let round = 0; round < Number(rounds); round++) {
      // What else the machine does changes meanwhile, and blows that come too soon or too late try nothing.
      if (round % roundsPerMeasurement === 0) whole = await undisturbed(backup, blow);
      const found = await aftermath(backup, blow, dice.below(whole * 1.05));
      for (const fault of found.faults) process.stdout.write(`${fault}\n`);
      faults.push(...found.faults);
      spread.set(found.finished, (spread.get(found.finished) ?? 0) + 1);
    }
    const finished = [...spread].toSorted().map(([files, times]) => `${files} files ${times} times`);
    process.stdout.write(
      `${blow}: ${rounds} rounds within ${Math.round(whole)} ms or so; finished: ${finished.join(', ')}\n`,
    );
  }
  for (const [name, mishap] of Object.entries(mishaps)) {
    if (only !== undefined && name !== only) continue;
    const before = faults.length;
    for (let round = 0; round < Number(rounds); round++) {
      for (const fault of await mishap(backup, dice)) {
        process.stdout.write(`${name}: ${fault}\n`);
        faults.push(fault);
      }
    }
    process.stdout.write(`${name}: ${rounds} rounds, ${faults.length - before} findings\n`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
process.stdout.write(`${faults.length} findings, seed ${seed}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
