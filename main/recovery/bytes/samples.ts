/** Samples of the bytes that were read of a file, by which it is known again when its drive came back. */
import { createHash } from 'node:crypto';

/** How many samples are kept; when there are more, every other one is dropped and every other reading left out. */
const mostSamples = 64;

/** Bytes of a reading that are kept in mind: of a backup, a header of its outer tar and most of what is small. */
const sampleLength = 16 * 1024;

interface Sample {
  readonly length: number;
  readonly digest: Buffer;
}

export class Samples {
  readonly #taken = new Map<number, Sample>();
  #readings = 0;
  #interval = 1;

  /** Takes a sample of a reading at `position`, or leaves it out: the first is taken always, the others evenly. */
  take(position: number, bytes: Uint8Array): void {
    if (this.#readings++ % this.#interval !== 0) return;
    const sampled = bytes.subarray(0, sampleLength);
    this.#taken.set(position, { length: sampled.length, digest: digestOf(sampled) });
    if (this.#taken.size <= mostSamples) return;
    this.#interval *= 2;
    [...this.#taken.keys()].forEach((each, i) => i % 2 === 1 && this.#taken.delete(each));
  }

  /**
   * Whether what `read` gives is what was read before, wherever it gives anything at all: a drive may have come back with
   * a place that it cannot read any more.
   *
   * @throws what `read` throws, when it does not give a single sample
   */
  async match(read: (position: number, length: number) => Promise<Uint8Array>): Promise<boolean> {
    let compared = 0;
    let failed: Promise<Uint8Array> | undefined;
    for (const [position, { length, digest }] of this.#taken) {
      const reading = read(position, length);
      const bytes = await reading.catch(() => undefined);
      if (bytes && !digestOf(bytes).equals(digest)) return false;
      if (bytes) compared++;
      else failed = reading;
    }
    if (compared === 0) await failed;
    return true;
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
