/**
 * The destination of a run, known again before anything is written into it: a drive that drops out leaves an empty folder
 * at its place, on the drive of the system.
 */
import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, realpath, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, problem, problemOf, RecoveryError, type Problem } from '../../../shared/problems.ts';
import { errnoOf } from '../bytes/source.ts';
import { destinationError, refusedOnce } from './destination-error.ts';
import { holdFolder } from './standing.ts';

/**
 * Tells the folder at `path` from any other that stands there at another time.
 *
 * @throws RecoveryError `dest-…`
 */
export async function folderIdentity(path: string): Promise<string> {
  try {
    return identityOf(await stat(path, { bigint: true }));
  } catch (error) {
    throw destinationError(path, error);
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

export class HeldDestination {
  readonly path: string;
  readonly #real: string;
  /** Open, it keeps its number, which some drivers forget when memory is short; null on systems that open no folders. */
  readonly #handle: FileHandle | null;
  readonly #held: BigIntStats;

  private constructor(path: string, real: string, handle: FileHandle | null, held: BigIntStats) {
    this.path = path;
    this.#real = real;
    this.#handle = handle;
    this.#held = held;
  }

  /**
   * Remembers the folder at `path`.
   *
   * @param identity of the folder when a person or a plan looked at it (`folderIdentity`), where that was before
   * @throws RecoveryError `dest-exchanged` where it is another one by now, `dest-…`
   */
  static async hold(path: string, identity?: string): Promise<HeldDestination> {
    try {
      const real = await realpath(path);
      const handle = await holdFolder(real);
      const held = await stat(real, { bigint: true });
      if (identity === undefined || identity === identityOf(held))
        return new HeldDestination(path, real, handle, held);
      await handle?.close();
    } catch (error) {
      throw destinationError(path, error);
    }
    return fail('dest-exchanged', { path });
  }

  /** Why nothing is to be written there any more: `dest-exchanged` or `dest-lost`, as a rule; else null. */
  async loss(): Promise<Problem | null> {
    try {
      const found = await stat(this.#real, { bigint: true });
      const isSame = found.dev === this.#held.dev && found.ino === this.#held.ino;
      return isSame ? null : problem('dest-exchanged', { path: this.path });
    } catch (error) {
      const reason = errnoOf(error);
      // It was there.
      return reason === 'ENOENT' || reason === 'ENOTDIR'
        ? problem('dest-lost', { path: this.path, reason })
        : problemOf(destinationError(this.path, error));
    }
  }

  /** @throws RecoveryError as `loss` tells */
  async demand(): Promise<void> {
    const found = await this.loss();
    if (found) throw new RecoveryError(found);
  }

  /**
   * What befell one file, as `report` tells, once the destination was asked: where it is gone, that alone; and where it
   * still takes a file, it did not go away, whatever it answered to this one.
   */
  async judge(problems: readonly Problem[]): Promise<Problem[]> {
    if (!problems.some(({ code }) => code.startsWith('dest-'))) return [...problems];
    const loss = await this.loss();
    if (loss) return [loss, ...problems.filter(({ code }) => !code.startsWith('dest-'))];
    const isBroken = problems.some(({ code }) => code === 'dest-lost') && !(await this.#takesFiles());
    return isBroken
      ? [...problems]
      : problems.map((each) => (each.code === 'dest-lost' ? refusedOnce(each) : each));
  }

  async #takesFiles(): Promise<boolean> {
    const probe = join(this.#real, `.lifeboat-${randomUUID()}`);
    try {
      await using handle = await open(probe, 'wx');
      await handle.writeFile('probe');
      await handle.sync();
      return true;
    } catch (error) {
      // Full, it is there.
      return problemOf(destinationError(probe, error)).code === 'dest-ran-full';
    } finally {
      await rm(probe, { force: true }).catch(() => undefined);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close().catch(() => undefined);
  }
}
