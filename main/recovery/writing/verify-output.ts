/** The output of a verification: every byte is decoded, placed and hashed as in a restore, and none is kept. */
import type { ArchiveEntry } from '../archive/archive-reader.ts';
import { ContentHash } from './content-hash.ts';
import type { Checksum, OpenOutput, Output } from './output.ts';

export const openVerifyOutput: OpenOutput = (output, kind) => {
  const path = output.join('/');
  const checksums: Checksum[] = [];
  let bytes = 0;
  const take = async (entry: ArchiveEntry) => {
    if (entry.kind !== 'file') return;
    const hash = new ContentHash();
    for await (const piece of entry.data()) await hash.update(piece.position, piece.bytes);
    const sha256 = await hash.finish(entry.size);
    if (sha256 !== null) checksums.push({ path: kind === 'file' ? path : entry.path, sha256 });
    bytes += entry.size;
  };
  return Promise.resolve({
    take,
    finish: () =>
      Promise.resolve({
        bytes,
        sha256: kind === 'file' ? (checksums[0]?.sha256 ?? null) : null,
        checksums,
        problems: [],
      }),
    commit: () => Promise.resolve(),
    abandon: () => Promise.resolve({ path: null, bytes: 0 }),
  } satisfies Output);
};
