/**
 * The blocks of xz (The .xz File Format 1.2.1) behind a gap. The index at the end of a stream lists them all with their
 * sizes, so that each that is whole has its place.
 */
import { decodeXz } from '../archive/decoders/xz.ts';
import { crc32 } from '../bytes/crc32.ts';
import { allKnown, type Run } from './decoded.ts';
import type { Fragment, StoredStream } from './stored-stream.ts';

const streamMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
const headerLength = 12;
const footerLength = 12;

/** An index of a million blocks has no more. */
const longestIndex = 16 * 1024 * 1024;

/** Streams that are looked for, each with a reading of its own. */
const mostStreams = 10_000;

interface Block {
  /** Where it lies in the stored stream, padding included. */
  readonly start: number;
  readonly end: number;
  readonly unpaddedSize: number;
  /** Where its bytes lie in the archive. */
  readonly position: number;
  readonly length: number;
  /** The two bytes that say by what check it is sealed. */
  readonly flags: Buffer;
}

interface Stream {
  readonly start: number;
  readonly length: number;
  /** Positions are counted from the beginning of the stream. */
  readonly blocks: readonly Block[];
}

/** The whole blocks behind the first gap, as many as follow one another to a run. */
export async function findXzRuns({ fragments }: StoredStream): Promise<readonly Run[]> {
  const streams = await readStreams(fragments);
  const runs: Run[] = [];
  let position = 0;
  for (const { blocks, length } of streams) {
    for (const fragment of fragments.filter(({ start }) => start > 0)) {
      const inside = blocks.filter(({ start, end }) => start >= fragment.start && end <= fragment.end);
      const [first] = inside;
      if (!first) continue;
      runs.push({
        position: position + first.position,
        length: inside.reduce((sum, block) => sum + block.length, 0),
        open: () => allKnown(decodeXz(asStream(fragment, inside))),
      });
    }
    position += length;
  }
  return runs;
}

/** All streams, read from the end backwards; none when their chain does not reach the beginning. */
async function readStreams(fragments: readonly Fragment[]): Promise<readonly Stream[]> {
  const streams: Stream[] = [];
  let end = fragments.at(-1)?.end ?? 0;
  while (end > 0 && streams.length < mostStreams) {
    const stream = await readStream(fragments, end);
    if (!stream) return [];
    streams.unshift(stream);
    end = stream.start;
  }
  return end === 0 ? streams : [];
}

/** The stream that ends at `end`, by its index. */
async function readStream(fragments: readonly Fragment[], end: number): Promise<Stream | undefined> {
  const footer = await readAt(fragments, end - footerLength, footerLength);
  if (footer?.toString('latin1', 10) !== 'YZ' || footer.readUInt32LE(0) !== crc32(footer.subarray(4, 10)))
    return undefined;
  const indexLength = (footer.readUInt32LE(4) + 1) * 4;
  const indexStart = end - footerLength - indexLength;
  if (indexLength > longestIndex) return undefined;
  const index = await readAt(fragments, indexStart, indexLength);
  if (!index || index.readUInt32LE(indexLength - 4) !== crc32(index.subarray(0, -4)) || index[0] !== 0)
    return undefined;

  const numbers = new Numbers(index.subarray(1, -4));
  const count = numbers.next();
  const sizes: (readonly [unpaddedSize: number, length: number])[] = [];
  for (let i = 0; i < count && numbers.sound; i++) sizes.push([numbers.next(), numbers.next()]);
  if (!numbers.sound) return undefined;
  const flags = footer.subarray(8, 10);
  const stored = sizes.reduce((sum, [unpadded]) => sum + padded(unpadded), 0);
  let start = indexStart - stored;
  let position = 0;
  const streamStart = start - headerLength;
  if (streamStart < 0) return undefined;
  const blocks = sizes.map(([unpaddedSize, length]): Block => {
    const block = { start, end: start + padded(unpaddedSize), unpaddedSize, position, length, flags };
    start = block.end;
    position += length;
    return block;
  });
  return { start: streamStart, length: position, blocks };
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** Numbers as the index has them: seven bits a byte, the lowest first (section 1.2). */
class Numbers {
  sound = true;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): number {
    let value = 0;
    for (let shift = 0; shift < 53; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0x80;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    this.sound = false;
    return 0;
  }
}

/** Bytes of the stored stream; undefined unless they lie in one fragment. */
async function readAt(
  fragments: readonly Fragment[],
  from: number,
  length: number,
): Promise<Buffer | undefined> {
  const fragment = fragments.find(({ start, end }) => from >= start && from + length <= end);
  if (!fragment) return undefined;
  const pieces: Uint8Array[] = [];
  let have = 0;
  for await (const piece of fragment.open(from)) {
    pieces.push(piece.slice(0, length - have));
    have += piece.length;
    if (have >= length) break;
  }
  const whole = Buffer.concat(pieces);
  return whole.length === length ? whole : undefined;
}

/** Neighbouring blocks as a stream of their own, with the header, index and footer that it needs. */
async function* asStream(fragment: Fragment, blocks: readonly Block[]): AsyncGenerator<Uint8Array> {
  const [first] = blocks;
  const last = blocks.at(-1);
  if (!first || !last) return;
  yield Buffer.concat([streamMagic, first.flags, sumOf(first.flags)]);
  let left = last.end - first.start;
  for await (const piece of fragment.open(first.start)) {
    const own = piece.subarray(0, left);
    left -= own.length;
    yield own;
    if (left === 0) break;
  }
  const fields = [
    0,
    ...number(blocks.length),
    ...blocks.flatMap(({ unpaddedSize, length }) => [...number(unpaddedSize), ...number(length)]),
  ];
  const index = Buffer.alloc(padded(fields.length));
  index.set(fields);
  const end = Buffer.alloc(6);
  end.writeUInt32LE((index.length + 4) / 4 - 1);
  end.set(first.flags, 4);
  yield Buffer.concat([index, sumOf(index), sumOf(end), end, Buffer.from('YZ')]);
}

function sumOf(bytes: Uint8Array): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(bytes));
  return sum;
}

function number(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return [...bytes, left];
}
