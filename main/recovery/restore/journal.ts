/**
 * The journal of a restore, kept in the destination while it lasts: which files are finished. A restore that was
 * ended half way, however hard, goes on from it without doing a finished file again, or deriving a key again.
 *
 * It holds names, sizes and sums of restored files, as the report does, and the keys of chunks, sealed so that the
 * passphrase is needed to open them (encryption/key-sealer.ts). Nothing in it is secret to whoever lacks that.
 */
import { open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { problemSchema } from '../../../shared/backup.ts';
import { destinationError, partialSuffix } from './file-writer.ts';
import type { SealedKeyStore } from '../encryption/key-sealer.ts';
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

const keySchema = z.object({
  backup: z.string(),
  /** The name that a chunk is sealed under. */
  chunk: z.string(),
  sealedKey: z.string(),
});

/** The lines of a journal that make sense. */
interface Lines {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly sealedKeys: ReadonlyMap<string, string>;
}

export class Journal {
  readonly #destination: string;
  readonly #backup: string;
  readonly #lines: Lines;
  #opening: Promise<FileHandle> | undefined;
  #closed = false;

  private constructor(destination: string, backup: string, lines: Lines) {
    this.#destination = destination;
    this.#backup = backup;
    this.#lines = lines;
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
    return new Journal(destination, backup, parseLines(text, backup));
  }

  /** The keys of chunks, sealed. One that cannot be written is derived again some day, and no more. */
  get keys(): SealedKeyStore {
    return {
      find: (chunk) => this.#lines.sealedKeys.get(chunk),
      keep: (chunk, sealedKey) => {
        // A key that comes late must not bring back a journal that was removed.
        if (this.#closed) return;
        void this.#append({ backup: this.#backup, chunk, sealedKey }).catch(() => undefined);
      },
    };
  }

  /** What an earlier restore finished of `file`, provided that it still stands there untouched. */
  async finished(file: PlannedFile): Promise<Completed | undefined> {
    const entry = this.#lines.entries.get(file.stored.path);
    if (!entry || entry.output.join('/') !== file.output.join('/')) return undefined;
    const path = join(this.#destination, ...file.output);
    const found = await stat(path).catch(() => undefined);
    if (!found || found.mtimeMs !== entry.modified) return undefined;
    // Trees have no sum of their own.
    const { sha256, bytes } = entry.completed;
    if (found.isDirectory() ? sha256 !== null : found.size !== bytes) return undefined;
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
    try {
      const { mtimeMs } = await stat(join(this.#destination, ...file.output) + partialSuffix);
      const entry: Entry = {
        backup: this.#backup,
        stored: file.stored.path,
        output: [...file.output],
        modified: mtimeMs,
        completed: { ...completed, checksums: [...completed.checksums], problems: [...completed.problems] },
      };
      const handle = await this.#append(entry);
      await handle.sync();
    } catch (error) {
      throw destinationError(join(this.#destination, journalName), error);
    }
  }

  async #append(line: Entry | z.infer<typeof keySchema>): Promise<FileHandle> {
    this.#opening ??= open(join(this.#destination, journalName), 'a', 0o600);
    const handle = await this.#opening;
    // The break in front ends a line that an earlier restore left unfinished.
    await handle.appendFile(`\n${JSON.stringify(line)}\n`);
    return handle;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#opening;
    this.#opening = undefined;
    await opening?.then((handle) => handle.close()).catch(() => undefined);
  }

  /** Removes the journal, once nothing is left to go on with. */
  async remove(): Promise<void> {
    await this.close();
    await rm(join(this.#destination, journalName), { force: true }).catch(() => undefined);
  }
}

function parseLines(text: string, backup: string): Lines {
  const entries = new Map<string, Entry>();
  const sealedKeys = new Map<string, string>();
  for (const line of text.split('\n')) {
    const parsed = parseLine(line);
    const entry = z.safeParse(entrySchema, parsed);
    if (entry.success && entry.data.backup === backup) entries.set(entry.data.stored, entry.data);
    const key = z.safeParse(keySchema, parsed);
    if (key.success && key.data.backup === backup) sealedKeys.set(key.data.chunk, key.data.sealedKey);
  }
  return { entries, sealedKeys };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
