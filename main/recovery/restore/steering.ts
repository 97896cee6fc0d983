/** How a run that is under way is steered from outside: held, let go on, cancelled; whatever it waits for just then. */
import { cancelled, unlessCancelled } from '../cancel.ts';
import type { StretchReader } from '../encryption/protection.ts';

export interface Steering {
  /** Resolves at once, or when a run that is paused goes on. */
  readonly gate: () => Promise<void>;
  /** Aborted when the run is cancelled; a run that is paused goes on for that. */
  readonly signal: AbortSignal;
}

/**
 * Passes the gate of a run.
 *
 * @throws RecoveryError `cancelled`
 */
export async function pass({ gate, signal }: Steering): Promise<void> {
  await gate();
  if (signal.aborted) throw cancelled();
}

/**
 * The same stream, held by the gate before each piece. It ends with `cancelled` at once, not when its producer has what
 * it is waiting for: that can be a key that takes half a minute, or a drive that answers no more.
 */
export async function* steered(
  stream: AsyncIterable<Uint8Array>,
  steering: Steering,
): AsyncGenerator<Uint8Array> {
  const pieces = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      await pass(steering);
      const next = await unlessCancelled(pieces.next(), steering.signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // A producer that is busy hears of its end when it no longer is.
    const ended = Promise.resolve(pieces.return?.());
    await unlessCancelled(ended, steering.signal).catch((error: unknown) => {
      if (!steering.signal.aborted) throw error;
    });
  }
}

/** As `steered`, for all that is read of a stream in parts. */
export function steeredStretches(stretches: StretchReader, steering: Steering): StretchReader {
  return {
    streamLength: (chunk) => stretches.streamLength(chunk),
    verify: (...args) => unlessCancelled(stretches.verify(...args), steering.signal),
    stretch: (...args) => steered(stretches.stretch(...args), steering),
  };
}
