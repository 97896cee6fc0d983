/** Puts bytes of an archive where they belong in its file, and notes which are lost. */
import type { Extent } from '../archive/sparse-map.ts';
import type { FileWriter } from '../writing/file-writer.ts';
import type { DataLayout } from './archive-layout.ts';
import type { Decoded, Range } from './decoded.ts';
import type { LostMap } from './lost-map.ts';

/** Takes the archive from its beginning to its end; headers and maps in it are passed over. */
export class Placement {
  readonly #layout: DataLayout;
  readonly #writer: Pick<FileWriter, 'write'>;
  readonly #lost: LostMap;
  readonly #written: FileRanges;
  readonly #missing: FileRanges;
  #position = 0;
  #bytes = 0;

  constructor(layout: DataLayout, writer: Pick<FileWriter, 'write'>, lost: LostMap) {
    this.#layout = layout;
    this.#writer = writer;
    this.#lost = lost;
    this.#written = new FileRanges(layout);
    this.#missing = new FileRanges(layout);
  }

  /** Bytes of the archive that were placed or lost so far. */
  get position(): number {
    return this.#position;
  }

  /** Bytes of the file that were placed and are known. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes the next piece of the archive, its unknown bytes as zeros. */
  async place({ bytes, unknown }: Decoded): Promise<void> {
    const base = this.#position;
    this.#position += bytes.length;
    for (const { start, end, position } of this.#written.within(base, this.#position)) {
      await this.#writer.write(start, bytes.subarray(position - base, position - base + end - start));
      this.#bytes += end - start;
    }
    for (const { start, end } of unknown) this.#bytes -= this.#lose(base + start, base + end);
    await this.#lost.write();
  }

  /** Notes that the archive is lost up to `position`. */
  async loseUpTo(position: number): Promise<void> {
    this.#lose(this.#position, position);
    this.#position = Math.max(this.#position, position);
    await this.#lost.write();
  }

  /** Notes that all is lost that was not placed. */
  loseRest(): Promise<void> {
    return this.loseUpTo(this.#layout.dataEnd);
  }

  /** Answers how many bytes of the file are lost by that. */
  #lose(from: number, to: number): number {
    let count = 0;
    for (const range of this.#missing.within(from, to)) {
      this.#lost.add(range);
      count += range.end - range.start;
    }
    return count;
  }
}

/** Walks the map of a file once, from range to range of its archive. */
class FileRanges {
  readonly #dataStart: number;
  readonly #extents: Iterator<Extent>;
  #extent: Extent | undefined;
  /** Where in the archive the data of the extent begin. */
  #extentStart: number;

  constructor({ map, dataStart }: DataLayout) {
    this.#dataStart = dataStart;
    this.#extents = map[Symbol.iterator]();
    this.#extentStart = dataStart;
    this.#extent = this.#next();
  }

  /** The parts of the file that lie in the archive from `from` to `to`, which must follow what was asked for before. */
  *within(from: number, to: number): Generator<Range & { readonly position: number }> {
    let at = Math.max(from, this.#dataStart);
    while (at < to && this.#extent) {
      const extentEnd = this.#extentStart + this.#extent.length;
      if (at >= extentEnd) {
        this.#extentStart = extentEnd;
        this.#extent = this.#next();
        continue;
      }
      const stop = Math.min(to, extentEnd);
      const start = this.#extent.offset + at - this.#extentStart;
      yield { start, end: start + stop - at, position: at };
      at = stop;
    }
  }

  #next(): Extent | undefined {
    const next = this.#extents.next();
    return next.done === true ? undefined : next.value;
  }
}
