/**
 * The hashes by which the index of a directory is sorted.
 *
 * Source: Linux, Documentation/filesystems/ext4/directory.rst, "Hash Tree Directories"; the functions are MD4
 * cut to half its steps (RFC 1320), TEA (Wheeler and Needham, 1994), and one of ext2's own.
 */

/** `dx_root_info.hash_version`, with three added where bytes are taken as unsigned. */
const LEGACY = 0;
const HALF_MD4 = 1;
const TEA = 2;
const UNSIGNED = 3;

/** The end of a walk through a directory has this hash, so that no name may. */
const END_HASH = 0xffff_fffe;

/**
 * The hash of a name, its lowest bit clear.
 *
 * @param version as the index names it
 * @param seed 16 bytes of the superblock; all zero stands for MD4's own
 * @returns null for a version that is not known
 */
export function directoryHash(
  name: Uint8Array,
  version: number,
  seed: Uint8Array,
  unsigned: boolean,
): number | null {
  const isUnsigned = unsigned || version >= UNSIGNED;
  const bytes = isUnsigned ? Uint8Array.from(name) : Int8Array.from(name);
  const hash = hashOf(bytes, version >= UNSIGNED ? version - UNSIGNED : version, seed);
  if (hash === null) return null;
  const even = (hash & ~1) >>> 0;
  return even === END_HASH ? END_HASH - 2 : even;
}

function hashOf(bytes: Uint8Array | Int8Array, version: number, seed: Uint8Array): number | null {
  if (version === LEGACY) return legacyHash(bytes);
  if (version === HALF_MD4) return chained(bytes, seed, 32, halfMd4)[1];
  if (version === TEA) return chained(bytes, seed, 16, tea)[0];
  return null;
}

type State = readonly [number, number, number, number];

function chained(
  bytes: Uint8Array | Int8Array,
  seed: Uint8Array,
  step: number,
  transform: (state: State, words: Int32Array) => State,
): State {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  let state: State = seed.some((byte) => byte !== 0)
    ? [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)]
    : [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let at = 0; at < bytes.length; at += step)
    state = transform(state, words(bytes.subarray(at), step / 4));
  return state;
}

/** Packs bytes into words, the first highest; what is missing is filled up with the length of what is left. */
function words(bytes: Uint8Array | Int8Array, count: number): Int32Array {
  const padding = Math.imul(bytes.length, 0x0101_0101);
  const packed = new Int32Array(count).fill(padding);
  for (let at = 0; at < Math.min(bytes.length, count * 4); at++) {
    const word = at >> 2;
    const before = at % 4 === 0 ? padding : (packed[word] ?? 0);
    packed[word] = (before << 8) + (bytes[at] ?? 0);
  }
  return packed;
}

/** A round of MD4's shape: which word each of its eight steps takes, by how much they rotate, and its constant. */
interface Round {
  readonly mix: (x: number, y: number, z: number) => number;
  readonly order: readonly number[];
  readonly rotations: readonly number[];
  readonly constant: number;
}

const rounds: readonly Round[] = [
  {
    mix: (x, y, z) => z ^ (x & (y ^ z)),
    order: [0, 1, 2, 3, 4, 5, 6, 7],
    rotations: [3, 7, 11, 19],
    constant: 0,
  },
  {
    mix: (x, y, z) => (x & y) + ((x ^ y) & z),
    order: [1, 3, 5, 7, 0, 2, 4, 6],
    rotations: [3, 5, 9, 13],
    constant: 0x5a82_7999,
  },
  {
    mix: (x, y, z) => x ^ y ^ z,
    order: [3, 7, 2, 6, 1, 5, 0, 4],
    rotations: [3, 9, 11, 15],
    constant: 0x6ed9_eba1,
  },
];

function halfMd4(state: State, input: Int32Array): State {
  let [a, b, c, d] = state;
  for (const { mix, order, rotations, constant } of rounds) {
    for (const [step, word] of order.entries()) {
      const sum = (a + mix(b, c, d) + (input[word] ?? 0) + constant) | 0;
      const turn = rotations[step % 4] ?? 0;
      [a, b, c, d] = [d, (sum << turn) | (sum >>> (32 - turn)), b, c];
    }
  }
  return [(state[0] + a) | 0, (state[1] + b) | 0, (state[2] + c) | 0, (state[3] + d) | 0];
}

function tea(state: State, input: Int32Array): State {
  const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = input;
  let [x, y] = state;
  let sum = 0;
  for (let cycle = 0; cycle < 16; cycle++) {
    sum = (sum + 0x9e37_79b9) | 0;
    x = (x + (((y << 4) + k0) ^ (y + sum) ^ ((y >>> 5) + k1))) | 0;
    y = (y + (((x << 4) + k2) ^ (x + sum) ^ ((x >>> 5) + k3))) | 0;
  }
  return [(state[0] + x) | 0, (state[1] + y) | 0, state[2], state[3]];
}

function legacyHash(bytes: Uint8Array | Int8Array): number {
  let last = 0x12a3_fe2d;
  let beforeLast = 0x37ab_e8f9;
  for (const byte of bytes) {
    let hash = (beforeLast + (last ^ Math.imul(byte, 7_152_373))) | 0;
    if (hash < 0) hash = (hash - 0x7fff_ffff) | 0;
    beforeLast = last;
    last = hash;
  }
  return last << 1;
}
