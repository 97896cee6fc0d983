/** Promises of a run that is steered from outside: it is held, goes on, and ends at once, whatever it waits for. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { PauseGate } from '../../main/engine/pause-gate.ts';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import { deferred } from '../../main/recovery/deferred.ts';
import { steered, steeredStretches, type Steering } from '../../main/recovery/restore/steering.ts';
import { problem, RecoveryError } from '../../shared/problems.ts';
import { codeOf } from '../support/code-of.ts';
import { killableBackup } from '../support/killing.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { standardTools } from '../support/standard-backup.ts';

/** Lets everything run that can without waiting for anything outside. */
const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

const never = new Promise<never>(() => undefined);

/** A stream of three pieces, and what became of it; it waits for `hold` before the second. */
function watchedStream(hold: Promise<unknown> = Promise.resolve()) {
  const made: number[] = [];
  const seen = { made, ended: false };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (let i = 0; i < 3; i++) {
        if (i === 1) await hold;
        made.push(i);
        yield Uint8Array.of(i);
      }
    } finally {
      seen.ended = true;
    }
  }
  return { ...seen, seen, stream: pieces() };
}

function steering() {
  const gate = new PauseGate();
  const abort = new AbortController();
  const both: Steering = { gate: gate.passed, signal: abort.signal };
  return { gate, abort, steering: both };
}

async function taken(stream: AsyncIterable<Uint8Array>, into: number[] = []): Promise<number[]> {
  for await (const piece of stream) into.push(...piece);
  return into;
}

describe('a stream that is steered', () => {
  it('gives every piece, and ends its producer, also when it is left early', async () => {
    const whole = watchedStream();
    expect(await taken(steered(whole.stream, steering().steering))).toEqual([0, 1, 2]);
    expect(whole.seen.ended).toBe(true);

    const left = watchedStream();
    for await (const piece of steered(left.stream, steering().steering)) if (piece.length > 0) break;
    expect([left.made, left.seen.ended]).toEqual([[0], true]);
  });

  it('is held before each piece while it is paused', async () => {
    const { gate, steering: both } = steering();
    const { stream, made } = watchedStream();
    const pieces = steered(stream, both);
    await pieces.next();
    gate.pause();
    const next = pieces.next();
    await settled();
    expect(made).toEqual([0]);
    gate.resume();
    expect((await next).value).toEqual(Uint8Array.of(1));
  });

  it('ends at once when it is cancelled, while its producer waits for something that never comes', async () => {
    const { abort, steering: both } = steering();
    const into: number[] = [];
    const end = taken(steered(watchedStream(never).stream, both), into).catch(codeOf);
    await settled();
    abort.abort();
    expect([await end, into]).toEqual(['cancelled', [0]]);
  });

  it('has a producer that was busy when it was cancelled end once it no longer is', async () => {
    const { abort, steering: both } = steering();
    const { promise: hold, resolve: release } = deferred<null>();
    const { stream, seen } = watchedStream(hold);
    const end = taken(steered(stream, both)).catch(codeOf);
    await settled();
    abort.abort();
    expect([await end, seen.ended]).toEqual(['cancelled', false]);
    release(null);
    await settled();
    expect([seen.made, seen.ended]).toEqual([[0, 1], true]);
  });

  it('tells what its producer failed by, whether it was cancelled meanwhile or not', async () => {
    const { promise: hold, reject } = deferred<unknown>();
    const failing = taken(steered(watchedStream(hold).stream, steering().steering)).catch(codeOf);
    const { abort, steering: both } = steering();
    const cancelled = taken(steered(watchedStream(hold).stream, both)).catch(codeOf);
    await settled();
    abort.abort();
    reject(new Error('a drive'));
    expect(await failing).toEqual(new Error('a drive'));
    expect(await cancelled).toBe('cancelled');
  });

  it('is not begun where it was cancelled before', async () => {
    const { abort, steering: both } = steering();
    abort.abort();
    const { stream, made } = watchedStream();
    expect(await taken(steered(stream, both)).catch(codeOf)).toBe('cancelled');
    expect(made).toEqual([]);
  });

  it('ends in all its parts', async () => {
    const { abort, steering: both } = steering();
    const parts = steeredStretches(
      { streamLength: () => 7, verify: () => never, stretch: () => watchedStream(never).stream },
      both,
    );
    const file = { path: '', chunks: [], firstMissing: null, behindGap: [], storedBytes: 0, declaredSize: 0 };
    const chunk = { number: 0, member: { name: '', offset: 0, size: 0 } };
    const hooks = { gate: () => never, onWarning: () => undefined, onProgress: () => undefined };
    expect(parts.streamLength(chunk)).toBe(7);
    const ends = [parts.verify(file, chunk, hooks), taken(parts.stretch(file, [chunk], hooks))];
    abort.abort();
    expect(await Promise.all(ends.map((end) => end.catch(codeOf)))).toEqual(['cancelled', 'cancelled']);
  });
});

const gate = oracle(...standardTools);

gate.describe('a restore that is cancelled', () => {
  gate.test('ends while keys are being derived, and keeps what was finished before', async () => {
    const bytes = await readFile((await killableBackup()).path);
    const to = await scratchFolder();
    const abort = new AbortController();
    let derivations = 0;
    let started = 0;
    const report = await restoreInProcess(memorySource(bytes), {
      passphrase: 'killed',
      destination: to,
      signal: abort.signal,
      // Two are restored at once, so one is finished then; a moment later the third waits for its first key.
      onFileStarted: () => {
        if (++started === 3) setImmediate(() => abort.abort());
      },
      // The header, the list, and the chunks of two qubes, which are restored together.
      onDerivation: (signal) => {
        if (++derivations <= 2 + 2 * 7) return undefined;
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(new RecoveryError(problem('cancelled'))));
        });
      },
    });
    const ends = report.qubes.map(({ outcome, files }) => [outcome, files[0]?.problems[0]?.code]);
    expect(ends).toContainEqual(['restored', undefined]);
    expect(ends.at(-1)).toEqual(['unfinished', undefined]);
    expect((await filesBelow(to)).filter((path) => path.includes('partial'))).toEqual([]);
  });
});
