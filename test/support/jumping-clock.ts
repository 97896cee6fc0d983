/** A clock of the day that jumps by years while a program runs; what measures time passed goes on as it does in truth. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { run } from './tools.ts';

/** What makes a process take its time of day from libfaketime, which looks into a file at every call. */
export const clockVariables = [
  'LD_PRELOAD',
  'FAKETIME_TIMESTAMP_FILE',
  'FAKETIME_NO_CACHE',
  'FAKETIME_DONT_FAKE_MONOTONIC',
  'NO_FAKE_STAT',
] as const;

export interface JumpingClock {
  /** For the process itself; those that it forks get it by `nodeArguments`. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodeArguments: readonly string[];
  /** Sets it off from the true time: `+5y`. */
  set(offset: string): Promise<void>;
  /** Sets it to each of `offsets` in turn, some times a second, until `signal` is given; says how often. */
  jump(offsets: readonly string[], signal: AbortSignal): Promise<number>;
}

/** A clock that is right until it is set otherwise, by the program `faketime`; `folder` is for its file. */
export async function jumpingClock(folder: string): Promise<JumpingClock> {
  const file = join(folder, 'clock');
  const library = (await run('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD'])).toString().trim();
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  } satisfies Record<(typeof clockVariables)[number], string>;
  const set = async (offset: string) => {
    await writeFile(`${file}.new`, offset);
    await rename(`${file}.new`, file);
  };
  await set('+0');
  const hook = pathToFileURL(join(import.meta.dirname, 'clock-for-children.ts')).href;
  return {
    env,
    nodeArguments: ['--import', hook],
    set,
    async jump(offsets, signal) {
      let jumps = 0;
      while (!signal.aborted) {
        await set(offsets[jumps++ % offsets.length] ?? '+0');
        await sleep(70);
      }
      return jumps;
    },
  };
}
