/**
 * The bzip2 decoder (AssemblyScript): one block at a time, from its bits to the bytes it stands for.
 *
 * `readBlock` undoes the Huffman coding and the move-to-front, and prepares the way back through the Burrows-Wheeler
 * transform. `writeOutput` walks that way, which waits for memory at every step, and undoes the run lengths, in pieces.
 */
import { nextCrc32 } from './crc32-bzip2';
import { orderOfFlips } from './bzip2-flips';

/** What `readBlock` came to; `decoders/bzip2-kernel.ts` knows these numbers. */
const BLOCK: i32 = 0;
const STREAM_END: i32 = 1;
const WANTS_INPUT: i32 = 2;
const DAMAGED: i32 = 3;

/** Both are decimals: pi begins a block, its square root ends a stream. */
const BLOCK_MAGIC: u64 = 0x314159265359;
const END_MAGIC: u64 = 0x177245385090;

const LARGEST_BLOCK: u32 = 900_000;
const LONGEST_INPUT: u32 = 4 << 20;
/** A group of symbols may be read from behind the input before that is noticed. */
const INPUT_SLACK: u32 = 256;
const LONGEST_OUTPUT: u32 = 1 << 20;
/** A run may go on beyond where a piece of output should end, and is written in whole words. */
const OUTPUT_SLACK: u32 = 272;

const GROUP: u32 = 50;
const MOST_TABLES: u32 = 6;
const MOST_SYMBOLS: u32 = 258;
const LONGEST_CODE: u32 = 20;
/** Codes of up to this many bits, nearly all, are found by one look. */
const QUICK_BITS: u32 = 10;
const QUICK_SIZE: u32 = 2 << QUICK_BITS;
const ORDERED_SIZE: u32 = MOST_SYMBOLS * 2;
const LENGTHS_SIZE: u32 = (LONGEST_CODE + 1) * 4;

const input = u32(memory.data(LONGEST_INPUT + INPUT_SLACK, 16));
const output = u32(memory.data(LONGEST_OUTPUT + OUTPUT_SLACK, 16));
/** For each place in the block: in the low 8 bits its byte, above them the place of the byte that follows. */
const places = u32(memory.data(LARGEST_BLOCK * 4, 16));
/** How often each byte comes; then, the place that sorting gives to the next of them. */
const counts = u32(memory.data(256 * 4, 16));
/** The list of move-to-front. */
const recent = u32(memory.data(256, 16));
const selectors = u32(memory.data(1 << 15, 16));
const codeLengths = u32(memory.data(MOST_SYMBOLS, 16));
/** Of each table, by the next ten bits: the symbol above five bits of its length, zero for longer codes. */
const quick = u32(memory.data(MOST_TABLES * QUICK_SIZE, 16));
/** Of each table: the symbols in the order of their codes. */
const ordered = u32(memory.data(MOST_TABLES * ORDERED_SIZE, 16));
/** Of each table, by length: the code that follows the last one, and its place in the order less itself. */
const ends = u32(memory.data(MOST_TABLES * LENGTHS_SIZE, 16));
const offsets = u32(memory.data(MOST_TABLES * LENGTHS_SIZE, 16));

let blockLimit: u32 = 0;
let streamCrc: u32 = 0;

let inputBits: u32 = 0;
let bitAt: u32 = 0;

let expectedCrc: u32 = 0;
let crc: u32 = 0;
let place: u32 = 0;
let bytesLeft: u32 = 0;
let runByte: u32 = 0;
let runLength: u32 = 0;
let untilFlip: u32 = 0;
let flips: u32 = 0;

export function inputBuffer(): u32 {
  return input;
}

export function outputBuffer(): u32 {
  return output;
}

/** Begins a stream whose blocks have at most `level` times 100,000 bytes before their run lengths are undone. */
export function beginStream(level: u32): void {
  blockLimit = level * 100_000;
  streamCrc = 0;
}

/** How many bits of the input `readBlock` consumed, with those it was told to skip. */
export function consumedBits(): u32 {
  return bitAt;
}

/** The next `count` bits, at most 48; zeros beyond the input, which leave `bitAt` there as a sign. */
function bits(count: u32): u64 {
  const window = bswap(load<u64>(input + min(bitAt >>> 3, LONGEST_INPUT))) << (bitAt & 7);
  bitAt += count;
  return bitAt > inputBits ? 0 : window >>> (64 - count);
}

/** Reads a block, or the end of the stream, from bit `start` of the first `length` bytes of the input buffer. */
export function readBlock(length: u32, start: u32): i32 {
  inputBits = length << 3;
  bitAt = start;
  const result = readMagic();
  // Whatever was made of bits that are not there says nothing.
  return bitAt > inputBits ? WANTS_INPUT : result;
}

function readMagic(): i32 {
  const magic = bits(48);
  expectedCrc = u32(bits(32));
  if (magic == END_MAGIC) return expectedCrc == streamCrc ? STREAM_END : DAMAGED;
  if (magic != BLOCK_MAGIC) return DAMAGED;

  const randomised = bits(1) != 0;
  const first = u32(bits(24));
  const alphabet = readAlphabet();
  if (alphabet == 0) return DAMAGED;
  const tables = u32(bits(3));
  if (tables < 2 || tables > MOST_TABLES) return DAMAGED;
  const groups = readSelectors(tables);
  if (groups == 0) return DAMAGED;
  for (let table: u32 = 0; table < tables; table++) {
    if (!readTable(table, alphabet + 2)) return DAMAGED;
  }
  const length = readSymbols(groups, alphabet + 1);
  if (first >= length) return DAMAGED;
  linkPlaces(length);

  crc = 0xffffffff;
  place = load<u32>(places + (first << 2)) >>> 8;
  bytesLeft = length;
  runLength = 0;
  flips = 0;
  untilFlip = randomised ? u32(load<u16>(orderOfFlips)) - 1 : 0xffffffff;
  return BLOCK;
}

/** Reads which bytes occur, puts them into the list of move-to-front, and returns their number. */
function readAlphabet(): u32 {
  const ranges = u32(bits(16));
  let count: u32 = 0;
  for (let range: u32 = 0; range < 16; range++) {
    if (!(ranges & (0x8000 >>> range))) continue;
    const used = u32(bits(16));
    for (let i: u32 = 0; i < 16; i++) {
      if (used & (0x8000 >>> i)) store<u8>(recent + count++, (range << 4) | i);
    }
  }
  return count;
}

/** Reads which table each group of symbols uses, and returns the number of groups; zero if a table does not exist. */
function readSelectors(tables: u32): u32 {
  const groups = u32(bits(15));
  // The tables used last, the newest in the lowest of four bits each.
  let order: u32 = 0x543210;
  for (let group: u32 = 0; group < groups; group++) {
    let depth: u32 = 0;
    while (bits(1)) {
      if (++depth == tables) return 0;
    }
    const shift = depth << 2;
    const table = (order >>> shift) & 15;
    const newer = order & ((1 << shift) - 1);
    order = (order & ~((16 << shift) - 1)) | (newer << 4) | table;
    store<u8>(selectors + group, table);
  }
  return groups;
}

/** Reads the code lengths of a table and makes its codes; false if they are none. */
function readTable(table: u32, symbols: u32): bool {
  let length = u32(bits(5));
  const ofLength = ends + table * LENGTHS_SIZE;
  memory.fill(ofLength, 0, LENGTHS_SIZE);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    while (true) {
      if (length == 0 || length > LONGEST_CODE) return false;
      if (!bits(1)) break;
      length += bits(1) ? -1 : 1;
    }
    store<u8>(codeLengths + symbol, length);
    const count = ofLength + (length << 2);
    store<u32>(count, load<u32>(count) + 1);
  }

  const offset = offsets + table * LENGTHS_SIZE;
  let code: u32 = 0;
  let rank: u32 = 0;
  for (let i: u32 = 1; i <= LONGEST_CODE; i++) {
    code <<= 1;
    const count = load<u32>(ofLength + (i << 2));
    store<u32>(offset + (i << 2), rank - code);
    rank += count;
    code += count;
    if (code > 1 << i) return false;
    store<u32>(ofLength + (i << 2), code);
  }

  const order = ordered + table * ORDERED_SIZE;
  const looks = quick + table * QUICK_SIZE;
  memory.fill(looks, 0, QUICK_SIZE);
  rank = 0;
  for (let i: u32 = 1; i <= LONGEST_CODE; i++) {
    for (let symbol: u32 = 0; symbol < symbols; symbol++) {
      if (load<u8>(codeLengths + symbol) != i) continue;
      store<u16>(order + (rank << 1), symbol);
      if (i <= QUICK_BITS) {
        const same: u32 = 1 << (QUICK_BITS - i);
        const from = looks + (((rank - load<u32>(offset + (i << 2))) * same) << 1);
        for (let k: u32 = 0; k < same; k++) store<u16>(from + (k << 1), (symbol << 5) | i);
      }
      rank++;
    }
  }
  return true;
}

/**
 * Reads the symbols up to `endSymbol`: bytes by how recent they are, and runs of the most recent one. Puts the bytes into
 * `places`, counts them, and returns their number; zero if they are too many or have no code.
 */
function readSymbols(groups: u32, endSymbol: u32): u32 {
  memory.fill(counts, 0, 256 * 4);
  const stop = input + (inputBits >>> 3);
  const limit = places + (blockLimit << 2);
  let at = input + (bitAt >>> 3);
  let window = bswap(load<u64>(at)) << (bitAt & 7);
  let have: u32 = 64 - (bitAt & 7);
  at += 8;

  let out = places;
  let run: u32 = 0;
  let runPlace: u32 = 0;
  let group: u32 = 0;
  let left: u32 = 0;
  let table: u32 = 0;
  let looks: u32 = 0;

  while (true) {
    if (left == 0) {
      if (group == groups || at > stop + 8) break;
      table = load<u8>(selectors + group++);
      looks = quick + table * QUICK_SIZE;
      left = GROUP;
    }
    left--;
    if (have < LONGEST_CODE) {
      window |= bswap(load<u64>(at)) >>> have;
      const more = (64 - have) >>> 3;
      at += more;
      have += more << 3;
    }

    let symbol = <u32>load<u16>(looks + (u32(window >>> (64 - QUICK_BITS)) << 1));
    let length = symbol & 31;
    symbol >>>= 5;
    if (length == 0) {
      length = QUICK_BITS + 1;
      const codeEnds = ends + table * LENGTHS_SIZE;
      while (u32(window >>> (64 - length)) >= load<u32>(codeEnds + (length << 2))) {
        if (++length > LONGEST_CODE) break;
      }
      if (length > LONGEST_CODE) break;
      const rank = u32(window >>> (64 - length)) + load<u32>(offsets + table * LENGTHS_SIZE + (length << 2));
      symbol = load<u16>(ordered + table * ORDERED_SIZE + (rank << 1));
    }
    window <<= length;
    have -= length;

    if (symbol <= 1) {
      // The length of a run is written in base two with digits one and two, lowest first.
      if (runPlace > 20) break;
      run += (symbol + 1) << runPlace++;
      continue;
    }
    if (run > 0) {
      const byte: u32 = load<u8>(recent);
      if (run > (limit - out) >>> 2) break;
      const count = counts + (byte << 2);
      store<u32>(count, load<u32>(count) + run);
      const end = out + (run << 2);
      while (out < end) {
        store<u32>(out, byte);
        out += 4;
      }
      run = 0;
      runPlace = 0;
    }
    if (symbol == endSymbol) {
      bitAt = ((at - input) << 3) - have;
      return (out - places) >>> 2;
    }
    if (out == limit) break;

    // The byte comes to the front, eight others a step make room.
    let depth = symbol - 1;
    let carried: u64 = load<u8>(recent + depth);
    const byte = u32(carried);
    let word = recent;
    for (; depth >= 8; depth -= 8) {
      const bytes = load<u64>(word);
      store<u64>(word, (bytes << 8) | carried);
      carried = bytes >>> 56;
      word += 8;
    }
    const bytes = load<u64>(word);
    const moving = bytes & ((u64(1) << (depth << 3)) - 1);
    const staying = bytes & ~(((u64(1) << (depth << 3)) << 8) - 1);
    store<u64>(word, staying | (moving << 8) | carried);

    store<u32>(out, byte);
    out += 4;
    const count = counts + (byte << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  bitAt = ((at - input) << 3) - have;
  return 0;
}

/** Gives each of the first `length` places the place that follows it before the transform: where sorting its byte leads. */
function linkPlaces(length: u32): void {
  let sum: u32 = 0;
  for (let count = counts; count < counts + 256 * 4; count += 4) {
    const before = sum;
    sum += load<u32>(count);
    store<u32>(count, places + (before << 2));
  }
  for (let i: u32 = 0; i < length; i++) {
    const count = counts + (<u32>load<u8>(places + (i << 2)) << 2);
    const target = load<u32>(count);
    store<u32>(count, target + 4);
    store<u32>(target, load<u32>(target) | (i << 8));
  }
}

/** Writes the next piece of the block to the output buffer and returns its length, zero at the block's end. */
export function writeOutput(): u32 {
  const limit = output + LONGEST_OUTPUT;
  let out = output;
  let at = place;
  let left = bytesLeft;
  let previous = runByte;
  let run = runLength;
  let toFlip = untilFlip;

  while (left > 0 && out < limit) {
    const entry = load<u32>(places + (at << 2));
    at = entry >>> 8;
    left--;
    let byte = entry & 0xff;
    if (--toFlip == 0) {
      byte ^= 1;
      flips = (flips + 1) & 511;
      toFlip = load<u16>(orderOfFlips + (flips << 1));
    }
    if (run == 4) {
      // Four equal bytes are followed by how many more there were.
      const end = out + byte;
      const eight = u64(previous) * 0x0101010101010101;
      for (; out < end; out += 8) store<u64>(out, eight);
      out = end;
      run = 0;
    } else {
      store<u8>(out++, byte);
      run = byte == previous ? run + 1 : 1;
      previous = byte;
    }
  }

  place = at;
  bytesLeft = left;
  runByte = previous;
  runLength = run;
  untilFlip = toFlip;
  crc = nextCrc32(crc, output, out);
  return out - output;
}

/** Whether the block that was written is the one that was compressed. */
export function endBlock(): bool {
  streamCrc = rotl(streamCrc, 1) ^ ~crc;
  return ~crc == expectedCrc;
}
