/**
 * The LZMA decoder (AssemblyScript): range coder, models and dictionary, for .lzma files and for the chunks of LZMA2.
 *
 * `decode` keeps the whole state in local variables, which the compiler holds in registers, and writes each step of the
 * range coder out, for a function cannot change several variables of its caller. Single decisions branch; the bits of
 * trees, which no processor can predict, are computed without branches.
 */
import {
  ALIGNMENT,
  EVEN,
  IS_LONG_REPEAT_0,
  IS_MATCH,
  IS_REPEAT,
  IS_REPEAT_0,
  IS_REPEAT_1,
  IS_REPEAT_2,
  LITERAL,
  LONG,
  LOW_BITS,
  MATCH_LENGTH,
  MEDIUM,
  MODELS,
  PROBABILITY_BITS,
  REPEAT_LENGTH,
  SHORT,
  SLOT,
  TOP,
  lessLikely,
  likelier,
  maskOf,
  models,
  moved,
} from './lzma-models';

/** What `decode` came to; `decoders/lzma-kernel.ts` knows these numbers. */
const FILLED: i32 = 0;
const WANTS_INPUT: i32 = 1;
const END_MARKER: i32 = 2;
const DAMAGED: i32 = 3;

/** No symbol takes more input than this, with the refill that ends a stream. */
const LONGEST_SYMBOL: u32 = 21;
/** A compressed chunk of LZMA2 has at most 64 KiB; behind the input lies what a damaged last symbol may run into. */
const INPUT_SIZE: u32 = 1 << 16;
const input = u32(memory.data(INPUT_SIZE + 32, 16));

let inputAt: u32 = 0;
let inputEnd: u32 = 0;
/** The last position at which a symbol may begin. */
let inputStop: u32 = 0;

// The dictionary is a ring, used as output buffer too. It has 64 bytes more than its size, so that copying in whole
// words past the end of a match spoils nothing that a later match may reach.
const dictionary: u32 = (u32(__heap_base) + 63) & ~63;
const SLACK: u32 = 64;
let dictionarySize: u32 = 0;
let dictionaryEnd: u32 = 0;
let wrapped: bool = false;
let outputAt: u32 = 0;
let previous: u32 = 0;

let range: u32 = 0;
let code: u32 = 0;
let state: u32 = 0;
let distance0: u32 = 0;
let distance1: u32 = 0;
let distance2: u32 = 0;
let distance3: u32 = 0;
/** What remains of a match that did not fit into the last output. */
let pending: u32 = 0;
let literalContextBits: u32 = 0;
let literalPositionMask: u32 = 0;
let positionMask: u32 = 0;

export function inputBuffer(): u32 {
  return input;
}

/** Says that `length` bytes, at most 64 KiB, lie in the input buffer; `last` if no more follow. */
export function setInput(length: u32, last: bool): void {
  inputAt = input;
  inputEnd = input + length;
  inputStop = last ? inputEnd : inputEnd - LONGEST_SYMBOL;
}

/** How much of the input was consumed; more than there was, if a symbol ran past its end. */
export function consumed(): u32 {
  return inputAt - input;
}

/** Where the next output will be. */
export function output(): u32 {
  return outputAt;
}

/** Empties the dictionary and gives it `size` bytes, of which memory is taken only as output comes. */
export function resetDictionary(size: u32): void {
  dictionarySize = (max(size, 4096) + 15) & ~15;
  dictionaryEnd = dictionary + dictionarySize + SLACK;
  outputAt = dictionary;
  wrapped = false;
  previous = 0;
  pending = 0;
}

/** The length of the next output, at most `wanted`: up to the ring's end. Zero if no memory can be had. */
export function makeRoom(wanted: u32): u32 {
  if (outputAt == dictionaryEnd) {
    outputAt = dictionary;
    wrapped = true;
  }
  const length = min(wanted, dictionaryEnd - outputAt);
  const pages = i32((u64(outputAt) + length + SLACK + 0xffff) >> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) return 0;
  return length;
}

/** Sets the parameters of the models, which `resetState` must follow. */
export function setProperties(lc: u32, lp: u32, pb: u32): void {
  literalContextBits = lc;
  literalPositionMask = (1 << lp) - 1;
  positionMask = (1 << pb) - 1;
}

export function resetState(): void {
  state = 0;
  distance0 = distance1 = distance2 = distance3 = 0;
  for (let i: u32 = 0; i < MODELS; i++) store<u16>(models + i * 2, EVEN);
}

/** Begins the range coder with the first five bytes of the input; false if they cannot begin one. */
export function beginRange(): bool {
  range = 0xffffffff;
  code = bswap(load<u32>(inputAt + 1));
  const sound = load<u8>(inputAt) == 0;
  inputAt += 5;
  return sound;
}

/** Whether the range coder stands where its encoder ended, with no match unfinished. */
export function endRange(): bool {
  if (range < TOP) {
    range <<= 8;
    code = (code << 8) | load<u8>(inputAt++);
  }
  return code == 0 && pending == 0;
}

/** Takes `length` bytes of the input as output, as they are; there must be room. */
export function copyInput(length: u32): void {
  memory.copy(outputAt, inputAt, length);
  inputAt += length;
  outputAt += length;
  previous = load<u8>(outputAt - 1);
}

/** Decodes until `length` bytes of output are made, for which there must be room, or something else happens. */
export function decode(length: u32): i32 {
  const limit = outputAt + length;
  const ringLength = dictionaryEnd - dictionary;
  const reachAtLeast: u32 = wrapped ? dictionarySize : 0;
  const stop = inputStop;
  const lc = literalContextBits;
  const lpMask = literalPositionMask;
  const pbMask = positionMask;

  let at = inputAt;
  let out = outputAt;
  let byte = previous;
  let r = range;
  let c = code;
  let s = state;
  let d0 = distance0;
  let d1 = distance1;
  let d2 = distance2;
  let d3 = distance3;
  let copying = pending;

  let model: u32 = 0;
  let weight: u32 = 0;
  let bound: u32 = 0;
  let bit: u32 = 0;
  let symbol: u32 = 0;
  let result = FILLED;

  while (true) {
    if (copying > 0) {
      const count = min(copying, limit - out);
      const distance = d0 + 1;
      const end = out + count;
      let from = out - distance;
      if (distance > out - dictionary) from += ringLength;
      if (from + count > dictionaryEnd) {
        while (out < end) {
          store<u8>(out++, load<u8>(from++));
          if (from == dictionaryEnd) from = dictionary;
        }
      } else if (distance < 8) {
        while (out < end) store<u8>(out++, load<u8>(from++));
      } else {
        while (out < end) {
          store<u64>(out, load<u64>(from));
          store<u64>(out, load<u64>(from, 8), 8);
          from += 16;
          out += 16;
        }
        out = end;
      }
      copying -= count;
      byte = load<u8>(out - 1);
    }
    if (out == limit) break;
    if (at > stop) {
      result = WANTS_INPUT;
      break;
    }

    const position = out & pbMask;
    model = models + IS_MATCH + (s << 5) + (position << 1);
    if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
    weight = load<u16>(model);
    bound = (r >>> PROBABILITY_BITS) * weight;
    if (c < bound) {
      r = bound;
      store<u16>(model, likelier(weight));
      const literals = models + LITERAL + 0x600 * (((out & lpMask) << lc) + (byte >>> (8 - lc)));
      symbol = 1;
      if (s < 7) {
        do {
          model = literals + (symbol << 1);
          if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
          weight = load<u16>(model);
          bound = (r >>> PROBABILITY_BITS) * weight;
          bit = maskOf(c >= bound);
          r = bound + ((r - bound - bound) & bit);
          c -= bound & bit;
          store<u16>(model, moved(weight, bit));
          symbol = (symbol << 1) - bit;
        } while (symbol < 0x100);
      } else {
        let from = out - d0 - 1;
        if (d0 >= out - dictionary) from += ringLength;
        let expected: u32 = load<u8>(from);
        let agreeing: u32 = 0x100;
        do {
          expected <<= 1;
          const expectedBit = expected & agreeing;
          model = literals + ((agreeing + expectedBit + symbol) << 1);
          if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
          weight = load<u16>(model);
          bound = (r >>> PROBABILITY_BITS) * weight;
          bit = maskOf(c >= bound);
          r = bound + ((r - bound - bound) & bit);
          c -= bound & bit;
          store<u16>(model, moved(weight, bit));
          symbol = (symbol << 1) - bit;
          agreeing &= expectedBit ^ ~bit;
        } while (symbol < 0x100);
      }
      byte = symbol & 0xff;
      store<u8>(out++, byte);
      s = s < 4 ? 0 : s < 10 ? s - 3 : s - 6;
      continue;
    }
    r -= bound;
    c -= bound;
    store<u16>(model, lessLikely(weight));

    let lengths: u32;
    model = models + IS_REPEAT + (s << 1);
    if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
    weight = load<u16>(model);
    bound = (r >>> PROBABILITY_BITS) * weight;
    const repeats = c >= bound;
    if (!repeats) {
      r = bound;
      store<u16>(model, likelier(weight));
      d3 = d2;
      d2 = d1;
      d1 = d0;
      s = s < 7 ? 7 : 10;
      lengths = models + MATCH_LENGTH;
    } else {
      r -= bound;
      c -= bound;
      store<u16>(model, lessLikely(weight));
      model = models + IS_REPEAT_0 + (s << 1);
      if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
      weight = load<u16>(model);
      bound = (r >>> PROBABILITY_BITS) * weight;
      if (c < bound) {
        r = bound;
        store<u16>(model, likelier(weight));
        model = models + IS_LONG_REPEAT_0 + (s << 5) + (position << 1);
        if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
        weight = load<u16>(model);
        bound = (r >>> PROBABILITY_BITS) * weight;
        if (c < bound) {
          r = bound;
          store<u16>(model, likelier(weight));
          if (d0 >= max(out - dictionary, reachAtLeast)) {
            result = DAMAGED;
            break;
          }
          s = s < 7 ? 9 : 11;
          copying = 1;
          continue;
        }
        r -= bound;
        c -= bound;
        store<u16>(model, lessLikely(weight));
      } else {
        r -= bound;
        c -= bound;
        store<u16>(model, lessLikely(weight));
        let distance = d1;
        model = models + IS_REPEAT_1 + (s << 1);
        if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
        weight = load<u16>(model);
        bound = (r >>> PROBABILITY_BITS) * weight;
        if (c < bound) {
          r = bound;
          store<u16>(model, likelier(weight));
        } else {
          r -= bound;
          c -= bound;
          store<u16>(model, lessLikely(weight));
          distance = d2;
          model = models + IS_REPEAT_2 + (s << 1);
          if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
          weight = load<u16>(model);
          bound = (r >>> PROBABILITY_BITS) * weight;
          if (c < bound) {
            r = bound;
            store<u16>(model, likelier(weight));
          } else {
            r -= bound;
            c -= bound;
            store<u16>(model, lessLikely(weight));
            distance = d3;
            d3 = d2;
          }
          d2 = d1;
        }
        d1 = d0;
        d0 = distance;
      }
      s = s < 7 ? 8 : 11;
      lengths = models + REPEAT_LENGTH;
    }

    let tree = lengths + SHORT + (position << 4);
    let leaves: u32 = 8;
    let shortest: u32 = 2;
    model = lengths;
    if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
    weight = load<u16>(model);
    bound = (r >>> PROBABILITY_BITS) * weight;
    if (c < bound) {
      r = bound;
      store<u16>(model, likelier(weight));
    } else {
      r -= bound;
      c -= bound;
      store<u16>(model, lessLikely(weight));
      model = lengths + 2;
      if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
      weight = load<u16>(model);
      bound = (r >>> PROBABILITY_BITS) * weight;
      if (c < bound) {
        r = bound;
        store<u16>(model, likelier(weight));
        tree += MEDIUM - SHORT;
        shortest = 10;
      } else {
        r -= bound;
        c -= bound;
        store<u16>(model, lessLikely(weight));
        tree = lengths + LONG;
        leaves = 256;
        shortest = 18;
      }
    }
    symbol = 1;
    do {
      model = tree + (symbol << 1);
      if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
      weight = load<u16>(model);
      bound = (r >>> PROBABILITY_BITS) * weight;
      bit = maskOf(c >= bound);
      r = bound + ((r - bound - bound) & bit);
      c -= bound & bit;
      store<u16>(model, moved(weight, bit));
      symbol = (symbol << 1) - bit;
    } while (symbol < leaves);
    copying = symbol - leaves + shortest;

    if (!repeats) {
      tree = models + SLOT + (min(copying - 2, 3) << 7);
      symbol = 1;
      do {
        model = tree + (symbol << 1);
        if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
        weight = load<u16>(model);
        bound = (r >>> PROBABILITY_BITS) * weight;
        bit = maskOf(c >= bound);
        r = bound + ((r - bound - bound) & bit);
        c -= bound & bit;
        store<u16>(model, moved(weight, bit));
        symbol = (symbol << 1) - bit;
      } while (symbol < 64);
      d0 = symbol - 64;
      if (d0 >= 4) {
        let low = (d0 >>> 1) - 1;
        const base = 2 | (d0 & 1);
        if (d0 < 14) {
          tree = models + LOW_BITS + (((base << low) - d0 - 1) << 1);
          d0 = base << low;
        } else {
          // The upper bits are as likely to be zero as one, and cost no model.
          d0 = base;
          do {
            if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
            r >>>= 1;
            c -= r;
            bit = 0 - (c >>> 31);
            c += r & bit;
            d0 = (d0 << 1) + bit + 1;
          } while (--low > 4);
          d0 <<= 4;
          tree = models + ALIGNMENT;
        }
        // The lowest bits come lowest first.
        symbol = 1;
        let place: u32 = 0;
        do {
          model = tree + (symbol << 1);
          if (r < TOP) { r <<= 8; c = (c << 8) | load<u8>(at++); }
          weight = load<u16>(model);
          bound = (r >>> PROBABILITY_BITS) * weight;
          bit = maskOf(c >= bound);
          r = bound + ((r - bound - bound) & bit);
          c -= bound & bit;
          store<u16>(model, moved(weight, bit));
          symbol = (symbol << 1) - bit;
          d0 += (bit & 1) << place;
        } while (++place < low);
        if (d0 == 0xffffffff) {
          copying = 0;
          result = END_MARKER;
          break;
        }
      }
    }
    if (d0 >= max(out - dictionary, reachAtLeast)) {
      copying = 0;
      result = DAMAGED;
      break;
    }
  }

  inputAt = at;
  outputAt = out;
  previous = byte;
  range = r;
  code = c;
  state = s;
  distance0 = d0;
  distance1 = d1;
  distance2 = d2;
  distance3 = d3;
  pending = copying;
  return result;
}
