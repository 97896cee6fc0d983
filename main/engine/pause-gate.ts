/** A gate that work passes before each step: open while running, closed while paused. */
export class PauseGate {
  #opened: Promise<void> = Promise.resolve();
  #open: (() => void) | undefined;

  get paused(): boolean {
    return this.#open !== undefined;
  }

  pause(): void {
    if (this.#open) return;
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  resume(): void {
    this.#open?.();
    this.#open = undefined;
  }

  /** Resolves at once, or when a paused run goes on. */
  readonly passed = (): Promise<void> => this.#opened;
}
