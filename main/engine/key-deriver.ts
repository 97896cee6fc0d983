/**
 * Derives keys in worker threads: hands the lanes of all derivations out in order, several at once to each worker,
 * within one budget of memory.
 */
import { Worker } from 'node:worker_threads';
import { fail, problem, problemOf, RecoveryError, type Problem } from '../../shared/problems.ts';
import { secretCopy } from '../recovery/bytes/secret.ts';
import { deferred } from '../recovery/deferred.ts';
import { entryPoint } from '../recovery/entry-point.ts';
import { chooseLayout, leastMemory } from '../recovery/kdf/batch.ts';
import {
  checkCost,
  checkMemory,
  derivationMemory,
  laneLength,
  laneMemory,
  type DerivationKernel,
  type DerivationRequest,
} from '../recovery/kdf/derivation.ts';
import { createLaneQueue, type QueuedDerivation, type QueuedLane } from '../recovery/kdf/lane-queue.ts';
import { nodeKernel } from '../recovery/kdf/node-kernel.ts';
import { gatherLanes } from '../recovery/kdf/pbkdf2.ts';
import { quickAnswers, selfTest } from '../recovery/kdf/self-test.ts';
import { estimateSeconds } from '../recovery/kdf/slow-cost.ts';
import { layoutMemory, usableMemory } from '../recovery/kdf/smix.ts';
import type { LaneJob, LaneReply, LaneWorkerData, LaneWorkerReady } from './lane-worker.ts';

/** A derivation and its urgency: the smaller its `order`, the sooner; equals go in the order in which they came. */
export interface OrderedRequest extends DerivationRequest {
  readonly order?: number;
  /** Refuses it with `derivation-slow`, which says how long it would take, unless there is a graver reason. */
  readonly refused?: boolean;
}

export interface KeyDeriver {
  /**
   * Derives the 64 bytes of `request`. The passphrase is copied, and every copy is wiped.
   *
   * @throws RecoveryError `derivation-parameters-invalid`, `derivation-needs-memory`, `derivation-slow`,
   *   `derivation-self-test-failed`, `derivation-interrupted` when a worker died, `cancelled` at once when `signal` aborts or the deriver closes
   */
  derive(request: OrderedRequest, signal?: AbortSignal): Promise<Uint8Array>;
  /** What derives: the kernel of the worker that was ready last; null while none was. */
  readonly kernel: DerivationKernel['name'] | null;
  /** Whether what nobody waits for yet, of an `order` beyond 0, is left for later; as long as nobody says so, it is not. */
  holdAhead(held: boolean): void;
  /** Cancels what is under way, wipes the memories and ends the workers. */
  close(): Promise<void>;
}

export interface KeyDeriverOptions {
  /** What all workers together may use for mixing. */
  readonly memoryBytes: number;
  /** How many threads work at most. */
  readonly workers: number;
  /** The only kernel to use; without it, the best that passes its self-test. */
  readonly kernel?: DerivationKernel['name'];
  /** Starts a worker; tests watch and end their workers through it. */
  readonly startWorker?: (data: LaneWorkerData) => Worker;
}

/** A derivation that has not been answered. */
interface Derivation extends QueuedDerivation {
  /** The mixed lanes, one after another, from when the first is handed out. */
  mixed: Uint8Array | undefined;
  /** How many lanes have not come back. */
  outstanding: number;
  settled: boolean;
  resolve(key: Uint8Array): void;
  reject(error: RecoveryError): void;
}

/** A worker and what it is doing: starting while not `ready`, idle while it has no lanes. */
interface Hand {
  readonly worker: Worker;
  readonly gone: Promise<unknown>;
  readonly stop: Int32Array;
  ready: LaneWorkerReady | undefined;
  lanes: readonly QueuedLane<Derivation>[];
  /** Bytes of memory that it has used so far. */
  touched: number;
  leaving: boolean;
}

/** A share of memory in which a worker can pass its self-test. */
const smallestShare = 2 ** 23;

/** The mixed lanes of a derivation may take this part of the memory, which keeps hostile counts of lanes out. */
const partForMixed = 1 / 16;

/**
 * How long derivations gather before idle workers get lanes of them, in milliseconds. Those of one file come within a
 * moment of each other, and a worker that took the first alone would be busy with it for as long as with four.
 */
const gatheringTime = 5;

/**
 * Lanes of at least this many bytes are dear: for them all workers start, and come to know their processor. The lanes of
 * Qubes have 128 MiB and more; those of small ones take less time than that.
 */
const dearLane = 2 ** 24;

/** So many cheap lanes are worth the start of another worker. */
const lanesWorthAWorker = 32;

/**
 * Derivations of at most so many bytes are trifles: they take a few milliseconds, and a worker some hundred to start.
 * While there is none, they are done on the spot; a few do not have one started at all.
 */
const trifle = 2 ** 21;
const fewTrifles = 8;

/**
 * How long a worker that has nothing to do keeps its memory, in milliseconds. It can be half of what the computer has,
 * and wiping it takes a while, in which the last chunks are still being written. Between the list of qubes and the first
 * chunk of a restore less than that passes, if nobody is asked anything.
 */
const restingTime = 250;

/** How long a worker has to finish and wipe, in milliseconds, before it is ended by force. */
const patience = 5000;

export function createKeyDeriver(options: KeyDeriverOptions): KeyDeriver {
  const { memoryBytes, workers, startWorker = startLaneWorker } = options;
  const kernels: readonly DerivationKernel['name'][] = options.kernel
    ? [options.kernel]
    : ['wasm', 'node:crypto', 'scrypt-js'];
  const queue = createLaneQueue<Derivation>();
  let hands: readonly Hand[] = [];
  let crewSize = 0;
  let regrouping: Promise<void> | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let resting: NodeJS.Timeout | undefined;
  let mixesLanes = true;
  let kernel: DerivationKernel['name'] | null = null;
  let aheadIsHeld = false;
  let closed = false;

  /** How many workers can each do such a derivation in an equal share of the memory. */
  function crewFor(request: DerivationRequest): number {
    const least = mixesLanes ? leastMemory(request) : derivationMemory(request);
    const fits = (share: number) => share >= smallestShare && least <= usableMemory(share);
    let size = workers;
    while (size > 1 && !fits(memoryBytes / size)) size--;
    return size;
  }

  function busy(): number {
    return hands.filter((hand) => hand.lanes.length > 0).length;
  }

  /** Gives idle workers something to do: called whenever there may be something. */
  function handOut(): void {
    clearTimeout(resting);
    if (regrouping || closed) return;
    const next = queue.next();
    if (!next || (aheadIsHeld && next.order > 0)) {
      if (hands.length > 0) resting = setTimeout(sendHome, restingTime);
      return;
    }
    const size = crewFor(next.request);
    if (size !== crewSize) {
      if (busy() === 0) regrouping = regroup(size);
      return;
    }
    const isDear = laneMemory(next.request) >= dearLane;
    const isTrifle = next.request.p * laneMemory(next.request) <= trifle && kernels.includes(nodeKernel.name);
    const lanes = queue.waiting() - (isTrifle ? fewTrifles : 0);
    const wanted = isDear ? crewSize : Math.min(crewSize, Math.ceil(lanes / lanesWorthAWorker));
    try {
      while (hands.length < wanted) hands = [...hands, hire(isDear)];
    } catch (error) {
      interrupt(queue.clear(), reasonOf(error));
    }
    const idle = hands.find(isIdle);
    if (idle?.ready) {
      employ(idle, next, idle.ready);
      handOut();
    } else if (isTrifle && !hands.some((hand) => hand.ready)) {
      deriveOnTheSpot(next);
      setImmediate(handOut);
    }
  }

  function deriveOnTheSpot(derivation: Derivation): void {
    try {
      selfTest(nodeKernel, quickAnswers);
      settle(derivation, nodeKernel.derive(derivation.request, trifle * 2));
    } catch (error) {
      settle(derivation, problemOf(error));
    }
  }

  /** Frees the memory of workers that have had nothing to do; the next derivation has new ones started. */
  function sendHome(): void {
    for (const hand of hands) if (isIdle(hand)) void dismiss(hand);
  }

  /** Shares the memory out anew. A thread gives its memory back when it ends, so all workers are replaced. */
  async function regroup(size: number): Promise<void> {
    await Promise.all(hands.map(dismiss));
    crewSize = size;
    regrouping = undefined;
    handOut();
  }

  function hire(calibrates: boolean): Hand {
    const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const share = Math.floor(memoryBytes / crewSize);
    const worker = startWorker({ memoryBytes: share, calibrates, kernels, stop });
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    const hand: Hand = {
      worker,
      gone,
      stop: new Int32Array(stop),
      ready: undefined,
      lanes: [],
      touched: 0,
      leaving: false,
    };
    let reason: string | undefined;
    worker.on('message', (reply: LaneReply) => receive(hand, reply));
    worker.on('error', (error) => (reason = reasonOf(error)));
    worker.once('exit', (code) => lose(hand, reason ?? `exit code ${code}`));
    return hand;
  }

  function employ(hand: Hand, next: Derivation, { costs, memoryBytes: share }: LaneWorkerReady): void {
    if (!costs) {
      queue.remove(next);
      hand.lanes = [{ derivation: next, index: 0 }];
      const request = { ...next.request, passphrase: secretCopy(next.request.passphrase) };
      send(hand, { kind: 'derive', request }, [request.passphrase.buffer]);
      return;
    }
    // Every worker that is free gets its part of what waits before one gets more.
    const part = Math.ceil(queue.waiting() / (crewSize - busy()));
    const layout = chooseLayout(
      next.request,
      Math.min(part, queue.waiting(next.request)),
      share,
      costs,
      hand.touched,
    );
    if (!layout) {
      queue.remove(next);
      settle(next, problem('derivation-needs-memory', { needed: leastMemory(next.request), allowed: share }));
      return;
    }
    hand.touched = Math.max(hand.touched, layoutMemory(layout));
    hand.lanes = queue.take(layout, layout.lanes);
    const lanes = hand.lanes.map(({ derivation: { request }, index }) => ({
      passphrase: secretCopy(request.passphrase),
      salt: request.salt,
      index,
    }));
    const buffers = lanes.map((lane) => lane.passphrase.buffer);
    send(hand, { kind: 'mix', layout, lanes }, buffers);
  }

  function send(hand: Hand, job: LaneJob, transferred: readonly ArrayBuffer[] = []): void {
    Atomics.store(hand.stop, 0, 0);
    hand.worker.postMessage(job, transferred);
  }

  function receive(hand: Hand, reply: LaneReply): void {
    const { lanes } = hand;
    hand.lanes = [];
    if (reply.kind === 'ready') {
      hand.ready = reply;
      kernel = reply.kernel;
      mixesLanes &&= reply.costs !== undefined;
    } else if (reply.kind === 'mixed') {
      reply.lanes.forEach((lane, i) => gather(lanes[i], lane));
    } else if (reply.kind === 'derived') {
      for (const { derivation } of lanes) settle(derivation, reply.key);
    } else if (reply.kind === 'failed') {
      hand.leaving ||= !hand.ready;
      const affected = hand.ready ? lanes.map(({ derivation }) => derivation) : queue.clear();
      for (const derivation of affected) settle(derivation, reply.problem);
    }
    handOut();
  }

  function gather(lane: QueuedLane<Derivation> | undefined, bytes: Uint8Array): void {
    if (!lane || lane.derivation.settled) return;
    const { derivation, index } = lane;
    const { request } = derivation;
    derivation.mixed ??= new Uint8Array(laneLength(request) * request.p);
    derivation.mixed.set(bytes, laneLength(request) * index);
    if (--derivation.outstanding === 0) settle(derivation, gatherLanes(request.passphrase, derivation.mixed));
  }

  /** A worker ended. One that never got ready would not do so the next time either: nothing is tried again. */
  function lose(hand: Hand, reason: string): void {
    hands = hands.filter((other) => other !== hand);
    if (!hand.leaving)
      interrupt(hand.ready ? hand.lanes.map(({ derivation }) => derivation) : queue.clear(), reason);
    handOut();
  }

  function interrupt(derivations: readonly Derivation[], reason: string): void {
    for (const derivation of derivations) settle(derivation, problem('derivation-interrupted', { reason }));
  }

  /** Answers a derivation, wipes what it leaves, and stops the workers whose lanes nobody waits for any more. */
  function settle(derivation: Derivation, outcome: Uint8Array | Problem): void {
    if (derivation.settled) return;
    derivation.settled = true;
    queue.remove(derivation);
    derivation.request.passphrase.fill(0);
    derivation.mixed?.fill(0);
    if (outcome instanceof Uint8Array) derivation.resolve(outcome);
    else derivation.reject(new RecoveryError(outcome));
    for (const hand of hands) {
      if (hand.lanes.length > 0 && hand.lanes.every((lane) => lane.derivation.settled)) {
        Atomics.store(hand.stop, 0, 1);
      }
    }
  }

  async function dismiss(hand: Hand): Promise<void> {
    hand.leaving = true;
    // One that has just started has no secrets yet.
    if (!hand.ready) void hand.worker.terminate();
    send(hand, { kind: 'close' });
    Atomics.store(hand.stop, 0, 1);
    const timer = setTimeout(() => void hand.worker.terminate(), patience);
    await hand.gone;
    clearTimeout(timer);
  }

  return {
    async derive({ order = 0, refused = false, ...request }, signal) {
      checkCost(request);
      checkMemory((laneLength(request) * request.p) / partForMixed, memoryBytes);
      checkMemory(leastMemory(request), usableMemory(memoryBytes));
      if (refused) fail('derivation-slow', { seconds: estimateSeconds(request) / workers });
      if (closed || signal?.aborted) throw new RecoveryError(problem('cancelled'));

      const { promise, resolve, reject } = deferred<Uint8Array>();
      const derivation: Derivation = {
        request: { ...request, passphrase: secretCopy(request.passphrase) },
        order,
        taken: 0,
        mixed: undefined,
        outstanding: request.p,
        settled: false,
        resolve,
        reject,
      };
      const cancel = () => settle(derivation, problem('cancelled'));
      signal?.addEventListener('abort', cancel, { once: true });
      queue.add(derivation);
      gathering ??= setTimeout(() => {
        gathering = undefined;
        handOut();
      }, gatheringTime);
      try {
        return await promise;
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    },

    get kernel() {
      return kernel;
    },

    holdAhead(held) {
      aheadIsHeld = held;
      handOut();
    },

    async close() {
      closed = true;
      clearTimeout(gathering);
      clearTimeout(resting);
      const underWay = hands.flatMap((hand) => hand.lanes.map(({ derivation }) => derivation));
      for (const derivation of [...queue.clear(), ...underWay]) settle(derivation, problem('cancelled'));
      await regrouping;
      await Promise.all(hands.map(dismiss));
    },
  };
}

function isIdle({ ready, lanes, leaving }: Hand): boolean {
  return ready !== undefined && lanes.length === 0 && !leaving;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Workers see nothing of this process's environment; its standard input stays its own. */
function startLaneWorker(workerData: LaneWorkerData): Worker {
  const { path, args } = entryPoint('./lane-worker', import.meta.url);
  return new Worker(path, { name: 'lanes', argv: [...args], workerData, env: {}, execArgv: [] });
}
