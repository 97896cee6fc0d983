/** How many lanes to mix side by side, and how much of each to keep, in the memory and on the machine at hand. */
import { laneMemory, maxLanes, type LaneShape } from './derivation.ts';
import { layoutFits, layoutMemory, type LaneLayout } from './smix.ts';

/** Relative times that a lane takes when 1, 2, 3 and more lanes are mixed side by side; see `calibration.ts`. */
export type LaneCosts = readonly number[];

/** What the processors at hand have in common: a lane alone waits for itself half of the time. */
export const typicalLaneCosts: LaneCosts = [1, 0.64, 0.52, 0.48, 0.48, 0.48];

/** Of how many rows one is kept at most: a lane then takes an eighth of its memory and less than three times as long. */
const widestSpacing = 8;

/**
 * What the first touch of a lane's memory takes, in passes over the lane when it is mixed alone: the system clears every
 * page, and a virtual machine may have to ask for it. From a quarter of a second to one second a gibibyte was seen.
 */
const firstTouch = 1;

/**
 * The layout in which `waiting` lanes of this shape, one batch after another, take the least time in `memoryBytes`, of
 * which the first `touched` bytes are in use already. Undefined when not even one lane fits; see `leastMemory`.
 */
export function chooseLayout(
  shape: LaneShape,
  waiting: number,
  memoryBytes: number,
  costs: LaneCosts,
  touched = 0,
): LaneLayout | undefined {
  let best: LaneLayout | undefined;
  let bestTime = Infinity;
  for (let lanes = 1; lanes <= Math.min(waiting, maxLanes); lanes++) {
    const layout = roomiestLayout(shape, lanes, memoryBytes);
    if (!layout) break;
    const newlyTouched = Math.max(0, layoutMemory(layout) - touched) / laneMemory(shape);
    const mixing = waiting * (costs[lanes - 1] ?? Infinity) * rowsMixed(layout.spacing);
    const time = mixing + firstTouch * newlyTouched;
    if (time < bestTime) {
      best = layout;
      bestTime = time;
    }
  }
  return best;
}

/** The layout that keeps as many rows of so many lanes as fit. */
function roomiestLayout({ logN, r }: LaneShape, lanes: number, memoryBytes: number): LaneLayout | undefined {
  for (let spacing = 1; spacing <= widestSpacing; spacing++) {
    const layout: LaneLayout = { logN, r, lanes, spacing };
    if (layoutFits(layout, memoryBytes)) return layout;
  }
  return undefined;
}

/** Rows mixed per row of V: once to fill it, once to add it, and on average half a spacing to climb to it. */
function rowsMixed(spacing: number): number {
  return 2 + (spacing - 1) / 2;
}

/** Bytes of memory without which a lane of this shape cannot be mixed: an eighth of what it would like to have. */
export function leastMemory({ logN, r }: LaneShape): number {
  return layoutMemory({ logN, r, lanes: 1, spacing: widestSpacing });
}
