/**
 * A folder of ours in a destination, in which something grows until it is complete. Its name says which process made it,
 * so that a later run can clear away what a killed one left, and nothing else.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemPath, textOfBytes } from '../bytes/byte-text.ts';
import { isRunning, thisProcess } from '../running.ts';
import { destinationError } from './destination-error.ts';
import { exists, moveWithoutReplacing } from './moving.ts';
import { partialSuffix } from './partial-names.ts';
import { patiently } from './patience.ts';

/** What has to make way for something that has grown waits in a folder named after that, at its own name. */
const replacedSuffix = '.replaced';

const ownName = /^lifeboat-(?:copy|kit)-([0-9a-f]{8})-(\d{1,10})-(\d{0,20})-[0-9a-f]{8}\.partial$/;

export class OwnFolder implements AsyncDisposable {
  readonly path: string;
  readonly #parent: string;

  private constructor(parent: string, name: string) {
    this.#parent = parent;
    this.path = join(parent, name);
  }

  /**
   * Makes one in the folder `parent`, after those of processes of this computer and user that have ended were cleared.
   *
   * @throws RecoveryError `dest-…`
   */
  static async create(parent: string, purpose: 'copy' | 'kit'): Promise<OwnFolder> {
    try {
      // What cannot be cleared stays as it is, and is in nobody's way.
      for (const name of await leftIn(parent))
        await new OwnFolder(parent, name).#clear().catch(() => undefined);
      const { pid, started } = await thisProcess();
      const unique = randomBytes(4).toString('hex');
      const name = `lifeboat-${purpose}-${thisComputer()}-${pid}-${started}-${unique}${partialSuffix}`;
      const folder = new OwnFolder(parent, name);
      await mkdir(folder.path, { mode: 0o700 });
      return folder;
    } catch (error) {
      throw destinationError(parent, error);
    }
  }

  /**
   * Moves what has grown at `grown` in here to `name` beside this folder, in the place of what stands there if
   * `replaces` says so. That is removed only afterwards, and stays where the move does not succeed.
   *
   * @throws RecoveryError `dest-…`
   */
  async settle(grown: string, name: string, replaces: boolean): Promise<void> {
    const place = join(this.#parent, name);
    const replaced = join(this.path, grown + replacedSuffix);
    const aside = join(replaced, name);
    try {
      if (replaces) {
        await mkdir(replaced);
        await patiently(() => rename(systemPath(place), systemPath(aside)));
      }
      try {
        await moveWithoutReplacing(join(this.path, grown), place);
      } catch (error) {
        if (replaces) await moveWithoutReplacing(aside, place);
        throw error;
      }
      if (replaces) await rm(systemPath(aside), { recursive: true, force: true });
    } catch (error) {
      throw destinationError(place, error);
    }
  }

  /**
   * Removes it. What was to make way and is still needed, since nothing new took its place, goes back there.
   *
   * @throws RecoveryError `dest-occupied` where somebody else took that place: then nothing is removed
   */
  async #clear(): Promise<void> {
    for (const folder of (await readdir(this.path)).filter((name) => name.endsWith(replacedSuffix))) {
      const isSettled = !(await exists(join(this.path, folder.slice(0, -replacedSuffix.length))));
      if (isSettled) continue;
      for (const bytes of await readdir(join(this.path, folder), { encoding: 'buffer' })) {
        const name = textOfBytes(bytes);
        await moveWithoutReplacing(join(this.path, folder, name), join(this.#parent, name));
      }
    }
    await rm(this.path, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clear().catch(() => undefined);
  }
}

/** Names of what ended runs left in a folder. */
async function leftIn(parent: string): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of await readdir(parent)) {
    const [, computer, pid, started = ''] = ownName.exec(name) ?? [];
    if (computer !== thisComputer() || (await isRunning({ pid: Number(pid), started }))) continue;
    const found = await lstat(join(parent, name)).catch(() => null);
    // The system of another user may have handed out the same numbers; links are nobody's folders.
    if (found?.isDirectory() && (process.getuid?.() ?? found.uid) === found.uid) left.push(name);
  }
  return left;
}

/** The drive may be at another computer next time, where the same process is another. */
function thisComputer(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}
