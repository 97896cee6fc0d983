/**
 * The prefix codes of deflate (RFC 1951, section 3.2; AssemblyScript): read from the head of a block, and made into tables
 * that `inflate.ts` looks symbols up in.
 *
 * A table is looked up by the next bits of the input. Codes that are longer go on in a table of their own behind the first
 * one. Each kind of entry has its fields where the decoding of its kind wants them.
 */

/** Of literals and lengths, codes of up to this many bits, nearly all, are found by one look; of distances too. */
export const LITERAL_BITS: u32 = 11;
export const DISTANCE_BITS: u32 = 9;
const LENGTH_CODE_BITS: u32 = 7;

const LONGEST_CODE: u32 = 15;
const MOST_LITERALS: u32 = 286;
const MOST_DISTANCES: u32 = 30;
const LENGTH_SYMBOLS: u32 = 29;
const END_SYMBOL: u32 = 256;
const SHORTEST_MATCH: u32 = 3;

/*
 * An entry of the table of literals:
 *   a literal   bit 31, the byte from bit 16 on, the bits of its code from bit 0 on
 *   a length    the length less three from bit 16 on, the bits of its code from bit 8 on, those and its extra bits from 24 on
 *   another     bit 30, and one of the next two for more of the code or the end of the block; the bits from 8 on
 * The six lowest bits are what a literal takes from the input, and zero where it is none.
 */
export const LITERAL: u32 = 1 << 31;
export const NO_LENGTH: u32 = 1 << 30;
export const LONG_LITERAL: u32 = 1 << 29;
export const END_OF_BLOCK: u32 = 1 << 28;

/*
 * An entry of the table of distances:
 *   a distance  from bit 16 on, the bits of its code from bit 8 on, those and its extra bits from bit 0 on
 *   another     bit 15, and bit 14 for more of the code; the bits of an impossible one from bit 8 on
 * Where more of a code follows, in either table, the place of the table for that from bit 16 on, its bits from bit 8 on.
 */
export const NO_DISTANCE: u32 = 1 << 15;
export const LONG_DISTANCE: u32 = 1 << 14;

/** What the tables have room for: no complete code of 288 or 32 symbols needs more than 2342 or 594 entries. */
export const literals = u32(memory.data(2400 * 4, 16));
export const distances = u32(memory.data(640 * 4, 16));

/** Of the code in which the lengths of both codes are written: the symbol above eight bits of its length. */
const lengthCode = u32(memory.data((1 << LENGTH_CODE_BITS) * 4, 16));
const codeLengths = u32(memory.data(320, 16));
const counts = u32(memory.data((LONGEST_CODE + 1) * 4, 16));
const ranks = u32(memory.data((LONGEST_CODE + 1) * 4, 16));
const ordered = u32(memory.data(320 * 2, 16));

const lengthBase = u32(
  memory.data<u16>([
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]),
);
const lengthBits = u32(
  memory.data<u8>([
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]),
);

/** The order in which the lengths of the code for lengths are written (section 3.2.7). */
const writtenOrder = u32(
  memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]),
);

/** What a code is for; its entries differ. */
const FOR_LENGTHS: u32 = 0;
const FOR_LITERALS: u32 = 1;
const FOR_DISTANCES: u32 = 2;

function entryFor(use: u32, symbol: u32, bits: u32): u32 {
  if (use == FOR_LENGTHS) return (symbol << 8) | bits;
  if (use == FOR_DISTANCES) {
    if (symbol >= MOST_DISTANCES) return NO_DISTANCE | (bits << 8);
    const extra = symbol < 4 ? 0 : (symbol >>> 1) - 1;
    const base = symbol < 4 ? symbol : (2 | (symbol & 1)) << extra;
    return ((base + 1) << 16) | (bits << 8) | (bits + extra);
  }
  if (symbol < END_SYMBOL) return LITERAL | (symbol << 16) | bits;
  if (symbol == END_SYMBOL) return NO_LENGTH | END_OF_BLOCK | (bits << 8);
  const i = symbol - END_SYMBOL - 1;
  if (i >= LENGTH_SYMBOLS) return NO_LENGTH | (bits << 8);
  const base = <u32>load<u16>(lengthBase + (i << 1)) - SHORTEST_MATCH;
  return ((bits + load<u8>(lengthBits + i)) << 24) | (base << 16) | (bits << 8);
}

/** Leads on to the table at entry `place`, which is looked up by `bits` more. */
function entryLeadingTo(use: u32, place: u32, bits: u32): u32 {
  const leads = use == FOR_LITERALS ? NO_LENGTH | LONG_LITERAL : NO_DISTANCE | LONG_DISTANCE;
  return leads | (place << 16) | (bits << 8);
}

/** Where the table lies that `entry` leads to. */
// @ts-ignore: decorator
@inline
export function placeIn(entry: u32): u32 {
  return (entry >>> 16) & 0xfff;
}

/** How many bits of a code `entry` says there are: those of its own, or of what follows them. */
// @ts-ignore: decorator
@inline
export function bitsIn(entry: u32): u32 {
  return (entry >>> 8) & 15;
}

/**
 * Makes the table of a code whose symbol `i` has as many bits as the byte at `lengths + i` says, none where it has no code.
 *
 * @returns false where they make no code, or leave some bits without a meaning, as only a single code of one bit may
 */
function makeTable(table: u32, tableBits: u32, lengths: u32, symbols: u32, use: u32): bool {
  memory.fill(counts, 0, (LONGEST_CODE + 1) * 4);
  for (let i: u32 = 0; i < symbols; i++) {
    const count = counts + (<u32>load<u8>(lengths + i) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  store<u32>(counts, 0);
  let longest = LONGEST_CODE;
  while (longest > 0 && load<u32>(counts + (longest << 2)) == 0) longest--;

  let left: i32 = 1;
  let codes: u32 = 0;
  for (let bits: u32 = 1; bits <= longest; bits++) {
    const count = load<u32>(counts + (bits << 2));
    left = (left << 1) - count;
    if (left < 0) return false;
    store<u32>(ranks + (bits << 2), codes);
    codes += count;
  }
  if (left > 0 && (use == FOR_LENGTHS || longest > 1)) return false;
  if (left > 0) {
    const impossible = entryFor(use, MOST_LITERALS + 1, 1);
    for (let i: u32 = 0; i < <u32>(1 << tableBits); i++) store<u32>(table + (i << 2), impossible);
  }
  for (let i: u32 = 0; i < symbols; i++) {
    const bits = <u32>load<u8>(lengths + i);
    if (bits == 0) continue;
    const rank = ranks + (bits << 2);
    store<u16>(ordered + (load<u32>(rank) << 1), i);
    store<u32>(rank, load<u32>(rank) + 1);
  }
  fillTable(table, tableBits, longest, codes, use);
  return true;
}

/**
 * Puts the `codes` codes in `ordered` into a table. A code of few bits is entered once and repeated by doubling the table
 * whenever codes get a bit longer.
 */
function fillTable(table: u32, tableBits: u32, longest: u32, codes: u32, use: u32): void {
  const size: u32 = 1 << tableBits;
  let bits: u32 = 1;
  let filled: u32 = 2;
  let left = load<u32>(counts + 4);
  /** As the input has it, with the first bit lowest. */
  let code: u32 = 0;
  let end = size;
  let prefix: u32 = size;
  let place: u32 = 0;
  let more: u32 = 0;

  for (let rank: u32 = 0; rank < codes; rank++) {
    while (left == 0) {
      bits++;
      left = load<u32>(counts + (bits << 2));
      if (filled < size) {
        memory.copy(table + (filled << 2), table, filled << 2);
        filled <<= 1;
      }
    }
    const symbol = <u32>load<u16>(ordered + (rank << 1));
    if (bits <= tableBits) {
      store<u32>(table + (code << 2), entryFor(use, symbol, bits));
    } else {
      if ((code & (size - 1)) != prefix) {
        prefix = code & (size - 1);
        place = end;
        more = bits - tableBits;
        let room = (1 << more) - i32(left);
        for (let longer = bits + 1; room > 0 && longer <= longest; longer++) {
          room = (room << 1) - load<i32>(counts + (longer << 2));
          more++;
        }
        end += 1 << more;
        store<u32>(table + (prefix << 2), entryLeadingTo(use, place, more));
      }
      const entry = entryFor(use, symbol, bits - tableBits);
      const step: u32 = 1 << (bits - tableBits);
      for (let i = code >>> tableBits; i < <u32>(1 << more); i += step) store<u32>(table + ((place + i) << 2), entry);
    }
    left--;
    // The next code is one more, seen from its other end.
    const zeros = code ^ ((1 << bits) - 1);
    if (zeros == 0) break;
    const highest: u32 = 1 << (31 - clz(zeros));
    code = (code & (highest - 1)) | highest;
  }
  for (; filled < size; filled <<= 1) memory.copy(table + (filled << 2), table, filled << 2);
}

let bitAt: u32 = 0;

/** The next `count` bits, at most 32. */
// @ts-ignore: decorator
@inline
function peek(count: u32): u32 {
  return u32(load<u64>(bitAt >>> 3) >>> (bitAt & 7)) & ((1 << count) - 1);
}

function bits(count: u32): u32 {
  const value = peek(count);
  bitAt += count;
  return value;
}

/**
 * Reads the codes of a block from bit `start` of the memory on and makes their tables.
 *
 * @returns the bit behind them; where nobody writes such codes, what was read of them ends before the bit of that number less zero
 */
export function readCodes(start: u32): i32 {
  bitAt = start;
  const ofLiterals = bits(5) + 257;
  const ofDistances = bits(5) + 1;
  const written = bits(4) + 4;
  if (ofLiterals > MOST_LITERALS || ofDistances > MOST_DISTANCES) return -bitAt;
  memory.fill(codeLengths, 0, 19);
  for (let i: u32 = 0; i < written; i++) store<u8>(codeLengths + load<u8>(writtenOrder + i), bits(3));
  if (!makeTable(lengthCode, LENGTH_CODE_BITS, codeLengths, 19, FOR_LENGTHS)) return -bitAt;

  const total = ofLiterals + ofDistances;
  for (let have: u32 = 0; have < total; ) {
    const entry = load<u32>(lengthCode + (peek(LENGTH_CODE_BITS) << 2));
    bitAt += entry & 0xff;
    const symbol = entry >>> 8;
    if (symbol < 16) {
      store<u8>(codeLengths + have++, symbol);
      continue;
    }
    let repeated: u8 = 0;
    let times: u32;
    if (symbol == 16) {
      if (have == 0) return -bitAt;
      repeated = load<u8>(codeLengths + have - 1);
      times = 3 + bits(2);
    } else {
      times = symbol == 17 ? 3 + bits(3) : 11 + bits(7);
    }
    if (have + times > total) return -bitAt;
    memory.fill(codeLengths + have, repeated, times);
    have += times;
  }
  // Without a code for its end, a block would have none.
  if (load<u8>(codeLengths + END_SYMBOL) == 0) return -bitAt;
  if (!makeTable(literals, LITERAL_BITS, codeLengths, ofLiterals, FOR_LITERALS)) return -bitAt;
  if (!makeTable(distances, DISTANCE_BITS, codeLengths + ofLiterals, ofDistances, FOR_DISTANCES)) return -bitAt;
  return bitAt;
}

/** Makes the tables of the codes of blocks that bring none (section 3.2.6). */
export function makeFixedCodes(): void {
  memory.fill(codeLengths, 8, 144);
  memory.fill(codeLengths + 144, 9, 112);
  memory.fill(codeLengths + 256, 7, 24);
  memory.fill(codeLengths + 280, 8, 8);
  makeTable(literals, LITERAL_BITS, codeLengths, 288, FOR_LITERALS);
  memory.fill(codeLengths, 5, 32);
  makeTable(distances, DISTANCE_BITS, codeLengths, 32, FOR_DISTANCES);
}
