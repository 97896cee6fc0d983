/** Copies files and folders out of an image, contained and safely named as everything that Lifeboat writes. */
import type { FileReport } from '../../shared/backup.ts';
import { problemOf, severityOf, type Problem } from '../../shared/problems.ts';
import type { ArchiveEntry, EntryKind } from './archive/archive-reader.ts';
import type { Ext4 } from './image/ext4.ts';
import type { FileKind, FileStatus } from './image/inode.ts';
import { displayName } from './image/names.ts';
import { diskOutputs } from './restore/disk-output.ts';
import type { Output } from './restore/output.ts';
import { safeName } from './restore/output-names.ts';

export interface CopyOptions {
  /** An existing folder. Nothing in it is overwritten. */
  readonly destination: string;
  readonly signal?: AbortSignal;
  /** Told how many more bytes of content were copied. */
  readonly onProgress?: (bytes: number) => void;
}

const kinds: Readonly<Record<FileKind, EntryKind>> = {
  file: 'file',
  directory: 'folder',
  link: 'symlink',
  pipe: 'other',
  socket: 'other',
  'character-device': 'other',
  'block-device': 'other',
};

/**
 * Copies what is at `path` of a file system, a folder with all that is in it, to its own name in the destination.
 * Links are followed only at the end of `path`; links below that lead out of a folder are left out and reported.
 * Never throws for what befalls the copy: the report says it.
 */
export async function copyOut(filesystem: Ext4, path: string, options: CopyOptions): Promise<FileReport> {
  const name = path.split('/').findLast((part) => part !== '') ?? 'image';
  const problems: Problem[] = [];
  let output: Output | undefined;
  try {
    const inode = await filesystem.lookup(path);
    const status = await filesystem.stat(inode);
    const isFolder = status.kind === 'directory';
    const open = diskOutputs(options.destination);
    output = await open([safeName(name)], isFolder ? 'tree' : 'file', []);
    await output.take(await entryOf(filesystem, '.', status, options));
    if (isFolder) await takeTree(filesystem, inode, output, problems, options);
    const completed = await output.finish();
    await output.commit();
    const all = [...problems, ...completed.problems];
    return {
      name,
      path: safeName(name),
      bytes: completed.bytes,
      sha256: completed.sha256,
      outcome: all.some((value) => severityOf(value) === 'failure') ? 'partial' : 'restored',
      problems: all,
    };
  } catch (error) {
    const left = (await output?.abandon(false)) ?? { path: null, bytes: 0 };
    return { name, ...left, sha256: null, outcome: 'failed', problems: [problemOf(error), ...problems] };
  }
}

async function takeTree(
  filesystem: Ext4,
  folder: number,
  output: Output,
  problems: Problem[],
  options: CopyOptions,
): Promise<void> {
  for await (const step of filesystem.walk(folder)) {
    options.signal?.throwIfAborted();
    if ('problem' in step) {
      problems.push(step.problem);
      continue;
    }
    const path = step.path.map((part) => displayName(part).replaceAll('/', '_')).join('/');
    try {
      await output.take(await entryOf(filesystem, path, step.status, options));
    } catch (error) {
      const found = problemOf(error);
      // Damage within the image costs one file; what the destination refuses costs all.
      if (!found.code.startsWith('filesystem-')) throw error;
      problems.push(found);
    }
  }
}

/** A file of the image in the form in which archives name theirs, which is what outputs take. */
async function entryOf(
  filesystem: Ext4,
  path: string,
  status: FileStatus,
  { signal, onProgress }: CopyOptions,
): Promise<ArchiveEntry> {
  const kind = kinds[status.kind];
  const target = kind === 'symlink' ? new TextDecoder().decode(await filesystem.readLink(status.number)) : '';
  const content = kind === 'file' ? await filesystem.openFile(status.number) : null;
  return {
    path,
    kind,
    target,
    size: status.size,
    mode: status.permissions,
    modified: status.modified.seconds,
    async *data() {
      for await (const part of content?.parts() ?? []) {
        signal?.throwIfAborted();
        yield part;
        onProgress?.(part.bytes.length);
      }
    },
  };
}
