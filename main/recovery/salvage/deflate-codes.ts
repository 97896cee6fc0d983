/** The codes of a deflate block (RFC 1951, section 3.2): made of their lengths, and refused where none was written so. */

/** Bits of the longest code. */
export const longestCode = 15;

const reversed = Uint16Array.from({ length: 1 << longestCode }, (_, code) => {
  let bits = 0;
  for (let i = 0; i < longestCode; i++) bits |= ((code >>> i) & 1) << (longestCode - 1 - i);
  return bits;
});

/** A prefix code, looked up by as many bits as its longest code has. */
export class PrefixCode {
  /** By the next bits: the symbol above four bits of its length; zero where no code begins so. */
  readonly table = new Uint16Array(1 << longestCode);
  mask = 0;
  readonly #counts = new Uint16Array(longestCode + 1);
  readonly #next = new Uint16Array(longestCode + 1);

  /**
   * Makes the code whose symbol `i` has `lengths[start + i]` bits, up to `count` symbols.
   *
   * @param mayLack whether one code of one bit, or none at all, may stand alone, as distances may
   * @returns false when the lengths make no complete code
   */
  build(lengths: Uint8Array, start: number, count: number, mayLack: boolean): boolean {
    const counts = this.#counts.fill(0);
    for (let i = start; i < start + count; i++) {
      const length = lengths[i] ?? 0;
      counts[length] = (counts[length] ?? 0) + 1;
    }
    counts[0] = 0;
    let longest = longestCode;
    while (longest > 0 && counts[longest] === 0) longest--;
    let left = 1;
    let code = 0;
    for (let length = 1; length <= longest; length++) {
      left = left * 2 - (counts[length] ?? 0);
      if (left < 0) return false;
      this.#next[length] = code;
      code = (code + (counts[length] ?? 0)) << 1;
    }
    if (left > 0 && !(mayLack && longest <= 1)) return false;

    this.mask = (1 << longest) - 1;
    const size = 1 << longest;
    if (left > 0) this.table.fill(0, 0, size);
    for (let symbol = 0; symbol < count; symbol++) {
      const length = lengths[start + symbol] ?? 0;
      if (length === 0) continue;
      const own = this.#next[length] ?? 0;
      this.#next[length] = own + 1;
      const entry = (symbol << 4) | length;
      const step = 1 << length;
      for (let at = (reversed[own] ?? 0) >>> (longestCode - length); at < size; at += step)
        this.table[at] = entry;
    }
    return true;
  }
}

/** The order in which the lengths of the code for lengths are written (section 3.2.7). */
const lengthOrder = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15);

const mostLiterals = 286;
const mostDistances = 30;

/** No header of codes has more bits: 14, 19 lengths of 3, and 316 of 7 with up to 7 more. */
export const longestCodes = 14 + 19 * 3 + (mostLiterals + mostDistances) * 14;

const lengthCode = new PrefixCode();
const ownLengths = new Uint8Array(19);
const allLengths = new Uint8Array(mostLiterals + mostDistances);

/** The two codes of a block: of literals with lengths, and of distances. */
export interface BlockCodes {
  readonly literals: PrefixCode;
  readonly distances: PrefixCode;
}

/**
 * Reads the codes of a block with dynamic ones from bit `at` of `bytes`, which holds `longestCodes` bits from there on or
 * all that there are.
 *
 * @returns the bit behind them, or -1 when nobody writes such codes
 */
export function readCodes(bytes: Uint8Array, at: number, codes: BlockCodes): number {
  const literals = (bitsAt(bytes, at) & 31) + 257;
  const distances = ((bitsAt(bytes, at) >>> 5) & 31) + 1;
  const count = ((bitsAt(bytes, at) >>> 10) & 15) + 4;
  if (literals > mostLiterals || distances > mostDistances) return -1;
  let bit = at + 14;
  ownLengths.fill(0);
  // Whether they fill their code is asked first, for most places at which no block begins fail it.
  let left = 128;
  for (let i = 0; i < count; i++, bit += 3) {
    const length = bitsAt(bytes, bit) & 7;
    ownLengths[lengthOrder[i] ?? 0] = length;
    if (length > 0) left -= 128 >>> length;
  }
  if (left !== 0 || !lengthCode.build(ownLengths, 0, 19, false)) return -1;

  const total = literals + distances;
  for (let have = 0; have < total;) {
    const entry = lengthCode.table[bitsAt(bytes, bit) & lengthCode.mask] ?? 0;
    bit += entry & 15;
    const symbol = entry >>> 4;
    if (symbol < 16) {
      allLengths[have++] = symbol;
      continue;
    }
    const more = bitsAt(bytes, bit);
    let repeated = 0;
    let times: number;
    if (symbol === 16) {
      if (have === 0) return -1;
      repeated = allLengths[have - 1] ?? 0;
      times = 3 + (more & 3);
      bit += 2;
    } else if (symbol === 17) {
      times = 3 + (more & 7);
      bit += 3;
    } else {
      times = 11 + (more & 127);
      bit += 7;
    }
    if (have + times > total) return -1;
    allLengths.fill(repeated, have, have + times);
    have += times;
  }
  // Without a code for its end, a block would have none.
  if (allLengths[256] === 0) return -1;
  if (!codes.literals.build(allLengths, 0, literals, false)) return -1;
  return codes.distances.build(allLengths, literals, distances, true) ? bit : -1;
}

/** Seventeen bits or more from bit `at` on, the first in the lowest. */
export function bitsAt(bytes: Uint8Array, at: number): number {
  const byte = at >>> 3;
  return ((bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8) | ((bytes[byte + 2] ?? 0) << 16)) >>> (at & 7);
}

/** The codes of blocks that bring none (section 3.2.6). */
export function fixedCodes(): BlockCodes {
  const codes = { literals: new PrefixCode(), distances: new PrefixCode() };
  const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
  codes.literals.build(lengths, 0, 288, false);
  codes.distances.build(new Uint8Array(32).fill(5), 0, 32, false);
  return codes;
}
