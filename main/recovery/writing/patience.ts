/**
 * Patience with Windows, which refuses to rename or remove what another program has open for a moment: a virus scanner, a
 * search index or a program for synchronization takes what was just written.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { errnoOf } from '../bytes/source.ts';

const passing = new Set(['EPERM', 'EACCES', 'EBUSY']);

/** Milliseconds after which a refusal counts, and between the last attempts. */
const longest = 10_000;
const longestPause = 1_000;

/** The system that there is, unless a test has another one. */
export interface Surroundings {
  readonly platform?: NodeJS.Platform;
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

/** Does `act`, on Windows again after growing pauses while it is refused. Throws what the last attempt did. */
export async function patiently<T>(
  act: () => Promise<T>,
  { platform = process.platform, now = () => performance.now(), sleep = wait }: Surroundings = {},
): Promise<T> {
  const began = now();
  for (let pause = 10; ; pause = Math.min(2 * pause, longestPause)) {
    try {
      return await act();
    } catch (error) {
      if (platform !== 'win32' || !passing.has(errnoOf(error)) || now() - began >= longest) throw error;
    }
    await sleep(pause);
  }
}
