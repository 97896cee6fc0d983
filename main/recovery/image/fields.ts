/** Reads the fixed-width fields of on-disk structures, little-endian as ext4 and the PC have them. */

/**
 * A structure's bytes with its fields by offset. The caller has made sure that the structure is whole: a field
 * outside it throws `RangeError`, which is a programmer's mistake.
 */
export class Fields {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  i32(at: number): number {
    return this.#view.getInt32(at, true);
  }

  /** Exact up to 2^53. Above that only its magnitude is right, which every bound on it then refuses. */
  u64(at: number): number {
    return joined(this.u32(at + 4), this.u32(at));
  }

  u16be(at: number): number {
    return this.#view.getUint16(at);
  }

  u32be(at: number): number {
    return this.#view.getUint32(at);
  }

  /** Text in a fixed-width field: UTF-8 up to the first NUL, without trailing spaces. */
  text(at: number, length: number): string {
    const field = this.bytes.subarray(at, at + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trimEnd();
  }

  /** A UUID stored in the order in which it is written, or null when all its bytes are zero. */
  uuid(at: number): string | null {
    const bytes = this.bytes.subarray(at, at + 16);
    if (bytes.every((byte) => byte === 0)) return null;
    return hyphenated(Buffer.from(bytes).toString('hex'));
  }

  /** A GUID as GPT stores it: the first three groups little-endian. */
  guid(at: number): string {
    const bytes = Buffer.from(this.bytes.subarray(at, at + 16));
    bytes.subarray(0, 4).reverse();
    bytes.subarray(4, 6).reverse();
    bytes.subarray(6, 8).reverse();
    return hyphenated(bytes.toString('hex'));
  }
}

/** A number from its upper and lower part, the lower being 32 bits; what `Fields.u64` says of exactness holds. */
export function joined(high: number, low: number): number {
  return high * 2 ** 32 + low;
}

function hyphenated(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
