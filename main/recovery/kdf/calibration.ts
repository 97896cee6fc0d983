/** Measures how much faster lanes are mixed side by side on this processor, once when a mixer is opened. */
import { randomFillSync } from 'node:crypto';
import { typicalLaneCosts, type LaneCosts } from './batch.ts';
import { laneLength, maxLanes, type LaneShape } from './derivation.ts';
import { bytesAtOnce, layoutFits, type Mixer } from './smix.ts';

/**
 * 8 MiB a lane: far more than a core's own caches, so that the lanes wait for memory as real ones do, and still
 * filled in milliseconds. Real lanes of 128 MiB and more rank the lane counts in the same order.
 */
const representativeLogN = 13;

/** Below this a lane lies in the inner caches, and is mixed before there was a second look at the clock. */
const smallestLogN = 12;

/** Looks at the clock in the second half of the mixing, where memory is read at random. */
const samples = 12;

/**
 * Relative costs of a lane in batches of 1 to `maxLanes`, from about 100 ms of mixing, half of which is the first use
 * of memory that the derivations will use again.
 */
export function measureLaneCosts(mixer: Mixer): LaneCosts {
  const shape = sampleShape(mixer);
  if (!shape) return typicalLaneCosts;
  // The largest batch comes first, so that the others find all of the memory in use.
  const descending = Array.from({ length: maxLanes }, (_, i) => walkTime(mixer, maxLanes - i, shape));
  const alone = descending.at(-1) ?? NaN;
  return descending.reverse().map((time) => time / alone);
}

function sampleShape(mixer: Mixer): LaneShape | undefined {
  for (let logN = representativeLogN; logN >= smallestLogN; logN--) {
    if (layoutFits({ logN, r: 8, lanes: maxLanes, spacing: 1 }, mixer.memoryBytes)) return { logN, r: 8 };
  }
  return undefined;
}

/**
 * Milliseconds between two looks of a mixer at whether it is stopped, during the second half of the mixing: it looks
 * after the same number of rows whatever the number of lanes. The shortest time counts: it is the one in which no
 * other program interfered and the optimised code ran.
 */
function walkTime(mixer: Mixer, lanes: number, shape: LaneShape): number {
  const batch = Array.from({ length: lanes }, () => randomFillSync(new Uint8Array(laneLength(shape))));
  const looksWhileFilling = (lanes * laneLength(shape) * 2 ** shape.logN) / bytesAtOnce;
  let looks = 0;
  let last = 0;
  let shortest = Infinity;
  mixer.mix(batch, shape, 1, () => {
    const now = performance.now();
    if (looks > looksWhileFilling) shortest = Math.min(shortest, now - last);
    last = now;
    return ++looks > looksWhileFilling + samples;
  });
  return shortest;
}
