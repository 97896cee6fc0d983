/**
 * SMix of scrypt (RFC 7914, section 5) for one to six lanes side by side, in AssemblyScript.
 *
 * Salsa20/8 waits for its own results most of the time, so the lanes take turns in one instruction stream. The row
 * mixers that do this are unrolled by `scripts/row-mixers.ts`; here is what surrounds them: which row each lane
 * mixes next, and where the result goes.
 *
 * Of the N rows of V every `spacing`-th is kept, and a row between is mixed again from the kept row before it: the
 * time-memory trade-off. Lanes that climb to different rows do so independently: each step mixes one row of each
 * lane, whatever that row is for.
 *
 * Memory: the lane records, a block of each, a row of zeros, then one area per lane: two places for its state, two for
 * rows on their way, the kept rows. The host owns the memory and says where the areas are.
 */
import { Lane, laneAt, zeros } from './lane';
import { addAndBlockMix, blockMix } from './row-mixers';

let lanes: u32 = 0;
let r: u32 = 0;
let rowLength: usize = 0;
let rows: u32 = 0;
let spacing: u32 = 0;
let filled: u32 = 0;
let walking: u32 = 0;

/** Starts a batch: `2^logN` rows of `128 * blocks` bytes, lane areas `stride` bytes apart from `firstArea`. */
export function begin(count: u32, logN: u32, blocks: u32, keepEvery: u32, firstArea: usize, stride: usize): void {
  lanes = count;
  r = blocks;
  rowLength = <usize>blocks << 7;
  rows = 1 << logN;
  spacing = keepEvery;
  filled = 0;
  memory.fill(zeros(), 0, rowLength);
  for (let i: u32 = 0; i < lanes; i++) laneAt(i).home = firstArea + <usize>i * stride;
}

/** Where the host puts a lane before the first step, and finds it after the last. */
export function exchange(index: u32): usize {
  return laneAt(index).home + 3 * rowLength;
}

/** Takes a lane in, from the order of words that RFC 7914 has to the one that suits 128-bit registers. */
export function admit(index: u32): void {
  for (let block: usize = 0; block < rowLength; block += 64) {
    for (let i: u32 = 0; i < 16; i++) {
      const word = load<u32>(exchange(index) + block + (wordAt(i) << 2));
      store<u32>(laneAt(index).home + placeOf(0) + block + (i << 2), word);
    }
  }
}

/** Hands a lane that has been mixed back to the host. */
export function dismiss(index: u32): void {
  for (let block: usize = 0; block < rowLength; block += 64) {
    for (let i: u32 = 0; i < 16; i++) {
      const word = load<u32>(laneAt(index).state + block + (i << 2));
      store<u32>(exchange(index) + block + (wordAt(i) << 2), word);
    }
  }
}

/** Four rows of four words each hold Salsa20's diagonals, so that a quarter-round is one operation on all of them. */
@inline
function wordAt(position: u32): u32 {
  return (4 * (position >> 2) + 5 * (position & 3)) & 15;
}

/** Where row `i` of V goes in a lane's area; the row after the last is the state. */
@inline
function placeOf(i: u32): usize {
  if (i == rows) return 0;
  if (i % spacing == 0) return (4 + <usize>(i / spacing)) * rowLength;
  return (2 + <usize>(i & 1)) * rowLength;
}

/** Steps 1 and 2 of scryptROMix for up to `count` rows: each row of V is mixed into the next. Says whether V is full. */
export function fill(count: u32): bool {
  for (let end = min(rows - filled, count) + filled; filled < end; filled++) {
    const from = placeOf(filled);
    const to = placeOf(filled + 1);
    for (let i: u32 = 0; i < lanes; i++) {
      const lane = laneAt(i);
      lane.from = lane.home + from;
      lane.to = lane.home + to;
    }
    blockMix(lanes, r);
  }
  if (filled < rows) return false;
  walking = lanes;
  for (let i: u32 = 0; i < lanes; i++) {
    const lane = laneAt(i);
    lane.left = rows;
    lane.state = lane.home;
    seek(lane);
    direct(lane);
  }
  return true;
}

/** Step 3 of scryptROMix for up to `count` steps of each lane. Says whether all lanes are through. */
export function walk(count: u32): bool {
  for (let n: u32 = 0; n < count && walking > 0; n++) {
    addAndBlockMix(lanes, r);
    for (let i: u32 = 0; i < lanes; i++) advance(laneAt(i));
  }
  return walking == 0;
}

@inline
function advance(lane: Lane): void {
  if (lane.left == 0) return;
  if (lane.ascent > 0) {
    lane.ascent--;
    lane.row = lane.to;
  } else {
    lane.state = lane.to;
    if (--lane.left == 0) walking--;
    seek(lane);
  }
  direct(lane);
}

/** Integerify: the state's last block says which row of V is wanted next. */
@inline
function seek(lane: Lane): void {
  const wanted = load<u32>(lane.state + rowLength - 64) & (rows - 1);
  lane.row = lane.home + placeOf(wanted - (wanted % spacing));
  lane.ascent = wanted % spacing;
}

/** Says what a lane's next step mixes, and whereto. A lane that is through mixes on, to no effect. */
@inline
function direct(lane: Lane): void {
  const onTheWay = lane.home + 2 * rowLength;
  if (lane.ascent > 0 || lane.left == 0) {
    lane.from = lane.row;
    lane.added = zeros();
    lane.to = lane.row == onTheWay ? onTheWay + rowLength : onTheWay;
  } else {
    lane.from = lane.state;
    lane.added = lane.row;
    lane.to = lane.state == lane.home ? lane.home + rowLength : lane.home;
  }
}
