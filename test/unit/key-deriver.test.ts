/** Promises of the scheduler of key derivation: results, order, memory, cancelling, and workers that die. */
import { scryptSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createKeyDeriver,
  type KeyDeriver,
  type KeyDeriverOptions,
  type OrderedRequest,
} from '../../main/engine/key-deriver.ts';
import type { LaneJob, LaneWorkerData } from '../../main/engine/lane-worker.ts';
import type { DerivationCost } from '../../main/recovery/kdf/derivation.ts';
import { layoutMemory, type LaneLayout } from '../../main/recovery/kdf/smix.ts';
import { problemOf, type Problem } from '../../shared/problems.ts';

const mebibyte = 2 ** 20;
const laneWorker = new URL('../../main/engine/lane-worker.ts', import.meta.url);

/** A deriver whose workers are watched: what they were given, and what they were sent. */
interface Watched {
  readonly deriver: KeyDeriver;
  readonly workers: Worker[];
  readonly alive: Set<LaneWorkerData>;
  /** The memory that each of them had. */
  readonly shares: number[];
  readonly layouts: LaneLayout[];
  /** Called for every job that is sent. */
  onJob: (job: LaneJob, worker: Worker) => void;
}

const opened: KeyDeriver[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((deriver) => deriver.close()));
});

function open(options: Omit<KeyDeriverOptions, 'startWorker'>, script: URL | string = laneWorker): Watched {
  const workers: Worker[] = [];
  const alive = new Set<LaneWorkerData>();
  const shares: number[] = [];
  const layouts: LaneLayout[] = [];
  const startWorker = (workerData: LaneWorkerData) => {
    const worker = new Worker(script, {
      workerData,
      eval: typeof script === 'string',
      env: {},
      execArgv: [],
    });
    workers.push(worker);
    alive.add(workerData);
    shares.push(workerData.memoryBytes);
    worker.once('exit', () => alive.delete(workerData));
    const send = worker.postMessage.bind(worker);
    worker.postMessage = (job: LaneJob, transferred) => {
      if (job.kind === 'mix') layouts.push(job.layout);
      send(job, transferred as never);
      watched.onJob(job, worker);
    };
    const bytes = [...alive].reduce((sum, data) => sum + data.memoryBytes, 0);
    if (bytes > options.memoryBytes) throw new Error(`workers may use ${bytes} bytes together`);
    return worker;
  };
  const deriver = createKeyDeriver({ ...options, startWorker });
  opened.push(deriver);
  const watched: Watched = { deriver, workers, alive, shares, layouts, onJob: () => undefined };
  return watched;
}

function request(cost: DerivationCost, passphrase = 'correct horse'): OrderedRequest {
  return { ...cost, passphrase: Buffer.from(passphrase), salt: Buffer.from(`salt of ${passphrase}`) };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function expected({ passphrase, salt, logN, r, p }: OrderedRequest): string {
  return hex(scryptSync(passphrase, salt, 64, { N: 2 ** logN, r, p, maxmem: 2 ** 31 }));
}

/** The problem that a derivation ends with. */
async function problemIn(derivation: Promise<unknown>): Promise<Problem | 'derived'> {
  return derivation.then(
    () => 'derived' as const,
    (error: unknown) => problemOf(error),
  );
}

/** Work for minutes: what is cancelled or interrupted here has certainly not ended by itself. */
const endless = request({ logN: 15, r: 8, p: 4000 }, 'endless');

describe('derivations', () => {
  it('give what node:crypto gives, at costs of all kinds at once', async () => {
    const { deriver } = open({ memoryBytes: 256 * mebibyte, workers: 2 });
    const costs = [
      { logN: 12, r: 8, p: 5 },
      { logN: 13, r: 8, p: 1 },
      { logN: 12, r: 8, p: 3 },
      { logN: 1, r: 1, p: 17 },
      { logN: 14, r: 8, p: 2 },
      { logN: 9, r: 40, p: 3 },
      { logN: 12, r: 8, p: 1 },
    ];
    const requests = costs.map((cost, i) => request(cost, `passphrase ${i}`));
    const keys = await Promise.all(requests.map((asked) => deriver.derive(asked)));
    expect(keys.map(hex)).toEqual(requests.map(expected));
  });

  it.each(['wasm', 'node:crypto', 'scrypt-js'] as const)(
    'name the kernel that made them: %s',
    async (kernel) => {
      const { deriver } = open({ memoryBytes: 64 * mebibyte, workers: 1, kernel });
      expect(deriver.kernel).toBeNull();
      // Large enough for a worker: small ones are made on the spot.
      await deriver.derive(request({ logN: 12, r: 8, p: 1 }));
      expect(deriver.kernel).toBe(kernel);
    },
  );

  it('end in the order of their urgency, and among equals in that of their coming', async () => {
    const { deriver } = open({ memoryBytes: 64 * mebibyte, workers: 1 });
    const ended: string[] = [];
    const derive = async (name: string, order?: number) => {
      const asked = request({ logN: 10, r: 8, p: 5 }, name);
      await deriver.derive(order === undefined ? asked : { ...asked, order });
      ended.push(name);
    };
    await Promise.all([derive('c', 2), derive('a'), derive('d', 2), derive('b')]);
    expect(ended).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keep their passphrase although the caller wipes it at once', async () => {
    const { deriver } = open({ memoryBytes: 64 * mebibyte, workers: 1 });
    const asked = request({ logN: 10, r: 8, p: 6 });
    const key = expected(asked);
    const derivation = deriver.derive(asked);
    asked.passphrase.fill(0);
    expect(hex(await derivation)).toBe(key);
  });

  it.each(['node:crypto', 'scrypt-js'] as const)('can do with %s alone', async (kernel) => {
    const { deriver, layouts } = open({ memoryBytes: 64 * mebibyte, workers: 2, kernel });
    const requests = [1, 2, 3].map((p) => request({ logN: 10, r: 8, p }));
    const keys = await Promise.all(requests.map((asked) => deriver.derive(asked)));
    expect(keys.map(hex)).toEqual(requests.map(expected));
    expect(layouts).toEqual([]);
  });
});

describe('a worker whose mixer fails its self-test', () => {
  it('derives by node:crypto', async () => {
    // A mixer of 1 MiB has no room for the self-test.
    const startWorker = (data: LaneWorkerData) =>
      new Worker(laneWorker, { workerData: { ...data, memoryBytes: mebibyte }, env: {}, execArgv: [] });
    const deriver = createKeyDeriver({ memoryBytes: 64 * mebibyte, workers: 2, startWorker });
    opened.push(deriver);
    const requests = [5, 7, 6].map((p) => request({ logN: 9, r: 8, p }));
    const keys = await Promise.all(requests.map((asked) => deriver.derive(asked)));
    expect(keys.map(hex)).toEqual(requests.map(expected));
    expect(await problemIn(deriver.derive(request({ logN: 12, r: 8, p: 1 })))).toMatchObject({
      code: 'derivation-needs-memory',
      params: { allowed: mebibyte },
    });
  });
});

describe('a worker', () => {
  it.runIf(process.platform === 'linux')('stands back behind the other threads', async () => {
    const { deriver } = open({ memoryBytes: 32 * mebibyte, workers: 1 });
    const before = nicest();
    await deriver.derive(request({ logN: 12, r: 8, p: 1 }));
    expect(nicest()).toBe(before + 10);
  });
});

describe('workers', () => {
  it.each([
    ['one, which does not measure, for a few cheap lanes', { logN: 10, r: 8, p: 3 }, [false]],
    ['more for many of them', { logN: 10, r: 8, p: 33 }, [false, false]],
    ['all, which measure what pays, for dear ones', { logN: 14, r: 8, p: 1 }, [true, true]],
  ])('start as they are worth it: %s', async (_name, cost, calibrates) => {
    const { deriver, alive } = open({ memoryBytes: 512 * mebibyte, workers: 2 });
    const derivation = deriver.derive(request(cost));
    while (alive.size === 0) await nextTurn();
    expect([...alive].map((data) => data.calibrates)).toEqual(calibrates);
    await derivation;
  });
});

describe('what is derived ahead', () => {
  const cost = { logN: 14, r: 8, p: 1 };

  it('is held while nobody wants it, with the memory given back, and what somebody waits for is not', async () => {
    const { deriver, alive } = open({ memoryBytes: 128 * mebibyte, workers: 1 });
    deriver.holdAhead(true);
    let isThere = false;
    const ahead = { ...request(cost, 'ahead'), order: 1 };
    const held = deriver.derive(ahead).finally(() => (isThere = true));
    const wanted = request(cost, 'wanted');
    // Of a shape of its own, so that no lane of the other goes along with it.
    expect(hex(await deriver.derive({ ...wanted, logN: 13 }))).toBe(expected({ ...wanted, logN: 13 }));
    await expect.poll(() => alive.size, { timeout: 60_000 }).toBe(0);
    expect(isThere).toBe(false);
    deriver.holdAhead(false);
    expect(hex(await held)).toBe(expected(ahead));
  });

  it('is cancelled and closed also while it is held', async () => {
    const { deriver } = open({ memoryBytes: 128 * mebibyte, workers: 1 });
    deriver.holdAhead(true);
    const abort = new AbortController();
    const cancelled = deriver.derive({ ...request(cost), order: 1 }, abort.signal).catch(problemOf);
    const closed = deriver.derive({ ...request(cost), order: 2 }).catch(problemOf);
    abort.abort();
    expect(await cancelled).toMatchObject({ code: 'cancelled' });
    await deriver.close();
    expect(await closed).toMatchObject({ code: 'cancelled' });
  });
});

describe('trifles', () => {
  const some = (count: number) =>
    Array.from({ length: count }, (_, i) => request({ logN: 10, r: 8, p: 1 }, `passphrase ${i}`));

  it('are done on the spot where there are few, with no worker at all', async () => {
    const { deriver, workers } = open({ memoryBytes: 64 * mebibyte, workers: 2 });
    const requests = some(8);
    const keys = await Promise.all(requests.map((asked) => deriver.derive(asked)));
    expect(keys.map(hex)).toEqual(requests.map(expected));
    expect(workers).toHaveLength(0);
  });

  it('are shared with a worker where there are many, once it has started', async () => {
    const { deriver, workers, layouts } = open({ memoryBytes: 64 * mebibyte, workers: 1 });
    let asked = 0;
    while (layouts.length === 0) {
      const requests = some(40);
      asked += requests.length;
      const keys = await Promise.all(requests.map((each) => deriver.derive(each)));
      expect(keys.map(hex)).toEqual(requests.map(expected));
    }
    expect(workers).toHaveLength(1);
    const mixed = layouts.reduce((sum, { lanes }) => sum + lanes, 0);
    expect(mixed).toBeGreaterThan(0);
    expect(mixed).toBeLessThan(asked);
  });
});

/** The lowest priority that a thread of this process has. */
function nicest(): number {
  const threads = readdirSync('/proc/self/task');
  return Math.max(
    ...threads.map((thread) => {
      const [, fields = ''] = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(/\) (?!.*\) )/);
      return Number(fields.split(' ')[16]);
    }),
  );
}

describe('memory', () => {
  it('is shared so that every worker has its part of the lanes before one has more', async () => {
    const watched = open({ memoryBytes: 512 * mebibyte, workers: 2 });
    await watched.deriver.derive(request({ logN: 14, r: 8, p: 4 }));
    const sizes = watched.layouts.map(({ lanes }) => lanes);
    expect(sizes.reduce((sum, lanes) => sum + lanes)).toBe(4);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2);
    expect(watched.workers).toHaveLength(2);
  });

  it('is not handed out before the derivations of a moment have gathered', async () => {
    const { deriver, layouts } = open({ memoryBytes: 64 * mebibyte, workers: 1 });
    // A worker that is idle already: it must not run off with the first of them.
    await deriver.derive(request({ logN: 12, r: 8, p: 1 }));
    const asked = ['one', 'two', 'three', 'four'].map(async (passphrase, turns) => {
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      return deriver.derive(request({ logN: 12, r: 8, p: 1 }, passphrase));
    });
    await Promise.all(asked);
    expect(layouts.map(({ lanes }) => lanes).slice(1)[0]).toBeGreaterThan(1);
  });

  it('of all workers together is never more than allowed, whatever the costs', async () => {
    // `open` throws when the workers alive at a time may use more.
    const watched = open({ memoryBytes: 20 * mebibyte, workers: 2 });
    const costs = [
      { logN: 12, r: 8, p: 3 },
      { logN: 16, r: 12, p: 1 },
      { logN: 11, r: 8, p: 4 },
    ];
    const requests = costs.map((cost) => request(cost));
    const keys = await Promise.all(requests.map((asked) => watched.deriver.derive(asked)));
    expect(keys.map(hex)).toEqual(requests.map(expected));
    for (const layout of watched.layouts) expect(layoutMemory(layout)).toBeLessThanOrEqual(20 * mebibyte);
    // A lane of 96 MiB takes all memory for one worker, and the trade-off; before and after, two share it.
    expect(watched.layouts.find(({ r }) => r === 12)).toEqual({ logN: 16, r: 12, lanes: 1, spacing: 5 });
    expect(watched.shares).toEqual([10 * mebibyte, 20 * mebibyte, 10 * mebibyte]);
  });

  it('of a seventh of a lane is enough', async () => {
    const { deriver, layouts } = open({ memoryBytes: Math.ceil((64 * mebibyte) / 7), workers: 4 });
    const asked = request({ logN: 16, r: 8, p: 1 });
    expect(hex(await deriver.derive(asked))).toBe(expected(asked));
    expect(layouts).toEqual([{ logN: 16, r: 8, lanes: 1, spacing: 8 }]);
  });

  it('that cannot be enough is asked for at once', async () => {
    const { deriver, workers } = open({ memoryBytes: 64 * mebibyte, workers: 2 });
    expect(await problemIn(deriver.derive(request({ logN: 20, r: 8, p: 1 })))).toMatchObject({
      code: 'derivation-needs-memory',
      params: { allowed: 64 * mebibyte },
    });
    expect(await problemIn(deriver.derive(request({ logN: 1, r: 8, p: 2 ** 26 })))).toMatchObject({
      code: 'derivation-needs-memory',
    });
    expect(workers).toHaveLength(0);
  });

  it('is not even looked at for costs that scrypt does not define', async () => {
    const { deriver } = open({ memoryBytes: 64 * mebibyte, workers: 2 });
    expect(await problemIn(deriver.derive(request({ logN: 64, r: 8, p: 1 })))).toEqual({
      code: 'derivation-parameters-invalid',
      params: { logN: 64, r: 8, p: 1 },
    });
  });
});

describe('cancelling', () => {
  it('answers at once, and frees the worker for what comes next', async () => {
    const watched = open({ memoryBytes: 64 * mebibyte, workers: 1 });
    const abort = new AbortController();
    const mixing = new Promise<void>((resolve) => (watched.onJob = () => resolve()));
    const cancelled = problemIn(watched.deriver.derive(endless, abort.signal));
    const asked = request({ logN: 10, r: 8, p: 2 });
    const next = watched.deriver.derive(asked);
    await mixing;
    const stopped = () => [...watched.alive].map(({ stop }) => new Int32Array(stop)[0]);
    expect(stopped()).toEqual([0]);
    abort.abort();
    expect(stopped()).toEqual([1]);
    expect(await cancelled).toEqual({ code: 'cancelled', params: {} });
    expect(hex(await next)).toBe(expected(asked));
    expect(watched.workers).toHaveLength(1);
  });

  it('leaves lanes of others in the same batch alone', async () => {
    const watched = open({ memoryBytes: 256 * mebibyte, workers: 1 });
    const abort = new AbortController();
    watched.onJob = () => abort.abort();
    const shape = { logN: 13, r: 8, p: 1 };
    const kept = request(shape, 'kept');
    const [key, cancelled] = await Promise.all([
      watched.deriver.derive(kept),
      problemIn(watched.deriver.derive(request(shape, 'cancelled'), abort.signal)),
    ]);
    expect(watched.layouts.map(({ lanes }) => lanes)).toEqual([2]);
    expect(hex(key)).toBe(expected(kept));
    expect(cancelled).toMatchObject({ code: 'cancelled' });
  });

  it('before the start starts nothing', async () => {
    const { deriver, workers } = open({ memoryBytes: 64 * mebibyte, workers: 1 });
    expect(await problemIn(deriver.derive(endless, AbortSignal.abort()))).toMatchObject({
      code: 'cancelled',
    });
    expect(workers).toHaveLength(0);
  });

  it('comes with closing, for what is under way and what waits', async () => {
    const watched = open({ memoryBytes: 64 * mebibyte, workers: 1 });
    const mixing = new Promise<void>((resolve) => (watched.onJob = () => resolve()));
    const derivations = [endless, { ...endless, logN: 12 }].map((asked) =>
      problemIn(watched.deriver.derive(asked)),
    );
    await mixing;
    await watched.deriver.close();
    expect(await Promise.all(derivations)).toEqual([
      { code: 'cancelled', params: {} },
      { code: 'cancelled', params: {} },
    ]);
    expect(watched.alive.size).toBe(0);
    expect(await problemIn(watched.deriver.derive(endless))).toMatchObject({ code: 'cancelled' });
  });
});

describe('workers that have nothing to do', () => {
  it('were started with the first derivation, and give their memory back while others work', async () => {
    const { deriver, workers, alive } = open({ memoryBytes: 512 * mebibyte, workers: 2 });
    const abort = new AbortController();
    const oneLane = request({ logN: 20, r: 8, p: 1 });
    const cancelled = problemIn(deriver.derive(oneLane, abort.signal));
    while (workers.length === 0) await nextTurn();
    expect(workers).toHaveLength(2);
    await Promise.race(workers.map((worker) => new Promise((gone) => worker.once('exit', gone))));
    expect(alive.size).toBe(1);
    abort.abort();
    expect(await cancelled).toMatchObject({ code: 'cancelled' });
  });

  it('give their memory back, and others derive what comes later', async () => {
    const { deriver, workers } = open({ memoryBytes: 64 * mebibyte, workers: 2 });
    const asked = request({ logN: 10, r: 8, p: 4 });
    expect(hex(await deriver.derive(asked))).toBe(expected(asked));
    await Promise.all(workers.map((worker) => new Promise((gone) => worker.once('exit', gone))));
    const before = workers.length;
    expect(hex(await deriver.derive(asked))).toBe(expected(asked));
    expect(workers.length).toBeGreaterThan(before);
  });
});

describe('a worker that dies', () => {
  it('takes only its own derivations with it, and is replaced', async () => {
    const watched = open({ memoryBytes: 64 * mebibyte, workers: 1 });
    watched.onJob = (_job, worker) => {
      watched.onJob = () => undefined;
      void worker.terminate();
    };
    const lost = problemIn(watched.deriver.derive(endless));
    const asked = request({ logN: 12, r: 8, p: 2 });
    const next = watched.deriver.derive(asked);
    expect(await lost).toMatchObject({ code: 'derivation-interrupted', params: { reason: 'exit code 1' } });
    expect(hex(await next)).toBe(expected(asked));
    expect(watched.workers).toHaveLength(2);
  });

  it('of an error names it', async () => {
    const script = `
      const { parentPort } = require('node:worker_threads');
      parentPort.postMessage({ kind: 'ready', kernel: 'wasm', memoryBytes: 2 ** 26, costs: [1, 1, 1, 1] });
      parentPort.on('message', (job) => { if (job.kind === 'mix') throw new Error('out of luck'); else parentPort.close(); });`;
    const { deriver } = open({ memoryBytes: 64 * mebibyte, workers: 1 }, script);
    expect(await problemIn(deriver.derive(endless))).toEqual({
      code: 'derivation-interrupted',
      params: { reason: 'out of luck' },
    });
  });

  it('before it could work is not started again and again', async () => {
    const { deriver, workers } = open({ memoryBytes: 64 * mebibyte, workers: 2 }, 'process.exit(3)');
    const derivations = [endless, endless, endless].map((asked) => problemIn(deriver.derive(asked)));
    for (const outcome of await Promise.all(derivations)) {
      expect(outcome).toEqual({ code: 'derivation-interrupted', params: { reason: 'exit code 3' } });
    }
    expect(workers.length).toBeLessThanOrEqual(2);
    expect(await problemIn(deriver.derive(endless))).toMatchObject({ code: 'derivation-interrupted' });
  });

  it('that cannot even be started fails what waits for it', async () => {
    const startWorker = () => {
      throw new Error('no more threads');
    };
    const deriver = createKeyDeriver({ memoryBytes: 64 * mebibyte, workers: 2, startWorker });
    expect(await problemIn(deriver.derive(endless))).toEqual({
      code: 'derivation-interrupted',
      params: { reason: 'no more threads' },
    });
    await deriver.close();
  });

  it('says so when no kernel passes its self-test', async () => {
    const failure = { code: 'derivation-self-test-failed', params: { kernel: 'scrypt-js' } };
    const script = `require('node:worker_threads').parentPort.postMessage({ kind: 'failed', problem: ${JSON.stringify(failure)} })`;
    const { deriver } = open({ memoryBytes: 64 * mebibyte, workers: 2 }, script);
    expect(await problemIn(deriver.derive(endless))).toEqual(failure);
    expect(await problemIn(deriver.derive(endless))).toEqual(failure);
  });
});
