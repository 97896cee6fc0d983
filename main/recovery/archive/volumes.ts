/**
 * Joins the volumes of a multi-volume GNU tar, as format 2 cuts its archives, into the archive they would be on
 * one tape (GNU tar manual, "Archives Longer than One Tape").
 *
 * A volume that continues a member begins with a header of type `M`: the member's name, how many bytes of it are
 * left, and at which offset they begin. Nothing else says in which order volumes belong, so all three must fit.
 */
import { StreamReader } from '../bytes/stream-reader.ts';
import { blockSize, numericField, paddingAfter, parseHeader, textField } from '../tar/header.ts';

const pieceSize = 1024 * 1024;

/**
 * Yields the bytes of all volumes as one archive.
 *
 * @param outOfSequence called with the index of a volume that does not continue where the one before it broke off
 */
export async function* joinVolumes(
  volumes: Iterable<AsyncIterable<Uint8Array>>,
  outOfSequence: (volume: number) => never,
): AsyncGenerator<Uint8Array> {
  const place = new ArchivePlace();
  let index = 0;
  for (const volume of volumes) {
    const reader = new StreamReader(volume);
    try {
      if (place.isInsideData && !place.isContinuedBy(await reader.read(blockSize))) outOfSequence(index);
      for (let piece = await reader.take(pieceSize); piece; piece = await reader.take(pieceSize)) {
        if (!place.advance(piece)) outOfSequence(index);
        yield piece;
      }
    } finally {
      await reader.close();
    }
    index++;
  }
}

/** The member whose data an archive has come to. */
interface CurrentMember {
  /** As the first 100 bytes of its header have it; a header of type `M` has no more of a longer name. */
  readonly name: string;
  readonly storedSize: number;
  /** Larger than `storedSize` where the member has holes. */
  readonly realSize: number;
}

/** Types of members whose data may go over several volumes. */
const fileTypes = '07S';

/** Types of members that have no data, whatever size an old writer noted for them. */
const dataless = '125';

/** How far an archive was read, known from its headers alone. */
class ArchivePlace {
  #member: CurrentMember | undefined;
  /** Bytes before the next header: of the member's data, and the padding behind them. */
  #left = 0;
  #padding = 0;
  /** What there is of the next header, or of the next block of a sparse map. */
  readonly #block = new Uint8Array(blockSize);
  #filled = 0;
  #isInMap = false;
  /** Whether the archive has ended, or makes no sense from here on, which is for its reader to say. */
  #isOver = false;

  get #dataLeft(): number {
    return Math.max(0, this.#left - this.#padding);
  }

  get isInsideData(): boolean {
    return this.#member !== undefined && !this.#isInMap && this.#dataLeft > 0;
  }

  /** Whether `block` is the header with which a volume continues at this place. */
  isContinuedBy(block: Uint8Array): boolean {
    const header = parseHeader(block);
    const offset = numericField(block, 369, 12);
    if (!this.#member || header?.type !== 'M' || offset === undefined) return false;
    const { name, storedSize, realSize } = this.#member;
    // Of a sparse member, GNU tar counts the holes in.
    const isWhole = [storedSize, realSize].includes(offset + header.size);
    return textField(block, 0, 100) === name && header.size === this.#dataLeft && isWhole;
  }

  /** Goes over `bytes`; false where the header of a continuation stands anywhere but at the start of a volume. */
  advance(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && !this.#isOver;) {
      if (this.#left > 0 && !this.#isInMap) {
        const passed = Math.min(bytes.length - at, this.#left);
        this.#left -= passed;
        at += passed;
        continue;
      }
      const taken = bytes.subarray(at, at + blockSize - this.#filled);
      this.#block.set(taken, this.#filled);
      this.#filled = (this.#filled + taken.length) % blockSize;
      at += taken.length;
      if (this.#filled > 0) continue;
      if (this.#isInMap) this.#isInMap = this.#block[504] !== 0;
      else if (!this.#takeHeader(this.#block)) return false;
    }
    return true;
  }

  #takeHeader(block: Uint8Array): boolean {
    const header = parseHeader(block);
    this.#isOver = !header;
    if (!header) return true;
    const { type } = header;
    if (type === 'M') return false;
    const size = dataless.includes(type) ? 0 : header.size;
    const isSparse = type === 'S';
    this.#isInMap = isSparse && block[482] !== 0;
    this.#padding = paddingAfter(size);
    this.#left = size + this.#padding;
    const realSize = isSparse ? (numericField(block, 483, 12) ?? size) : size;
    this.#member = fileTypes.includes(type)
      ? { name: textField(block, 0, 100), storedSize: size, realSize }
      : undefined;
    return true;
  }
}
