/** Where the bytes of a backup stand: in one file or device, in several one after another, or in a stretch of one. */
import { fail, problem, problemOf, RecoveryError } from '../../../shared/problems.ts';
import { openFileSource, readingError, type BadPlaces, type ByteSource, type FileSource } from './source.ts';
import { steadyFile } from './unreadable.ts';

/** Bytes of one file, `length` of them from `start` on. */
export interface Stretch {
  readonly path: string;
  readonly start: number;
  readonly length: number;
}

/** Stretches that follow each other: a value that any thread can open. */
export type Layout = readonly Stretch[];

/** Files held open at once: an unpacked backup has some thousand, and systems may allow few. */
const mostOpen = 12;

/** The part of a layout that `length` bytes from `offset` on stand in. */
export function stretchesOf(layout: Layout, offset: number, length: number): Layout {
  const stretches: Stretch[] = [];
  let start = 0;
  for (const stretch of layout) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + length, start + stretch.length);
    if (from < to)
      stretches.push({ path: stretch.path, start: stretch.start + from - start, length: to - from });
    start += stretch.length;
  }
  return stretches;
}

/** The files that are being read, each opened once however many stretches it has. */
export class OpenFiles {
  readonly #files = new Map<string, Promise<FileSource>>();
  /** The bad places of each file, which outlive its being closed and opened. */
  readonly #bad = new Map<string, BadPlaces>();
  /** Of those that are open, how many readings are under way; the first is the longest unused. */
  readonly #open = new Map<string, number>();

  /**
   * The size of a file, which stays open for reading.
   *
   * @throws RecoveryError `source-…`, `device-empty`
   */
  sizeOf(path: string): Promise<number> {
    return this.#use(path, (file) => Promise.resolve(file.size));
  }

  /** @throws RecoveryError `source-lost`, `source-exchanged` */
  async read({ path, start }: Stretch, position: number, length: number, into: Uint8Array): Promise<void> {
    try {
      await this.#use(path, (file) => file.read(start + position, length, into));
    } catch (error) {
      // Its size is known, so it was there: whatever hides it now took it away in the middle.
      if (problemOf(error).code !== 'source-missing' || !(error instanceof Error)) throw error;
      throw readingError(path, error.cause);
    }
  }

  /** The bad places of a file, as far as it was opened. */
  badPlacesOf(path: string): BadPlaces | undefined {
    return this.#bad.get(path);
  }

  /** Closes the files of a layout, or all. */
  async close(layout?: Layout): Promise<void> {
    const paths = new Set(layout ? layout.map(({ path }) => path) : this.#files.keys());
    await Promise.all(
      [...paths].map(async (path) => {
        const file = this.#files.get(path);
        this.#files.delete(path);
        this.#open.delete(path);
        await file?.then((opened) => opened.close()).catch(() => undefined);
      }),
    );
  }

  /** Closes the files that no stretch of a layout is in. */
  keepOnly(layout: Layout): Promise<void> {
    const kept = new Set(layout.map(({ path }) => path));
    const others = [...this.#files.keys()].filter((path) => !kept.has(path));
    return this.close(others.map((path) => ({ path, start: 0, length: 0 })));
  }

  async #use<T>(path: string, work: (file: FileSource) => Promise<T>): Promise<T> {
    this.#count(path, 1);
    try {
      let opening = this.#files.get(path);
      if (!opening) {
        opening = openFileSource(path).then((file) => steadyFile(file));
        this.#files.set(path, opening);
        opening.then(
          ({ badPlaces }) => badPlaces && this.#bad.set(path, badPlaces),
          () => this.#files.delete(path),
        );
      }
      return await work(await opening);
    } finally {
      this.#count(path, -1);
      await this.#restOthers();
    }
  }

  #count(path: string, change: number): void {
    const readings = (this.#open.get(path) ?? 0) + change;
    this.#open.delete(path);
    this.#open.set(path, Math.max(0, readings));
  }

  async #restOthers(): Promise<void> {
    for (const [path, readings] of this.#open) {
      if (this.#open.size <= mostOpen) break;
      if (readings > 0) continue;
      this.#open.delete(path);
      await this.#files
        .get(path)
        ?.then((file) => file.rest())
        .catch(() => undefined);
    }
  }
}

/** The bytes of a layout as one source, out of files that are opened as they are read. Closing it closes them. */
export function sourceOf(layout: Layout, files: OpenFiles): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const { length } of layout) {
    starts.push(size);
    size += length;
  }
  let closed = false;
  const badPlaces: BadPlaces = {
    in: (position, length) =>
      layout.flatMap(({ path, start, length: ofStretch }, i) => {
        const at = starts[i] ?? 0;
        const from = Math.max(position, at) - at;
        const to = Math.min(position + length, at + ofStretch) - at;
        const found = from < to ? (files.badPlacesOf(path)?.in(start + from, to - from) ?? []) : [];
        return found.map((each) => ({ position: each.position - start + at, length: each.length }));
      }),
    note(position) {
      const i = indexOf(starts, position);
      const stretch = layout[i];
      if (stretch) files.badPlacesOf(stretch.path)?.note(stretch.start + position - (starts[i] ?? 0));
    },
  };
  return {
    size,
    badPlaces,
    async read(position, length, into) {
      if (closed) fail('source-lost', { reason: 'closed' });
      const target = into?.subarray(0, length) ?? new Uint8Array(length);
      for (let done = 0, i = indexOf(starts, position); done < length; i++) {
        const stretch = layout[i];
        if (!stretch) return fail('source-lost', { reason: 'shrank' });
        const at = position + done - (starts[i] ?? 0);
        const piece = Math.min(length - done, stretch.length - at);
        if (piece > 0)
          await files
            .read(stretch, at, piece, target.subarray(done, done + piece))
            .catch(movedBy(position + done - at - stretch.start));
        done += Math.max(0, piece);
      }
      return target;
    },
    close() {
      closed = true;
      return files.close(layout);
    },
  };
}

/** Throws a failure again, with the place of it `by` further on. */
function movedBy(by: number): (error: unknown) => never {
  return (error) => {
    const found = problemOf(error);
    if (found.code !== 'source-bad-place' && found.code !== 'source-unsteady') throw error;
    const position = Number(found.params.position) + by;
    throw new RecoveryError(problem(found.code, { position }), { cause: error });
  };
}

/** The last of ascending `starts` that is at `position` or before. */
function indexOf(starts: readonly number[], position: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= position) low = middle;
    else high = middle;
  }
  return low;
}
