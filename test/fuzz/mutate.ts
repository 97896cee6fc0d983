/** Seeded mutations of bytes: what damage, cuts and forgers do, the same for the same seed. */

/** A small generator of numbers (mulberry32), enough for choosing places. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from zero up to, not including, `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let value = this.#state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** Numbers at which formats and programs break. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One to eight changes of `seed`; `others` lend pieces of theirs. */
export function mutated(seed: Uint8Array, others: readonly Uint8Array[], dice: Dice): Uint8Array {
  let bytes: Buffer = Buffer.from(seed);
  for (let left = 1 + dice.below(8); left > 0; left--) bytes = changed(bytes, others, dice);
  return bytes;
}

function changed(bytes: Buffer, others: readonly Uint8Array[], dice: Dice): Buffer {
  const at = dice.below(bytes.length + 1);
  const length = 1 + dice.below(dice.oneOf([1, 4, 32, 600]));
  switch (dice.below(9)) {
    case 0:
      if (at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << dice.below(8)), at);
      return bytes;
    case 1:
      if (at < bytes.length) bytes.writeUInt8(dice.below(256), at);
      return bytes;
    case 2: {
      const value = dice.oneOf(edges);
      if (at + 4 > bytes.length) return bytes;
      if (dice.below(2) === 0) bytes.writeUInt32LE(value, at);
      else bytes.writeUInt32BE(value, at);
      return bytes;
    }
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
    case 6: {
      const other = dice.oneOf(others);
      const from = dice.below(other.length + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at)]);
    }
    case 7: {
      const digits = dice.oneOf([
        '0',
        '7',
        '9',
        '-1',
        '99999999999',
        '18446744073709551615',
        '\n',
        ' ',
        '=',
        '/',
        '..',
      ]);
      bytes.write(digits, at, 'latin1');
      return bytes;
    }
    default:
      return bytes.fill(dice.oneOf([0, 0xff, 0x20, 0x39]), at, Math.min(at + length, bytes.length));
  }
}
