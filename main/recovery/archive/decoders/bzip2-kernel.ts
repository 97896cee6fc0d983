/** The bzip2 decoder of `assembly/`, compiled to WebAssembly, as the decoder of whole streams uses it. */
import { bzip2Wasm } from './bzip2.wasm.ts';
import { KernelShelf } from './kernel-shelf.ts';
import { instantiate } from './wasm-instance.ts';

/** What `readBlock` came to; `assembly/bzip2.ts` knows these numbers. */
export const outcome = { block: 0, streamEnd: 1, wantsInput: 2, damaged: 3 } as const;

/** The longest input of the kernel at a time. A block of 900,000 bytes has no more than 2.3 MB with the worst of codes. */
export const longestInput = 4 * 1024 * 1024;

/** Ten megabytes: input, output, and four bytes for each of the block. */
const pages = 160;

interface Exports {
  inputBuffer(): number;
  outputBuffer(): number;
  beginStream(level: number): void;
  consumedBits(): number;
  readBlock(length: number, start: number): number;
  writeOutput(): number;
  endBlock(): number;
}

/** One bzip2 decoder with its own memory of ten megabytes, which is freed with the object. */
export class Bzip2Kernel {
  readonly #exports: Exports;
  readonly #memory: Uint8Array;

  constructor() {
    const { exports, memory } = instantiate(bzip2Wasm, pages, pages);
    this.#exports = exports as Exports;
    this.#memory = new Uint8Array(memory.buffer);
  }

  /** Begins a stream of blocks of `level` times 100,000 bytes. */
  beginStream(level: number): void {
    this.#exports.beginStream(level);
  }

  /** Reads a block, or the end of the stream, from bit `start` of `bytes`, and says what came and where it ended. */
  readBlock(bytes: Uint8Array, start: number): { readonly came: number; readonly end: number } {
    const given = bytes.subarray(0, longestInput);
    this.#memory.set(given, this.#exports.inputBuffer());
    const came = this.#exports.readBlock(given.length, start);
    return { came, end: this.#exports.consumedBits() };
  }

  /** The block that was read, in pieces of about a mebibyte; each is valid until the next is asked for. */
  *output(): Generator<Uint8Array> {
    const from = this.#exports.outputBuffer();
    for (;;) {
      const length = this.#exports.writeOutput();
      if (length === 0) return;
      yield this.#memory.subarray(from, from + length);
    }
  }

  /** Whether the block that was handed out is the one that was compressed, by its CRC. */
  endBlock(): boolean {
    return this.#exports.endBlock() !== 0;
  }
}

export const bzip2Kernels = new KernelShelf(() => new Bzip2Kernel());
