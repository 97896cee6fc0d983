/**
 * Joins the volumes of a multi-volume GNU tar, as format 2 cuts its archives, into the archive they would be on
 * one tape (GNU tar manual, "Archives Longer than One Tape").
 *
 * A volume that goes on with a member begins with a header of type `M`, which says where in the member it goes
 * on; without these headers the volumes are one archive.
 */
import { StreamReader } from '../bytes/stream-reader.ts';
import { blockSize, paddingAfter, parseHeader } from '../tar/header.ts';
import { ArchiveFault } from './archive-fault.ts';

const pieceSize = 1024 * 1024;

/** Yields the bytes of all volumes as one archive. */
export async function* joinVolumes(volumes: Iterable<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
  let first = true;
  for (const volume of volumes) {
    const reader = new StreamReader(volume);
    try {
      const head = first ? new Uint8Array(0) : await withoutContinuation(reader);
      first = false;
      if (head.length > 0) yield head;
      for (let piece = await reader.take(pieceSize); piece; piece = await reader.take(pieceSize)) yield piece;
    } finally {
      await reader.close();
    }
  }
}

/** Reads the first blocks of a further volume and answers what of them belongs to the archive. */
async function withoutContinuation(reader: StreamReader): Promise<Uint8Array> {
  for (;;) {
    const block = await reader.read(blockSize);
    if (block.length < blockSize) throw new ArchiveFault('unfinished', 'a volume without a header');
    const header = parseHeader(block);
    if (header?.type === 'M') return new Uint8Array(0);
    // The name of a volume, and what POSIX says of a continuation, stand before it.
    if (header?.type !== 'V' && header?.type !== 'x' && header?.type !== 'g') return block;
    const body = header.type === 'V' ? 0 : header.size + paddingAfter(header.size);
    await reader.read(body);
  }
}
