/** Files of an image in the form in which archives name theirs, which is what outputs take. */
import type { FileKind } from '../../../shared/image.ts';
import { fail } from '../../../shared/problems.ts';
import type { ArchiveEntry, EntryKind } from '../archive/archive-reader.ts';
import { textOfBytes } from '../bytes/byte-text.ts';
import type { Ext4 } from '../image/ext4.ts';
import type { FileStatus } from '../image/inode.ts';
import { inTurns } from '../turns.ts';

export interface EntryOptions {
  readonly signal?: AbortSignal;
  /** Told how many more bytes of content were taken. */
  readonly onBytes?: (bytes: number) => void;
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

/** The names of a path as one text that stands for it below the folder that is copied. */
export function archivePath(names: readonly Uint8Array[]): string {
  return names.map(textOfBytes).join('/');
}

/** The entry of a file, without what of its content is lost; its data throw `cancelled` once the signal says so. */
export async function entryOf(
  filesystem: Ext4,
  path: string,
  status: FileStatus,
  { signal, onBytes }: EntryOptions,
): Promise<ArchiveEntry> {
  const kind = kinds[status.kind];
  const target = kind === 'symlink' ? textOfBytes(await filesystem.readLink(status.number)) : '';
  const content = kind === 'file' ? await filesystem.openFile(status.number) : null;
  return {
    path,
    kind,
    target,
    size: status.size,
    mode: status.permissions,
    modified: secondsOf(status),
    async *data() {
      for await (const part of inTurns(content?.parts(true) ?? [])) {
        if (signal?.aborted) fail('cancelled');
        yield part;
        onBytes?.(part.bytes.length);
      }
    },
  };
}

/** A further name of the file that was copied as `original`. */
export function furtherName(path: string, original: string, status: FileStatus): ArchiveEntry {
  return {
    path,
    kind: 'hardlink',
    target: original,
    size: 0,
    mode: status.permissions,
    modified: secondsOf(status),
    async *data() {},
  };
}

/** The last change in seconds since 1970, as exactly as systems take it from here. */
export function secondsOf({ modified }: FileStatus): number {
  return modified.seconds + modified.nanoseconds / 1e9;
}
