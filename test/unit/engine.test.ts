/** Promises of the engine's parts: progress and pauses, keys that are derived once and wiped, chunks in their order. */
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ChunkPool } from '../../main/engine/chunk-pool.ts';
import { defaultMemory, shareMemory } from '../../main/engine/memory.ts';
import { PauseGate } from '../../main/engine/pause-gate.ts';
import { ProgressMeter, SpeedEstimator } from '../../main/engine/progress-meter.ts';
import type { Layout } from '../../main/recovery/bytes/layout.ts';
import { memorySource, type ByteSource } from '../../main/recovery/bytes/source.ts';
import type { StoredFile } from '../../main/recovery/catalog/stored-files.ts';
import type { Member } from '../../main/recovery/container/container-index.ts';
import { deferred } from '../../main/recovery/deferred.ts';
import { KeyRing, type Derive } from '../../main/recovery/encryption/key-ring.ts';
import { openLargeSealed } from '../../main/recovery/encryption/large-chunk.ts';
import { noHooks, type StreamHooks } from '../../main/recovery/encryption/protection.ts';
import { openSealed, SealFault } from '../../main/recovery/encryption/scrypt-container.ts';
import { ScryptProtection, type OpenChunk } from '../../main/recovery/encryption/scrypt-protection.ts';
import { nodeKernel } from '../../main/recovery/kdf/node-kernel.ts';
import type { PlannedFile } from '../../main/recovery/restore/plan.ts';
import type { RestoreProgress } from '../../shared/backup.ts';
import { problem, RecoveryError, type Problem } from '../../shared/problems.ts';
import { seal } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { noise } from '../support/trees.ts';

const codeOf = (error: unknown) =>
  error instanceof RecoveryError ? error.problem.code : error instanceof SealFault ? error.kind : error;

/** Lets everything run that can without waiting for anything outside. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 20));

describe('an estimate of speed', () => {
  it('is not made before some seconds in which something was done', () => {
    const speed = new SpeedEstimator();
    expect(speed.estimate(1000)).toEqual({ bytesPerSecond: null, secondsLeft: null });
    for (let i = 0; i < 29; i++) speed.add(100, 0.1);
    expect(speed.estimate(1000)).toEqual({ bytesPerSecond: null, secondsLeft: null });
    for (let i = 0; i < 2; i++) speed.add(100, 0.1);
    expect(speed.estimate(1000)).toEqual({ bytesPerSecond: 1000, secondsLeft: 1 });
  });

  it('follows a steady speed exactly, and a change of it within a minute or two', () => {
    const speed = new SpeedEstimator();
    for (let i = 0; i < 600; i++) speed.add(500, 0.1);
    expect(speed.estimate(50_000)).toEqual({ bytesPerSecond: 5000, secondsLeft: 10 });
    for (let i = 0; i < 1200; i++) speed.add(100, 0.1);
    expect(speed.estimate(1000).bytesPerSecond).toBeGreaterThan(900);
    expect(speed.estimate(1000).bytesPerSecond).toBeLessThan(1800);
  });

  it('says nothing rather than nonsense when nothing moves any more', () => {
    const speed = new SpeedEstimator();
    for (let i = 0; i < 100; i++) speed.add(1000, 0.1);
    for (let i = 0; i < 1_000_000; i++) {
      speed.add(0, 0.1);
      const { secondsLeft } = speed.estimate(2 ** 50);
      expect(secondsLeft === null || Number.isSafeInteger(secondsLeft)).toBe(true);
    }
  });

  it('does not count the time before anything is done, when keys are derived', () => {
    const speed = new SpeedEstimator();
    for (let i = 0; i < 600; i++) speed.add(0, 0.1);
    expect(speed.estimate(1000).secondsLeft).toBeNull();
    for (let i = 0; i < 40; i++) speed.add(500, 0.1);
    expect(speed.estimate(50_000)).toEqual({ bytesPerSecond: 5000, secondsLeft: 10 });
  });

  it('does not swing with chunks that come seconds apart', () => {
    for (const period of [2, 5, 10, 20]) {
      const speed = new SpeedEstimator();
      // A chunk is consumed in one second, then the next key is waited for.
      for (let tick = 0; tick < 600 * 10; tick++) {
        speed.add(tick % (period * 10) < 10 ? 10_000_000 : 0, 0.1);
        if (tick < period * 30) continue;
        const { bytesPerSecond } = speed.estimate(1);
        const truth = 100_000_000 / period;
        expect((bytesPerSecond ?? 0) / truth, `every ${period} s, after ${tick / 10} s`).toBeGreaterThan(0.6);
        expect((bytesPerSecond ?? 0) / truth, `every ${period} s, after ${tick / 10} s`).toBeLessThan(1.6);
      }
    }
  });

  it('is a number or nothing, whatever was added', () => {
    const additions = fc.array(
      fc.tuple(fc.nat({ max: 2 ** 40 }), fc.double({ min: 0, max: 1e5, noNaN: true })),
    );
    fc.assert(
      fc.property(additions, fc.nat({ max: 2 ** 50 }), (list, left) => {
        const speed = new SpeedEstimator();
        for (const [bytes, seconds] of list) speed.add(bytes, seconds);
        const { bytesPerSecond, secondsLeft } = speed.estimate(left);
        for (const value of [bytesPerSecond, secondsLeft]) {
          expect(value === null || (Number.isFinite(value) && value >= 0)).toBe(true);
        }
      }),
    );
  });
});

const planned = (storedBytes: number, name = 'private.img'): PlannedFile => ({
  qube: 'work',
  name,
  stored: { path: `vm1/${name}`, chunks: [], firstMissing: null, behindGap: [], storedBytes },
  output: ['work', name],
  virtualSize: null,
});

describe('a progress meter', () => {
  const told: RestoreProgress[] = [];
  const last = (): RestoreProgress => {
    const progress = told[told.length - 1];
    if (!progress) throw new Error('nothing was told');
    return progress;
  };

  function meterOf(...files: readonly PlannedFile[]): ProgressMeter {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    told.length = 0;
    const meter = new ProgressMeter({ qubes: ['work'], files, problems: [] }, (progress) =>
      told.push(progress),
    );
    onTestFinished(() => meter.stop());
    return meter;
  }
  afterEach(() => void vi.useRealTimers());

  it('tells less than ten times a second, whatever happens meanwhile', () => {
    const files = Array.from({ length: 60 }, (_, index) => planned(1000, `${index}`));
    const meter = meterOf(...files);
    const at: number[] = [];
    const seen = () => {
      while (at.length < told.length) at.push(performance.now());
    };
    for (const [index, file] of files.entries()) {
      meter.started(file);
      meter.progressed(file, 1000);
      meter.finished(file);
      meter.paused = index % 3 === 0;
      if (index === 50) meter.finishing();
      for (let moment = 0; moment < 50; moment++) {
        vi.advanceTimersByTime(1);
        seen();
      }
    }
    expect(at.length).toBeGreaterThan(20);
    for (const from of at) {
      expect(at.filter((time) => time >= from && time < from + 1000).length).toBeLessThanOrEqual(10);
    }
    expect(last()).toMatchObject({ stage: 'finishing', doneBytes: 60_000 });
  });

  it('tells what is done, by file and in all', () => {
    const files = [planned(1000, 'a'), planned(500, 'b')] as const;
    const meter = meterOf(...files);
    expect(last()).toMatchObject({ stage: 'deriving', doneBytes: 0, totalBytes: 1500, active: [] });
    meter.started(files[0]);
    for (let i = 0; i < 10; i++) meter.progressed(files[0], 50);
    vi.advanceTimersByTime(1000);
    expect(last()).toMatchObject({
      stage: 'restoring',
      doneBytes: 500,
      active: [{ qube: 'work', file: 'a', doneBytes: 500, totalBytes: 1000 }],
    });
    meter.progressed(files[0], 500);
    meter.finished(files[0]);
    meter.finished(files[1]);
    meter.finishing();
    vi.advanceTimersByTime(1000);
    expect(last()).toMatchObject({ stage: 'finishing', doneBytes: 1500, active: [] });
    meter.stop();
    const count = told.length;
    vi.advanceTimersByTime(5000);
    expect(told).toHaveLength(count);
  });

  it('does not take a file that failed for one that was fast', () => {
    const files = [
      planned(1_000_000, 'slow'),
      planned(10 ** 12, 'failed'),
      planned(10 ** 11, 'never started'),
    ] as const;
    const meter = meterOf(...files);
    meter.started(files[0]);
    meter.started(files[1]);
    for (let i = 0; i < 80; i++) {
      meter.progressed(files[0], 125);
      vi.advanceTimersByTime(125);
    }
    expect(last()).toMatchObject({ bytesPerSecond: 1000 });
    meter.finished(files[1]);
    meter.finished(files[2]);
    vi.advanceTimersByTime(125);
    expect(last().doneBytes).toBe(10 ** 12 + 10 ** 11 + 10_000);
    expect(last().bytesPerSecond).toBeLessThanOrEqual(1000);
    expect(last().secondsLeft).toBeGreaterThanOrEqual(990);
  });

  it('does not count time spent paused, nor what trickles in meanwhile', () => {
    const file = planned(1_000_000);
    const meter = meterOf(file);
    meter.started(file);
    const work = (seconds: number) => {
      for (let i = 0; i < seconds * 8; i++) {
        meter.progressed(file, 125);
        vi.advanceTimersByTime(125);
      }
    };
    work(60);
    expect(last()).toMatchObject({ paused: false, bytesPerSecond: 1000 });
    meter.paused = true;
    vi.advanceTimersByTime(1000);
    expect(last()).toMatchObject({ paused: true, bytesPerSecond: 1000 });
    meter.progressed(file, 5000);
    vi.advanceTimersByTime(3_600_000);
    expect(last()).toMatchObject({ paused: true, bytesPerSecond: 1000, doneBytes: 65_000 });
    meter.paused = false;
    work(10);
    expect(last()).toMatchObject({ paused: false, bytesPerSecond: 1000 });
  });
});

describe('a pause gate', () => {
  it('lets work pass while open, holds it while closed, and lets all of it go on', async () => {
    const gate = new PauseGate();
    await gate.passed();
    gate.pause();
    gate.pause();
    expect(gate.paused).toBe(true);
    let passed = 0;
    const waiting = [gate.passed(), gate.passed()].map((pass) => pass.then(() => passed++));
    await settled();
    expect(passed).toBe(0);
    gate.resume();
    gate.resume();
    await Promise.all(waiting);
    expect([passed, gate.paused]).toEqual([2, false]);
    await gate.passed();
  });

  it('closes again for what comes after', async () => {
    const gate = new PauseGate();
    gate.pause();
    gate.resume();
    gate.pause();
    let passed = false;
    const pass = gate.passed().then(() => (passed = true));
    await settled();
    expect(passed).toBe(false);
    gate.resume();
    await pass;
  });
});

describe('shares of memory', () => {
  const mebibyte = 2 ** 20;

  it('leave derivations something, and streams at least one, whatever there is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 1, max: 256 }), (memory, jobs) => {
        const { streams, derivations } = shareMemory(memory, jobs);
        expect(streams).toBeGreaterThanOrEqual(1);
        expect(streams).toBeLessThanOrEqual(jobs);
        expect(derivations).toBeGreaterThanOrEqual(160 * mebibyte);
        if (memory >= 360 * mebibyte)
          expect(streams * 200 * mebibyte + derivations).toBeLessThanOrEqual(memory);
      }),
    );
  });

  it('are of half of what is free, when nobody says', () => {
    expect(defaultMemory()).toBeGreaterThanOrEqual(256 * mebibyte);
    expect(Number.isSafeInteger(defaultMemory())).toBe(true);
  });
});

const backupId = '20240229T123456-4321';
const passphrase = new TextEncoder().encode('open sesame');
const plainOf = (i: number) => noise([1500, 0, 3_000_000, 700, 4096][i] ?? 10, `plain ${i}`);
const chunkCount = 5;

/** A container in memory with sealed chunks of one file; `file` points into it. */
interface Sealed {
  readonly bytes: Buffer;
  readonly file: StoredFile;
}
let sealed: Sealed;
let sealing: Promise<Sealed> | undefined;
/** Seals the chunks once, for all tests that read them. */
const prepare = async () => void (sealed = await (sealing ??= sealChunks()));

const scrypt = oracle('scrypt');
const memory = 64 * 2 ** 20;

async function sealChunks(): Promise<Sealed> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-engine-'));
  try {
    const parts: Buffer[] = [];
    const chunks: StoredFile['chunks'][number][] = [];
    let offset = 0;
    for (let i = 0; i < chunkCount; i++) {
      const name = `vm1/private.img.00${i}`;
      await writeFile(join(folder, 'plain'), plainOf(i));
      await seal(join(folder, 'plain'), join(folder, 'sealed'), `${backupId}!${name}!open sesame`);
      const bytes = await readFile(join(folder, 'sealed'));
      chunks.push({ number: i, member: { name: `${name}.enc`, offset, size: bytes.length } });
      parts.push(bytes);
      offset += bytes.length;
    }
    const file = { path: 'vm1/private.img', chunks, firstMissing: null, behindGap: [], storedBytes: offset };
    return { bytes: Buffer.concat(parts), file };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Derives for real and counts. */
function countingDerive(): Derive & { readonly keys: Uint8Array[] } {
  const keys: Uint8Array[] = [];
  const derive: Derive = (request) => {
    const key = nodeKernel.derive(request, memory);
    keys.push(key);
    return Promise.resolve(key);
  };
  return Object.assign(derive, { keys });
}

const sealedAs = (member: Member) => ({ member, sealedName: `${backupId}!${member.name.slice(0, -4)}` });

scrypt.describe('a key ring', () => {
  beforeAll(prepare);
  const members = () => sealed.file.chunks.map(({ member }) => sealedAs(member));
  const [first, second] = [() => members()[0] ?? none(), () => members()[1] ?? none()];
  const none = () => {
    throw new Error('no such member');
  };

  it('derives each key once, also when it is asked for twice at the same time', async () => {
    const derive = countingDerive();
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, derive);
    const [one, other] = await Promise.all([ring.keyFor(first()), ring.keyFor(first())]);
    expect(one).toBe(other);
    expect(await ring.keyFor(first())).toBe(one);
    await ring.keyFor(second());
    expect(derive.keys).toHaveLength(2);
    expect(one).toHaveLength(64);
  });

  it('gives its derivations a passphrase of their own, wiped after use, and leaves the person’s alone', async () => {
    const given: Uint8Array[] = [];
    const typed = Buffer.from(passphrase);
    const ring = new KeyRing(memorySource(sealed.bytes), typed, (request) => {
      given.push(request.passphrase);
      expect(Buffer.from(request.passphrase).toString()).toBe(`${backupId}!vm1/private.img.000!open sesame`);
      return Promise.resolve(nodeKernel.derive(request, memory));
    });
    typed.fill(0x78);
    await ring.keyFor(first());
    expect(given[0]?.every((byte) => byte === 0)).toBe(true);
    expect(typed.toString()).toBe('x'.repeat(11));
  });

  it('looks ahead by a bounded number of derivations at once, through all members', async () => {
    const { member } = first();
    let open = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, () => {
      most = Math.max(most, ++open);
      return new Promise((_, reject) => {
        waiting.push(() => {
          open--;
          reject(new RecoveryError(problem('cancelled')));
        });
      });
    });
    ring.beginRun({
      members: Array.from({ length: 200 }, () => sealedAs({ ...member })),
      store: null,
      allowSlow: false,
    });
    for (let done = 0; done < 200;) {
      await settled();
      expect(open).toBeLessThanOrEqual(64);
      for (const end of waiting.splice(0, 20)) {
        end();
        done++;
      }
    }
    expect(most).toBe(64);
    await settled();
    expect(open).toBe(0);
  });

  it('has keys derived in the order of the members, however long their headers take to be read', async () => {
    const { member } = first();
    const source: ByteSource = {
      ...memorySource(sealed.bytes),
      read: async (position, length) => {
        const bytes = await memorySource(sealed.bytes).read(position, length);
        if (reads++ === 0) await settled();
        return bytes;
      },
    };
    let reads = 0;
    const orders: number[] = [];
    const ring = new KeyRing(source, passphrase, ({ order }) => {
      orders.push(order);
      return Promise.reject(new RecoveryError(problem('cancelled')));
    });
    ring.beginRun({
      members: Array.from({ length: 4 }, () => sealedAs({ ...member })),
      store: null,
      allowSlow: false,
    });
    await settled();
    await settled();
    expect(orders).toEqual([2, 3, 4, 1]);
    await expect(ring.keyFor(sealedAs({ ...member }))).rejects.toThrow();
    expect(orders.at(-1)).toBe(0);
  });

  it('has looked ahead by the time a key is asked for, and stops when told', async () => {
    const derive = countingDerive();
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, derive);
    ring.beginRun({ members: members(), store: null, allowSlow: false });
    await settled();
    expect(derive.keys).toHaveLength(chunkCount);
    for (const member of members()) await ring.keyFor(member);
    expect(derive.keys).toHaveLength(chunkCount);

    const other = countingDerive();
    const stopped = new KeyRing(memorySource(sealed.bytes), passphrase, other);
    let taken = 0;
    function* endless() {
      for (;;) {
        taken++;
        yield sealedAs({ ...first().member });
      }
    }
    stopped.beginRun({ members: endless(), store: null, allowSlow: false })[Symbol.dispose]();
    await settled();
    expect(taken).toBeLessThanOrEqual(65);
  });

  it('gives up what is being derived when its run ends, and derives it when it is asked for again', async () => {
    const derive = countingDerive();
    const signals: AbortSignal[] = [];
    let hangs = false;
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, (request, signal) => {
      if (!hangs || !signal) return derive(request);
      signals.push(signal);
      return new Promise((_, reject) => {
        // As a worker does that is in the middle of a block, it ends a little later.
        signal.addEventListener('abort', () => {
          setTimeout(() => reject(new RecoveryError(problem('cancelled'))), 5);
        });
      });
    });
    const kept = await ring.keyFor(first());
    hangs = true;
    const run = ring.beginRun({ members: members(), store: null, allowSlow: false });
    await settled();
    expect(signals).toHaveLength(chunkCount - 1);
    const waiting = run.keyFor(second()).catch(codeOf);
    run[Symbol.dispose]();
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    hangs = false;
    expect(await ring.keyFor(second())).toHaveLength(64);
    expect(await waiting).toBe('cancelled');
    expect(await ring.keyFor(first())).toBe(kept);
    await settled();
    expect(derive.keys).toHaveLength(2);
    expect(await ring.keyFor(second())).toHaveLength(64);
    expect(derive.keys).toHaveLength(2);
  });

  it('keeps what one run waits for when another run ends, and answers only the ended one with cancelled', async () => {
    const open = new Map<string, { signal: AbortSignal; finish: () => void }>();
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, (request, signal) => {
      const { promise, resolve, reject } = deferred<Uint8Array>();
      if (!signal) throw new TypeError('every derivation can be given up');
      signal.addEventListener('abort', () => reject(new RecoveryError(problem('cancelled'))));
      const name = Buffer.from(request.passphrase).toString().split('!')[1] ?? '';
      open.set(name, { signal, finish: () => resolve(nodeKernel.derive(request, memory)) });
      return promise;
    });
    const run = ring.beginRun({ members: [first(), second()], store: null, allowSlow: false });
    const other = ring.beginRun({ members: [second()], store: null, allowSlow: false });
    await settled();
    const [onlyFirst, both] = [open.get('vm1/private.img.000'), open.get('vm1/private.img.001')];
    const ended = run.keyFor(second()).catch(codeOf);
    const going = other.keyFor(second());

    run[Symbol.dispose]();
    expect(onlyFirst?.signal.aborted).toBe(true);
    expect(both?.signal.aborted).toBe(false);
    expect(await ended).toBe('cancelled');
    both?.finish();
    expect(await going).toHaveLength(64);
    expect(await run.keyFor(second()).catch(codeOf)).toBe('cancelled');
    expect(open.size).toBe(2);
    other[Symbol.dispose]();
  });

  it('derives ahead for all runs by turns', async () => {
    const { member } = first();
    const asked: string[] = [];
    const finish: (() => void)[] = [];
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, ({ passphrase: bound }) => {
      asked.push(Buffer.from(bound).toString().charAt(0));
      return new Promise((_, reject) => {
        finish.push(() => reject(new RecoveryError(problem('cancelled'))));
      });
    });
    const membersOf = (name: string) =>
      Array.from({ length: 100 }, () => ({ member: { ...member }, sealedName: name }));
    ring.beginRun({ members: membersOf('a'), store: null, allowSlow: false });
    ring.beginRun({ members: membersOf('b'), store: null, allowSlow: false });
    await settled();
    expect(asked.join('')).toBe('a'.repeat(64));
    for (const end of finish.splice(0, 10)) end();
    await settled();
    expect(asked.slice(64).filter((name) => name === 'b')).toHaveLength(5);
    expect(asked).toHaveLength(74);
  });

  it('keeps a key in the store of each run that wants it', async () => {
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, countingDerive());
    ring.sealWith(new Uint8Array(64).fill(7));
    const stores = [new Map<string, string>(), new Map<string, string>()];
    for (const kept of stores) {
      const store = {
        find: (name: string) => kept.get(name),
        keep: (name: string, key: string) => void kept.set(name, key),
      };
      ring.beginRun({ members: [second()], store, allowSlow: false });
    }
    await settled();
    for (const kept of stores) expect([...kept.keys()]).toEqual([second().sealedName]);
  });

  it('raises what went wrong ahead only when that key is asked for, and tries again then', async () => {
    let fails = true;
    const derive = countingDerive();
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, (request) =>
      fails ? Promise.reject(new RecoveryError(problem('cancelled'))) : derive(request),
    );
    ring.beginRun({ members: members(), store: null, allowSlow: false });
    await settled();
    expect(await ring.keyFor(first()).catch(codeOf)).toBe('cancelled');
    fails = false;
    expect(await ring.keyFor(first())).toHaveLength(64);
  });

  it('says of a key that opens nothing that it is not authentic, and derives again when asked again', async () => {
    const derive = countingDerive();
    const ring = new KeyRing(memorySource(sealed.bytes), new TextEncoder().encode('open barley'), derive);
    expect(await ring.keyFor(first()).catch(codeOf)).toBe('not-authentic');
    expect(await ring.keyFor(first()).catch(codeOf)).toBe('not-authentic');
    expect(derive.keys).toHaveLength(2);
  });

  it('says what is wrong with a header without deriving', async () => {
    const derive = countingDerive();
    const at = (offset: number, size: number) => sealedAs({ name: 'x.000.enc', offset, size });
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, derive);
    expect(await ring.keyFor(at(1, 500)).catch(codeOf)).toBe('not-sealed');
    expect(await ring.keyFor(at(0, 127)).catch(codeOf)).toBe('too-short');
    expect(await ring.keyFor(at(0, 3)).catch(codeOf)).toBe('too-short');
    const damaged = Buffer.from(sealed.bytes);
    damaged[20] = (damaged[20] ?? 0) ^ 1;
    const other = new KeyRing(memorySource(damaged), passphrase, derive);
    expect(await other.keyFor(first()).catch(codeOf)).toBe('header-damaged');
    expect(derive.keys).toEqual([]);
  });

  it('gives no key under another name than it was derived for', async () => {
    const derive = countingDerive();
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, derive);
    const { member } = first();
    await ring.keyFor(sealedAs(member));
    const otherwise = { member, sealedName: `${backupId}!../../vm1/private.img.000` };
    expect(await ring.keyFor(otherwise).catch(codeOf)).toBe('not-authentic');
    expect(await ring.keyFor(sealedAs(member))).toHaveLength(64);
  });

  it('reads and derives again what it was told to forget', async () => {
    const derive = countingDerive();
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, derive);
    const { member } = first();
    await ring.keyFor(sealedAs(member));
    ring.forget(member);
    await ring.keyFor(sealedAs(member));
    expect(derive.keys).toHaveLength(2);
  });

  it('wipes every key, those under way too, and ends what is being derived', async () => {
    const derive = countingDerive();
    let aborted = false;
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let slow = false;
    const ring = new KeyRing(memorySource(sealed.bytes), passphrase, async (request, signal) => {
      const key = derive(request);
      if (slow) {
        signal?.addEventListener('abort', () => (aborted = true));
        await held;
      }
      return key;
    });
    const [one, other] = [first(), second()];
    const forgotten = await ring.keyFor(one);
    ring.forget(one.member);
    const kept = await ring.keyFor(one);
    const wrong = { member: one.member, sealedName: 'another' };
    expect(await ring.keyFor(wrong).catch(codeOf)).toBe('not-authentic');
    slow = true;
    const late = ring.keyFor(other).catch(codeOf);
    await settled();
    const wiping = ring.wipe();
    expect(aborted).toBe(true);
    release?.();
    await wiping;
    await late;
    expect(kept.every((byte) => byte === 0)).toBe(true);
    expect(forgotten.every((byte) => byte === 0)).toBe(true);
    expect(derive.keys.every((key) => key.every((byte) => byte === 0))).toBe(true);
  });
});

scrypt.describe('a wiped key ring', () => {
  beforeAll(prepare);

  it('derives no more, with the zeros that are left of its passphrase', async () => {
    const derive = countingDerive();
    const [chunk] = sealed.file.chunks;
    const member = sealedAs(chunk?.member ?? { name: '', offset: 0, size: 0 });
    const source = memorySource(sealed.bytes);
    let arrive: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const slow: ByteSource = {
      ...source,
      read: async (position, length) => arrived.then(() => source.read(position, length)),
    };
    const ring = new KeyRing(slow, passphrase, derive);
    const reading = ring.keyFor(member).catch(codeOf);
    const wiping = ring.wipe();
    arrive?.();
    await wiping;
    expect(await reading).toBe('cancelled');
    expect(await ring.keyFor(member).catch(codeOf)).toBe('cancelled');
    expect(derive.keys).toEqual([]);
  });

  it('does not change what a large chunk gives that was verified before', async () => {
    const [, , large] = sealed.file.chunks;
    const member = large?.member ?? { name: '', offset: 0, size: 0 };
    const source = memorySource(sealed.bytes);
    const ring = new KeyRing(source, passphrase, countingDerive());
    const key = await ring.keyFor(sealedAs(member));
    let reads = 0;
    const watched: ByteSource = {
      ...source,
      read: async (position, length) => {
        if (++reads === 3) await ring.wipe();
        return source.read(position, length);
      },
    };
    const pieces: Uint8Array[] = [];
    for await (const piece of openLargeSealed(watched, member, key)) pieces.push(Uint8Array.from(piece));
    expect(reads).toBeGreaterThan(6);
    expect(Buffer.concat(pieces).equals(plainOf(2))).toBe(true);
  });
});

scrypt.describe('the stream of a sealed file', () => {
  beforeAll(prepare);

  interface Watched {
    readonly protection: ScryptProtection;
    /** Chunks in the order in which they were opened, and how many buffers are out. */
    readonly opened: number[];
    readonly out: () => number;
  }

  /** A protection whose chunks are opened by `alter` of what is stored, in buffers that are counted. */
  function watch(
    source: ByteSource = memorySource(sealed.bytes),
    alter: (bytes: Uint8Array, chunk: number, attempt: number) => Uint8Array = (bytes) => bytes,
    acceptUnsealed = false,
  ): Watched {
    const opened: number[] = [];
    const attempts = new Map<string, number>();
    let out = 0;
    const openChunk: OpenChunk = async ({ name, offset, size }, key) => {
      const number = Number(name.slice(-7, -4));
      const attempt = (attempts.get(name) ?? 0) + 1;
      attempts.set(name, attempt);
      opened.push(number);
      const bytes = alter(await source.read(offset, size), number, attempt);
      const plain = openSealed(bytes, key);
      out++;
      let released = false;
      return {
        plain,
        release: () => {
          if (released) throw new Error('released twice');
          released = true;
          out--;
          bytes.fill(0xa5);
        },
      };
    };
    const keys = new KeyRing(source, passphrase, countingDerive());
    const protection = new ScryptProtection({
      source,
      keys,
      openChunk,
      backupId,
      filter: null,
      acceptUnsealed,
    });
    return { protection, opened, out: () => out };
  }

  const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
    const changed = new Uint8Array(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  };

  /** Reads to the end; what came, and how it ended. */
  async function drain(stream: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; end: unknown }> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of stream) pieces.push(Buffer.from(piece));
      return { bytes: Buffer.concat(pieces), end: 'end' };
    } catch (error) {
      return { bytes: Buffer.concat(pieces), end: error instanceof RecoveryError ? error.problem : error };
    }
  }

  const whole = (count = chunkCount) => Buffer.concat(Array.from({ length: count }, (_, i) => plainOf(i)));
  const hooksThat = (hooks: Partial<StreamHooks>): StreamHooks => ({ ...noHooks, ...hooks });

  it('gives all chunks in order, releases every buffer, and counts every stored byte', async () => {
    const { protection, opened, out } = watch();
    let stored = 0;
    let most = 0;
    const hooks = hooksThat({ onProgress: (bytes) => (stored += bytes) });
    const pieces: Buffer[] = [];
    for await (const piece of protection.stream(sealed.file, hooks)) {
      pieces.push(Buffer.from(piece));
      most = Math.max(most, out());
    }
    expect(Buffer.concat(pieces).equals(whole())).toBe(true);
    expect(opened).toEqual([0, 1, 2, 3, 4]);
    expect(stored).toBe(sealed.file.storedBytes);
    expect(most).toBeLessThanOrEqual(2);
    expect(out()).toBe(0);
  });

  it('releases every buffer when it is left early, also one that arrives later', async () => {
    const { protection, out } = watch();
    for await (const piece of protection.stream(sealed.file, noHooks)) if (piece.length > 0) break;
    await settled();
    expect(out()).toBe(0);
  });

  it('releases every buffer when it is never begun, or ended before its first piece', async () => {
    const { protection, opened, out } = watch();
    await protection.stream(sealed.file, noHooks).return(undefined);
    await settled();
    expect([opened.length, out()]).toEqual([0, 0]);
  });

  it('gives what precedes a damaged chunk, names it, and goes no further', async () => {
    const { protection, opened, out } = watch(undefined, (bytes, chunk) =>
      chunk === 2 ? flipped(bytes, 500) : bytes,
    );
    const { bytes, end } = await drain(protection.stream(sealed.file, noHooks));
    expect(end).toEqual(problem('chunk-damaged', { file: 'vm1/private.img', chunk: 2 }));
    expect(bytes.equals(whole(2))).toBe(true);
    await settled();
    expect(opened).toEqual([0, 1, 2, 2]);
    expect(out()).toBe(0);
  });

  it('reads a chunk once more, and warns when that helped', async () => {
    const warnings: Problem[] = [];
    const { protection, opened } = watch(undefined, (bytes, chunk, attempt) =>
      chunk === 3 && attempt === 1 ? flipped(bytes, 500) : bytes,
    );
    const hooks = hooksThat({ onWarning: (warning) => warnings.push(warning) });
    const { bytes, end } = await drain(protection.stream(sealed.file, hooks));
    expect(end).toBe('end');
    expect(bytes.equals(whole())).toBe(true);
    expect(opened).toEqual([0, 1, 2, 3, 3, 4]);
    expect(warnings).toEqual([problem('chunk-unstable', { file: 'vm1/private.img', chunk: 3 })]);
  });

  it('derives anew for a header that reads otherwise the second time', async () => {
    const bad = flipped(sealed.bytes, 20);
    let reads = 0;
    const source = memorySource(sealed.bytes);
    const unstable: ByteSource = {
      ...source,
      read: (position, length, into) =>
        (position === 0 && reads++ === 0 ? memorySource(bad) : source).read(position, length, into),
    };
    const warnings: Problem[] = [];
    const { protection } = watch(unstable);
    const { end } = await drain(
      protection.stream(sealed.file, hooksThat({ onWarning: (warning) => warnings.push(warning) })),
    );
    expect(end).toBe('end');
    expect(warnings).toEqual([problem('chunk-unstable', { file: 'vm1/private.img', chunk: 0 })]);
  });

  const swapped = (): StoredFile => {
    const [a, b, c, ...rest] = sealed.file.chunks;
    if (!a || !b || !c) throw new Error('too few chunks');
    return { ...sealed.file, chunks: [a, { ...b, member: c.member }, { ...c, member: b.member }, ...rest] };
  };

  it('takes no chunk in the place or under the name of another', async () => {
    const { protection } = watch();
    const file = swapped();
    expect((await drain(protection.stream(file, noHooks))).end).toEqual(
      problem('chunk-not-authentic', { file: 'vm1/private.img', chunk: 1 }),
    );
    const renamed = { ...sealed.file, path: 'vm2/private.img' };
    expect((await drain(protection.stream(renamed, noHooks))).end).toEqual(
      problem('chunk-not-authentic', { file: 'vm2/private.img', chunk: 0 }),
    );
  });

  it('says which chunk is missing, after all that precedes it', async () => {
    const { protection } = watch();
    const file = { ...sealed.file, chunks: sealed.file.chunks.slice(0, 3), firstMissing: 3 };
    const { bytes, end } = await drain(protection.stream(file, noHooks));
    expect(end).toEqual(problem('chunk-missing', { file: 'vm1/private.img', chunk: 3 }));
    expect(bytes.equals(whole(3))).toBe(true);
    const none = { ...sealed.file, chunks: [], firstMissing: 0 };
    expect((await drain(protection.stream(none, noHooks))).end).toMatchObject({
      code: 'chunk-missing',
      params: { chunk: 0 },
    });
  });

  it('takes an unsealed chunk only when the person asked for it, and calls it what it is', async () => {
    const bytes = Buffer.concat([sealed.bytes, Buffer.from('not sealed at all'.repeat(20))]);
    const member = { name: 'vm1/private.img.005.enc', offset: sealed.bytes.length, size: 340 };
    const file = { ...sealed.file, chunks: [...sealed.file.chunks, { number: 5, member }] };
    const refusing = watch(memorySource(bytes));
    expect((await drain(refusing.protection.stream(file, noHooks))).end).toEqual(
      problem('chunk-not-sealed', { file: 'vm1/private.img', chunk: 5 }),
    );
    const warnings: Problem[] = [];
    const taking = watch(memorySource(bytes), undefined, true);
    const hooks = hooksThat({ onWarning: (warning) => warnings.push(warning) });
    const { bytes: found, end } = await drain(taking.protection.stream(file, hooks));
    expect(end).toBe('end');
    expect(found.subarray(-340).toString()).toBe('not sealed at all'.repeat(20));
    expect(warnings).toEqual([problem('chunk-unauthenticated', { file: 'vm1/private.img', chunk: 5 })]);
  });

  it('waits at the gate before it opens a chunk, and ends there when cancelled', async () => {
    const { protection, opened, out } = watch();
    const gate = new PauseGate();
    let cancelled = false;
    const hooks = hooksThat({
      gate: async () => {
        await gate.passed();
        if (cancelled) throw new RecoveryError(problem('cancelled'));
      },
    });
    gate.pause();
    const draining = drain(protection.stream(sealed.file, hooks));
    await settled();
    expect(opened).toEqual([]);
    gate.resume();
    await settled();
    expect(opened).toContain(0);
    expect((await draining).end).toBe('end');

    opened.length = 0;
    cancelled = true;
    expect((await drain(protection.stream(sealed.file, hooks))).end).toEqual(problem('cancelled'));
    expect([opened.length, out()]).toEqual([0, 0]);
  });
});

scrypt.describe('a pool of threads that open chunks', () => {
  let path: string;
  let layout: Layout;
  let keys: KeyRing;
  beforeAll(async () => {
    await prepare();
    const folder = await mkdtemp(join(tmpdir(), 'lifeboat-pool-'));
    path = join(folder, 'container');
    await writeFile(path, sealed.bytes);
    layout = [{ path, start: 0, length: sealed.bytes.length }];
    keys = new KeyRing(memorySource(sealed.bytes), passphrase, countingDerive());
    return () => rm(folder, { recursive: true });
  });

  it('opens chunks in buffers that are lent, and says what is wrong with others', async () => {
    const pool = new ChunkPool(2);
    onTestFinished(() => pool.close());
    const opened = await Promise.all(
      sealed.file.chunks.map(async ({ member }) =>
        pool.open(layout, member, await keys.keyFor(sealedAs(member))),
      ),
    );
    opened.forEach(({ plain }, i) => expect(Buffer.compare(plain, plainOf(i))).toBe(0));
    for (const { release } of opened) release();

    const [chunk] = sealed.file.chunks;
    const member = chunk?.member ?? { name: '', offset: 0, size: 0 };
    const key = await keys.keyFor(sealedAs(member));
    expect(await pool.open(layout, { ...member, size: member.size - 1 }, key).catch(codeOf)).toBe('damaged');
    expect(await pool.open(layout, { ...member, size: 100 }, key).catch(codeOf)).toBe('too-short');
    expect(await pool.open(layout, { ...member, offset: 1 }, key).catch(codeOf)).toBe('not-sealed');
    expect(await pool.open(layout, { ...member, size: 10 ** 9 }, key).catch(codeOf)).toBe('source-lost');
    expect(
      await pool
        .open([{ path: `${path}-gone`, start: 0, length: sealed.bytes.length }], member, key)
        .catch(codeOf),
    ).toBe('source-lost');
    expect(key.some((byte) => byte !== 0)).toBe(true);
  });

  it('knows the backup again when its drive was away', async () => {
    const content = await readFile(path);
    const away = `${path}-away`;
    await writeFile(away, content);
    const pool = new ChunkPool(1);
    onTestFinished(() => pool.close());
    const members = sealed.file.chunks.map(({ member }) => member);
    const open = async (member = members[0]) => {
      if (!member) return undefined;
      const { plain, release } = await pool.open(
        [{ path: away, start: 0, length: content.length }],
        member,
        await keys.keyFor(sealedAs(member)),
      );
      release();
      return plain.length;
    };
    const length = await open();
    await truncate(away, 5);
    expect(await open(members[1]).catch(codeOf)).toBe('source-lost');
    await writeFile(away, Buffer.from(content).fill(0, members[0]?.offset, (members[0]?.offset ?? 0) + 100));
    expect(await open(members[1]).catch(codeOf)).toBe('source-exchanged');
    await writeFile(away, content);
    expect(await open()).toBe(length);
  });

  it('answers what is under way when it closes, and whoever comes later', async () => {
    const pool = new ChunkPool(1);
    const [chunk] = sealed.file.chunks;
    const member = chunk?.member ?? { name: '', offset: 0, size: 0 };
    const key = await keys.keyFor(sealedAs(member));
    const opening = pool.open(layout, member, key).then(() => 'opened', codeOf);
    await pool.close();
    expect(['engine-gone', 'opened']).toContain(await opening);
    expect(await pool.open(layout, member, key).catch(codeOf)).toBe('engine-gone');
  });
});
