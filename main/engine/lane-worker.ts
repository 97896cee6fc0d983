/** The worker thread that derives: mixes the lanes it is sent, or whole derivations where it cannot mix. */
import { parentPort, workerData, type Transferable } from 'node:worker_threads';
import { problemOf, type Problem } from '../../shared/problems.ts';
import { typicalLaneCosts, type LaneCosts } from '../recovery/kdf/batch.ts';
import { measureLaneCosts } from '../recovery/kdf/calibration.ts';
import { type DerivationKernel, type DerivationRequest } from '../recovery/kdf/derivation.ts';
import { nodeKernel } from '../recovery/kdf/node-kernel.ts';
import { startLane } from '../recovery/kdf/pbkdf2.ts';
import { scryptJsKernel } from '../recovery/kdf/scryptjs-kernel.ts';
import { selfTest, selfTestMixer } from '../recovery/kdf/self-test.ts';
import { openMixer, type LaneLayout, type Mixer } from '../recovery/kdf/smix.ts';
import { standBack } from './background-thread.ts';

export type KernelName = DerivationKernel['name'];

/** What a worker is started with. */
export interface LaneWorkerData {
  /** All that this worker may use for mixing. */
  readonly memoryBytes: number;
  /** Whether it measures what lanes cost on this processor, which takes as long as mixing hundreds of cheap ones. */
  readonly calibrates: boolean;
  /** The kernels to try, best first. */
  readonly kernels: readonly KernelName[];
  /** One 32-bit word that is set to 1 to stop the mixing under way. */
  readonly stop: SharedArrayBuffer;
}

/** A lane to be started and mixed. Passphrases are transferred, so that there is one copy, which the worker wipes. */
export interface LaneToMix extends Pick<DerivationRequest, 'passphrase' | 'salt'> {
  readonly index: number;
}

/** What a worker is asked, one job at a time; `close` is the last. */
export type LaneJob =
  | { readonly kind: 'mix'; readonly layout: LaneLayout; readonly lanes: readonly LaneToMix[] }
  | { readonly kind: 'derive'; readonly request: DerivationRequest }
  | { readonly kind: 'close' };

/** How a worker can mix: `costs` are there if it takes lanes. */
export interface LaneWorkerReady {
  readonly kind: 'ready';
  readonly kernel: KernelName;
  readonly memoryBytes: number;
  readonly costs: LaneCosts | undefined;
}

/** What a worker answers: `ready` or `failed` when it has started, then one answer for each job. */
export type LaneReply =
  | LaneWorkerReady
  | { readonly kind: 'mixed'; readonly lanes: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly kind: 'derived'; readonly key: Uint8Array }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** What does the work: a mixer of lanes, or a kernel for whole derivations. */
type Engine = { readonly mixer: Mixer; readonly costs: LaneCosts } | { readonly kernel: DerivationKernel };

const { memoryBytes, calibrates, kernels, stop } = workerData as LaneWorkerData;
const stopped = new Int32Array(stop);

try {
  serve(openEngine());
  standBack();
} catch (error) {
  reply({ kind: 'failed', problem: problemOf(error) });
}

function openEngine(): Engine {
  let failure: unknown;
  for (const name of kernels) {
    try {
      if (name === 'wasm') return openMixingEngine();
      const kernel = name === 'node:crypto' ? nodeKernel : scryptJsKernel;
      selfTest(kernel);
      return { kernel };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function openMixingEngine(): Engine {
  const mixer = openMixer(memoryBytes);
  selfTestMixer(mixer);
  return { mixer, costs: calibrates ? measureLaneCosts(mixer) : typicalLaneCosts };
}

function serve(engine: Engine): void {
  parentPort?.on('message', (job: LaneJob) => {
    try {
      perform(engine, job);
    } catch (error) {
      reply({ kind: 'failed', problem: problemOf(error) });
    }
  });
  reply(
    'mixer' in engine
      ? { kind: 'ready', kernel: 'wasm', memoryBytes: engine.mixer.memoryBytes, costs: engine.costs }
      : { kind: 'ready', kernel: engine.kernel.name, memoryBytes, costs: undefined },
  );
}

function perform(engine: Engine, job: LaneJob): void {
  if (job.kind === 'close') {
    if ('mixer' in engine) engine.mixer.close();
    parentPort?.close();
  } else if (job.kind === 'mix' && 'mixer' in engine) {
    mix(engine.mixer, job.layout, job.lanes);
  } else if (job.kind === 'derive' && 'kernel' in engine) {
    derive(engine.kernel, job.request);
  } else {
    throw new TypeError(`This worker cannot ${job.kind}`);
  }
}

function mix(mixer: Mixer, layout: LaneLayout, toMix: readonly LaneToMix[]): void {
  const lanes = toMix.map(({ passphrase, salt, index }) => {
    const lane = startLane({ passphrase, salt, r: layout.r }, index);
    passphrase.fill(0);
    return lane;
  });
  const isStopped = () => Atomics.load(stopped, 0) === 1;
  if (mixer.mix(lanes, layout, layout.spacing, isStopped)) {
    const buffers = lanes.map((lane) => lane.buffer);
    reply({ kind: 'mixed', lanes }, buffers);
  } else {
    reply({ kind: 'stopped' });
  }
}

function derive(kernel: DerivationKernel, request: DerivationRequest): void {
  try {
    reply({ kind: 'derived', key: kernel.derive(request, memoryBytes) });
  } finally {
    request.passphrase.fill(0);
  }
}

function reply(message: LaneReply, transferred: readonly Transferable[] = []): void {
  parentPort?.postMessage(message, transferred);
}
