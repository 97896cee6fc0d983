/** Says something at most ten times a second, however often there is something to say. */

const PAUSE = 100;

export class Ticker {
  readonly #say: () => void;
  #last = -Infinity;

  constructor(say: () => void) {
    this.#say = say;
  }

  /** Says it, unless it was said a moment ago. */
  tick(): void {
    const now = performance.now();
    if (now - this.#last < PAUSE) return;
    this.#last = now;
    this.#say();
  }
}
