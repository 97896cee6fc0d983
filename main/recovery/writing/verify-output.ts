/**
 * The output of a verification: every byte is decoded, placed and hashed as in a restore, and none is kept. What a restore
 * would keep of a file that cannot be finished is counted as there.
 */
import type { ArchiveEntry } from '../archive/archive-reader.ts';
import { ContentHash } from './content-hash.ts';
import type { Checksum, OpenOutput, Output } from './output.ts';

export const openVerifyOutput: OpenOutput = (output, kind) => {
  const path = output.join('/');
  const checksums: Checksum[] = [];
  let bytes = 0;
  let bytesOfParts = 0;
  const take = async (entry: ArchiveEntry) => {
    if (entry.kind !== 'file') return;
    const hash = new ContentHash();
    for await (const piece of entry.data()) {
      await hash.update(piece.position, piece.bytes);
      bytesOfParts += piece.bytes.length;
    }
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
    abandon: (keep) =>
      Promise.resolve({ path: null, bytes: keep ? (kind === 'file' ? bytesOfParts : bytes) : 0 }),
  } satisfies Output);
};
