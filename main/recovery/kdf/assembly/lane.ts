/** One lane of SMix as the row mixers see it: a record in memory, because WebAssembly has no arrays of locals. */
import { maxLanes } from './lane-count';

@unmanaged
export class Lane {
  /** The row to mix, the row to add to it first, and the place of the result. */
  from: usize;
  added: usize;
  to: usize;

  /** The lane's two places for its state X, and which of them holds it. */
  home: usize;
  state: usize;

  /** The row of V that is wanted next, or the nearest kept row before it, and how many rows lie between. */
  row: usize;
  ascent: u32;

  /** How many rows of V are still to be added to the state. */
  left: u32;
}

const recordLength: usize = 64;

@inline
export function laneAt(index: u32): Lane {
  return changetype<Lane>(<usize>index * recordLength);
}

/** Behind the records, where the row mixers join lanes: a block of each lane. */
@inline
export function joinedBlocks(): usize {
  return <usize>maxLanes * recordLength;
}

/** Behind the joined blocks: a row of zeros. */
@inline
export function zeros(): usize {
  return joinedBlocks() + <usize>maxLanes * 64;
}
