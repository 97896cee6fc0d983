/** Sparse maps: which ranges of a file an archive stores; everything between them is a hole. */

/** A range of the restored file, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Extents held at most: 256 MiB of them, which is a volume of 64 GiB with a hole at every other 4 KiB page. */
const mostExtents = 16 * 1024 * 1024;

const blockEntries = 64 * 1024;

/**
 * A list of extents in ascending order, compact enough for millions. It refuses extents that overlap, run
 * backwards or leave the file.
 */
export class SparseMap implements Iterable<Extent> {
  readonly #blocks: Float64Array[] = [];
  readonly #fileSize: number;
  #count = 0;
  #end = 0;
  #dataSize = 0;

  /** @param fileSize bytes of the file once restored */
  constructor(fileSize: number) {
    this.#fileSize = fileSize;
  }

  /** Sum of all extents' lengths: the bytes that the archive stores for the file. */
  get dataSize(): number {
    return this.#dataSize;
  }

  /** Adds the next extent. An empty one, as writers put at the end to carry the length, only has to fit. */
  append(offset: number, length: number): void {
    if (offset < this.#end || offset + length > this.#fileSize) {
      throw new RangeError('extents overlap, run backwards or leave the file');
    }
    if (length === 0) return;
    if (this.#count === mostExtents) throw new RangeError('too many extents');
    const at = (this.#count % blockEntries) * 2;
    if (at === 0) this.#blocks.push(new Float64Array(blockEntries * 2));
    this.#blocks[this.#blocks.length - 1]?.set([offset, length], at);
    this.#count++;
    this.#end = offset + length;
    this.#dataSize += length;
  }

  *[Symbol.iterator](): Iterator<Extent> {
    for (let i = 0; i < this.#count; i++) {
      const block = this.#blocks[Math.floor(i / blockEntries)];
      const at = (i % blockEntries) * 2;
      yield { offset: block?.[at] ?? 0, length: block?.[at + 1] ?? 0 };
    }
  }
}

/** The map of a file that is stored whole. */
export function denseMap(fileSize: number): SparseMap {
  const map = new SparseMap(fileSize);
  map.append(0, fileSize);
  return map;
}
