/** Reads the blocks of a file system, as the journal left them, and keeps the metadata read last. */
import type { ByteSource, LostRange } from '../bytes/source.ts';
import { damaged } from './damage.ts';
import { readWithZeros, refuseLost } from './lost-ranges.ts';

/** Memory for blocks of metadata that may be asked for again. */
const CACHE_BYTES = 16 * 2 ** 20;

/** Blocks whose newest content lies in the journal; see `journal.ts`. */
export interface Overlay {
  /** The block of the image that holds the newest content of a block, by the number of the latter. */
  readonly replaced: ReadonlyMap<number, number>;
  /** Those of them whose first four bytes the journal holds back because they are its own magic number. */
  readonly escaped: ReadonlySet<number>;
}

/** The first bytes of every block of JBD2's own, and of a block that it had to escape. */
export const JOURNAL_MAGIC = 0xc03b_3998;

export class BlockReader {
  readonly blockSize: number;
  /** Blocks of the file system that the image holds: all, unless it was cut off. */
  readonly blockCount: number;
  readonly #source: ByteSource;
  readonly #overlay: Overlay | null;
  readonly #cache = new Map<number, Promise<Uint8Array>>();

  constructor(source: ByteSource, blockSize: number, blockCount: number, overlay: Overlay | null = null) {
    this.blockSize = blockSize;
    this.blockCount = Math.min(blockCount, Math.floor(source.size / blockSize));
    this.#source = source;
    this.#overlay = overlay;
  }

  /**
   * Reads a block of metadata through the cache. The bytes are shared: they are not to be changed.
   *
   * @param structure what the block is, for the fault that names it
   * @param part the bytes of it that count, where not all do
   * @throws RecoveryError `filesystem-damaged` for a block outside the image, `filesystem-part-lost`
   */
  async metadata(
    block: number,
    structure: string,
    part = { offset: 0, length: this.blockSize },
  ): Promise<Uint8Array> {
    this.#check(block, 1, structure);
    this.#demand(block, part.offset, part.length, structure);
    const cached = this.#cache.get(block);
    const reading = cached ?? this.#readNew(block);
    // Set anew, it becomes the youngest: a map keeps the order of insertion.
    if (cached) this.#cache.delete(block);
    this.#cache.set(block, reading);
    return reading;
  }

  async #readNew(block: number): Promise<Uint8Array> {
    for (const oldest of this.#cache.keys()) {
      if ((this.#cache.size + 1) * this.blockSize <= CACHE_BYTES) break;
      this.#cache.delete(oldest);
    }
    try {
      const bytes = new Uint8Array(this.blockSize);
      await this.#readBlocks(block, bytes);
      return bytes;
    } catch (error) {
      this.#cache.delete(block);
      throw error;
    }
  }

  /** What was lost of `length` bytes that start `offset` bytes into a block, counted from the start of the block. */
  lostIn(block: number, offset: number, length: number): readonly LostRange[] {
    if (!this.#source.lostIn) return [];
    const { blockSize } = this;
    const found: LostRange[] = [];
    const end = offset + length;
    const last = block + Math.ceil(end / blockSize);
    for (const run of this.#runs(block + Math.floor(offset / blockSize), last)) {
      const start = (run.block - block) * blockSize;
      const from = Math.max(start, offset);
      const to = Math.min(start + run.count * blockSize, end);
      const shift = run.from * blockSize - start;
      for (const lost of this.#source.lostIn(from + shift, to - from)) {
        found.push({ ...lost, position: lost.position - shift });
      }
    }
    return found;
  }

  /** @throws RecoveryError `filesystem-part-lost` where any of these bytes is lost */
  #demand(block: number, offset: number, length: number, structure: string): void {
    const [lost] = this.lostIn(block, offset, length);
    if (lost) refuseLost(structure, { ...lost, position: block * this.blockSize + lost.position });
  }

  /**
   * Fills `target` with the bytes that start `offset` bytes into a block and go on through those that follow.
   *
   * @throws RecoveryError `filesystem-damaged` for blocks outside the image, `filesystem-part-lost`
   */
  async data(block: number, offset: number, target: Uint8Array, structure: string): Promise<void> {
    const first = block + Math.floor(offset / this.blockSize);
    const within = offset % this.blockSize;
    const count = Math.ceil((within + target.length) / this.blockSize);
    this.#check(first, count, structure);
    this.#demand(block, offset, target.length, structure);
    if (this.#overlaps(first, count)) {
      const bytes = new Uint8Array(count * this.blockSize);
      await this.#readBlocks(first, bytes);
      target.set(bytes.subarray(within, within + target.length));
    } else {
      await this.#source.read(first * this.blockSize + within, target.length, target);
    }
  }

  #check(block: number, count: number, structure: string): void {
    if (block + count > this.blockCount) damaged(structure, `block ${block} lies outside the image`);
  }

  #overlaps(first: number, count: number): boolean {
    if (!this.#overlay || this.#overlay.replaced.size === 0) return false;
    for (let block = first; block < first + count; block++) {
      if (this.#overlay.replaced.has(block)) return true;
    }
    return false;
  }

  /** Consecutive blocks by where the newest content of each lies: those between two replaced ones together. */
  *#runs(first: number, end: number): Generator<{ block: number; from: number; count: number }> {
    const replaced = this.#overlay?.replaced;
    for (let block = first; block < end;) {
      const from = replaced?.get(block) ?? block;
      let next = replaced && replaced.size > 0 ? block + 1 : end;
      if (from === block) while (next < end && !replaced?.has(next)) next++;
      yield { block, from, count: next - block };
      block = next;
    }
  }

  /** Reads whole blocks, zeros where they are lost: those who ask have made sure that what counts is there. */
  async #readBlocks(first: number, target: Uint8Array): Promise<void> {
    const { blockSize } = this;
    for (const { block, from, count } of this.#runs(first, first + target.length / blockSize)) {
      const part = target.subarray((block - first) * blockSize, (block + count - first) * blockSize);
      await readWithZeros(this.#source, from * blockSize, part.length, part);
      const isEscaped = this.#overlay?.escaped.has(block) ?? false;
      if (isEscaped) new DataView(part.buffer, part.byteOffset).setUint32(0, JOURNAL_MAGIC);
    }
  }
}
