/** Has the next piece of a stream made while the last one is in use. */
import { free } from './free.ts';

/**
 * The same stream, whose producer fills one buffer after another with its pieces and does not come back to a full one:
 * that is freed once its last piece was used. A failure to make a piece comes when the piece is asked for.
 */
export async function* oneAhead(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces = stream[Symbol.asyncIterator]();
  let ahead = pieces.next();
  try {
    for (;;) {
      const next = await ahead;
      if (next.done === true) return;
      const piece = next.value;
      ahead = pieces.next();
      // Until it is asked for, its failure is nobody's.
      ahead.catch(() => undefined);
      yield piece;
      if (piece.byteOffset + piece.length === piece.buffer.byteLength) free(piece);
    }
  } finally {
    await pieces.return?.();
  }
}
