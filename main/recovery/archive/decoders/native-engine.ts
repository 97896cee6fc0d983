/** Drives a decompressor of node:zlib by pull: exact back-pressure, exact end, nothing left behind. */
import type { Transform } from 'node:stream';
import type { ZlibOptions } from 'node:zlib';
import { StreamFault } from '../decoder.ts';

/**
 * Output comes in pieces of a mebibyte, where the trip to the thread pool is no longer felt. The engine goes on by
 * itself until two of them wait to be fetched: a reader that hashes and writes is late now and then.
 */
export const engineOptions = {
  chunkSize: 1024 * 1024,
  highWaterMark: 2 * 1024 * 1024,
} as const satisfies ZlibOptions & {
  highWaterMark: number;
};

/** A decompressing stream of node:zlib. */
export interface NativeEngine extends Transform {
  /** Bytes of input consumed so far. */
  readonly bytesWritten: number;
}

/** Where an engine's input comes from. */
export interface EngineInput {
  /** The next bytes that may belong to the stream, not consumed; nothing where there are none. */
  next(): Promise<Uint8Array>;
  /** Consumes the first `count` of them. */
  skip(count: number): void;
}

/**
 * The output of one stream decoded by a fresh engine, which is freed whatever happens. Of the input, exactly the bytes
 * of the stream are consumed.
 *
 * @throws StreamFault `damaged`, `unfinished`
 */
export async function* throughEngine(engine: NativeEngine, input: EngineInput): AsyncGenerator<Uint8Array> {
  let failure: Error | undefined;
  let writing = false;
  let givenUp = false;
  let wake: () => void = () => undefined;
  const onChange = () => wake();
  const isBusy = () => writing && !failure;
  engine.on('readable', onChange).on('end', onChange);
  engine.on('error', (error: Error) => {
    failure = error;
    wake();
  });
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      const output = engine.read() as Uint8Array | null;
      if (output) {
        yield output;
        continue;
      }
      if (failure) throw faultOf(failure);
      if (engine.readableEnded) return;
      if (!writing && !engine.writableEnded) {
        const bytes = await input.next();
        if (bytes.length === 0) {
          engine.end();
        } else {
          writing = true;
          const before = engine.bytesWritten;
          engine.write(bytes, () => {
            if (!givenUp) input.skip(engine.bytesWritten - before);
            writing = false;
            wake();
          });
        }
      }
      await changed;
    }
  } finally {
    givenUp = true;
    // A thread may still read the input, whose owner would put it to another use.
    while (isBusy()) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      if (engine.read() === null && isBusy()) await changed;
    }
    engine.destroy();
  }
}

/** What an engine's failure says of the stream; want of memory says nothing of it. */
function faultOf(error: Error): Error {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'Z_BUF_ERROR') return new StreamFault('unfinished', error.message, { cause: error });
  if (code === 'Z_MEM_ERROR' || code === 'ZSTD_error_memory_allocation') return error;
  return new StreamFault('damaged', `${error.message} (${code})`, { cause: error });
}
