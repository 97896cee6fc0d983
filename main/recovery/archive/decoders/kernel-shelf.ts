/** Keeps the kernels of a thread for its next streams. */

/** A kernel on loan, for one stream at a time. */
export interface LentKernel<Kernel> {
  readonly kernel: Kernel;
  /** Gives it back, after which nothing that it made may be used. */
  readonly release: () => void;
}

/**
 * The kernels of one kind on this thread. V8 reserves several gigabytes of addresses for each WebAssembly memory, however
 * small, and gives them back only when it collects garbage: hundreds of small files, each with a kernel of its own, would
 * use up what a process can have.
 */
export class KernelShelf<Kernel> {
  readonly #make: () => Kernel;
  readonly #isWorthKeeping: (kernel: Kernel) => boolean;
  readonly #free: Kernel[] = [];

  /** @param isWorthKeeping whether a kernel that comes back may wait for another stream, with all its memory */
  constructor(make: () => Kernel, isWorthKeeping: (kernel: Kernel) => boolean = () => true) {
    this.#make = make;
    this.#isWorthKeeping = isWorthKeeping;
  }

  /** Lends a kernel that nobody else uses; it remembers nothing that the next stream could see. */
  lend(): LentKernel<Kernel> {
    const kernel = this.#free.pop() ?? this.#make();
    return {
      kernel,
      release: () => {
        if (this.#isWorthKeeping(kernel)) this.#free.push(kernel);
      },
    };
  }
}
