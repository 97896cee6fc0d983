/** Names of copies in a folder that may have something there already. */
import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fail } from '../../../shared/problems.ts';
import { systemPath } from '../bytes/byte-text.ts';
import { exists } from '../writing/moving.ts';
import { NameRegister, type NameRules } from '../writing/output-names.ts';
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
  readonly #names: NameRegister;

  /**
   * @param image path of the image itself, which is never replaced
   * @param rules what names the drive can hold
   */
  constructor(destination: string, choice: ConflictChoice, image: string | null, rules: NameRules) {
    this.#destination = destination;
    this.#choice = choice;
    this.#image = image;
    this.#names = new NameRegister(rules);
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
    const real = (path: string) => realpath(systemPath(path)).catch(() => path);
    const [place, image] = await Promise.all([real(join(this.#destination, name)), real(this.#image)]);
    return image === place || image.startsWith(place + sep);
  }
}
