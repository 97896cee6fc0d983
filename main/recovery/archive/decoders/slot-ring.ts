/** A ring of buffers that two threads share: one fills them in turn, the other uses and frees them in the same order. */

/** What both threads make their own `SlotRing` of. */
export interface SharedSlots {
  readonly slotLength: number;
  /** How many slots were filled so far, how many freed, and the length of what each slot holds. */
  readonly counts: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

const [filledAt, freedAt, lengthsAt] = [0, 1, 2];

export class SlotRing {
  readonly shared: SharedSlots;
  readonly slotLength: number;
  readonly #counts: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #slots: number;

  constructor(shared: SharedSlots) {
    this.shared = shared;
    this.slotLength = shared.slotLength;
    this.#counts = new Int32Array(shared.counts);
    this.#bytes = new Uint8Array(shared.bytes);
    this.#slots = this.#counts.length - lengthsAt;
  }

  /** A ring of `slots` buffers of `slotLength` bytes each. */
  static create(slots: number, slotLength: number): SlotRing {
    return new SlotRing({
      slotLength,
      counts: new SharedArrayBuffer((lengthsAt + slots) * Int32Array.BYTES_PER_ELEMENT),
      bytes: new SharedArrayBuffer(slots * slotLength),
    });
  }

  /** Forgets all that it holds, while neither thread uses it. */
  clear(): void {
    this.#counts.fill(0);
  }

  get hasRoom(): boolean {
    return this.#filled - this.#freed < this.#slots;
  }

  /** Blocks the thread until there is room. */
  waitForRoom(): void {
    for (let freed = this.#freed; !this.hasRoom; freed = this.#freed)
      Atomics.wait(this.#counts, freedAt, freed);
  }

  /**
   * Fills the next slot, for which there must be room, with a copy of at most `slotLength` bytes, or of none, and returns
   * that.
   */
  fill(bytes: Uint8Array): Uint8Array {
    const slot = this.#filled % this.#slots;
    this.#bytes.set(bytes, slot * this.slotLength);
    this.#counts[lengthsAt + slot] = bytes.length;
    this.skip();
    return this.#slot(slot);
  }

  /** Counts the next slot as filled, for what lies elsewhere. */
  skip(): void {
    Atomics.add(this.#counts, filledAt, 1);
    Atomics.notify(this.#counts, filledAt);
  }

  /** Blocks the thread until something was filled. */
  waitForBytes(): void {
    while (this.#filled === this.#freed) Atomics.wait(this.#counts, filledAt, this.#freed);
  }

  /** What the oldest filled slot holds, until it is freed. */
  first(): Uint8Array {
    return this.#slot(this.#freed % this.#slots);
  }

  /** Gives the oldest filled slot back to be filled again. */
  free(): void {
    Atomics.add(this.#counts, freedAt, 1);
    Atomics.notify(this.#counts, freedAt);
  }

  #slot(slot: number): Uint8Array {
    const from = slot * this.slotLength;
    return this.#bytes.subarray(from, from + (this.#counts[lengthsAt + slot] ?? 0));
  }

  get #filled(): number {
    return Atomics.load(this.#counts, filledAt);
  }

  get #freed(): number {
    return Atomics.load(this.#counts, freedAt);
  }
}
