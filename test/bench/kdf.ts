/**
 * Measures key derivation: `npm run bench -- kdf [logN …]`, on an idle machine. Each way mixes lanes of the same
 * cost (r = 8); the table says what a lane takes, and how that compares with the `scrypt` tool.
 *
 * Each figure is the best of several rounds, in which the ways take turns, so that a disturbance hits them alike. The
 * ratios are of processor time, which disturbances change less. The tool's includes its first use of memory, which it
 * has in every derivation; the mixer uses its memory again.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createKeyDeriver } from '../../main/engine/key-deriver.ts';
import {
  laneLength,
  laneMemory,
  maxLanes,
  type DerivationKernel,
} from '../../main/recovery/kdf/derivation.ts';
import { nodeKernel } from '../../main/recovery/kdf/node-kernel.ts';
import { scryptJsKernel } from '../../main/recovery/kdf/scryptjs-kernel.ts';
import { layoutMemory, openMixer, type Mixer } from '../../main/recovery/kdf/smix.ts';
import { missingTools } from '../support/tools.ts';

const rounds = 5;
const r = 8;

/** One way to mix lanes: how many it mixes in a run, and the run, which may say its processor time in milliseconds. */
interface Way {
  readonly name: string;
  readonly lanes: number;
  readonly run: () => unknown;
}

/** What a lane took, in milliseconds: on the clock, and of processors. */
interface Times {
  readonly clock: number;
  readonly processor: number;
}

const request = { passphrase: randomBytes(40), salt: randomBytes(32), r };

/** A derivation by the tool, which the shell measures. */
function tool(logN: number, p: number): Way {
  const command = `TIMEFORMAT='%U %S'; time scrypt enc --logN ${logN} -r ${r} -p ${p} --passphrase env:WORDS - >/dev/null 2>&1`;
  const env = { ...process.env, WORDS: 'correct horse' };
  const run = () => {
    const { stderr } = spawnSync('bash', ['-c', command], { input: 'plain', env, encoding: 'utf8' });
    const [user = NaN, system = NaN] = stderr.trim().split(' ').map(Number);
    return (user + system) * 1000;
  };
  return { name: `scrypt tool, p = ${p}`, lanes: p, run };
}

function whole(logN: number, kernel: DerivationKernel): Way {
  return { name: kernel.name, lanes: 1, run: () => kernel.derive({ ...request, logN, p: 1 }, Infinity) };
}

function sideBySide(mixer: Mixer, logN: number, lanes: number, spacing = 1): Way {
  const batch = Array.from({ length: lanes }, () => randomBytes(laneLength({ r })));
  const run = () => mixer.mix(batch, { logN, r }, spacing);
  return {
    name: `mixer, ${lanes} lane${lanes > 1 ? 's' : ''}${spacing > 1 ? `, 1 row in ${spacing} kept` : ''}`,
    lanes,
    run,
  };
}

/**
 * Derivations by the scheduler, each of as many lanes as one thread mixes at once, with memory for so many a worker,
 * workers already started. They have the machine to themselves: two workers take as much memory as all else.
 */
async function scheduled(logN: number, workers: number) {
  const memoryBytes = workers * (maxLanes * laneMemory({ logN, r }) + 2 ** 20);
  const deriver = createKeyDeriver({ memoryBytes, workers });
  const run = () =>
    Promise.all(Array.from({ length: 2 * workers }, () => deriver.derive({ ...request, logN, p: maxLanes })));
  await run();
  const way = {
    name: `scheduler, ${workers} thread${workers > 1 ? 's' : ''}`,
    lanes: 2 * maxLanes * workers,
    run,
  };
  const [times] = await bestOf([way]);
  await deriver.close();
  return { way, times };
}

/** The best times of each way, in rounds in which they take turns. */
async function bestOf(ways: readonly Way[]): Promise<Times[]> {
  const best: Times[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [i, way] of ways.entries()) {
      const times = await timed(way);
      const sofar = best[i] ?? times;
      best[i] = {
        clock: Math.min(sofar.clock, times.clock),
        processor: Math.min(sofar.processor, times.processor),
      };
    }
  }
  return best;
}

async function timed({ lanes, run }: Way): Promise<Times> {
  const before = process.cpuUsage();
  const start = performance.now();
  const processorOfTool = await run();
  const clock = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const processor = typeof processorOfTool === 'number' ? processorOfTool : (user + system) / 1000;
  return { clock: clock / lanes, processor: processor / lanes };
}

async function measure(logN: number): Promise<void> {
  const mixer = openMixer(layoutMemory({ logN, r, lanes: maxLanes, spacing: 1 }) + 2 ** 16);
  const ways: readonly Way[] = [
    tool(logN, 1),
    tool(logN, 5),
    whole(logN, nodeKernel),
    whole(logN, scryptJsKernel),
    ...Array.from({ length: maxLanes }, (_, i) => sideBySide(mixer, logN, i + 1)),
    sideBySide(mixer, logN, 4, 4),
    sideBySide(mixer, logN, 1, 7),
  ];
  const measured = (await bestOf(ways)).map((times, i) => ({ way: ways[i], times }));
  const [alone, amortised] = measured;
  mixer.close();
  const all = [...measured, await scheduled(logN, 1), await scheduled(logN, 2)];
  console.log(`N = 2^${logN}, r = ${r}: milliseconds a lane, and processor time as part of the tool's`);
  const row = (times: Times | undefined) => {
    const { clock, processor } = times ?? { clock: NaN, processor: NaN };
    const ratio = (of: Times | undefined) => (processor / (of?.processor ?? NaN)).toFixed(2);
    return {
      clock: Math.round(clock),
      processor: Math.round(processor),
      'p = 1': ratio(alone?.times),
      'p = 5': ratio(amortised?.times),
    };
  };
  console.table(Object.fromEntries(all.map(({ way, times }) => [way?.name, row(times)])));
}

if (missingTools('scrypt').length > 0) throw new Error('This measurement needs the scrypt tool');
const asked = process.argv.slice(2).map(Number);
for (const logN of asked.length > 0 ? asked : [17, 18]) await measure(logN);
process.exit();
