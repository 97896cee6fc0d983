/** The archive of a stored file as a stream: its compression told and undone, and what can be wrong with it as problems. */
import { fail, problem, problemOf, type Problem } from '../../../shared/problems.ts';
import { peek } from '../bytes/peek.ts';
import { ArchiveFault, type ArchiveFaultKind } from './archive-fault.ts';
import { StreamFault, type StreamFaultKind } from './decoder.ts';
import { compressionOfFilter, decoderFor, sniffCompression, sniffLength } from './decoders/decoder-for.ts';

/**
 * Undoes the compression of a stored file's verified stream. What the data are by their own magic wins over what the
 * header names.
 *
 * @param filter the header's compression filter; null when the backup says it is not compressed
 * @param file path of the file inside the backup
 * @param onWarning told `compression-differs`
 * @throws RecoveryError `compression-unsupported`
 */
export async function decompressed(
  stream: AsyncIterable<Uint8Array>,
  filter: string | null,
  file: string,
  onWarning: (warning: Problem) => void,
): Promise<AsyncIterable<Uint8Array>> {
  const { head, whole } = await peek(stream, sniffLength);
  try {
    const named = filter === null ? 'none' : compressionOfFilter(filter);
    const found = sniffCompression(head);
    if (found !== undefined && found !== named)
      onWarning(problem('compression-differs', { file, named: filter ?? 'none', found }));
    return decoderFor(found ?? named ?? fail('compression-unsupported', { filter: filter ?? '' }))(whole);
  } catch (error) {
    // Nobody else will: its producers would hold what they have opened.
    await whole.return();
    throw error;
  }
}

const streamCodes = {
  damaged: (file: string, compression: string) => problem('stream-damaged', { file, compression }),
  unfinished: (file: string) => problem('stream-unfinished', { file }),
  overlong: (file: string) => problem('stream-overlong', { file }),
} as const satisfies Record<StreamFaultKind, (file: string, compression: string) => Problem>;

const archiveCodes = {
  malformed: (file: string, detail: string) => problem('archive-malformed', { file, detail }),
  'sparse-map': (file: string, detail: string) => problem('sparse-map-invalid', { file, detail }),
  unfinished: (file: string) => problem('stream-unfinished', { file }),
  overlong: (file: string) => problem('stream-overlong', { file }),
} as const satisfies Record<ArchiveFaultKind, (file: string, detail: string) => Problem>;

/** The problem that whatever reading the archive of `file` threw stands for. */
export function archiveProblem(error: unknown, file: string, filter: string | null): Problem {
  if (error instanceof StreamFault) return streamCodes[error.kind](file, filter ?? 'none');
  if (error instanceof ArchiveFault) return archiveCodes[error.kind](file, error.message);
  return problemOf(error);
}
