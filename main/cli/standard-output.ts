/** Standard output, which every command writes through: a full disk is a failure, a reader who left is none. */
import { write as writeToDescriptor } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { problem, type Problem } from '../../shared/problems.ts';
import { errnoOf } from '../recovery/bytes/source.ts';

export interface StandardOutput {
  /**
   * Writes behind everything that was written before.
   *
   * @returns whether anybody still takes what is written: false once the reader left or writing failed
   */
  write(content: string | Uint8Array): Promise<boolean>;
  /** Why writing failed (`output-failed`), once all is written; null where nothing failed or the reader left. */
  settled(): Promise<Problem | null>;
}

const write = promisify(writeToDescriptor);

/** Files and devices: `process.stdout` would take a write for complete that a full disk cut short. */
async function writeToFile(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await write(descriptor, bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Pipes and terminals: resolves once the system has taken the bytes, which is the back-pressure. */
function writeToStream(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** A reader that left closed the pipe; every other failure loses what was asked for. */
function isReaderGone(error: unknown): boolean {
  return errnoOf(error) === 'EPIPE';
}

function openStandardOutput(stream: Writable, descriptor: number): StandardOutput {
  // Each write is told of its own failure; an event that nobody hears would end the process.
  stream.on('error', () => undefined);
  let isOpen = true;
  let failure: Problem | null = null;
  const writeAll = async (bytes: Uint8Array): Promise<boolean> => {
    if (!isOpen) return false;
    try {
      await (stream instanceof Socket ? writeToStream(stream, bytes) : writeToFile(descriptor, bytes));
    } catch (error) {
      isOpen = false;
      if (!isReaderGone(error)) failure = problem('output-failed', { reason: errnoOf(error) });
    }
    return isOpen;
  };
  let last: Promise<boolean> = Promise.resolve(true);
  return {
    write(content) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      last = last.then(() => writeAll(bytes));
      return last;
    },
    async settled() {
      await last;
      return failure;
    },
  };
}

/** Of this process, which has one. */
export const standardOutput = openStandardOutput(process.stdout, process.stdout.fd);

// What cannot be said on standard error can be said nowhere; the exit code still tells.
process.stderr.on('error', () => undefined);
