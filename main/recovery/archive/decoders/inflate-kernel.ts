/** The inflater of `assembly/`, compiled to WebAssembly, as the decoders of streams use it. */
import { standingPieces } from '../decoder.ts';
import { inflateWasm } from './inflate.wasm.ts';
import { KernelShelf } from './kernel-shelf.ts';
import { instantiate, pagesFor } from './wasm-instance.ts';

/** What `inflate` came to; `assembly/inflate.ts` knows these numbers. */
export const outcome = { wantsInput: 0, piece: 1, end: 2, damaged: 3 } as const;

/** The longest input of the kernel at a time: it stays in the processor's cache with the tables. */
export const longestInput = 256 * 1024;

/** The input, pieces with the windows before them, and the tables. */
const pages = pagesFor(longestInput + (standingPieces + 1) * (32 + 1024) * 1024 + 64 * 1024);

interface Exports {
  inputBuffer(): number;
  outputBuffer(): number;
  outputLength(): number;
  consumedBits(): number;
  beginStream(): void;
  inflate(length: number, start: number, final: number): number;
  adler32(sum: number): number;
}

/** One inflater with its own memory of five megabytes, which threads can share and which is freed with the object. */
export class InflateKernel {
  readonly #exports: Exports;
  readonly #memory: Uint8Array;

  constructor() {
    const { exports, memory } = instantiate(inflateWasm, pages, pages, true);
    this.#exports = exports as Exports;
    this.#memory = new Uint8Array(memory.buffer);
  }

  beginStream(): void {
    this.#exports.beginStream();
  }

  /**
   * Goes on from bit `start` of `bytes`, and says what came and where it ended. It wants input when so few of them are
   * left that a symbol may end behind them; `final` says that there is nothing behind them.
   */
  inflate(bytes: Uint8Array, start: number, final: boolean): { readonly came: number; readonly end: number } {
    // Into shared memory V8 copies whole words only where they are aligned alike on both sides.
    const skew = bytes.byteOffset % 8;
    this.#memory.set(bytes, this.#exports.inputBuffer() + skew);
    const came = this.#exports.inflate(skew + bytes.length, skew * 8 + start, Number(final));
    return { came, end: this.#exports.consumedBits() - skew * 8 };
  }

  /** What was decoded since the last complete piece: at most a mebibyte, a piece of its own when the next begins. */
  output(): Uint8Array {
    const from = this.#exports.outputBuffer();
    return this.#memory.subarray(from, from + this.#exports.outputLength());
  }

  /** The Adler-32 (RFC 1950) of what `sum` is that of, followed by the output. */
  adler32(sum: number): number {
    return this.#exports.adler32(sum) >>> 0;
  }
}

export const inflateKernels = new KernelShelf(() => new InflateKernel());
