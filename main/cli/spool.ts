/** A backup that comes through a pipe, kept as a file of ours for as long as a command reads it. */
import { randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fail, problem, problemOf, RecoveryError } from '../../shared/problems.ts';
import { errnoOf } from '../recovery/bytes/source.ts';
import { destinationError } from '../recovery/writing/destination-error.ts';
import { onStopSignals } from './stop-signals.ts';

/** The path that stands for standard input. */
export const standardInput = '-';

/** Whether the bytes at `path` can be read only once, from their start to their end. */
export async function isPipe(path: string): Promise<boolean> {
  if (path === standardInput) return true;
  const found = await stat(path).catch(() => null);
  return found !== null && (found.isFIFO() || found.isSocket());
}

/** A copy of what came through a pipe so far. Disposing of it deletes it, and ends the reading of the pipe. */
export interface Spool extends AsyncDisposable {
  readonly path: string;
  /** Whether the pipe is at its end: the copy is the whole of it. */
  readonly isWhole: boolean;
  /**
   * Reads on until the copy has `length` bytes or a few more, or to the end of the pipe.
   *
   * @param onCopied told of the length of the copy after each piece
   * @throws RecoveryError `cancelled`, `pipe-empty`, `spool-full`, `source-unreadable`, `dest-…`
   */
  fill(length: number, onCopied: (length: number) => void): Promise<void>;
}

const spoolName = /^lifeboat-spool-[0-9a-f]{16}\.backup$/;

/**
 * Starts a copy of the pipe at `path`, or of standard input, in `folder`. Only its owner can read it. A signal to stop
 * deletes it, whatever the command does at that time.
 *
 * @throws RecoveryError `dest-…`
 */
export async function openSpool(path: string, folder: string): Promise<Spool> {
  const copy = join(resolve(folder), `lifeboat-spool-${randomBytes(8).toString('hex')}.backup`);
  const handle = await open(copy, 'wx', 0o600).catch((error: unknown) => {
    throw destinationError(folder, error);
  });
  const input: Readable = path === standardInput ? process.stdin : createReadStream(path);
  // Between two readings nobody else hears that it broke.
  input.on('error', () => undefined);
  const pieces = (input as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let length = 0;
  let isWhole = false;
  let isFilling = false;

  const forget = onStopSignals((signal) => {
    // A prompt and a restore listen themselves, and end in order.
    if (process.listenerCount(signal) > 1) return;
    // The reading of a named pipe ends with the next bytes only, which may never come.
    if (path === standardInput && isFilling && !input.destroyed) {
      input.destroy(new RecoveryError(problem('cancelled')));
      return;
    }
    forget();
    rmSync(copy, { force: true });
    // Whatever the command waits for then, a reading that blocks included, does not keep it.
    process.kill(process.pid, signal);
  });

  return {
    path: copy,
    get isWhole() {
      return isWhole;
    },
    async fill(until, onCopied) {
      isFilling = true;
      try {
        while (length < until && !isWhole) {
          const next = await pieces.next().catch((error: unknown) => {
            throw readingProblem(path, error);
          });
          if (next.done) {
            if (length === 0) fail('pipe-empty', { path });
            isWhole = true;
          } else {
            await append(handle, next.value, folder, length);
            length += next.value.length;
            onCopied(length);
          }
        }
      } finally {
        isFilling = false;
      }
    },
    async [Symbol.asyncDispose]() {
      input.destroy();
      await handle.close().catch(() => undefined);
      await rm(copy, { force: true }).catch(() => undefined);
      forget();
    },
  };
}

async function append(handle: FileHandle, bytes: Buffer, folder: string, copied: number): Promise<void> {
  try {
    await handle.appendFile(bytes);
  } catch (error) {
    const found = destinationError(folder, error);
    throw problemOf(found).code === 'dest-ran-full'
      ? new RecoveryError(problem('spool-full', { path: folder, copied }), { cause: error })
      : found;
  }
}

function readingProblem(path: string, error: unknown): unknown {
  if (error instanceof RecoveryError) return error;
  return new RecoveryError(problem('source-unreadable', { path, reason: errnoOf(error) }), { cause: error });
}

/** A copy that a run which was killed could not delete, or that another run uses. */
export interface OtherSpool {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** The copies that stand in `folder`. */
export async function otherSpools(folder: string): Promise<readonly OtherSpool[]> {
  const others: OtherSpool[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!spoolName.test(name)) continue;
    const path = join(resolve(folder), name);
    const found = await stat(path).catch(() => null);
    if (found) others.push({ path, size: found.size });
  }
  return others;
}
