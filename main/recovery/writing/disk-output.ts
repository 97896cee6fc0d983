/**
 * The output of a restore: the files of one archive, on disk below the destination.
 *
 * Nothing unfinished ever stands at a final name: everything grows at `<name>.partial` and is moved once it is
 * complete, without replacing anything.
 */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import type { ArchiveEntry } from '../archive/archive-reader.ts';
import { destinationError } from './destination-error.ts';
import { probeDrive, type Drive } from './drive.ts';
import { FileWriter, type WritingOptions } from './file-writer.ts';
import { makeRoom, moveWithoutReplacing } from './moving.ts';
import { partialSuffix } from './partial-names.ts';
import type { Abandoned, Completed, OpenOutput, Output } from './output.ts';
import { leadsThroughFolders } from './plain-file.ts';
import { TreeOutput } from './tree-output.ts';

export interface DiskOutputOptions extends WritingOptions {
  /** What the drive can hold, where that is known; else it is found out for the first tree. */
  readonly drive?: Drive;
}

/**
 * Outputs below `destination`, an existing folder. What an earlier run left at a partial name is replaced.
 *
 * @throws RecoveryError `dest-…`; `dest-occupied` where something stands at the final name
 */
export function diskOutputs(destination: string, options: DiskOutputOptions = {}): OpenOutput {
  let drive = options.drive;
  const probe = async (folder: string) => (drive ??= await probeDrive(folder));
  return async (output, kind, origin) => {
    const path = join(destination, ...output);
    // A link that somebody laid there would have us write elsewhere.
    if (!(await leadsThroughFolders(destination, output))) fail('dest-occupied', { path: dirname(path) });
    await makeRoom(destination, output);
    return kind === 'file'
      ? FileOutput.create(path, output, options)
      : TreeOutput.create(path, output, origin, probe, options);
  };
}

/** One file, as every volume is. */
class FileOutput implements Output {
  readonly #path: string;
  readonly #output: readonly string[];
  readonly #writer: FileWriter;
  #size = 0;

  private constructor(path: string, output: readonly string[], writer: FileWriter) {
    this.#path = path;
    this.#output = output;
    this.#writer = writer;
  }

  static async create(path: string, output: readonly string[], writing: WritingOptions): Promise<FileOutput> {
    return new FileOutput(path, output, await FileWriter.create(path + partialSuffix, writing));
  }

  async take(entry: ArchiveEntry): Promise<void> {
    for await (const { position, bytes } of entry.data()) await this.#writer.write(position, bytes);
    this.#size = entry.size;
  }

  async finish(): Promise<Completed> {
    const facts = await this.#writer.finish(this.#size);
    const { sha256 } = facts;
    const checksums = sha256 === null ? [] : [{ path: this.#output.join('/'), sha256 }];
    return { ...facts, checksums, problems: [] };
  }

  async commit(): Promise<void> {
    try {
      if (!(await this.#writer.stillStands())) fail('dest-occupied', { path: this.#writer.path });
      await this.#writer.close();
      await moveWithoutReplacing(this.#writer.path, this.#path);
    } catch (error) {
      throw destinationError(this.#path, error);
    }
  }

  async abandon(keep: boolean): Promise<Abandoned> {
    const bytes = this.#writer.written;
    // A drive that does not answer may still have it.
    const isOurs = await this.#writer.stillStands().catch(() => true);
    await this.#writer.close().catch(() => undefined);
    if (!isOurs) return { path: null, bytes: 0 };
    if (keep && bytes > 0) return { path: this.#output.join('/') + partialSuffix, bytes };
    await rm(this.#writer.path, { force: true }).catch(() => undefined);
    return { path: null, bytes: 0 };
  }
}
