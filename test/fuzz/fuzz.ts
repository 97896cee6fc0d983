/**
 * Fuzzes every reader of foreign bytes: `npm run fuzz -- [inputs] [seed] [target]`. A crash, an input that takes longer
 * than five seconds or memory beyond 256 MB is a finding: it is saved, named, and ends the run with code 1.
 *
 * Mutations are seeded, so that a run can be repeated, and not guided by coverage.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Dice, mutated } from './mutate.ts';
import { makeTargets } from './targets.ts';

const longestTime = 5000;
const mostMemory = 256 * 1024 * 1024;
/** What begins with memory of its own, or is large, takes smaller turns. */
const slow = new Set([
  'image',
  'bzip2',
  'bzip2 behind damage',
  'xz',
  'xz behind damage',
  'runs behind damage',
  'lzma',
  'zstd',
  'gzip',
  'zlib',
  'inflate',
]);

/** What a thread tells: that it goes on with a batch, or what it found. */
type News =
  | { readonly at: number; readonly target: string; readonly input: Uint8Array }
  | { readonly finding: string; readonly target: string; readonly input: Uint8Array }
  | { readonly done: Readonly<Record<string, number>> };

interface Order {
  readonly inputs: number;
  readonly seed: number;
  readonly only: string | undefined;
}

if (isMainThread) await watch();
else await work(workerData as Order);

/** Runs the work in a thread, which cannot tell of its own endless loops. */
async function watch(): Promise<void> {
  const [inputs = '100000', seed = '1', only] = process.argv.slice(2);
  const order: Order = { inputs: Number(inputs), seed: Number(seed), only };
  const worker = new Worker(new URL(import.meta.url), { workerData: order });
  let last: News | undefined;
  let alarm: NodeJS.Timeout | undefined;
  const findings: string[] = [];
  const note = async (finding: string, target: string, input: Uint8Array) => {
    const folder = join(import.meta.dirname, '../../node_modules/.cache/lifeboat-fuzz');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${target.replaceAll(' ', '-')}-${Date.now()}-${findings.length}`);
    await writeFile(path, input);
    findings.push(`${target}: ${finding}\n  ${path}`);
    process.stdout.write(`${findings.at(-1) ?? ''}\n`);
  };
  const giveUp = () => {
    const saved =
      last && 'input' in last
        ? note('hangs, in the batch after this input', last.target, last.input)
        : undefined;
    void Promise.resolve(saved).then(() => worker.terminate());
  };
  await new Promise<void>((resolve) => {
    worker.on('message', (news: News) => {
      clearTimeout(alarm);
      if ('finding' in news) void note(news.finding, news.target, news.input);
      else if ('done' in news) process.stdout.write(`${JSON.stringify(news.done)}\n`);
      else last = news;
      // The second one tells a thread that hangs from a process that was suspended.
      alarm = setTimeout(() => (alarm = setTimeout(giveUp, longestTime)), 60_000);
    });
    worker.on('error', (error) => void note(`ends the process: ${String(error)}`, 'any', new Uint8Array(0)));
    worker.on('exit', () => {
      clearTimeout(alarm);
      resolve();
    });
  });
  process.stdout.write(`${findings.length} findings in ${inputs} inputs, seed ${seed}\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

/** Milliseconds that this thread has computed: a suspended one does not hang. */
function busyTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function work({ inputs, seed, only }: Order): Promise<void> {
  const targets = (await makeTargets()).filter(({ name }) => only === undefined || name === only);
  const dice = new Dice(seed);
  const counts: Record<string, number> = {};
  const tell = (news: News) => parentPort?.postMessage(news);
  const memory = () => {
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  for (let at = 0; at < inputs;) {
    // What node:zlib holds outside the heap is freed in turns of the event loop, of which promises alone take none.
    await nextTurn();
    const target = dice.oneOf(targets);
    const turn = Math.min(slow.has(target.name) ? 50 : 1000, inputs - at);
    for (let i = 0; i < turn; i++, at++) {
      const input = mutated(dice.oneOf(target.seeds), target.seeds, dice);
      if (i === 0) tell({ at, target: target.name, input });
      const start = busyTime();
      const held = memory();
      try {
        await target.take(input);
      } catch (error) {
        tell({ finding: String(error instanceof Error ? error.stack : error), target: target.name, input });
      }
      const took = busyTime() - start;
      if (took > longestTime) tell({ finding: `takes ${Math.round(took)} ms`, target: target.name, input });
      const grown = memory() - held;
      if (grown > mostMemory) tell({ finding: `takes ${grown} bytes`, target: target.name, input });
    }
    counts[target.name] = (counts[target.name] ?? 0) + turn;
  }
  tell({ done: counts });
}
