/** How the tests feed the archive reader and what they note of its entries. */
import { readArchive, type EntryKind } from '../../main/recovery/archive/archive-reader.ts';

/** An entry with all of its data: `extents` as they came, joined where one follows the other. */
export interface ReadEntry {
  readonly path: string;
  readonly kind: EntryKind;
  readonly target: string;
  readonly size: number;
  readonly mode: number;
  readonly modified: number;
  readonly extents: readonly { readonly position: number; readonly bytes: Buffer }[];
}

/**
 * Bytes as a stream of pieces of `size` bytes. All pieces share one array, overwritten each time: whoever keeps one
 * beyond its time sees garbage.
 */
export async function* inPieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  const shared = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    shared.fill(0xa5);
    shared.set(piece);
    yield await Promise.resolve(shared.subarray(0, piece.length));
  }
  shared.fill(0xa5);
}

/** Reads an archive to its end, with all data. */
export async function readAll(input: AsyncIterable<Uint8Array>): Promise<ReadEntry[]> {
  const entries: ReadEntry[] = [];
  for await (const entry of readArchive(input)) {
    const extents: { position: number; pieces: Buffer[]; end: number }[] = [];
    for await (const { position, bytes } of entry.data()) {
      const last = extents[extents.length - 1];
      const piece = Buffer.from(bytes);
      if (last?.end === position) {
        last.pieces.push(piece);
        last.end += piece.length;
      } else {
        extents.push({ position, pieces: [piece], end: position + piece.length });
      }
    }
    const { path, kind, target, size, mode, modified } = entry;
    const joined = extents.map(({ position, pieces }) => ({ position, bytes: Buffer.concat(pieces) }));
    entries.push({ path, kind, target, size, mode, modified, extents: joined });
  }
  return entries;
}

/** The restored file of an entry, holes as zeros. */
export function contentOf({ size, extents }: ReadEntry): Buffer {
  const whole = Buffer.alloc(size);
  for (const { position, bytes } of extents) whole.set(bytes, position);
  return whole;
}
