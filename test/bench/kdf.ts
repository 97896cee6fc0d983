/**
 * Measures key derivation: `node test/bench/kdf.ts [logN …]`, on an idle machine. Each way derives lanes of the same
 * cost (r = 8); the table says what a lane takes, and how that compares with the `scrypt` tool.
 *
 * Each figure is the best of several rounds, in which the ways take turns, so that a disturbance hits them alike. The
 * tool's includes its first use of memory, which it has in every derivation; the mixer's memory is used again.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createKeyDeriver } from '../../main/engine/key-deriver.ts';
import { laneLength, laneMemory, type DerivationKernel } from '../../main/recovery/kdf/derivation.ts';
import { nodeKernel } from '../../main/recovery/kdf/node-kernel.ts';
import { scryptJsKernel } from '../../main/recovery/kdf/scryptjs-kernel.ts';
import { layoutMemory, maxLanes, openMixer, type Mixer } from '../../main/recovery/kdf/smix.ts';
import { missingTools } from '../support/tools.ts';

const rounds = 5;
const r = 8;

/** One way to mix lanes: how many it mixes in a run, and the run. */
interface Way {
  readonly name: string;
  readonly lanes: number;
  readonly run: () => unknown;
}

const request = { passphrase: randomBytes(40), salt: randomBytes(32), r };

function tool(logN: number, p: number): Way {
  const args = [
    'enc',
    '--logN',
    String(logN),
    '-r',
    String(r),
    '-p',
    String(p),
    '--passphrase',
    'env:WORDS',
    '-',
  ];
  const env = { ...process.env, WORDS: 'correct horse' };
  return {
    name: `scrypt tool, p = ${p}`,
    lanes: p,
    run: () => spawnSync('scrypt', args, { input: 'plain', env }),
  };
}

function whole(logN: number, kernel: DerivationKernel): Way {
  return { name: kernel.name, lanes: 1, run: () => kernel.derive({ ...request, logN, p: 1 }, Infinity) };
}

function sideBySide(mixer: Mixer, logN: number, lanes: number, spacing = 1): Way {
  const batch = Array.from({ length: lanes }, () => randomBytes(laneLength({ r })));
  const run = () => mixer.mix(batch, { logN, r }, spacing);
  return { name: `mixer, ${lanes} lanes${spacing > 1 ? `, 1 row in ${spacing} kept` : ''}`, lanes, run };
}

/** Derivations of four lanes each by the scheduler, with memory for four lanes a worker, workers already started. */
async function scheduled(logN: number, workers: number): Promise<Way> {
  const memoryBytes = workers * (4 * laneMemory({ logN, r }) + 2 ** 20);
  const deriver = createKeyDeriver({ memoryBytes, workers });
  const run = () =>
    Promise.all(Array.from({ length: 2 * workers }, () => deriver.derive({ ...request, logN, p: 4 })));
  await run();
  return { name: `scheduler, ${workers} thread${workers > 1 ? 's' : ''}`, lanes: 8 * workers, run };
}

async function measure(logN: number): Promise<void> {
  const mixer = openMixer(layoutMemory({ logN, r, lanes: maxLanes, spacing: 1 }) + 2 ** 16);
  const ways: readonly Way[] = [
    tool(logN, 1),
    tool(logN, 5),
    whole(logN, nodeKernel),
    whole(logN, scryptJsKernel),
    ...[1, 2, 3, 4].map((lanes) => sideBySide(mixer, logN, lanes)),
    sideBySide(mixer, logN, 4, 4),
    sideBySide(mixer, logN, 1, 7),
    await scheduled(logN, 1),
    await scheduled(logN, 2),
  ];
  const best = ways.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { lanes, run }] of ways.entries()) {
      const start = performance.now();
      await run();
      best[i] = Math.min(best[i] ?? Infinity, (performance.now() - start) / lanes);
    }
  }
  const start = performance.now();
  tool(10, 1).run();
  console.log(
    `N = 2^${logN}, r = ${r}; the tool starts in less than ${Math.ceil(performance.now() - start)} ms`,
  );
  const [alone = 1, amortised = 1] = best;
  console.table(
    Object.fromEntries(
      ways.map(({ name }, i) => {
        const time = best[i] ?? Infinity;
        const ratio = (of: number) => (time / of).toFixed(2);
        return [
          name,
          {
            'ms a lane': Math.round(time),
            'of tool, p = 1': ratio(alone),
            'of tool, p = 5': ratio(amortised),
          },
        ];
      }),
    ),
  );
}

if (missingTools('scrypt').length > 0) throw new Error('This measurement needs the scrypt tool');
const asked = process.argv.slice(2).map(Number);
for (const logN of asked.length > 0 ? asked : [17, 18]) await measure(logN);
process.exit();
