/** What is left of a stored file's stream: its chunks tried one by one, and the fragments between the lost ones. */
import { problem, problemOf, type Problem } from '../../../shared/problems.ts';
import type { Chunk, StoredFile } from '../catalog/stored-files.ts';
import { noHooks, type StreamHooks, type StretchReader } from '../encryption/protection.ts';

/** A part of the stream that is whole, between its beginning or a gap and a gap or its end. */
export interface Fragment {
  /** Where it lies in the stream, in bytes. */
  readonly start: number;
  readonly end: number;
  /** Its bytes from offset `from` of the stream on. */
  open(from?: number): AsyncIterable<Uint8Array>;
}

export interface StoredStream {
  /** In order; the first one begins the stream unless its start is lost. */
  readonly fragments: readonly Fragment[];
  /** What is wrong with the chunks that are lost. */
  readonly problems: readonly Problem[];
}

/** Lost chunks told of one by one. */
const mostProblems = 32;

/**
 * Tries all chunks of a stream of which the first one that is lost may be known already.
 *
 * @param firstLost the number of the first lost chunk; null when none is known to be
 * @throws RecoveryError what has nothing to do with single chunks: `source-…`, `cancelled`
 */
export async function surveyStream(
  file: StoredFile,
  stretches: StretchReader,
  firstLost: number | null,
  hooks: StreamHooks,
): Promise<StoredStream> {
  const chunks = [...file.chunks, ...file.behindGap];
  const last = chunks.at(-1);
  const problems: Problem[] = [];
  const tell = (value: Problem) => {
    if (problems.length < mostProblems) problems.push(value);
  };
  const groups: Chunk[][] = [];
  /** All chunks but the last are of one size, which only one that was verified can tell. */
  let chunkLength: number | undefined;
  let number = 0;
  let group: Chunk[] | undefined;
  for (const chunk of chunks) {
    if (number < chunk.number) group = undefined;
    for (; number < chunk.number; number++)
      tell(problem('chunk-missing', { file: file.path, chunk: number }));
    number++;
    try {
      // What precedes the first loss was verified when it was found.
      if (firstLost !== null && chunk.number >= firstLost) await stretches.verify(file, chunk, hooks);
    } catch (error) {
      const found = problemOf(error);
      if (!found.code.startsWith('chunk-')) throw error;
      tell(found);
      group = undefined;
      continue;
    }
    const length = stretches.streamLength(chunk);
    if (chunk !== last) chunkLength ??= length;
    // Where one that is whole has another size, no place behind it is known.
    if (chunk !== last && length !== chunkLength) break;
    if (!group) groups.push((group = []));
    group.push(chunk);
  }

  // Where only the last one is whole, it is taken for as long as those before it.
  const ownLength = chunkLength ?? (last ? stretches.streamLength(last) : 0);
  return { fragments: groups.map((each) => fragmentOf(file, stretches, each, ownLength)), problems };
}

function fragmentOf(
  file: StoredFile,
  stretches: StretchReader,
  chunks: readonly Chunk[],
  chunkLength: number,
): Fragment {
  const start = (chunks[0]?.number ?? 0) * chunkLength;
  const end = chunks.reduce((sum, chunk) => sum + stretches.streamLength(chunk), start);
  return {
    start,
    end,
    async *open(from = start) {
      const skipped = Math.floor((from - start) / chunkLength);
      let toSkip = from - start - skipped * chunkLength;
      for await (const piece of stretches.stretch(file, chunks.slice(skipped), noHooks)) {
        const rest = piece.subarray(toSkip);
        toSkip -= piece.length - rest.length;
        if (rest.length > 0) yield rest;
      }
    },
  };
}
