/**
 * The inflater (RFC 1951; AssemblyScript): deflate data in, what they stand for out, a piece at a time.
 *
 * Where most of the input is still to come, several symbols are decoded between two looks at its end, and the bits at hand
 * live in one register. At the very end of the input symbols are decoded one by one.
 */
import {
  bitsIn,
  DISTANCE_BITS,
  distances,
  END_OF_BLOCK,
  LITERAL,
  LITERAL_BITS,
  literals,
  LONG_DISTANCE,
  LONG_LITERAL,
  makeFixedCodes,
  NO_DISTANCE,
  NO_LENGTH,
  placeIn,
  readCodes,
} from './inflate-codes';

import { STANDING_PIECES } from './standing-pieces';

/** What `inflate` came to; `decoders/inflate-kernel.ts` knows these numbers. */
const WANTS_INPUT: i32 = 0;
const PIECE: i32 = 1;
const END: i32 = 2;
const DAMAGED: i32 = 3;
/** Inside: the block is over. */
const BLOCK_END: i32 = 4;

const LONGEST_INPUT: u32 = 1 << 18;
/** Bits are loaded eight bytes at a time, and the head of a block is read to its end before that is compared. */
const INPUT_SLACK: u32 = 1024;
/** How far back copies reach. */
const WINDOW: u32 = 1 << 15;
/** A piece and the copy that completes it fit into a mebibyte. */
const LONGEST_OUTPUT: u32 = (1 << 20) - 512;
/** A copy begins before the end of a piece, has up to 258 bytes, and is made of whole words. */
const OUTPUT_SLACK: u32 = 512;
/** So much of the input is left when decoding goes on symbol by symbol, or waits for more. */
const TAIL: u32 = 16;
const SHORTEST_MATCH: u32 = 3;

const input = u32(memory.data(LONGEST_INPUT + INPUT_SLACK, 16));
/** Each piece has an area, with the window that copies reach before it: others look at pieces while the next are made. */
const AREA: u32 = WINDOW + LONGEST_OUTPUT + OUTPUT_SLACK;
const firstArea = u32(memory.data(AREA * (STANDING_PIECES + 1), 16));
const areasEnd = firstArea + AREA * (STANDING_PIECES + 1);

/** Bytes that are copied at a time. */
const WORD: u32 = 8;
/**
 * For each distance below a word's length: what repeats so many bytes throughout a word when they are multiplied by it, and
 * how many bytes of such a word come before the pattern begins anew.
 */
const repeaters = u32(
  memory.data<u64>([
    0, 0x0101010101010101, 0x0001000100010001, 0x0001000001000001, 0x0000000100000001, 0x0000010000000001,
    0x0001000000000001, 0x0100000000000001,
  ]),
);
const repeated = u32(memory.data<u8>([0, 8, 8, 6, 8, 5, 6, 7]));

/** Where the state of a stream stands. */
const AT_HEAD: u32 = 0;
const IN_CODES: u32 = 1;
const IN_STORED: u32 = 2;
let place: u32 = AT_HEAD;
let isLast: bool = false;
let hasFixedCodes: bool = false;
let storedLeft: u32 = 0;

let inputBits: u32 = 0;
let bitAt: u32 = 0;
/** Where the output begins, where it goes on, and how far back copies may reach. */
let output: u32 = firstArea + WINDOW;
let outAt: u32 = output;
let lowest: u32 = output;

export function inputBuffer(): u32 {
  return input;
}

export function outputBuffer(): u32 {
  return output;
}

/** How many bytes of output there are since the last piece was complete. */
export function outputLength(): u32 {
  return outAt - output;
}

/** How many bits of the input `inflate` consumed, with those it was told to skip. */
export function consumedBits(): u32 {
  return bitAt;
}

/** Begins a stream, with nothing to copy from. */
export function beginStream(): void {
  place = AT_HEAD;
  isLast = false;
  if (outAt > output) beginPiece();
  lowest = output;
}

/**
 * Goes on from bit `start` of the first `length` bytes of the input buffer, until a piece is complete or the input is used
 * up but for a tail; of that the rest is used if it is the `final` one.
 */
export function inflate(length: u32, start: u32, final: bool): i32 {
  if (outAt >= output + LONGEST_OUTPUT) continueInNext();
  const outputLimit = output + LONGEST_OUTPUT;
  inputBits = length << 3;
  bitAt = start;
  // What lies behind the input shall not depend on what was there before.
  store<u64>(input + length, 0);
  store<u64>(input + length, 0, 8);
  while (true) {
    if (outAt >= outputLimit) return PIECE;
    if (place == AT_HEAD) {
      if (isLast) return END;
      const head = bitAt;
      const sound = readHead();
      // Whatever was made of bits that are not there says nothing.
      if (bitAt > inputBits) {
        bitAt = head;
        place = AT_HEAD;
        isLast = false;
        return WANTS_INPUT;
      }
      if (!sound) return DAMAGED;
    } else if (place == IN_STORED) {
      copyStored();
      if (storedLeft > 0 && outAt < outputLimit) return WANTS_INPUT;
      if (storedLeft == 0) place = AT_HEAD;
    } else {
      let result = decode();
      if (result == WANTS_INPUT && final) result = decodeTail();
      if (result == BLOCK_END) place = AT_HEAD;
      else if (result != PIECE) return result;
    }
  }
}

/** Goes on to the next area, which nobody looks at any more. */
function beginPiece(): void {
  output += AREA;
  if (output >= areasEnd) output = firstArea + WINDOW;
  outAt = output;
}

/** Goes on behind a complete piece, with what copies may reach of it. */
function continueInNext(): void {
  const end = outAt;
  beginPiece();
  lowest = output - WINDOW;
  memory.copy(lowest, end - WINDOW, WINDOW);
}

/** Reads the head of a block, and says whether it is one; where the input ends in it, `bitAt` lies beyond. */
function readHead(): bool {
  const fields = <u32>load<u16>(input + (bitAt >>> 3)) >>> (bitAt & 7);
  bitAt += 3;
  isLast = (fields & 1) != 0;
  place = IN_CODES;
  switch ((fields >>> 1) & 3) {
    case 0: {
      bitAt = (bitAt + 7) & ~7;
      const lengths = load<u32>(input + (bitAt >>> 3));
      bitAt += 32;
      storedLeft = lengths & 0xffff;
      place = IN_STORED;
      return storedLeft == (~(lengths >>> 16) & 0xffff);
    }
    case 1:
      if (!hasFixedCodes) makeFixedCodes();
      hasFixedCodes = true;
      return true;
    case 2: {
      hasFixedCodes = false;
      const behind = readCodes((input << 3) + bitAt);
      bitAt = abs(behind) - (input << 3);
      return behind > 0;
    }
    default:
      return false;
  }
}

function copyStored(): void {
  const count = min(storedLeft, min((inputBits - bitAt) >>> 3, output + LONGEST_OUTPUT - outAt));
  memory.copy(outAt, input + (bitAt >>> 3), count);
  outAt += count;
  bitAt += count << 3;
  storedLeft -= count;
}

/** The bytes from `out` on repeat those `distance` before it, `length` of them; what lies behind those may change too. */
// @ts-ignore: decorator
@inline
function copy(out: u32, distance: u32, length: u32): void {
  const end = out + length;
  let from = out - distance;
  if (distance >= WORD) {
    // Most copies are short, and three words hold them without a loop.
    store<u64>(out, load<u64>(from));
    store<u64>(out, load<u64>(from, WORD), WORD);
    store<u64>(out, load<u64>(from, 2 * WORD), 2 * WORD);
    if (length <= 3 * WORD) return;
    out += 3 * WORD;
    from += 3 * WORD;
    do {
      store<u64>(out, load<u64>(from));
      store<u64>(out, load<u64>(from, WORD), WORD);
      out += 2 * WORD;
      from += 2 * WORD;
    } while (out < end);
  } else {
    const pattern = load<u64>(from) & ((u64(1) << (distance * 8)) - 1);
    const word = pattern * load<u64>(distance * WORD, repeaters);
    const step = load<u8>(distance, repeated);
    do {
      store<u64>(out, word);
      out += step;
    } while (out < end);
  }
}

/** What `entry` stands for with its extra bits, which are the first of `bits` behind those of its code, of `total` in all. */
// @ts-ignore: decorator
@inline
function extraBits(bits: u64, entry: u32, total: u32): u32 {
  return u32(bits & ((u64(1) << total) - 1)) >>> bitsIn(entry);
}

/**
 * The bits at hand stand two places up, so that those of a table's size are an offset into it; below them stands what is
 * used up.
 */
const UP: u32 = 2;
const LITERAL_MASK: u32 = ((1 << LITERAL_BITS) - 1) << UP;
const DISTANCE_MASK: u32 = ((1 << DISTANCE_BITS) - 1) << UP;

/**
 * Decodes symbols of a block while neither the input nor the piece is near its end.
 *
 * @returns BLOCK_END, PIECE, WANTS_INPUT or DAMAGED
 */
function decode(): i32 {
  const stop = input + (inputBits >>> 3) - TAIL;
  const reach = lowest;
  const outputLimit = output + LONGEST_OUTPUT;
  let at = input + (bitAt >>> 3);
  let out = outAt;
  let bits = (load<u64>(at) >>> (bitAt & 7)) << UP;
  /** How many bits are at hand, with those used up. Of this and of what is shifted by, only the six lowest bits count. */
  let have: u64 = 48 + UP - (bitAt & 7);
  at += 6;
  let result = WANTS_INPUT;

  while (at <= stop) {
    if (out >= outputLimit) {
      result = PIECE;
      break;
    }
    // As many whole bytes as there is room for; bits of the next one come in too, and once more the next time.
    bits |= load<u64>(at) << have;
    at += (u32(63 - have) >>> 3) & 7;
    have |= 56;

    // A literal or none: two steps that take one if there is one spare the processor most of its wrong guesses.
    let entry: u64 = load<u32>(u32(bits) & LITERAL_MASK, literals);
    store<u8>(out, entry >>> 16);
    out += u32(entry >>> 31);
    bits >>>= entry;
    have -= entry;
    entry = load<u32>(u32(bits) & LITERAL_MASK, literals);
    store<u8>(out, entry >>> 16);
    out += u32(entry >>> 31);
    bits >>>= entry;
    have -= entry;
    entry = load<u32>(u32(bits) & LITERAL_MASK, literals);
    if (entry & LITERAL) {
      store<u8>(out++, entry >>> 16);
      bits >>>= entry;
      have -= entry;
      entry = load<u32>(u32(bits) & LITERAL_MASK, literals);
      if (entry & LITERAL) {
        store<u8>(out++, entry >>> 16);
        bits >>>= entry;
        have -= entry;
        continue;
      }
    }
    bits |= load<u64>(at) << have;
    at += (u32(63 - have) >>> 3) & 7;
    have |= 56;

    if (entry & NO_LENGTH) {
      if (entry & LONG_LITERAL) {
        bits >>>= LITERAL_BITS;
        have -= LITERAL_BITS;
        const more = u32(bits >>> UP) & ((1 << bitsIn(u32(entry))) - 1);
        entry = load<u32>((placeIn(u32(entry)) + more) << 2, literals);
        if (entry & LITERAL) {
          store<u8>(out++, entry >>> 16);
          bits >>>= entry;
          have -= entry;
          continue;
        }
      }
      if (entry & NO_LENGTH) {
        bits >>>= bitsIn(u32(entry));
        have -= bitsIn(u32(entry));
        result = entry & END_OF_BLOCK ? BLOCK_END : DAMAGED;
        break;
      }
    }
    const ofLength = entry >>> 24;
    const length = SHORTEST_MATCH + (u32(entry >>> 16) & 0xff) + extraBits(bits >>> UP, u32(entry), u32(ofLength));
    bits >>>= ofLength;
    have -= ofLength;

    entry = load<u32>(u32(bits) & DISTANCE_MASK, distances);
    if (entry & NO_DISTANCE) {
      if (entry & LONG_DISTANCE) {
        bits >>>= DISTANCE_BITS;
        have -= DISTANCE_BITS;
        const more = u32(bits >>> UP) & ((1 << bitsIn(u32(entry))) - 1);
        entry = load<u32>((placeIn(u32(entry)) + more) << 2, distances);
      }
      if (entry & NO_DISTANCE) {
        result = DAMAGED;
        break;
      }
    }
    const distance = u32(entry >>> 16) + extraBits(bits >>> UP, u32(entry), u32(entry) & 0xff);
    bits >>>= entry;
    have -= entry;
    if (distance > out - reach) {
      result = DAMAGED;
      break;
    }
    copy(out, distance, length);
    out += length;
  }
  bitAt = ((at - input) << 3) - ((u32(have) & 63) - UP);
  outAt = out;
  // Where the piece and the input end at once, the piece is what must not be forgotten.
  return result == WANTS_INPUT && out >= outputLimit ? PIECE : result;
}

/** As `decode`, symbol by symbol up to the very end of the input; a symbol that ends behind it is left for later. */
function decodeTail(): i32 {
  while (outAt < output + LONGEST_OUTPUT) {
    let bits = load<u64>(input + (bitAt >>> 3)) >>> (bitAt & 7);
    let end = bitAt;
    let entry = load<u32>((u32(bits) & ((1 << LITERAL_BITS) - 1)) << 2, literals);
    if ((entry & (NO_LENGTH | LONG_LITERAL)) == (NO_LENGTH | LONG_LITERAL)) {
      bits >>>= LITERAL_BITS;
      end += LITERAL_BITS;
      entry = load<u32>((placeIn(entry) + (u32(bits) & ((1 << bitsIn(entry)) - 1))) << 2, literals);
    }
    if (entry & LITERAL) {
      end += entry & 63;
      if (end > inputBits) return WANTS_INPUT;
      store<u8>(outAt++, entry >>> 16);
      bitAt = end;
      continue;
    }
    if (entry & NO_LENGTH) {
      end += bitsIn(entry);
      if (end > inputBits) return WANTS_INPUT;
      bitAt = end;
      return entry & END_OF_BLOCK ? BLOCK_END : DAMAGED;
    }
    const ofLength = entry >>> 24;
    const length = SHORTEST_MATCH + ((entry >>> 16) & 0xff) + extraBits(bits, entry, ofLength);
    bits >>>= ofLength;
    end += ofLength;
    entry = load<u32>((u32(bits) & ((1 << DISTANCE_BITS) - 1)) << 2, distances);
    if ((entry & (NO_DISTANCE | LONG_DISTANCE)) == (NO_DISTANCE | LONG_DISTANCE)) {
      bits >>>= DISTANCE_BITS;
      end += DISTANCE_BITS;
      entry = load<u32>((placeIn(entry) + (u32(bits) & ((1 << bitsIn(entry)) - 1))) << 2, distances);
    }
    const isNone = (entry & NO_DISTANCE) != 0;
    end += isNone ? bitsIn(entry) : entry & 0xff;
    if (end > inputBits) return WANTS_INPUT;
    bitAt = end;
    const distance = (entry >>> 16) + extraBits(bits, entry, entry & 0xff);
    if (isNone || distance > outAt - lowest) return DAMAGED;
    copy(outAt, distance, length);
    outAt += length;
  }
  return PIECE;
}

/** The Adler-32 (RFC 1950) of what `sum` is that of, followed by the output. */
export function adler32(sum: u32): u32 {
  const modulus: u32 = 65521;
  /** So many bytes can be added before the sums outgrow 32 bits. */
  const stretch: u32 = 5552;
  let low = sum & 0xffff;
  let high = sum >>> 16;
  for (let at = output; at < outAt; ) {
    const end = min(at + stretch, outAt);
    for (; at < end; at++) {
      low += load<u8>(at);
      high += low;
    }
    low %= modulus;
    high %= modulus;
  }
  return (high << 16) | low;
}
