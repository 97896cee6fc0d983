/** SMix of scrypt (RFC 7914, section 5) in WebAssembly, for several lanes side by side on the calling thread. */
import { Buffer } from 'node:buffer';
import { fail } from '../../../shared/problems.ts';
import { setCompilerOptions } from './compiler-options.ts';
import { laneLength, maxLanes, type LaneShape } from './derivation.ts';
import { smixWasm } from './smix.wasm.ts';

/** How lanes are laid out in memory: of the `2^logN` rows of each, every `spacing`-th is kept. */
export interface LaneLayout extends LaneShape {
  readonly lanes: number;
  readonly spacing: number;
}

/** A fixed memory in which batches of lanes are mixed, one batch after another. */
export interface Mixer {
  readonly memoryBytes: number;
  /**
   * Mixes lanes of `128 * r` bytes each, in place. They may belong to different derivations.
   *
   * After every megabyte of rows, in a millisecond or less, the mixer asks whether it is `stopped`; if so, the lanes are
   * left as they were.
   *
   * @returns whether the lanes have been mixed
   * @throws RecoveryError `derivation-needs-memory`
   */
  mix(lanes: readonly Uint8Array[], shape: LaneShape, spacing?: number, stopped?: () => boolean): boolean;
  /** Zeroes the memory: it holds what passphrases can be tried against. */
  close(): void;
}

/** What `assembly/smix.ts` exports; addresses and counts are unsigned 32-bit integers. */
interface SmixExports {
  begin(lanes: number, logN: number, r: number, spacing: number, firstArea: number, stride: number): void;
  exchange(lane: number): number;
  admit(lane: number): void;
  dismiss(lane: number): void;
  fill(rows: number): number;
  walk(steps: number): number;
}

const pageLength = 2 ** 16;
const largestMemory = 2 ** 32;
const largestLogN = 31;

/** A record and a block of 64 bytes for each lane come before the row of zeros. */
const recordsLength = maxLanes * 2 * 64;

/**
 * Distance between lanes beyond their own length. Without it the rows of all lanes, which are filled in step, would
 * lie a power of two apart and fight for the same sets of the processor's caches: filling took twice as long.
 */
const laneGap = 2 ** 14;

/**
 * Bytes of rows to mix in one call: short enough to be stopped quickly, and WebAssembly also needs its functions to be
 * left and entered again before it runs their optimised code.
 */
export const bytesAtOnce = 2 ** 20;

/** Bytes of memory that lanes in this layout need. */
export function layoutMemory({ lanes, spacing, logN, r }: LaneLayout): number {
  return firstArea(r) + lanes * areaStride({ spacing, logN, r });
}

function firstArea(r: number): number {
  return recordsLength + laneLength({ r });
}

/** Each lane has two places for its state, two for rows on their way, and the kept rows. */
function areaStride({ spacing, logN, r }: Omit<LaneLayout, 'lanes'>): number {
  return laneLength({ r }) * (4 + Math.ceil(2 ** logN / spacing)) + laneGap;
}

/** The memory a mixer can have when it may have `memoryBytes`: whole pages, and at most 4 GiB. */
export function usableMemory(memoryBytes: number): number {
  return Math.floor(Math.min(memoryBytes, largestMemory) / pageLength) * pageLength;
}

/** Whether lanes in this layout fit into a mixer of `memoryBytes`. */
export function layoutFits(layout: LaneLayout, memoryBytes: number): boolean {
  return layout.logN <= largestLogN && layoutMemory(layout) <= usableMemory(memoryBytes);
}

/**
 * Opens a mixer in a memory of `memoryBytes` (see `usableMemory`), which never grows. The operating system provides a
 * page when it is first used.
 *
 * @throws Error where the processor has no 128-bit SIMD, or the address space no room
 */
export function openMixer(memoryBytes: number): Mixer {
  const pages = usableMemory(memoryBytes) / pageLength;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  setCompilerOptions();
  const module = new WebAssembly.Module(Buffer.from(smixWasm, 'base64'));
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const smix = instance.exports as SmixExports;
  const bytes = new Uint8Array(memory.buffer);
  let touched = 0;

  return {
    memoryBytes: bytes.length,

    mix(lanes, { logN, r }, spacing = 1, stopped = () => false) {
      const layout: LaneLayout = { lanes: lanes.length, logN, r, spacing };
      if (!layoutFits(layout, bytes.length)) {
        fail('derivation-needs-memory', { needed: layoutMemory(layout), allowed: bytes.length });
      }
      touched = Math.max(touched, layoutMemory(layout));

      smix.begin(lanes.length, logN, r, spacing, firstArea(r), areaStride(layout));
      const places = lanes.map((_, index) =>
        bytes.subarray(smix.exchange(index) >>> 0).subarray(0, laneLength({ r })),
      );
      lanes.forEach((lane, index) => {
        places[index]?.set(lane);
        smix.admit(index);
      });

      const step = stepsAtOnce(lanes.length, r);
      while (smix.fill(step) === 0) if (stopped()) return false;
      while (smix.walk(step) === 0) if (stopped()) return false;

      lanes.forEach((lane, index) => {
        smix.dismiss(index);
        lane.set(places[index] ?? []);
      });
      return true;
    },

    close() {
      bytes.fill(0, 0, touched);
    },
  };
}

/** Steps of all lanes that go through a megabyte. */
function stepsAtOnce(lanes: number, r: number): number {
  return Math.max(1, Math.floor(bytesAtOnce / (lanes * laneLength({ r }))));
}
