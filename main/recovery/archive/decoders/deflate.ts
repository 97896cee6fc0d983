/** Deflate data (RFC 1951), as gzip and zlib wrap them: decoded from a stored input, of which exactly they are consumed. */
import { StreamFault } from '../decoder.ts';
import { type InflateKernel, longestInput, outcome } from './inflate-kernel.ts';
import type { StoredInput } from './stored-input.ts';

/**
 * Yields what the deflate data at the input's position stand for, each piece valid until the next is asked for.
 *
 * @param kernel is used by one stream at a time
 * @throws StreamFault `damaged`, `unfinished`, after all that precedes the fault was yielded
 */
export async function* inflated(input: StoredInput, kernel: InflateKernel): AsyncGenerator<Uint8Array> {
  kernel.beginStream();
  let start = 0;
  let wanted = 1;
  for (;;) {
    const bytes = await input.ahead(wanted);
    const given = bytes.subarray(0, longestInput);
    const isAll = bytes.length < wanted;
    const { came, end } = kernel.inflate(given, start, isAll);
    const isOver = came === outcome.end || came === outcome.damaged || (came === outcome.wantsInput && isAll);
    if ((isOver || came === outcome.piece) && kernel.output().length > 0) yield kernel.output();
    if (came === outcome.damaged) throw new StreamFault('damaged', 'deflate: the data make no sense');
    if (came === outcome.end) {
      input.skip(Math.ceil(end / 8));
      return;
    }
    if (isOver) throw new StreamFault('unfinished', 'deflate: the input ends inside the data');
    const used = Math.floor(end / 8);
    input.skip(used);
    start = end % 8;
    // Of what it was given, the kernel leaves a tail that it cannot do with unless more follows.
    wanted = came === outcome.wantsInput && given.length === bytes.length ? bytes.length - used + 1 : 1;
  }
}
