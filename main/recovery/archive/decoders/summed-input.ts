/** Fields of a stored stream that a CRC-32 seals. */
import { crc32 } from '../../bytes/crc32.ts';
import { StreamFault } from '../decoder.ts';
import type { StoredInput } from './stored-input.ts';

export class SummedInput {
  readonly #input: StoredInput;
  #crc = 0;

  constructor(input: StoredInput) {
    this.#input = input;
  }

  /** The CRC-32 of everything taken so far. */
  get crc(): number {
    return this.#crc;
  }

  /**
   * Consumes exactly `count` bytes and returns them.
   *
   * @throws StreamFault `unfinished`
   */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.#input.take(count);
    this.#crc = crc32(bytes, this.#crc);
    return bytes;
  }

  /**
   * Consumes `count` bytes that must be zero.
   *
   * @throws StreamFault `damaged`, `unfinished`
   */
  async takePadding(count: number): Promise<void> {
    const bytes = await this.take(count);
    if (bytes.some((byte) => byte !== 0)) throw new StreamFault('damaged', 'padding is not zero');
  }

  /**
   * Consumes the four bytes that must repeat the CRC-32.
   *
   * @throws StreamFault `damaged`, `unfinished`
   */
  async takeSeal(): Promise<void> {
    const seal = viewOf(await this.#input.take(4)).getUint32(0, true);
    if (seal !== this.#crc) throw new StreamFault('damaged', 'the CRC-32 of fields differs');
  }
}

/** The fields of `bytes` as numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
