/** Finds out what a copy out of an image will take, before anything is written. */
import { fail, RecoveryError } from '../../../shared/problems.ts';
import { isSourceGone } from '../bytes/source.ts';
import type { Ext4 } from '../image/ext4.ts';
import type { FileStatus } from '../image/inode.ts';
import { inTurns } from '../turns.ts';

/** Files, and bytes that will be written for them. */
export interface Measure {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Measures what lies at each of `paths`. What cannot be read counts nothing; copying will say why.
 *
 * @throws RecoveryError `cancelled`, `source-lost`
 */
export async function measureCopy(
  filesystem: Ext4,
  paths: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<readonly Measure[]> {
  const measures: Measure[] = [];
  for (const path of paths) measures.push(await measureOne(filesystem, path, signal));
  return measures;
}

async function measureOne(filesystem: Ext4, path: Uint8Array, signal?: AbortSignal): Promise<Measure> {
  let files = 0;
  let bytes = 0;
  // Of several names of one file the first is copied, and the others become links to it.
  const counted = new Set<number>();
  const count = (status: FileStatus) => {
    if (status.kind !== 'file') return;
    files++;
    if (counted.has(status.number)) return;
    if (status.links > 1) counted.add(status.number);
    bytes += writtenBytes(status);
  };
  try {
    const status = await filesystem.stat(await filesystem.lookup(path));
    count(status);
    if (status.kind === 'directory') {
      for await (const step of inTurns(filesystem.walk(status.number))) {
        if (signal?.aborted) fail('cancelled');
        if ('status' in step) count(step.status);
      }
    }
  } catch (error) {
    if (!(error instanceof RecoveryError) || hasToEnd(error)) throw error;
  }
  return { files, bytes };
}

function hasToEnd({ problem }: RecoveryError): boolean {
  return problem.code === 'cancelled' || isSourceGone(problem);
}

/** Holes are not written; what lies in the inode itself takes no room of its own. */
function writtenBytes({ size, allocated, flags }: FileStatus): number {
  return flags.has('inlineData') ? size : Math.min(size, allocated);
}
