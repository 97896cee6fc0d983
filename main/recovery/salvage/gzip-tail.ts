/**
 * The rest of a gzip stream (RFC 1952) behind a gap: found by looking for the next deflate block at every bit, and
 * believed only if everything from there on decodes to the very end of the stream, or to the next gap.
 */
import { BitInput } from './bit-input.ts';
import { type Decoded, type Measure, Tally } from './decoded.ts';
import { bitsAt, type BlockCodes, longestCodes, PrefixCode, readCodes } from './deflate-codes.ts';
import { DeflateCut, DeflateFault, Inflater } from './inflate.ts';

export interface GzipTail extends Measure {
  /** The bit behind the gap at which the first whole block begins. */
  readonly bit: number;
  /**
   * Bytes of the whole stream, modulo 2^32, if the member that was cut is its first; null where it does not reach the end
   * of the stream.
   */
  readonly total: number | null;
}

/** From so much input on that made sense, the way back to other beginnings is given up: 1 MiB. */
const believedBits = 8 * 1024 * 1024;

/** So much input that made sense up to a gap is believed. */
const believedAtGap = 512 * 1024;

/** Bytes decoded in vain before the search ends; content made to mislead it costs no more than a minute. */
const mostInVain = 4 * 1024 ** 3;

/** Blocks remembered of attempts that failed. */
const mostRemembered = 1_000_000;

/** Looks for the rest of a stream in `stored`, what follows a gap; undefined where there is none. */
export async function findGzipTail(stored: AsyncIterable<Uint8Array>): Promise<GzipTail | undefined> {
  const input = new BitInput(stored);
  const attempt = new Attempt(input);
  try {
    for (let inVain = 0; inVain < mostInVain && (await findBlock(input));) {
      const bit = input.position;
      const tally = new Tally();
      const stated = { total: 0 };
      try {
        for await (const piece of decodeMembers(input, attempt.begin(), stated)) tally.add(piece);
        const { length, zerosAtEnd } = tally;
        return { bit, length, zerosAtEnd, total: stated.total % 2 ** 32 };
      } catch (error) {
        if (error instanceof DeflateCut && input.position - bit > believedAtGap)
          return { bit, length: tally.length, zerosAtEnd: tally.zerosAtEnd, total: null };
        if (!(error instanceof DeflateFault) || !attempt.takeBack()) throw error;
        inVain += tally.length + 1;
        input.goTo(bit + 1);
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof DeflateFault) return undefined;
    throw error;
  } finally {
    await input.close();
  }
}

/** One attempt after another to decode from a bit on, of which each remembers where those before it failed. */
class Attempt {
  readonly #input: BitInput;
  readonly #inflater: Inflater;
  readonly #failed = new Set<number>();
  #blocks: number[] = [];
  #start = 0;
  #believed = false;

  constructor(input: BitInput) {
    this.#input = input;
    this.#inflater = new Inflater(input, (position) => this.#meet(position));
  }

  /** Begins at the input's next bit, to which it can return until the attempt is believed. */
  begin(): Inflater {
    this.#start = this.#input.position;
    this.#input.mark();
    return this.#inflater;
  }

  /** Notes that the attempt failed; false when it was believed, and there is no way back. */
  takeBack(): boolean {
    if (this.#failed.size > mostRemembered) this.#failed.clear();
    for (const block of this.#blocks) this.#failed.add(block);
    this.#blocks = [];
    return !this.#believed;
  }

  #meet(block: number): void {
    if (this.#failed.has(block)) throw new DeflateFault('a block that leads nowhere');
    if (this.#believed) return;
    this.#blocks.push(block);
    this.#believed = block - this.#start > believedBits;
    if (this.#believed) this.#input.unmark();
  }
}

/** Decodes what `findGzipTail` found in the same bytes. */
export async function* decodeGzipTail(
  stored: AsyncIterable<Uint8Array>,
  tail: GzipTail,
): AsyncGenerator<Decoded> {
  const input = new BitInput(stored);
  try {
    while (input.position < tail.bit) {
      await input.fill(1);
      if (input.bitsLeft === 0) return;
      input.at += Math.min(input.bitsLeft, tail.bit - input.position);
    }
    yield* decodeMembers(input, new Inflater(input), { total: 0 });
  } catch (error) {
    if (!(error instanceof DeflateCut) || tail.total !== null) throw error;
  } finally {
    await input.close();
  }
}

const codes: BlockCodes = { literals: new PrefixCode(), distances: new PrefixCode() };

/** Goes to the next bit at which a block may begin; false where none does. Blocks with fixed codes begin like anything. */
async function findBlock(input: BitInput): Promise<boolean> {
  for (;;) {
    await input.fill(3 + longestCodes);
    const end = input.length * 8 - (input.ended ? 0 : longestCodes + 2);
    for (let at = input.at; at < end; at++) {
      if (!mayBegin(input.bytes, at)) continue;
      input.at = at;
      return true;
    }
    input.at = Math.max(input.at, end);
    if (input.ended) return false;
  }
}

function mayBegin(bytes: Uint8Array, at: number): boolean {
  const head = bitsAt(bytes, at);
  switch ((head >>> 1) & 3) {
    case 0: {
      const padding = -(at + 3) & 7;
      if (((head >>> 3) & ((1 << padding) - 1)) !== 0) return false;
      const length = at + 3 + padding;
      return ((bitsAt(bytes, length) ^ bitsAt(bytes, length + 16)) & 0xffff) === 0xffff;
    }
    case 2:
      return ((head >>> 3) & 31) <= 29 && ((head >>> 8) & 31) <= 29 && readCodes(bytes, at + 3, codes) >= 0;
    default:
      return false;
  }
}

/** Decodes from a block inside a member up to the end of the stream, members that follow included. */
async function* decodeMembers(
  input: BitInput,
  inflater: Inflater,
  stated: { total: number },
): AsyncGenerator<Decoded> {
  inflater.begin('lost');
  for (let first = true; ; first = false) {
    let length = 0;
    for (let piece = await inflater.next(); piece; piece = await inflater.next()) {
      length += piece.bytes.length;
      yield piece;
    }
    input.align();
    await takeBytes(input, 4);
    const [a = 0, b = 0, c = 0, d = 0] = await takeBytes(input, 4);
    const size = a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
    if (!first && size !== length % 2 ** 32) throw new DeflateFault('the length of a member');
    stated.total += size;
    if (!(await skipZeros(input))) return;
    await takeHeader(input);
    inflater.begin('none');
  }
}

async function takeBytes(input: BitInput, count: number): Promise<Uint8Array> {
  await input.fill(count * 8);
  if (input.bitsLeft < count * 8) throw new DeflateCut('the data end inside a field');
  const from = input.at >>> 3;
  input.at += count * 8;
  return input.bytes.slice(from, from + count);
}

/** Whether something else than zeros follows. */
async function skipZeros(input: BitInput): Promise<boolean> {
  for (;;) {
    await input.fill(8);
    if (input.bitsLeft === 0) return false;
    if (input.bytes[input.at >>> 3] !== 0) return true;
    input.at += 8;
  }
}

async function takeHeader(input: BitInput): Promise<void> {
  const [id1, id2, method, flags = 0] = await takeBytes(input, 10);
  if (id1 !== 0x1f || id2 !== 0x8b || method !== 8 || flags & 0xe0)
    throw new DeflateFault('the header of a member');
  if (flags & 4) {
    const [low = 0, high = 0] = await takeBytes(input, 2);
    await takeBytes(input, low + high * 256);
  }
  for (const text of [8, 16]) {
    if (flags & text) while ((await takeBytes(input, 1))[0] !== 0);
  }
  if (flags & 2) await takeBytes(input, 2);
}
