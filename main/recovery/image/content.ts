/** The content of a file: bytes at any position, and which of them are holes. */
import { fail } from '../../../shared/problems.ts';
import type { ByteSource, LostRange } from '../bytes/source.ts';
import { runsOf } from './block-map.ts';
import { coalesced } from './coalesced.ts';
import { damaged } from './damage.ts';
import type { Filesystem } from './filesystem.ts';
import type { Inode } from './inode.ts';
import { attributeEntries, inodeArea, isInlineData, valueInArea } from './xattr-entries.ts';

/** Longest part that `parts` hands out. */
const PART_BYTES = 2 ** 20;

/**
 * A range of a file's bytes. What lies in a hole reads as zeros and takes no room on the disk; what is lost lay in a part of
 * the image that the backup did not give back.
 */
export interface ContentRange {
  readonly kind: 'data' | 'hole' | 'lost';
  readonly position: number;
  readonly length: number;
}

/** Consecutive bytes of a file. */
export interface ContentPart {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** The content of a file, itself a source of bytes: an image inside an image can be opened in turn. */
export interface Content extends ByteSource {
  /**
   * The ranges that cover the whole content in order; neighbours differ in kind.
   *
   * @throws RecoveryError `filesystem-damaged`, after the ranges that lie before the damage
   */
  ranges(): AsyncGenerator<ContentRange, void, undefined>;
  /**
   * The content in order without its holes, in parts of at most 1 MiB. A file of `size` bytes, all zero but for
   * the parts, is a true copy.
   *
   * @param skipLost whether lost ranges are left out as well, which makes the copy incomplete
   * @throws RecoveryError `filesystem-damaged`, `filesystem-part-lost`, after the parts that lie before
   */
  parts(skipLost?: boolean): AsyncGenerator<ContentPart, void, undefined>;
}

/**
 * Opens the content of an inode: of a file, or the bytes of which a directory or link is made.
 *
 * @throws RecoveryError `filesystem-damaged`, `filesystem-feature-unsupported`, `filesystem-entry-encrypted`
 */
export function openContent(filesystem: Filesystem, inode: Inode): Content {
  if (inode.flags.has('encrypted')) fail('filesystem-entry-encrypted', { inode: inode.number });
  if (inode.flags.has('compressed')) fail('filesystem-feature-unsupported', { features: 'compression' });
  return inode.flags.has('inlineData') ? inlineContent(inode) : mappedContent(filesystem, inode);
}

/**
 * The two places of inline content: the 60 bytes that would map blocks, and an attribute with the rest.
 *
 * @throws RecoveryError `filesystem-damaged`
 */
export function inlineAreas(inode: Inode): readonly [Uint8Array, Uint8Array] {
  const area = inodeArea(inode);
  const entry = area && attributeEntries(area).find(isInlineData);
  return [inode.map, area && entry ? valueInArea(area, entry) : new Uint8Array()];
}

/** What is not stored is a hole: `mkfs.ext4 -d` makes long files of holes only this way. */
function inlineContent(inode: Inode): Content {
  const stored = Buffer.concat(inlineAreas(inode)).subarray(0, inode.size);
  const ranges: ContentRange[] = [
    { kind: 'data', position: 0, length: stored.length },
    { kind: 'hole', position: stored.length, length: inode.size - stored.length },
  ];
  const source: ByteSource = {
    size: inode.size,
    read(position, length, into) {
      const target = targetOf(inode, position, length, into).fill(0);
      target.set(stored.subarray(position, position + length));
      return Promise.resolve(target);
    },
    close: () => Promise.resolve(),
  };
  const inUse = ranges.filter((range) => range.length > 0);
  return withParts(source, () => coalesced(inUse, () => null));
}

function mappedContent(filesystem: Filesystem, inode: Inode): Content {
  const source: ByteSource = {
    size: inode.size,
    read: (position, length, into) => readMapped(filesystem, inode, position, length, into),
    close: () => Promise.resolve(),
  };
  return withParts(source, () => mappedRanges(filesystem, inode));
}

function withParts(source: ByteSource, ranges: Content['ranges']): Content {
  const parts = async function* (skipLost = false): AsyncGenerator<ContentPart, void, undefined> {
    for await (const { kind, position: start, length } of ranges()) {
      if (kind === 'hole' || (kind === 'lost' && skipLost)) continue;
      for (let position = start; position < start + length; position += PART_BYTES) {
        const bytes = await source.read(position, Math.min(PART_BYTES, start + length - position));
        yield { position, bytes };
      }
    }
  };
  return { ...source, ranges, parts };
}

/** The ranges of a file by its runs, cut to its size. */
function mappedRanges(filesystem: Filesystem, inode: Inode): AsyncGenerator<ContentRange, void, undefined> {
  const { blockSize } = filesystem.superblock;
  const byKind = async function* (): AsyncGenerator<ContentRange, void, undefined> {
    let stored = 0;
    for await (const run of runsOf(filesystem, inode, 0, Math.ceil(inode.size / blockSize))) {
      const position = run.logical * blockSize;
      const length = Math.min(run.length * blockSize, inode.size - position);
      if (run.physical !== null) stored += run.length;
      // Blocks may be mapped again and again: a small image could else make a copy that fills any disk.
      const isPossible = stored <= filesystem.blocks.blockCount;
      if (!isPossible) damaged(`inode ${inode.number}`, 'holds more than the image');
      if (run.physical === null) yield { kind: 'hole', position, length };
      else yield* storedRanges(filesystem.blocks.lostIn(run.physical, 0, length), position, length);
    }
  };
  return coalesced(byKind(), (range, next) =>
    range.kind === next.kind ? { ...range, length: range.length + next.length } : null,
  );
}

/** The stored bytes from `position` on, of which those in `lost` are, counted from there. */
function* storedRanges(
  lost: readonly LostRange[],
  position: number,
  length: number,
): Generator<ContentRange, void, undefined> {
  let at = 0;
  for (const range of lost) {
    if (range.position > at) yield { kind: 'data', position: position + at, length: range.position - at };
    yield { kind: 'lost', position: position + range.position, length: range.length };
    at = range.position + range.length;
  }
  if (at < length) yield { kind: 'data', position: position + at, length: length - at };
}

/** Bytes of a content that are lost. Throws as `ranges` does. */
export async function lostBytesOf(content: Content): Promise<number> {
  let lost = 0;
  for await (const { kind, length } of content.ranges()) if (kind === 'lost') lost += length;
  return lost;
}

async function readMapped(
  filesystem: Filesystem,
  inode: Inode,
  position: number,
  length: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const { blockSize } = filesystem.superblock;
  const target = targetOf(inode, position, length, into);
  const end = position + length;
  const first = Math.floor(position / blockSize);
  for await (const run of runsOf(filesystem, inode, first, Math.ceil(end / blockSize))) {
    const from = Math.max(position, run.logical * blockSize);
    const to = Math.min(end, (run.logical + run.length) * blockSize);
    const part = target.subarray(from - position, to - position);
    const offset = from - run.logical * blockSize;
    if (run.physical === null) part.fill(0);
    else await filesystem.blocks.data(run.physical, offset, part, `inode ${inode.number}`);
  }
  return target;
}

/** Where a read goes, which must lie inside the content. */
function targetOf(inode: Inode, position: number, length: number, into?: Uint8Array): Uint8Array {
  if (position < 0 || position + length > inode.size) throw new RangeError('read past the end');
  return into?.subarray(0, length) ?? new Uint8Array(length);
}
