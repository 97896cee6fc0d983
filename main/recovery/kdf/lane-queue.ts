/** The queue of lanes that wait to be mixed: derivations in order of urgency, each with the lanes not yet handed out. */
import { type DerivationRequest, type LaneShape } from './derivation.ts';

/** A derivation in the queue. */
export interface QueuedDerivation {
  readonly request: DerivationRequest;
  /** The smaller, the sooner; equals go in the order in which they came. */
  readonly order: number;
  /** How many lanes have been handed out. */
  taken: number;
}

/** One lane of a derivation. */
export interface QueuedLane<D extends QueuedDerivation> {
  readonly derivation: D;
  readonly index: number;
}

/** A queue keeps a counter per derivation, not a list of lanes: a hostile header asks for half a billion of them. */
export interface LaneQueue<D extends QueuedDerivation> {
  add(derivation: D): void;
  /** Takes what is left of a derivation out. */
  remove(derivation: D): void;
  /** The derivation whose lanes are next. */
  next(): D | undefined;
  /** How many lanes wait, of all derivations or of one shape. */
  waiting(shape?: LaneShape): number;
  /** Takes the next lanes of this shape out, at most `count`. */
  take(shape: LaneShape, count: number): QueuedLane<D>[];
  /** Takes everything out. */
  clear(): D[];
}

export function createLaneQueue<D extends QueuedDerivation>(): LaneQueue<D> {
  let queued: D[] = [];
  const left = (derivation: D) => derivation.request.p - derivation.taken;
  const ofShape = (shape: LaneShape) => (derivation: D) =>
    derivation.request.logN === shape.logN && derivation.request.r === shape.r;

  return {
    add(derivation) {
      const place = queued.findLastIndex((other) => other.order <= derivation.order) + 1;
      queued.splice(place, 0, derivation);
    },

    remove(derivation) {
      queued = queued.filter((other) => other !== derivation);
    },

    next: () => queued[0],

    waiting(shape) {
      const counted = shape ? queued.filter(ofShape(shape)) : queued;
      return counted.reduce((sum, derivation) => sum + left(derivation), 0);
    },

    take(shape, count) {
      const lanes: QueuedLane<D>[] = [];
      for (const derivation of queued.filter(ofShape(shape))) {
        while (lanes.length < count && left(derivation) > 0)
          lanes.push({ derivation, index: derivation.taken++ });
      }
      queued = queued.filter((derivation) => left(derivation) > 0);
      return lanes;
    },

    clear() {
      const all = queued;
      queued = [];
      return all;
    },
  };
}
