/** The LZMA decoder of `assembly/`, compiled to WebAssembly, as the xz and .lzma decoders use it. */
import { StreamFault } from '../decoder.ts';
import { KernelShelf } from './kernel-shelf.ts';
import { instantiate, pagesFor } from './wasm-instance.ts';
import { xzWasm } from './xz.wasm.ts';

/** What `decode` came to; `assembly/lzma.ts` knows these numbers. */
export const outcome = { filled: 0, wantsInput: 1, endMarker: 2, damaged: 3 } as const;

/** The longest input of the kernel at a time, and the longest compressed chunk of LZMA2. */
export const longestInput = 64 * 1024;

/** No symbol of LZMA takes more input than this; `assembly/lzma.ts` knows it. */
export const longestSymbol = 21;

/** Output is handed out in pieces of at most this, some ten milliseconds of work. */
const longestOutput = 1024 * 1024;

/**
 * The largest dictionary accepted, which is the largest one that xz writes. It takes memory only as output fills it, so
 * that a small hostile file cannot ask for much.
 */
const largestDictionary = 1536 * 1024 * 1024;

interface Exports {
  inputBuffer(): number;
  setInput(length: number, last: boolean): void;
  consumed(): number;
  output(): number;
  resetDictionary(size: number): void;
  makeRoom(wanted: number): number;
  setProperties(lc: number, lp: number, pb: number): void;
  resetState(): void;
  beginRange(): number;
  endRange(): number;
  copyInput(length: number): void;
  decode(length: number): number;
  crc64(crc: bigint, at: number, end: number): bigint;
}

/** One LZMA decoder with its own memory, which is freed with the object. */
export class LzmaKernel {
  readonly #exports: Exports;
  readonly #memory: WebAssembly.Memory;
  /** The length of the input that was given last. */
  #given = 0;

  constructor() {
    // Beside the dictionary, two pages are enough.
    const { exports, memory } = instantiate(xzWasm, 2, 2 + pagesFor(largestDictionary));
    this.#exports = exports as Exports;
    this.#memory = memory;
  }

  /**
   * Empties the dictionary and gives it `size` bytes.
   *
   * @throws StreamFault `damaged` if it would be larger than any that is accepted
   */
  resetDictionary(size: number): void {
    if (size > largestDictionary)
      throw new StreamFault('damaged', `a dictionary of ${size} bytes is too large`);
    this.#exports.resetDictionary(size);
  }

  /**
   * Takes the parameters from the byte that packs them, and forgets what was learned with others.
   *
   * @throws StreamFault `damaged`
   */
  setProperties(packed: number): void {
    const lc = packed % 9;
    const lp = Math.floor(packed / 9) % 5;
    const pb = Math.floor(packed / 45);
    if (pb > 4 || lc + lp > 4) throw new StreamFault('damaged', 'the parameters of LZMA are out of range');
    this.#exports.setProperties(lc, lp, pb);
    this.#exports.resetState();
  }

  resetState(): void {
    this.#exports.resetState();
  }

  /** Bytes of memory that it has, which is most of all the dictionary of the largest stream so far. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Gives the kernel bytes to decode, at most `longestInput`; `last` if it may run up to their end. */
  give(bytes: Uint8Array, last: boolean): void {
    new Uint8Array(this.#memory.buffer).set(bytes, this.#exports.inputBuffer());
    this.#exports.setInput(bytes.length, last);
    this.#given = bytes.length;
  }

  /** How much of the bytes given was consumed; undefined if a symbol ran past their end. */
  get consumed(): number | undefined {
    const count = this.#exports.consumed();
    return count > this.#given ? undefined : count;
  }

  /** Begins the range coder with the first five bytes given; false if they cannot begin one. */
  beginRange(): boolean {
    return this.#exports.beginRange() !== 0;
  }

  /** Whether the range coder stands where its encoder ended. */
  endRange(): boolean {
    return this.#exports.endRange() !== 0;
  }

  /** Decodes up to `length` bytes, or as many as fit into one piece; the piece is valid until the next call. */
  decode(length: number): { readonly piece: Uint8Array; readonly came: number } {
    const room = this.#makeRoom(length);
    const from = this.#exports.output();
    const came = this.#exports.decode(room);
    return { piece: new Uint8Array(this.#memory.buffer, from, this.#exports.output() - from), came };
  }

  /** Takes up to `length` bytes of those given as they are. */
  copy(length: number): Uint8Array {
    const room = this.#makeRoom(length);
    const from = this.#exports.output();
    this.#exports.copyInput(room);
    return new Uint8Array(this.#memory.buffer, from, room);
  }

  /** Carries a CRC-64 on over a piece that this kernel made. */
  crc64(crc: bigint, piece: Uint8Array): bigint {
    return BigInt.asUintN(64, this.#exports.crc64(crc, piece.byteOffset, piece.byteOffset + piece.length));
  }

  #makeRoom(length: number): number {
    const room = this.#exports.makeRoom(Math.min(length, longestOutput));
    if (room === 0) throw new RangeError('there is not enough memory for the dictionary');
    return room;
  }
}

/** The dictionaries of usual presets have at most this; larger ones are given back. */
const memoryKept = 80 * 1024 * 1024;

export const lzmaKernels = new KernelShelf(
  () => new LzmaKernel(),
  ({ memoryBytes }) => memoryBytes <= memoryKept,
);
