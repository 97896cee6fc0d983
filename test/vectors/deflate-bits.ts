/**
 * Deflate data (RFC 1951) made bit by bit, for what no compressor writes. Nothing is checked, so that wrong data can be made
 * as well as sound ones.
 */
import type { Dice } from '../fuzz/mutate.ts';

/** A prefix code: of each symbol how many bits its code has, none where it is zero, and which (section 3.2.2). */
export interface PrefixCode {
  readonly lengths: readonly number[];
  readonly codes: readonly number[];
}

export function prefixCode(lengths: readonly number[]): PrefixCode {
  const codes = new Array<number>(lengths.length).fill(0);
  let next = 0;
  for (let length = 1; length <= 15; length++, next *= 2) {
    for (const [symbol, each] of lengths.entries()) if (each === length) codes[symbol] = next++;
  }
  return { lengths, codes };
}

function times<T>(count: number, value: T): T[] {
  return new Array<T>(count).fill(value);
}

/** The codes of blocks that bring none (section 3.2.6). */
export const fixed = {
  literals: prefixCode([...times(144, 8), ...times(112, 9), ...times(24, 7), ...times(8, 8)]),
  distances: prefixCode(times(32, 5)),
} as const;

/** The code in which lengths of codes are written: it has all 19 symbols. */
const lengthCode = [...times(13, 4), ...times(6, 5)];
const writtenOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
export const endOfBlock = 256;

/** What the head of a block with its own codes says, as far as it is not made of the lengths of those. */
export interface Head {
  /** How many lengths there are for literals, and how many for distances. */
  readonly literals: number;
  readonly distances: number;
  /** The lengths as they are written: symbols of the code for lengths, 16 to 18 with their extra bits. */
  readonly written: readonly (number | readonly [symbol: number, extra: number])[];
  /** The lengths of the code for lengths itself. */
  readonly lengthCode?: readonly number[];
}

export class DeflateWriter {
  #bytes = Buffer.alloc(1024);
  #length = 0;
  #spare = 0;
  #spareBits = 0;

  /** The lowest `count` bits of `value`, the lowest first. */
  bits(value: number, count: number): this {
    for (let i = 0; i < count; i++) {
      this.#spare |= ((value >>> i) & 1) << this.#spareBits;
      if (++this.#spareBits === 8) this.#flush();
    }
    return this;
  }

  symbol({ lengths, codes }: PrefixCode, symbol: number): this {
    for (let i = (lengths[symbol] ?? 0) - 1; i >= 0; i--) this.bits((codes[symbol] ?? 0) >>> i, 1);
    return this;
  }

  /** Stored blocks of these bytes, one if there are none; `complement` is what the last one's length is to be sealed by. */
  stored(bytes: Uint8Array, isLast = false, complement?: number): this {
    for (let at = 0; at === 0 || at < bytes.length; at += 0xffff) {
      const block = bytes.subarray(at, at + 0xffff);
      const ends = at + 0xffff >= bytes.length;
      this.bits(Number(isLast && ends), 1)
        .bits(0, 2)
        .align();
      this.bits(block.length, 16).bits((ends ? complement : undefined) ?? ~block.length, 16);
      this.#reserve(block.length);
      this.#bytes.set(block, this.#length);
      this.#length += block.length;
    }
    return this;
  }

  /** The head of a block with the fixed codes. */
  fixed(isLast = false): this {
    return this.bits(Number(isLast), 1).bits(1, 2);
  }

  /** The head of a block that brings its codes. */
  head({ literals, distances, written, lengthCode: ofLengths = lengthCode }: Head, isLast = false): this {
    const code = prefixCode(ofLengths);
    this.bits(Number(isLast), 1).bits(2, 2);
    this.bits(literals - 257, 5)
      .bits(distances - 1, 5)
      .bits(15, 4);
    for (const symbol of writtenOrder) this.bits(ofLengths[symbol] ?? 0, 3);
    for (const each of written) {
      const [symbol, extra] = typeof each === 'number' ? [each, 0] : each;
      this.symbol(code, symbol);
      if (symbol >= 16) this.bits(extra, [2, 3, 7][symbol - 16] ?? 0);
    }
    return this;
  }

  /** The head of a block with these codes, of which every length is written by itself. */
  headOf(literals: PrefixCode, distances: PrefixCode, isLast = false): this {
    const written = [...literals.lengths, ...distances.lengths];
    return this.head(
      { literals: literals.lengths.length, distances: distances.lengths.length, written },
      isLast,
    );
  }

  /** A copy of `length` bytes from `distance` before, in fixed codes unless others are given. */
  copy(length: number, distance: number, { literals, distances } = fixed): this {
    const long = length - 3;
    const lengthBits = length === 258 || long < 8 ? 0 : Math.floor(Math.log2(long)) - 2;
    this.symbol(literals, length === 258 ? 285 : 257 + 4 * lengthBits + (long >>> lengthBits));
    this.bits(long, lengthBits);
    const far = distance - 1;
    const distanceBits = far < 4 ? 0 : Math.floor(Math.log2(far)) - 1;
    return this.symbol(distances, 2 * distanceBits + (far >>> distanceBits)).bits(far, distanceBits);
  }

  /** Literals and the end of the block, in fixed codes. */
  literals(text: string): this {
    for (const byte of Buffer.from(text, 'latin1')) this.symbol(fixed.literals, byte);
    return this;
  }

  end(code: PrefixCode = fixed.literals): this {
    return this.symbol(code, endOfBlock);
  }

  align(): this {
    if (this.#spareBits > 0) this.#flush();
    return this;
  }

  /** All of it, with zero bits up to the end of the last byte. */
  done(): Buffer {
    this.align();
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #flush(): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = this.#spare;
    this.#spare = 0;
    this.#spareBits = 0;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    this.#bytes = Buffer.concat([this.#bytes], 2 * (this.#length + count));
  }
}

export interface Codes {
  readonly literals: PrefixCode;
  readonly distances: PrefixCode;
}

/** A complete code for `count` of `symbols` symbols, among them `needed`, with codes of up to 15 bits. */
export function randomCode(dice: Dice, symbols: number, count: number, needed: number): PrefixCode {
  const leaves = [1, 1];
  // Splitting the longest code now and then makes codes of 15 bits common.
  const prefersLong = dice.below(2) === 0;
  while (leaves.length < count) {
    const at = prefersLong && dice.below(3) > 0 ? leaves.length - 1 : dice.below(leaves.length);
    const leaf = leaves[at] ?? 0;
    if (leaf < 15) leaves.splice(at, 1, leaf + 1, leaf + 1);
  }
  const lengths = times(symbols, 0);
  const free = lengths.map((_, symbol) => symbol).filter((symbol) => symbol !== needed);
  for (const [index, leaf] of leaves.entries()) {
    const symbol = index === 0 ? needed : (free.splice(dice.below(free.length), 1)[0] ?? 0);
    lengths[symbol] = leaf;
  }
  return prefixCode(lengths);
}
