/** Reads on where a drive has places that it cannot read any more, and tells such a drive from one that is gone. */
import { problem, problemOf, RecoveryError } from '../../../shared/problems.ts';
import type { BadPlaces, ByteSource, FileSource, LostRange } from './source.ts';

/** What a drive reads in one piece, and the system too: where one byte cannot be read, its page cannot. */
const pageSize = 4096;

/** How many places are asked of a drive before it counts as gone, and for how long, in milliseconds. */
const mostProbes = 64;
const probingTime = 60_000;

/** Of how many stretches of a source it is kept in mind whether they were read. */
const mostStretches = 2 ** 16;

/** Longer readings that met a passing fault are repeated by whoever asked, who then tells of it. */
const longestRepeated = 64 * 1024;

/** Consecutive multiples of it, modulo 1, spread as evenly as can be, however many there are. */
const goldenRatio = 0.618_033_988_749_895;

/** The pages of a file that its drive could not read. */
class BadPages implements BadPlaces {
  readonly #size: number;
  readonly #pages = new Set<number>();

  constructor(size: number) {
    this.#size = size;
  }

  note(position: number): void {
    this.#pages.add(Math.floor(position / pageSize));
  }

  in(position: number, length: number): readonly LostRange[] {
    const end = Math.min(position + length, this.#size);
    // Asked before every reading: nearly always there is none.
    if (this.#pages.size === 0) return [];
    return [...this.#pages]
      .sort((a, b) => a - b)
      .map((page) => [Math.max(position, page * pageSize), Math.min(end, (page + 1) * pageSize)] as const)
      .filter(([from, to]) => from < to)
      .map(([from, to]) => ({ position: from, length: to - from }));
  }
}

/**
 * The same file, whose drive is not asked again for a place that was found to be bad. A failure is `source-bad-place` where
 * the drive answers elsewhere, `source-lost` where it answers nowhere, and `source-unsteady` where it answers there after all.
 *
 * @param now milliseconds of a clock that only goes on
 */
export function steadyFile(file: FileSource, now = () => performance.now()): FileSource {
  const { size } = file;
  const badPlaces = new BadPages(size);
  const stretch = Math.max(pageSize, Math.ceil(size / mostStretches));
  const wasRead = new Uint8Array(Math.ceil(size / stretch));

  const noteRead = (position: number, length: number) =>
    void wasRead.fill(1, Math.floor(position / stretch), Math.ceil((position + length) / stretch));

  /** Places all over the file, in an order that is the same in every run, so that the same drive is judged alike. */
  const spread = (function* () {
    const pages = Math.ceil(size / pageSize);
    for (let i = 1; ; i++) yield Math.floor(((i * goldenRatio) % 1) * pages) * pageSize;
  })();

  /** The next of them that is not known to be bad, and was not read yet if there is any such nearby in their order. */
  function nextPlace(): number | undefined {
    let second: number | undefined;
    for (let i = 0; i < mostProbes; i++) {
      const position = spread.next().value;
      if (badPlaces.in(position, 1).length > 0) continue;
      if (wasRead[Math.floor(position / stretch)] === 0) return position;
      second ??= position;
    }
    return second;
  }

  /**
   * Whether the drive answers anywhere. Of one that is gone, the system still has what was read lately; and zeros may stand
   * in a hole of the file, which takes no drive.
   */
  async function answers(): Promise<boolean> {
    const end = now() + probingTime;
    const failed: number[] = [];
    for (let i = 0; i < mostProbes && now() <= end; i++) {
      const position = nextPlace();
      if (position === undefined) break;
      try {
        const length = Math.min(pageSize, size - position);
        const bytes = (await file.readFromDrive?.(position)) ?? (await file.read(position, length));
        noteRead(position, 1);
        if (bytes.every((byte) => byte === 0)) continue;
        for (const at of failed) badPlaces.note(at);
        return true;
      } catch (error) {
        const at = placeOf(error);
        if (at === undefined) return false;
        failed.push(at);
      }
    }
    // Of nothing but zeros, at least no place failed.
    return failed.length === 0;
  }

  return {
    size,
    badPlaces,
    async read(position, length, into) {
      const [bad] = badPlaces.in(position, length);
      if (bad) throw badPlace(bad.position);
      try {
        const bytes = await file.read(position, length, into);
        noteRead(position, length);
        return bytes;
      } catch (error) {
        const at = placeOf(error);
        if (at === undefined) throw error;
        if (!(await answers()))
          throw new RecoveryError(problem('source-lost', { reason: 'EIO' }), { cause: error });
        // Cables fail now and then where the drive is sound: a place is bad when it fails twice, and is not asked again.
        const page = Math.floor(at / pageSize) * pageSize;
        const isSound = await file.read(page, Math.min(pageSize, size - page)).then(
          () => true,
          () => false,
        );
        if (!isSound) {
          badPlaces.note(at);
          throw error;
        }
        if (length <= longestRepeated) return await file.read(position, length, into);
        throw new RecoveryError(problem('source-unsteady', { position: at }), { cause: error });
      }
    },
    rest: () => file.rest(),
    close: () => file.close(),
  };
}

/** The failure of a reading that meets a bad place. */
export function badPlace(position: number, cause?: unknown): RecoveryError {
  return new RecoveryError(problem('source-bad-place', { position }), { cause });
}

/** Where a reading failed as it does on a bad sector; undefined for any other failure. */
export function placeOf(error: unknown): number | undefined {
  if (!(error instanceof RecoveryError) || error.problem.code !== 'source-bad-place') return undefined;
  return (error.problem.params as { readonly position: number }).position;
}

/** Whether reading failed at a place that the drive cannot read any more, while the drive itself is still there. */
export function isBadPlace(error: unknown): boolean {
  return placeOf(error) !== undefined;
}

/** Whether reading failed so that it may work the next time: the drive may be plugged in again, or its cable hold. */
export function isReadFault(error: unknown): boolean {
  if (!(error instanceof RecoveryError)) return false;
  const { problem: found } = error;
  return found.code === 'source-unsteady' || (found.code === 'source-lost' && found.params.reason === 'EIO');
}

/**
 * Reads `length` bytes, or answers undefined where a drive that is still there cannot read them.
 *
 * @throws RecoveryError `source-lost`
 */
export async function readIfReadable(
  source: ByteSource,
  position: number,
  length: number,
): Promise<Uint8Array | undefined> {
  try {
    return await source.read(position, length);
  } catch (error) {
    if (isBadPlace(error) || problemOf(error).code === 'source-unsteady') return undefined;
    throw error;
  }
}

/** Bad pages in a row after which the rest of a window counts as bad as well. */
const mostInARow = 2;

/**
 * Reads `length` bytes, those that cannot be read as zeros; undefined where too little can be read. Each attempt at a bad
 * place may take a drive half a minute.
 *
 * @throws RecoveryError `source-lost`
 */
export async function readAround(
  source: ByteSource,
  position: number,
  length: number,
): Promise<Uint8Array | undefined> {
  const whole = await readIfReadable(source, position, length);
  if (whole) return whole;
  const bytes = new Uint8Array(length);
  let inARow = 0;
  for (let done = 0; done < length;) {
    const piece = Math.min(pageSize - ((position + done) % pageSize), length - done);
    const read = await readIfReadable(source, position + done, piece);
    if (read) bytes.set(read, done);
    inARow = read ? 0 : inARow + 1;
    if (inARow > mostInARow) return undefined;
    done += piece;
  }
  return bytes;
}

const longestStep = 256 * 1024 * 1024;

/**
 * Where a drive can be read again behind a bad place that ends at `from` or later, within `grain` bytes: in steps that grow
 * until it can, and then by halves, since what cannot be read is mostly of one piece.
 *
 * @throws RecoveryError `source-lost`
 */
export async function nextReadable(source: ByteSource, from: number, grain: number): Promise<number> {
  const isReadable = async (position: number) =>
    (await readIfReadable(source, position, Math.min(pageSize, source.size - position))) !== undefined;
  const last = source.size - pageSize;
  let bad = from;
  for (
    let at = from, step = grain;
    ;
    at = Math.min(at + step, last), step = Math.min(2 * step, longestStep)
  ) {
    if (at >= source.size) break;
    if (await isReadable(at)) {
      let good = at;
      while (good - bad > grain) {
        const middle = bad + Math.floor((good - bad) / 2 / pageSize) * pageSize;
        if (await isReadable(middle)) good = middle;
        else bad = middle;
      }
      return good;
    }
    bad = at;
    if (at >= last) break;
  }
  return source.size;
}
