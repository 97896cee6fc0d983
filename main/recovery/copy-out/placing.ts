/** Where copies grow, and how each gets to its name in a folder that may have something there already. */
import { randomBytes } from 'node:crypto';
import { mkdir, realpath, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { destinationError } from '../writing/destination-error.ts';
import { exists, moveWithoutReplacing } from '../writing/moving.ts';
import { partialSuffix } from '../writing/partial-names.ts';
import { longestName, NameRegister } from '../writing/output-names.ts';
import type { ConflictChoice } from './conflict.ts';

/** A name in the destination. */
export interface Spot {
  readonly name: string;
  /** Whether what stands there is to make way. */
  readonly isTaken: boolean;
}

/** Names within one destination, given out so that no copy of a run is in the way of another. */
export class Spots {
  readonly #destination: string;
  readonly #choice: ConflictChoice;
  readonly #image: string | null;
  readonly #names = new NameRegister(longestName);

  /** @param image path of the image itself, which is never replaced */
  constructor(destination: string, choice: ConflictChoice, image: string | null) {
    this.#destination = destination;
    this.#choice = choice;
    this.#image = image;
  }

  /**
   * The place for something of the name `wanted`, made safe; null where what stands there is to stay alone.
   *
   * @throws RecoveryError `dest-occupied`
   */
  async claim(wanted: string): Promise<Spot | null> {
    let name = this.#names.claim(wanted);
    if (!(await this.#exists(name))) return { name, isTaken: false };
    switch (this.#choice) {
      case 'skip':
        return null;
      case 'refuse':
        return fail('dest-occupied', { path: join(this.#destination, name) });
      case 'replace':
        if (await this.#holdsImage(name)) fail('dest-occupied', { path: join(this.#destination, name) });
        return { name, isTaken: true };
      case 'keep-both':
        do name = this.#names.claim(wanted);
        while (await this.#exists(name));
        return { name, isTaken: false };
    }
  }

  #exists(name: string): Promise<boolean> {
    return exists(join(this.#destination, name));
  }

  /** Whether the image lies at a name or below it: it cannot be copied from and removed at once. */
  async #holdsImage(name: string): Promise<boolean> {
    if (this.#image === null) return false;
    const real = (path: string) => realpath(path).catch(() => path);
    const [place, image] = await Promise.all([real(join(this.#destination, name)), real(this.#image)]);
    return image === place || image.startsWith(place + sep);
  }
}

/** A folder of ours in the destination, in which copies grow and what they replace waits for its end. */
export class Workspace implements AsyncDisposable {
  readonly path: string;
  readonly #destination: string;

  private constructor(destination: string) {
    this.#destination = destination;
    this.path = join(destination, `lifeboat-copy-${randomBytes(6).toString('hex')}${partialSuffix}`);
  }

  /** @throws RecoveryError `dest-…` */
  static async create(destination: string): Promise<Workspace> {
    const workspace = new Workspace(destination);
    try {
      await mkdir(workspace.path, { mode: 0o700 });
    } catch (error) {
      throw destinationError(destination, error);
    }
    return workspace;
  }

  /**
   * Moves what has grown at `grown` in here to its place. What stood there is removed only afterwards, and stays
   * where the move does not succeed.
   *
   * @throws RecoveryError `dest-…`
   */
  async settle(grown: string, { name, isTaken }: Spot): Promise<void> {
    const place = join(this.#destination, name);
    const old = join(this.path, 'replaced');
    try {
      if (isTaken) await rename(place, old);
      try {
        await moveWithoutReplacing(join(this.path, grown), place);
      } catch (error) {
        if (isTaken) await rename(old, place);
        throw error;
      }
      if (isTaken) await rm(old, { recursive: true, force: true });
    } catch (error) {
      throw destinationError(place, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true }).catch(() => undefined);
  }
}
