/**
 * The journal of a restore, kept in the destination while it lasts: which files are finished. A restore that was
 * ended half way, however hard, goes on from it without doing a finished file again.
 *
 * It holds names, sizes and sums of restored files, as the report does, and no secret.
 */
import { open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { problemSchema } from '../../../shared/backup.ts';
import { destinationError, partialSuffix } from './file-writer.ts';
import type { Completed } from './output.ts';
import type { PlannedFile } from './plan.ts';

export const journalName = 'lifeboat-journal.jsonl';

/** A journal of a large restore has some thousand lines of some hundred bytes. */
const longestJournal = 64 * 1024 * 1024;

const entrySchema = z.object({
  /** Which backup the file is from, as `identityOf` has it. */
  backup: z.string(),
  stored: z.string(),
  output: z.array(z.string()),
  /** Last change of the finished file, milliseconds: a file that was touched since is not taken for it. */
  modified: z.number(),
  completed: z.object({
    bytes: z.number(),
    sha256: z.nullable(z.string()),
    checksums: z.array(z.object({ path: z.string(), sha256: z.string() })),
    problems: z.array(problemSchema),
  }),
});
type Entry = z.infer<typeof entrySchema>;

export class Journal {
  readonly #destination: string;
  readonly #backup: string;
  readonly #entries: ReadonlyMap<string, Entry>;
  #handle: FileHandle | undefined;

  private constructor(destination: string, backup: string, entries: ReadonlyMap<string, Entry>) {
    this.#destination = destination;
    this.#backup = backup;
    this.#entries = entries;
  }

  /**
   * Reads what earlier restores of the same backup into `destination` left. Lines that make no sense, such as one
   * cut by a lost drive, count as not written.
   *
   * @param backup tells this backup from others
   */
  static async read(destination: string, backup: string): Promise<Journal> {
    const path = join(destination, journalName);
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    const text = size > 0 && size <= longestJournal ? await readFile(path, 'utf8').catch(() => '') : '';
    const entries = text.split('\n').flatMap((line) => parseLine(line) ?? []);
    return new Journal(
      destination,
      backup,
      new Map(entries.filter((entry) => entry.backup === backup).map((entry) => [entry.stored, entry])),
    );
  }

  /** What an earlier restore finished of `file`, provided that it still stands there untouched. */
  async finished(file: PlannedFile): Promise<Completed | undefined> {
    const entry = this.#entries.get(file.stored.path);
    if (!entry || entry.output.join('/') !== file.output.join('/')) return undefined;
    const path = join(this.#destination, ...file.output);
    const found = await stat(path).catch(() => undefined);
    const isTree = entry.completed.sha256 === null;
    if (!found || found.mtimeMs !== entry.modified) return undefined;
    if (isTree ? !found.isDirectory() : found.size !== entry.completed.bytes) return undefined;
    // A restore ended between linking the final name and removing the partial one leaves both.
    await rm(path + partialSuffix, { force: true, recursive: true });
    return entry.completed;
  }

  /**
   * Notes a file that is complete at its partial name, before it moves to its final one: what stands at a final
   * name is always known here.
   *
   * @throws RecoveryError `dest-…`
   */
  async record(file: PlannedFile, completed: Completed): Promise<void> {
    const path = join(this.#destination, journalName);
    try {
      const { mtimeMs } = await stat(join(this.#destination, ...file.output) + partialSuffix);
      const entry: Entry = {
        backup: this.#backup,
        stored: file.stored.path,
        output: [...file.output],
        modified: mtimeMs,
        completed: { ...completed, checksums: [...completed.checksums], problems: [...completed.problems] },
      };
      this.#handle ??= await open(path, 'a', 0o600);
      // The break in front ends a line that an earlier restore left unfinished.
      await this.#handle.appendFile(`\n${JSON.stringify(entry)}\n`);
      await this.#handle.sync();
    } catch (error) {
      throw destinationError(path, error);
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close().catch(() => undefined);
    this.#handle = undefined;
  }

  /** Removes the journal, once nothing is left to go on with. */
  async remove(): Promise<void> {
    await this.close();
    await rm(join(this.#destination, journalName), { force: true }).catch(() => undefined);
  }
}

function parseLine(line: string): Entry | undefined {
  if (line === '') return undefined;
  try {
    const parsed = z.safeParse(entrySchema, JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
