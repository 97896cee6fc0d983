/**
 * A .lzma file of known length and without an end marker, which today's `lzma` reads and does not write: every byte is
 * coded as a literal, with parameters that make all contexts one.
 */

/** Encodes `content` so; the format is that of `lzma-file-format.txt` of XZ Utils, the coder that of the LZMA SDK. */
export function literalLzma(content: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32LE(4096, 1);
  header.writeBigUInt64LE(BigInt(content.length), 5);
  const coder = new RangeEncoder();
  for (const byte of content) {
    coder.encode(0, 0);
    for (let bits = 8, tree = 1; bits > 0; bits--) {
      const bit = (byte >> (bits - 1)) & 1;
      coder.encode(tree, bit);
      tree = tree * 2 + bit;
    }
  }
  return Buffer.concat([header, coder.finish()]);
}

class RangeEncoder {
  readonly #bytes: number[] = [];
  /** Of the decision whether a match comes, and of the 255 nodes of a literal. */
  readonly #probabilities = new Uint16Array(256).fill(1024);
  #low = 0;
  #range = 0xffffffff;

  encode(model: number, bit: number): void {
    const probability = this.#probabilities[model] ?? 0;
    const bound = (this.#range >>> 11) * probability;
    this.#probabilities[model] = probability + (bit ? -(probability >> 5) : (2048 - probability) >> 5);
    if (bit) {
      this.#low += bound;
      this.#range -= bound;
    } else {
      this.#range = bound;
    }
    while (this.#range < 2 ** 24) {
      this.#range = (this.#range << 8) >>> 0;
      this.#shift();
    }
  }

  finish(): Buffer {
    for (let i = 0; i < 4; i++) this.#shift();
    return Buffer.from([0, ...this.#bytes]);
  }

  /** Puts out the highest byte of the lower bound, after carrying into those that are out. */
  #shift(): void {
    if (this.#low >= 2 ** 32) {
      this.#low -= 2 ** 32;
      let at = this.#bytes.length - 1;
      while (this.#bytes[at] === 0xff) this.#bytes[at--] = 0;
      this.#bytes[at] = (this.#bytes[at] ?? 0) + 1;
    }
    this.#bytes.push(Math.floor(this.#low / 2 ** 24));
    this.#low = (this.#low % 2 ** 24) * 256;
  }
}
