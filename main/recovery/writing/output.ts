/** What becomes of a stored file's archive: one file, or a tree of them; on disk, or checked and let go. */
import type { FileReport } from '../../../shared/backup.ts';
import type { Problem } from '../../../shared/problems.ts';
import type { ArchiveEntry } from '../archive/archive-reader.ts';

/** A finished file for the list of checksums: path below the destination, with forward slashes. */
export interface Checksum {
  readonly path: string;
  readonly sha256: string;
}

export interface Completed {
  readonly bytes: number;
  /** Of the one file; null for a tree, whose files have theirs in `checksums`. */
  readonly sha256: string | null;
  readonly checksums: readonly Checksum[];
  /** What was renamed or left out within a tree. */
  readonly problems: readonly Problem[];
}

/** What is left of a file that could not be finished. */
export type Abandoned = Pick<FileReport, 'path' | 'bytes'>;

/** Receives the entries of one stored file's archive. */
export interface Output {
  /** Takes an entry with its data. */
  take(entry: ArchiveEntry): Promise<void>;
  /** Called once the archive proved complete: makes everything durable, still at its partial name. */
  finish(): Promise<Completed>;
  /** Moves what is finished to its final name, which must be free. */
  commit(): Promise<void>;
  /**
   * Gives up. What was verified so far stays at a partial name when `keep` is set and there is anything,
   * otherwise it is removed.
   */
  abandon(keep: boolean): Promise<Abandoned>;
}

/** Where a tree is from, as path components. */
export interface TreeOrigin {
  /** What the paths of its entries begin with in the archive. */
  readonly prefix: readonly string[];
  /** Where its root lay, from the root of its system on, to which absolute links refer; null where that is not known. */
  readonly root: readonly string[] | null;
}

/**
 * Opens the output of an archive that holds one file, or a tree of them.
 *
 * @param output path components below the destination
 */
export type OpenOutput = (
  output: readonly string[],
  kind: 'file' | 'tree',
  origin: TreeOrigin,
) => Promise<Output>;
