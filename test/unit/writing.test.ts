/** Promises of what is written into a destination: what its refusals mean, and that it is still the one it was. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { StreamFault } from '../../main/recovery/archive/decoder.ts';
import { costsOneEntry, destinationError } from '../../main/recovery/writing/destination-error.ts';
import { HeldDestination } from '../../main/recovery/writing/held-destination.ts';
import { patiently } from '../../main/recovery/writing/patience.ts';
import { withLock } from '../../main/recovery/writing/lock.ts';
import { exists } from '../../main/recovery/writing/moving.ts';
import { problem, problemOf } from '../../shared/problems.ts';
import { scratchFolder } from '../support/lifeboat.ts';

const path = '/drive/work/private.img';
const failing = (code: string) => Object.assign(new Error(`${code}: of the system`), { code });
const meaningOf = (code: string) => problemOf(destinationError(path, failing(code)));

describe('what a drive refuses', () => {
  it.each([
    ['ENOSPC', problem('dest-ran-full', { path })],
    ['EDQUOT', problem('dest-ran-full', { path })],
    ['EFBIG', problem('dest-file-limit', { path, limit: 4_294_967_295 })],
    ['EROFS', problem('dest-read-only', { path })],
    ['EACCES', problem('dest-denied', { path })],
    ['EPERM', problem('dest-denied', { path })],
    ['EEXIST', problem('dest-occupied', { path })],
    ['ENOTEMPTY', problem('dest-occupied', { path })],
    ['ENOENT', problem('dest-missing', { path })],
    ['ENOTDIR', problem('dest-not-a-folder', { path })],
    ['ENAMETOOLONG', problem('dest-name-refused', { path })],
    ['EILSEQ', problem('dest-name-refused', { path })],
    ['EMFILE', problem('too-many-open-files', { path })],
    ['ENFILE', problem('too-many-open-files', { path })],
    ['EBUSY', problem('dest-busy', { path })],
    ['ETXTBSY', problem('dest-busy', { path })],
    ['EIO', problem('dest-lost', { path, reason: 'EIO' })],
    ['ENXIO', problem('dest-lost', { path, reason: 'ENXIO' })],
    ['ENODEV', problem('dest-lost', { path, reason: 'ENODEV' })],
    ['ESTALE', problem('dest-lost', { path, reason: 'ESTALE' })],
    ['ETIMEDOUT', problem('dest-lost', { path, reason: 'ETIMEDOUT' })],
    ['ENOTCONN', problem('dest-lost', { path, reason: 'ENOTCONN' })],
    ['ECONNRESET', problem('dest-lost', { path, reason: 'ECONNRESET' })],
    ['ENETDOWN', problem('dest-lost', { path, reason: 'ENETDOWN' })],
    ['ENETUNREACH', problem('dest-lost', { path, reason: 'ENETUNREACH' })],
    ['EHOSTDOWN', problem('dest-lost', { path, reason: 'EHOSTDOWN' })],
    ['EHOSTUNREACH', problem('dest-lost', { path, reason: 'EHOSTUNREACH' })],
    ['EISDIR', problem('dest-refused', { path, reason: 'illegal operation on a directory (EISDIR)' })],
    ['EINVAL', problem('dest-refused', { path, reason: 'invalid argument (EINVAL)' })],
    ['EUNHEARD', problem('dest-refused', { path, reason: 'EUNHEARD' })],
    ['Unknown system error -9999', problem('dest-refused', { path, reason: 'Unknown system error -9999' })],
  ])('by %s has one meaning', (code, expected) => {
    expect(meaningOf(code)).toEqual(expected);
  });

  it('ends a restore only where no other file can be written either', () => {
    const codes = ['ENOSPC', 'EROFS', 'EIO', 'EISDIR', 'EMFILE', 'EBUSY', 'EPERM', 'ENAMETOOLONG', 'EFBIG'];
    expect(codes.filter((code) => costsOneEntry(meaningOf(code)))).toEqual(codes.slice(3));
  });

  it('is not what failed elsewhere: that stays what it is', () => {
    const damage = new StreamFault('damaged', 'bad block');
    expect(destinationError(path, damage)).toBe(damage);
    expect(problemOf(destinationError(path, new TypeError('our own'))).code).toBe('unexpected');
    expect(problemOf(destinationError(path, failing('ERR_INVALID_ARG_VALUE'))).code).toBe('unexpected');
  });
});

describe('patience', () => {
  /** A clock that goes on while somebody sleeps, and no faster. */
  const clock = (platform: NodeJS.Platform) => {
    let time = 0;
    const pauses: number[] = [];
    const sleep = (pause: number) => {
      time += pause;
      pauses.push(pause);
      return Promise.resolve();
    };
    return { pauses, surroundings: { platform, now: () => time, sleep } };
  };
  const refusing = (times: number, code: string) => {
    let left = times;
    return () => (left-- > 0 ? Promise.reject(failing(code)) : Promise.resolve('done'));
  };

  it.each(['EPERM', 'EACCES', 'EBUSY'])(
    'outlasts on Windows what holds a file for a moment: %s',
    async (code) => {
      const { pauses, surroundings } = clock('win32');
      expect(await patiently(refusing(5, code), surroundings)).toBe('done');
      expect(pauses).toEqual([10, 20, 40, 80, 160]);
    },
  );

  it('ends after ten seconds with the refusal', async () => {
    const { pauses, surroundings } = clock('win32');
    await expect(patiently(refusing(1000, 'EBUSY'), surroundings)).rejects.toThrow('EBUSY');
    const waited = pauses.reduce((sum, pause) => sum + pause, 0);
    expect([waited >= 10_000, waited < 11_001]).toEqual([true, true]);
  });

  it('has no use elsewhere, nor with another refusal', async () => {
    for (const [platform, code] of [
      ['linux', 'EPERM'],
      ['darwin', 'EBUSY'],
      ['win32', 'ENOENT'],
    ] as const) {
      const { pauses, surroundings } = clock(platform);
      await expect(patiently(refusing(1, code), surroundings)).rejects.toThrow(code);
      expect(pauses).toEqual([]);
    }
  });
});

describe('a lock', () => {
  const lockIn = async () => join(await scratchFolder(), 'lock');

  it('lets one in at a time', async () => {
    const path = await lockIn();
    let inside = 0;
    let most = 0;
    const act = async () => {
      most = Math.max(most, ++inside);
      await setImmediate();
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, () => withLock(path, act)));
    expect(most).toBe(1);
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('that a killed run left keeps nobody waiting for ever, and lets one in at a time all the same', async () => {
    const path = await lockIn();
    await writeFile(path, 'left by nobody who lives');
    let inside = 0;
    let most = 0;
    const act = async () => {
      most = Math.max(most, ++inside);
      await setImmediate();
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withLock(path, act, { patience: 100 })));
    expect(most).toBe(1);
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('is not taken from a run that lives, however long that takes', async () => {
    const path = await lockIn();
    const order: string[] = [];
    const first = withLock(
      path,
      async () => {
        for (let beat = 0; beat < 30; beat++) await setTimeout(20);
        order.push('first');
      },
      { patience: 200 },
    );
    while (!(await exists(path))) await setImmediate();
    await withLock(path, () => Promise.resolve(order.push('second')), { patience: 200 });
    await first;
    expect(order).toEqual(['first', 'second']);
  });
});

describe('a destination that is held', () => {
  let destination: string;
  beforeEach(async () => {
    destination = join(await scratchFolder(), 'to');
    await mkdir(destination);
  });

  it('is the same one while files come and go in it', async () => {
    await using held = await HeldDestination.hold(destination);
    await writeFile(join(destination, 'x'), 'x');
    expect(await held.loss()).toBeNull();
    await rm(join(destination, 'x'));
    expect(await held.loss()).toBeNull();
  });

  it('is known to be gone, or another one at its place', async () => {
    await using held = await HeldDestination.hold(destination);
    await rename(destination, `${destination}-away`);
    expect(await held.loss()).toEqual(problem('dest-lost', { path: destination, reason: 'ENOENT' }));
    await mkdir(destination);
    expect(await held.loss()).toEqual(problem('dest-exchanged', { path: destination }));
    await rm(destination, { recursive: true });
    await rename(`${destination}-away`, destination);
    expect(await held.loss()).toBeNull();
  });

  it('tells one bad place on it from its end', async () => {
    await using held = await HeldDestination.hold(destination);
    const lost = problem('dest-lost', { path, reason: 'EIO' });
    const damage = problem('stream-unfinished', { file: 'x' });
    expect(await held.judge([damage, lost])).toEqual([
      damage,
      problem('dest-refused', { path, reason: 'i/o error (EIO)' }),
    ]);
    expect(await readdir(destination)).toEqual([]);
    await rm(destination, { recursive: true });
    expect(await held.judge([damage, lost])).toEqual([
      problem('dest-lost', { path: destination, reason: 'ENOENT' }),
      damage,
    ]);
  });
});
