/** A lock in a folder, for what several runs of the program change there: a small file that exists while one of them does. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../bytes/source.ts';
import { readPlainFile } from './plain-file.ts';

export interface LockOptions {
  /** Milliseconds without a sign of life after which a lock counts as left behind by a run that was ended. */
  readonly patience?: number;
}

const tokenLength = randomUUID().length;
/** The token of whoever has the lock, and a number that grows as long as it lives. */
const longestLock = tokenLength + 20;

/**
 * Does `act` while no other run does the same under the lock at `path`. A run shows that it is alive in its lock, so that
 * one that was killed keeps nobody waiting for longer than the patience.
 *
 * @throws the error of the system where no lock can be made
 */
export async function withLock<T>(
  path: string,
  act: () => Promise<T>,
  { patience = 10_000 }: LockOptions = {},
): Promise<T> {
  const token = randomUUID();
  const handle = await take(path, token, patience);
  let beats = 0;
  const alive = setInterval(() => {
    void handle.write(`${beats++}`, tokenLength).catch(() => undefined);
  }, patience / 10);
  try {
    return await act();
  } finally {
    clearInterval(alive);
    await handle.close().catch(() => undefined);
    // Another run may have taken it for left behind, where this one was stopped for long.
    if (tokenOf(await contentAt(path)) === token) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function take(path: string, token: string, patience: number): Promise<FileHandle> {
  let seen: string | undefined;
  let since = performance.now();
  for (;;) {
    const handle = await create(path, token);
    if (handle) return handle;
    const found = await contentAt(path);
    if (found === undefined || found !== seen) {
      seen = found;
      since = performance.now();
    } else if (performance.now() - since > patience) {
      await breakLock(path, tokenOf(found));
      seen = undefined;
    }
    await sleep(Math.min(50, patience / 10));
  }
}

async function create(path: string, token: string): Promise<FileHandle | null> {
  try {
    const handle = await open(path, 'wx', 0o600);
    await handle.writeFile(token);
    return handle;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return null;
  }
}

async function contentAt(path: string): Promise<string | undefined> {
  return (await readPlainFile(path, longestLock))?.toString();
}

function tokenOf(content: string | undefined): string | undefined {
  return content?.slice(0, tokenLength);
}

/** Takes a lock away by moving it aside, which only one run can: of two that wait, the other might take away a new one. */
async function breakLock(path: string, token: string | undefined): Promise<void> {
  const aside = `${path}-${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  if (tokenOf(await contentAt(aside)) === token) await rm(aside, { force: true });
  else await rename(aside, path);
}
