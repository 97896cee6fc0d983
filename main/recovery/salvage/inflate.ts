/**
 * Inflates deflate data (RFC 1951) from the border of any block on, also where what lies before it is lost: bytes
 * that are copied from there, and copies of those, come out marked as unknown.
 */
import type { BitInput } from './bit-input.ts';
import type { Decoded, Range } from './decoded.ts';
import { bitsAt, type BlockCodes, fixedCodes, longestCodes, PrefixCode, readCodes } from './deflate-codes.ts';

/** Why these bits are no deflate data, or not all of them. */
export class DeflateFault extends Error {}

/** Why nothing more can be said of them: they end before the data do. */
export class DeflateCut extends DeflateFault {}

const windowLength = 32 * 1024;
/** Output is handed out in pieces of about this many bytes. */
const pieceLength = 256 * 1024;
const longestMatch = 258;

/** What stands in the window for a byte that nobody knows. */
const unknown = 256;

/** The bits of the longest pair of length and distance. */
const longestPair = 48;

const lengthBase = new Uint16Array(32);
const lengthBits = new Uint8Array(32);
const distanceBase = new Uint16Array(32);
const distanceBits = new Uint8Array(32);
for (let i = 0, length = 3, distance = 1; i < 30; i++) {
  lengthBits[i] = i < 8 ? 0 : (i >> 2) - 1;
  lengthBase[i] = length;
  length += 1 << (lengthBits[i] ?? 0);
  distanceBits[i] = i < 4 ? 0 : (i >> 1) - 1;
  distanceBase[i] = distance;
  distance += 1 << (distanceBits[i] ?? 0);
}
lengthBase[28] = longestMatch;
lengthBits[28] = 0;
/** How many symbols of lengths there are. */
const lengthSymbols = 29;
const distanceSymbols = 30;

const fixed = fixedCodes();

export class Inflater {
  readonly #input: BitInput;
  readonly #out = new Uint16Array(windowLength + pieceLength + longestMatch);
  #end = windowLength;
  #taken = windowLength;
  /** How far back copies may reach. */
  #lowest = 0;
  readonly #dynamic: BlockCodes = { literals: new PrefixCode(), distances: new PrefixCode() };
  #codes: BlockCodes = fixed;
  #state: 'header' | 'stored' | 'codes' | 'end' = 'header';
  #last = false;
  #storedLeft = 0;
  /** Told the bit at which each block begins. */
  readonly #onBlock: (position: number) => void;

  constructor(input: BitInput, onBlock: (position: number) => void = () => undefined) {
    this.#input = input;
    this.#onBlock = onBlock;
  }

  /** Begins at the input's next bit; copies may reach into a history that is lost, or into none. */
  begin(history: 'none' | 'lost'): void {
    this.#end = windowLength;
    this.#taken = windowLength;
    this.#lowest = history === 'none' ? windowLength : 0;
    if (history === 'lost') this.#out.fill(unknown, 0, windowLength);
    this.#state = 'header';
    this.#last = false;
  }

  /**
   * The next piece, or null behind the last block, where the input then stands.
   *
   * @throws DeflateFault
   */
  async next(): Promise<Decoded | null> {
    for (;;) {
      if (this.#end - windowLength >= pieceLength) return this.#hand();
      switch (this.#state) {
        case 'header':
          await this.#beginBlock();
          break;
        case 'stored':
          await this.#copyStored();
          break;
        case 'codes':
          await this.#input.fill(longestPair);
          this.#decode();
          break;
        case 'end':
          return this.#end > this.#taken ? this.#hand() : null;
      }
    }
  }

  async #beginBlock(): Promise<void> {
    const input = this.#input;
    if (this.#last) {
      this.#state = 'end';
      return;
    }
    await input.fill(3 + longestCodes);
    const Fault = input.bitsLeft < 3 + longestCodes ? DeflateCut : DeflateFault;
    this.#onBlock(input.position);
    const header = bitsAt(input.bytes, input.at);
    input.at += 3;
    this.#last = (header & 1) !== 0;
    switch ((header >>> 1) & 3) {
      case 0: {
        // Nobody writes other padding than zeros.
        if ((bitsAt(input.bytes, input.at) & ((1 << (-input.at & 7)) - 1)) !== 0)
          throw new Fault('padding that is not zero');
        input.align();
        const length = bitsAt(input.bytes, input.at) & 0xffff;
        if ((bitsAt(input.bytes, input.at + 16) & 0xffff) !== (length ^ 0xffff))
          throw new Fault('the length of a stored block');
        input.at += 32;
        this.#storedLeft = length;
        this.#state = 'stored';
        break;
      }
      case 1:
        this.#codes = fixed;
        this.#state = 'codes';
        break;
      case 2:
        input.at = readCodes(input.bytes, input.at, this.#dynamic);
        if (input.at < 0) throw new Fault('the codes of a block');
        this.#codes = this.#dynamic;
        this.#state = 'codes';
        break;
      default:
        throw new Fault('the type of a block');
    }
    if (input.bitsLeft < 0) throw new DeflateCut('the data end inside a block');
  }

  async #copyStored(): Promise<void> {
    const input = this.#input;
    if (this.#storedLeft === 0) {
      this.#state = 'header';
      return;
    }
    await input.fill(8);
    const from = input.at >>> 3;
    const room = windowLength + pieceLength - this.#end;
    const count = Math.min(this.#storedLeft, input.length - from, room);
    if (count <= 0) throw new DeflateCut('the data end inside a block');
    this.#out.set(input.bytes.subarray(from, from + count), this.#end);
    this.#end += count;
    this.#storedLeft -= count;
    input.at += count * 8;
  }

  /** Decodes symbols until the block ends, a piece is full, or more input is wanted. */
  #decode(): void {
    const input = this.#input;
    const { bytes, ended } = input;
    const out = this.#out;
    const { table: literals, mask: literalMask } = this.#codes.literals;
    const { table: distances, mask: distanceMask } = this.#codes.distances;
    const bits = input.length * 8;
    // Where no more input comes, running past its end is noticed after it happened.
    const lastStart = ended ? bits : bits - longestPair;
    const outLimit = windowLength + pieceLength;
    const fault = (what: string) =>
      ended && at + longestPair > bits ? new DeflateCut(what) : new DeflateFault(what);
    let at = input.at;
    let end = this.#end;
    while (at <= lastStart && end < outLimit) {
      const byte = at >>> 3;
      const word =
        (((bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8) | ((bytes[byte + 2] ?? 0) << 16)) >>> (at & 7)) &
        0xffff;
      const entry = literals[word & literalMask] ?? 0;
      at += entry & 15;
      const symbol = entry >>> 4;
      if (symbol < 256) {
        out[end++] = symbol;
        continue;
      }
      if (symbol === 256) {
        this.#state = 'header';
        break;
      }
      const lengthSymbol = symbol - 257;
      if (lengthSymbol >= lengthSymbols) throw fault('a length that does not exist');
      const more = lengthBits[lengthSymbol] ?? 0;
      const length = (lengthBase[lengthSymbol] ?? 0) + (bitsAt(bytes, at) & ((1 << more) - 1));
      at += more;
      const distanceEntry = distances[bitsAt(bytes, at) & distanceMask] ?? 0;
      if (distanceEntry === 0) throw fault('bits that are no code');
      at += distanceEntry & 15;
      const distanceSymbol = distanceEntry >>> 4;
      if (distanceSymbol >= distanceSymbols) throw fault('a distance that does not exist');
      const further = distanceBits[distanceSymbol] ?? 0;
      const distance = (distanceBase[distanceSymbol] ?? 0) + (bitsAt(bytes, at) & ((1 << further) - 1));
      at += further;
      let from = end - distance;
      if (from < this.#lowest) throw fault('a distance beyond the beginning');
      for (const stop = end + length; end < stop;) out[end++] = out[from++] ?? 0;
    }
    if (at > bits || (ended && at === bits && this.#state === 'codes'))
      throw new DeflateCut('the data end inside a block');
    input.at = at;
    this.#end = end;
  }

  #hand(): Decoded {
    const out = this.#out;
    const bytes = new Uint8Array(this.#end - this.#taken);
    const unknownRanges: Range[] = [];
    let open = -1;
    for (let i = 0, at = this.#taken; i < bytes.length; i++, at++) {
      const value = out[at] ?? 0;
      if (value === unknown) {
        if (open < 0) open = i;
      } else {
        bytes[i] = value;
        if (open >= 0) {
          unknownRanges.push({ start: open, end: i });
          open = -1;
        }
      }
    }
    if (open >= 0) unknownRanges.push({ start: open, end: bytes.length });
    const gone = this.#end - windowLength;
    out.copyWithin(0, gone, this.#end);
    this.#lowest = Math.max(0, this.#lowest - gone);
    this.#end = windowLength;
    this.#taken = windowLength;
    return { bytes, unknown: unknownRanges };
  }
}
