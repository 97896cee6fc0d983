/** The models of LZMA (AssemblyScript): where each probability lies, and how it moves with what it foretold. */

// Probabilities are 11 bit wide and move by a 32nd of the way; the range is refilled below 2^24.
export const PROBABILITY_BITS: u32 = 11;
export const EVEN: u16 = 1024;
export const TOP: u32 = 1 << 24;

// Offsets inside the models of a length: two choices, eight lengths a position, eight more, 256 more.
export const LENGTH_MODELS: u32 = 2 + 16 * 8 + 16 * 8 + 256;
export const SHORT: u32 = 2 * 2;
export const MEDIUM: u32 = SHORT + 16 * 8 * 2;
export const LONG: u32 = MEDIUM + 16 * 8 * 2;

// Byte offsets of the models in `models`.
export const IS_MATCH: u32 = 0;
export const IS_REPEAT: u32 = IS_MATCH + 12 * 16 * 2;
export const IS_REPEAT_0: u32 = IS_REPEAT + 12 * 2;
export const IS_REPEAT_1: u32 = IS_REPEAT_0 + 12 * 2;
export const IS_REPEAT_2: u32 = IS_REPEAT_1 + 12 * 2;
export const IS_LONG_REPEAT_0: u32 = IS_REPEAT_2 + 12 * 2;
export const SLOT: u32 = IS_LONG_REPEAT_0 + 12 * 16 * 2;
export const LOW_BITS: u32 = SLOT + 4 * 64 * 2;
export const ALIGNMENT: u32 = LOW_BITS + 128 * 2;
export const MATCH_LENGTH: u32 = ALIGNMENT + 16 * 2;
export const REPEAT_LENGTH: u32 = MATCH_LENGTH + LENGTH_MODELS * 2;
export const LITERAL: u32 = REPEAT_LENGTH + LENGTH_MODELS * 2;

/** lc + lp is at most 4, in LZMA2 by its definition and in .lzma files by xz's. */
export const MODELS: u32 = LITERAL / 2 + (0x300 << 4);
export const models = u32(memory.data(MODELS * 2, 16));

// How a probability of a zero moves after a zero, after a one, and after the bit that a mask tells.

// @ts-ignore: decorator
@inline
export function likelier(weight: u32): u32 {
  return weight + ((2048 - weight) >>> 5);
}

// @ts-ignore: decorator
@inline
export function lessLikely(weight: u32): u32 {
  return weight - (weight >>> 5);
}

// @ts-ignore: decorator
@inline
export function moved(weight: u32, bit: u32): u32 {
  return weight - u32((i32(weight) - (2017 & ~i32(bit))) >> 5);
}

// @ts-ignore: decorator
@inline
export function maskOf(condition: bool): u32 {
  return 0 - u32(condition);
}
