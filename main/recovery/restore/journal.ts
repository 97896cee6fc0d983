/**
 * The journal of a restore, kept in the destination: which files are finished. A restore that was ended half way,
 * however hard, goes on from it without doing a finished file again, or deriving a key again; one that is asked for
 * once more knows by it what is there already.
 *
 * It holds names, sizes and sums of restored files, as the report does, and until all is there the keys of chunks,
 * sealed so that the passphrase is needed to open them (encryption/key-sealer.ts). Nothing in it is secret to whoever lacks that. Nor can
 * whoever lacks it write in it: others may have access to the destination, so what it says of a finished file counts only with the
 * attestation of somebody who had the passphrase, and only while the file still has the sum it had.
 *
 * It also tells of which files something unfinished stands in the destination, so that nothing else at such a name is
 * ever taken for it. Whoever can write that in it can as well remove the things themselves.
 */
import { appendFile, lstat, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { problemSchema } from '../../../shared/backup.ts';
import { problem, RecoveryError, type Problem } from '../../../shared/problems.ts';
import { destinationError } from '../writing/destination-error.ts';
import { partialSuffix } from '../writing/partial-names.ts';
import {
  appendingOnly,
  hasSum,
  isPlainFile,
  leadsThroughFolders,
  readPlainFile,
  replaceOwnFile,
} from '../writing/plain-file.ts';
import type { HeldDestination } from '../writing/held-destination.ts';
import type { SealedKeyStore } from '../encryption/key-sealer.ts';
import type { Completed } from '../writing/output.ts';
import { standsAt } from '../writing/standing.ts';
import type { PlannedFile } from './plan.ts';

export const journalName = 'lifeboat-journal.jsonl';

/** A journal of a large restore has some thousand lines of some hundred bytes. */
const longestJournal = 64 * 1024 * 1024;

/** Lines of one backup that are looked at: one of 10 TB has 100,000 chunks. More were written by somebody else. */
const mostLines = 250_000;

/** What is written of a finished file: the text of an `Entry`, and its attestation (`Protection.attest`). */
const attestedSchema = z.object({ finished: z.string(), attestation: z.string() });

const entrySchema = z.object({
  /** Which backup the file is from, by the `identity` of an unlocked backup. */
  backup: z.string(),
  stored: z.string(),
  output: z.array(z.string()),
  /** Last change of the finished file, milliseconds: one without a sum that was touched since is not taken for it. */
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

/** What is written before a file is begun, and once nothing of it is at an unfinished name any more. */
const unfinishedSchema = z.object({
  backup: z.string(),
  /** Path components below the destination. */
  unfinished: z.array(z.string()),
  stands: z.boolean(),
});

type Line = z.infer<typeof attestedSchema> | z.infer<typeof keySchema> | z.infer<typeof unfinishedSchema>;

type Attest = (text: string) => string | null;

/** The lines of a journal that make sense. */
interface Lines {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly sealedKeys: ReadonlyMap<string, string>;
  /** Outputs of which something unfinished stands, as paths below the destination. */
  readonly unfinished: ReadonlySet<string>;
}

export class Journal {
  readonly #destination: string;
  readonly #backup: string;
  readonly #attest: Attest;
  readonly #lines: Lines;
  readonly #held: HeldDestination | null;
  #opening: Promise<FileHandle> | undefined;
  #closed = false;

  private constructor(
    destination: string,
    backup: string,
    attest: Attest,
    lines: Lines,
    held: HeldDestination | null,
  ) {
    this.#destination = destination;
    this.#backup = backup;
    this.#attest = attest;
    this.#lines = lines;
    this.#held = held;
  }

  /**
   * Reads what earlier restores of the same backup into `destination` left. Lines that make no sense, such as one
   * cut by a lost drive, count as not written.
   *
   * @param backup tells this backup from others
   * @param attest as `Protection.attest`
   * @param held asked before the journal is written for the first time
   */
  static async read(
    destination: string,
    backup: string,
    attest: Attest,
    held: HeldDestination | null = null,
  ): Promise<Journal> {
    const text = await readText(destination);
    return new Journal(destination, backup, attest, parseJournal(text, backup, attest), held);
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

  /**
   * What an earlier restore finished of `file`, provided that what stands there looks like it. Whether it is takes reading it:
   * its times tell nothing, as a stick can have others in every time zone; they count only where there is no sum.
   */
  async finished(file: PlannedFile): Promise<Completed | undefined> {
    const entry = this.#lines.entries.get(file.stored.path);
    if (!entry || entry.output.join('/') !== file.output.join('/')) return undefined;
    const path = join(this.#destination, ...file.output);
    const found = await lstat(path).catch(() => undefined);
    if (!found?.isDirectory() && !found?.isFile()) return undefined;
    if (entry.completed.checksums.length === 0 && found.mtimeMs !== entry.modified) return undefined;
    if (!(await leadsThroughFolders(this.#destination, file.output))) return undefined;
    // Trees have no sum of their own.
    const { sha256, bytes } = entry.completed;
    if (found.isDirectory() ? sha256 !== null : found.size !== bytes) return undefined;
    return entry.completed;
  }

  /**
   * As `finished`, provided that the file, or each of a tree, also has the sum it had: a drive may have lost what it said
   * was written, and others may have changed it.
   *
   * @param onRead told of each further share of its bytes that was read, of 1 in all
   */
  async finishedAndIntact(
    file: PlannedFile,
    signal: AbortSignal,
    onRead: (share: number) => void,
  ): Promise<Completed | undefined> {
    const completed = await this.finished(file);
    if (!completed) return undefined;
    const share = (bytes: number) => onRead(bytes / Math.max(1, completed.bytes));
    for (const { path, sha256 } of completed.checksums)
      if (!(await hasSum(join(this.#destination, ...path.split('/')), sha256, signal, share)))
        return undefined;
    await removeSecondName(join(this.#destination, ...file.output));
    return completed;
  }

  /**
   * Why nothing can be noted here: `dest-occupied` where something that is no file has the journal's name. Null
   * otherwise.
   */
  async refusal(): Promise<Problem | null> {
    const path = join(this.#destination, journalName);
    const found = await lstat(path).catch(() => null);
    return found === null || found.isFile() ? null : problem('dest-occupied', { path });
  }

  /** Whether what stands at the unfinished names of `file` is what this run, or an earlier or another one, left there. */
  async hasLeft({ output, stored }: PlannedFile): Promise<boolean> {
    const text = await readText(this.#destination);
    const { unfinished, entries } = parseJournal(text, this.#backup, this.#attest);
    if (unfinished.has(output.join('/'))) return true;
    // A file that is complete and noted, but was ended or refused before it got its name.
    const entry = entries.get(stored.path);
    if (entry?.output.join('/') !== output.join('/')) return false;
    const found = await lstat(join(this.#destination, ...output) + partialSuffix).catch(() => null);
    if (found?.mtimeMs !== entry.modified) return false;
    return found.isDirectory() || found.size === entry.completed.bytes;
  }

  /**
   * Notes that something of `file` will stand at its unfinished names, or that nothing does any more.
   *
   * @throws RecoveryError `dest-…`
   */
  async noteUnfinished({ output }: PlannedFile, stands: boolean): Promise<void> {
    try {
      const handle = await this.#append({ backup: this.#backup, unfinished: [...output], stands });
      if (stands) await handle.sync();
    } catch (error) {
      throw destinationError(join(this.#destination, journalName), error);
    }
  }

  /**
   * Notes a file that is complete at its partial name, before it moves to its final one: what stands at a final
   * name is always known here.
   *
   * @throws RecoveryError `dest-…`
   */
  async record(file: PlannedFile, completed: Completed): Promise<void> {
    try {
      const { mtimeMs } = await lstat(join(this.#destination, ...file.output) + partialSuffix);
      const entry: Entry = {
        backup: this.#backup,
        stored: file.stored.path,
        output: [...file.output],
        modified: mtimeMs,
        completed: { ...completed, checksums: [...completed.checksums], problems: [...completed.problems] },
      };
      const finished = JSON.stringify(entry);
      const attestation = this.#attest(finished);
      if (attestation === null) return;
      const handle = await this.#append({ finished, attestation });
      await handle.sync();
    } catch (error) {
      throw destinationError(join(this.#destination, journalName), error);
    }
  }

  async #append(line: Line): Promise<FileHandle> {
    for (;;) {
      const opening = (this.#opening ??= this.#open());
      const handle = await opening;
      // The break in front ends a line that an earlier restore left unfinished.
      await handle.appendFile(`\n${JSON.stringify(line)}\n`);
      // Another run that was whole may have put a shorter journal in its place in the meantime.
      const stands = await standsAt(handle, join(this.#destination, journalName)).catch(() => false);
      if (stands || (await this.#held?.loss())) return handle;
      if (this.#opening === opening) {
        this.#opening = undefined;
        await handle.close();
      }
    }
  }

  /** Opens the journal for appending: one of our own, since nothing is written through a link or into a pipe. */
  async #open(): Promise<FileHandle> {
    await this.#held?.demand();
    const refusal = await this.refusal();
    if (refusal) throw new RecoveryError(refusal);
    const path = join(this.#destination, journalName);
    // A file of two names may be in a copy of the folder, which is to stay as it is.
    if (!(await isPlainFile(path))) await replaceOwnFile(path, await readText(this.#destination));
    return open(path, appendingOnly, 0o600);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#opening;
    this.#opening = undefined;
    await opening?.then((handle) => handle.close()).catch(() => undefined);
  }

  /**
   * Closes the journal and takes the keys of this backup out of it, once nothing is left that needs them, and what it says
   * of files that were removed.
   *
   * @param removed their outputs, as paths below the destination
   */
  async forget(removed: ReadonlySet<string> = new Set()): Promise<void> {
    await this.close();
    const path = join(this.#destination, journalName);
    const text = await readText(this.#destination);
    const { unfinished } = parseJournal(text, this.#backup, this.#attest);
    const isOver = (line: unknown) => {
      if (keyLine(line, this.#backup)) return true;
      const noted = unfinishedLine(line, this.#backup)?.unfinished.join('/');
      if (noted !== undefined) return !unfinished.has(noted) || removed.has(noted);
      const entry = entryLine(line, this.#backup, this.#attest);
      return entry !== undefined && removed.has(entry.output.join('/'));
    };
    const kept = [...linesOf(text)].filter(
      (line) => !line.includes(this.#backup) || !isOver(parseLine(line)),
    );
    if ((await this.refusal()) !== null) return;
    try {
      await using before = await open(path, 'r');
      if (kept.length === 0) await rm(path, { force: true });
      else await replaceOwnFile(path, kept.map((line) => `${line}\n`).join(''));
      // What another run added in the meantime; it sees by itself that its later lines need another file.
      const added = (await before.readFile('utf8')).slice(text.length);
      if (added !== '') await appendFile(path, added, { mode: 0o600 });
    } catch {
      // The files are there all the same; what is left of the journal opens with the passphrase only.
    }
  }
}

/** Removes the partial name of a finished file that has both: a restore was ended between giving one and taking the other. */
async function removeSecondName(path: string): Promise<void> {
  const [found, partial] = await Promise.all(
    [path, path + partialSuffix].map((each) => lstat(each, { bigint: true }).catch(() => null)),
  );
  const isSame = found?.isFile() && partial?.isFile() && found.ino === partial.ino && found.nlink > 1n;
  if (isSame) await rm(path + partialSuffix, { force: true });
}

async function readText(destination: string): Promise<string> {
  return (await readPlainFile(join(destination, journalName), longestJournal))?.toString() ?? '';
}

/** What the lines of a journal say of `backup`, as far as they make sense and are attested; never throws. */
export function parseJournal(text: string, backup: string, attest: Attest): Lines {
  const entries = new Map<string, Entry>();
  const sealedKeys = new Map<string, string>();
  const unfinished = new Set<string>();
  let count = 0;
  for (const line of linesOf(text)) {
    // Of a journal of some other kind, most lines are passed over before they cost anything.
    if (!line.includes(backup)) continue;
    if (++count > mostLines) break;
    const parsed = parseLine(line);
    const entry = hasKey(parsed, 'finished') ? entryLine(parsed, backup, attest) : undefined;
    if (entry) {
      entries.set(entry.stored, entry);
      unfinished.delete(entry.output.join('/'));
    }
    const noted = hasKey(parsed, 'unfinished') ? unfinishedLine(parsed, backup) : undefined;
    if (noted?.stands) unfinished.add(noted.unfinished.join('/'));
    else if (noted) unfinished.delete(noted.unfinished.join('/'));
    const key = hasKey(parsed, 'sealedKey') ? keyLine(parsed, backup) : undefined;
    if (key) sealedKeys.set(key.chunk, key.sealedKey);
  }
  return { entries, sealedKeys, unfinished };
}

/** The lines of a text that are not empty, one by one: tens of millions at once would fill the memory. */
function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    const stop = end < 0 ? text.length : end;
    if (stop > start) yield text.slice(start, stop);
    start = stop + 1;
  }
}

/** Whether a line may be of a kind: to be told by a schema that it is not takes many times as long. */
function hasKey(line: unknown, key: string): boolean {
  return typeof line === 'object' && line !== null && key in line;
}

/** The key that a line holds for `backup`, if any. */
function keyLine(line: unknown, backup: string): z.infer<typeof keySchema> | undefined {
  const { success, data } = z.safeParse(keySchema, line);
  return success && data.backup === backup ? data : undefined;
}

/** What a line says of what is unfinished of `backup`, if anything. */
function unfinishedLine(line: unknown, backup: string): z.infer<typeof unfinishedSchema> | undefined {
  const { success, data } = z.safeParse(unfinishedSchema, line);
  return success && data.backup === backup ? data : undefined;
}

/** What a line says of a finished file of `backup`, if anything. */
function entryLine(line: unknown, backup: string, attest: Attest): Entry | undefined {
  const { success, data } = z.safeParse(entrySchema, attestedText(line, attest));
  return success && data.backup === backup ? data : undefined;
}

/** What a line says of a finished file, provided that it was said by somebody with the passphrase. */
function attestedText(line: unknown, attest: Attest): unknown {
  const { success, data } = z.safeParse(attestedSchema, line);
  return success && data.attestation === attest(data.finished) ? parseLine(data.finished) : undefined;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
