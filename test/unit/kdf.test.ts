/** Promises of key derivation, held against RFC 7914, node:crypto, scrypt-js and the scrypt tool. */
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { opensHeader, parseSealHeader } from '../../main/recovery/encryption/scrypt-container.ts';
import { chooseLayout, leastMemory, typicalLaneCosts } from '../../main/recovery/kdf/batch.ts';
import { measureLaneCosts } from '../../main/recovery/kdf/calibration.ts';
import {
  checkCost,
  laneLength,
  laneMemory,
  maxLanes,
  type DerivationCost,
  type DerivationKernel,
  type DerivationRequest,
} from '../../main/recovery/kdf/derivation.ts';
import { createLaneQueue } from '../../main/recovery/kdf/lane-queue.ts';
import { nodeKernel } from '../../main/recovery/kdf/node-kernel.ts';
import { gatherLanes, startLane } from '../../main/recovery/kdf/pbkdf2.ts';
import { scryptJsKernel } from '../../main/recovery/kdf/scryptjs-kernel.ts';
import { selfTest, selfTestMixer } from '../../main/recovery/kdf/self-test.ts';
import { layoutMemory, openMixer, usableMemory } from '../../main/recovery/kdf/smix.ts';
import { createWasmKernel } from '../../main/recovery/kdf/wasm-kernel.ts';
import { problemOf } from '../../shared/problems.ts';
import { oracle } from '../support/oracles.ts';
import { run } from '../support/tools.ts';
import { derivations, romix } from '../vectors/scrypt.ts';

const mebibyte = 2 ** 20;

/** One mixer for all tests: what an earlier batch left in its memory must not matter. */
const mixer = openMixer(256 * mebibyte);

const laneCounts = Array.from({ length: maxLanes }, (_, i) => i + 1);
const wasmKernel = (lanes: number, spacing = 1) => createWasmKernel(mixer, [{ lanes, spacing }]);
const kernels = [nodeKernel, scryptJsKernel, ...laneCounts.map((lanes) => wasmKernel(lanes))];

function request(
  cost: DerivationCost,
  passphrase = 'correct horse',
  salt = 'battery staple',
): DerivationRequest {
  return { ...cost, passphrase: Buffer.from(passphrase), salt: Buffer.from(salt) };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const keyBy = (kernel: DerivationKernel, asked: DerivationRequest) => hex(kernel.derive(asked, 2 ** 30));

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return problemOf(error).code;
  }
  return 'nothing';
}

describe('the kernels', () => {
  it.each(derivations)('derive what RFC 7914 says for N = 2^$logN, r = $r, p = $p', (vector) => {
    const asked = request(vector, vector.passphrase, vector.salt);
    for (const kernel of kernels) expect(keyBy(kernel, asked)).toBe(vector.key);
  });

  it('mix a single lane as RFC 7914 says', () => {
    const lane = Buffer.from(romix.input, 'hex');
    expect(mixer.mix([lane], romix)).toBe(true);
    expect(hex(lane)).toBe(romix.output);
  });

  it('agree with node:crypto on every small cost', () => {
    for (let logN = 1; logN <= 7; logN++) {
      for (let r = 1; r <= 16; r++) {
        for (let p = 1; p <= 8; p++) {
          const asked = request({ logN, r, p });
          expect(keyBy(wasmKernel(1 + ((logN + p) % maxLanes)), asked), `${logN} ${r} ${p}`).toBe(
            keyBy(nodeKernel, asked),
          );
        }
      }
    }
  });

  it.each([8, 9, 10, 11, 12, 13, 14, 15])('agree with node:crypto at N = 2^%i', (logN) => {
    const costs = logN < 12 ? [1, 3, 8, 16].flatMap((r) => [1, 3, 8].map((p) => ({ logN, r, p }))) : [];
    for (const cost of [...costs, { logN, r: 1, p: 2 }, { logN, r: 8, p: 1 }]) {
      const asked = request(cost);
      expect(keyBy(wasmKernel(maxLanes), asked), JSON.stringify(cost)).toBe(keyBy(nodeKernel, asked));
    }
  });

  it('agree with scrypt-js', () => {
    for (let logN = 1; logN <= 6; logN++) {
      for (let r = 1; r <= 4; r++) {
        for (let p = 1; p <= 3; p++) {
          const asked = request({ logN, r, p });
          expect(keyBy(wasmKernel(2), asked)).toBe(keyBy(scryptJsKernel, asked));
        }
      }
    }
  });

  it('derive the same with any part of the memory', () => {
    const [, second, third] = derivations;
    for (let spacing = 2; spacing <= 9; spacing++) {
      for (let lanes = 1; lanes <= maxLanes; lanes++) {
        const asked = request(second, second.passphrase, second.salt);
        expect(keyBy(wasmKernel(lanes, spacing), asked), `${spacing} ${lanes}`).toBe(second.key);
      }
    }
    expect(keyBy(wasmKernel(1, 8), request(third, third.passphrase, third.salt))).toBe(third.key);
  });

  it('mix lanes of different derivations in one batch', () => {
    const derivation = fc.record({
      passphrase: fc.uint8Array({ maxLength: 80 }),
      salt: fc.uint8Array({ maxLength: 40 }),
      p: fc.integer({ min: 1, max: 3 }),
    });
    const sameShape = fc.record({
      logN: fc.integer({ min: 1, max: 9 }),
      r: fc.integer({ min: 1, max: 12 }),
      spacing: fc.integer({ min: 1, max: 9 }),
      derivations: fc.array(derivation, { minLength: 1, maxLength: 4 }),
      sizes: fc.array(fc.integer({ min: 1, max: maxLanes }), { minLength: 1, maxLength: 6 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(sameShape, ({ logN, r, spacing, derivations: asked, sizes, seed }) => {
        const started = asked.map((one) =>
          Array.from({ length: one.p }, (_, index) => startLane({ ...one, r }, index)),
        );
        const waiting = shuffled(started.flat(), seed);
        for (let turn = 0; waiting.length > 0; turn++) {
          mixer.mix(waiting.splice(0, sizes[turn % sizes.length]), { logN, r }, spacing);
        }
        asked.forEach((one, i) => {
          const key = gatherLanes(one.passphrase, Buffer.concat(started[i] ?? []));
          expect(hex(key)).toBe(keyBy(nodeKernel, { ...one, logN, r }));
        });
      }),
      { numRuns: 150 },
    );
  });
});

/** A permutation that fast-check can repeat. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const keyed = items.map((item, i) => ({ item, key: Math.imul(seed ^ i, 0x9e3779b1) >>> 0 }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

oracle('scrypt').describe('against files of the scrypt tool', () => {
  it.each([
    { logN: 10, r: 8, p: 1 },
    { logN: 11, r: 8, p: 5 },
    { logN: 10, r: 1, p: 9 },
    { logN: 12, r: 32, p: 2 },
  ])('derives the key of N = 2^$logN, r = $r, p = $p', async ({ logN, r, p }) => {
    const costs = ['--logN', String(logN), '-r', String(r), '-p', String(p)];
    const sealed = await run('scrypt', ['enc', ...costs, '--passphrase', 'env:WORDS', '-'], {
      input: 'plain',
      env: { WORDS: 'grüße ☂' },
    });
    const header = parseSealHeader(sealed, sealed.length);
    expect(header).toMatchObject({ logN, r, p });
    const key = wasmKernel(maxLanes).derive({ ...header, passphrase: Buffer.from('grüße ☂') }, 0);
    expect(opensHeader(header, key)).toBe(true);
    const other = wasmKernel(maxLanes).derive({ ...header, passphrase: Buffer.from('gruesse') }, 0);
    expect(opensHeader(header, other)).toBe(false);
  });
});

describe('costs', () => {
  it.each([
    { logN: 1, r: 1, p: 1 },
    { logN: 15, r: 1, p: 1 },
    { logN: 63, r: 4, p: 1 },
    { logN: 1, r: 1, p: 2 ** 30 - 1 },
    { logN: 1, r: 2 ** 30 - 1, p: 1 },
  ])('that scrypt defines are accepted: %o', (cost) => {
    expect(() => checkCost(cost)).not.toThrow();
  });

  it.each([
    { logN: 0, r: 8, p: 1 },
    { logN: 64, r: 8, p: 1 },
    { logN: 1.5, r: 8, p: 1 },
    { logN: Number.NaN, r: 8, p: 1 },
    { logN: 16, r: 1, p: 1 },
    { logN: 14, r: 0, p: 1 },
    { logN: 14, r: 8, p: 0 },
    { logN: 14, r: 8, p: 2 ** 27 },
    { logN: 14, r: 2 ** 32 - 1, p: 2 ** 32 - 1 },
  ])('that it does not define are refused: %o', (cost) => {
    for (const kernel of kernels) {
      expect(codeOf(() => kernel.derive(request(cost), 2 ** 40))).toBe('derivation-parameters-invalid');
    }
  });

  it('that do not fit into the memory are refused before it is taken', () => {
    const asked = request({ logN: 20, r: 8, p: 1 });
    for (const kernel of kernels) {
      expect(codeOf(() => kernel.derive(asked, 512 * mebibyte))).toBe('derivation-needs-memory');
    }
    const absurd = request({ logN: 62, r: 8, p: 1 });
    for (const kernel of kernels) {
      expect(codeOf(() => kernel.derive(absurd, Infinity))).toBe('derivation-needs-memory');
    }
  });
});

describe('PBKDF2', () => {
  it('starts each lane on its own as if all were cut from one output', () => {
    const { passphrase, salt } = request({ logN: 1, r: 3, p: 4 });
    const all = pbkdf2Sync(passphrase, salt, 1, 4 * laneLength({ r: 3 }), 'sha256');
    const lanes = [0, 1, 2, 3].map((index) => startLane({ passphrase, salt, r: 3 }, index));
    expect(hex(Buffer.concat(lanes))).toBe(hex(all));
  });
});

describe('the self-test', () => {
  it.each(kernels)('passes kernel $name', (kernel) => {
    expect(() => selfTest(kernel)).not.toThrow();
  });

  it('passes the mixer in all its ways', () => {
    expect(() => selfTestMixer(mixer)).not.toThrow();
  });

  it('fails a kernel that errs in one bit', () => {
    const wrong: DerivationKernel = {
      name: 'node:crypto',
      derive(asked, memory) {
        const key = nodeKernel.derive(asked, memory);
        if (asked.p > 1) key[63] = (key[63] ?? 0) ^ 1;
        return key;
      },
    };
    expect(codeOf(() => selfTest(wrong))).toBe('derivation-self-test-failed');
  });

  it('fails a kernel that throws', () => {
    const broken: DerivationKernel = {
      name: 'wasm',
      derive: () => {
        throw new RangeError('no memory');
      },
    };
    expect(codeOf(() => selfTest(broken))).toBe('derivation-self-test-failed');
  });

  it('fails a mixer that errs in batches of one size only', () => {
    const wrong = {
      ...mixer,
      mix: (...[lanes, ...rest]: Parameters<typeof mixer.mix>) =>
        lanes.length === 3 || mixer.mix(lanes, ...rest),
    };
    expect(codeOf(() => selfTestMixer(wrong))).toBe('derivation-self-test-failed');
  });
});

describe('a mixer', () => {
  it('stops within a megabyte of rows, leaves the lanes alone, and mixes on afterwards', () => {
    const lane = randomBytes(1024);
    const before = hex(lane);
    let looks = 0;
    expect(mixer.mix([lane], { logN: 17, r: 8 }, 1, () => ++looks === 3)).toBe(false);
    expect(looks).toBe(3);
    expect(hex(lane)).toBe(before);
    expect(() => selfTestMixer(mixer)).not.toThrow();
  });

  it('zeroes its memory when it is closed', () => {
    const memories: WebAssembly.Memory[] = [];
    const Original = WebAssembly.Memory;
    class Watched extends Original {
      constructor(...limits: ConstructorParameters<typeof Original>) {
        super(...limits);
        memories.push(this);
      }
    }
    Object.assign(WebAssembly, { Memory: Watched });
    try {
      const own = openMixer(16 * mebibyte);
      own.mix([randomBytes(1024), randomBytes(1024)], { logN: 11, r: 8 });
      const bytes = new Uint8Array(memories[0]?.buffer ?? []);
      expect(bytes.some((byte) => byte !== 0)).toBe(true);
      own.close();
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    } finally {
      Object.assign(WebAssembly, { Memory: Original });
    }
  });

  it('has whole pages, and never more than it may', () => {
    expect(usableMemory(100_000)).toBe(65_536);
    expect(usableMemory(2 ** 40)).toBe(2 ** 32);
    expect(openMixer(mebibyte + 1).memoryBytes).toBe(mebibyte);
  });

  it('measures what a lane costs side by side with others', () => {
    const [one, ...others] = measureLaneCosts(mixer);
    expect(one).toBe(1);
    for (const cost of others) expect(cost).toBeGreaterThan(0);
  });
});

describe('the layout of a batch', () => {
  const shape = fc.record({ logN: fc.integer({ min: 1, max: 22 }), r: fc.integer({ min: 1, max: 16 }) });
  const memory = fc.integer({ min: 2 ** 20, max: 2 ** 33 });

  it('fits, and takes no more lanes than wait', () => {
    fc.assert(
      fc.property(shape, memory, fc.integer({ min: 1, max: 9 }), (lane, bytes, waiting) => {
        const layout = chooseLayout(lane, waiting, bytes, typicalLaneCosts);
        if (layout) {
          expect(layoutMemory(layout)).toBeLessThanOrEqual(Math.min(bytes, 2 ** 32));
          expect(layout.lanes).toBeLessThanOrEqual(Math.min(waiting, maxLanes));
        } else {
          expect(leastMemory(lane)).toBeGreaterThan(usableMemory(bytes));
        }
      }),
    );
  });

  it('exists for a seventh of what a lane would like to have', () => {
    for (const logN of [15, 17, 18, 19, 20]) {
      const layout = chooseLayout({ logN, r: 8 }, 1, laneMemory({ logN, r: 8 }) / 7, typicalLaneCosts);
      expect(layout).toMatchObject({ lanes: 1, spacing: 8 });
    }
  });

  it('holds six lanes of 512 MiB in 4 GiB, and three of 1 GiB', () => {
    const wholeLanes = (logN: number) => {
      return Math.max(
        ...laneCounts.filter((lanes) => layoutMemory({ logN, r: 8, lanes, spacing: 1 }) <= 2 ** 32),
      );
    };
    expect(wholeLanes(19)).toBe(6);
    expect(wholeLanes(20)).toBe(3);
  });

  it('takes as many lanes as this processor mixes fastest', () => {
    const plenty = 2 ** 32;
    expect(chooseLayout({ logN: 17, r: 8 }, 9, plenty, [1, 0.6, 0.5, 0.4])?.lanes).toBe(4);
    expect(chooseLayout({ logN: 17, r: 8 }, 9, plenty, [1, 0.6, 0.7, 0.7])?.lanes).toBe(2);
    expect(chooseLayout({ logN: 17, r: 8 }, 9, plenty, [1, 1.1, 1.2, 1.3])?.lanes).toBe(1);
  });

  it('touches new memory only where enough lanes wait to make up for it', () => {
    const lanes = (waiting: number, touched?: number) =>
      chooseLayout({ logN: 17, r: 8 }, waiting, 2 ** 32, [1, 0.6, 0.5, 0.4, 0.4, 0.38], touched)?.lanes;
    expect(lanes(4)).toBe(2);
    expect(lanes(4, 2 ** 30)).toBe(4);
    expect(lanes(100)).toBe(6);
  });
});

describe('the queue of lanes', () => {
  const derivation = (name: string, cost: Partial<DerivationCost>, order = 0) => ({
    name,
    order,
    taken: 0,
    request: request({ logN: 10, r: 8, p: 1, ...cost }),
  });

  it('hands out lanes of one shape, of the most urgent derivations first', () => {
    const queue = createLaneQueue<ReturnType<typeof derivation>>();
    queue.add(derivation('late', { p: 2 }, 5));
    queue.add(derivation('first', { p: 2 }));
    queue.add(derivation('other', { p: 3, logN: 11 }));
    queue.add(derivation('second', { p: 2 }));
    const take = (count: number) =>
      queue.take({ logN: 10, r: 8 }, count).map((lane) => `${lane.derivation.name} ${lane.index}`);

    expect(queue.waiting()).toBe(9);
    expect(queue.waiting({ logN: 10, r: 8 })).toBe(6);
    expect(take(3)).toEqual(['first 0', 'first 1', 'second 0']);
    expect(queue.next()?.name).toBe('other');
    expect(take(4)).toEqual(['second 1', 'late 0', 'late 1']);
    expect(take(4)).toEqual([]);
    expect(queue.waiting()).toBe(3);
  });

  it('forgets what is removed', () => {
    const queue = createLaneQueue<ReturnType<typeof derivation>>();
    const removed = derivation('removed', { p: 2 ** 26 });
    queue.add(removed);
    queue.add(derivation('kept', {}));
    expect(queue.take(removed.request, 1)).toEqual([{ derivation: removed, index: 0 }]);
    queue.remove(removed);
    expect(queue.clear().map(({ name }) => name)).toEqual(['kept']);
    expect(queue.next()).toBeUndefined();
  });
});
