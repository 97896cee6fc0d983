/**
 * Promises of formats 3 and 2 about chunks that changed places: their HMACs bind no place, so whoever can write the
 * file can move chunks without the passphrase. GNU tar is the judge of what is out of sequence.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinVolumes } from '../../main/recovery/archive/volumes.ts';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import { problemKinds } from '../../shared/problems.ts';
import type { RestoreReport } from '../../shared/backup.ts';
import { fixturePassphrase } from '../fixtures/variants.ts';
import { findMember, swapNames, type Operation } from '../support/container-surgery.ts';
import { codesIn, filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { bash, run } from '../support/tools.ts';
import { writeSparseFile } from '../support/trees.ts';
import { contentOf, inPieces, readAll } from '../vectors/reading.ts';

const chunk = (path: string, number: number) => `${path}.${String(number).padStart(3, '0')}`;

/** Exchanges two chunks of a file, with what authenticates them. */
function exchange(path: string, one: number, other: number): Operation[] {
  return ['', '.hmac'].map((suffix) => swapNames(chunk(path, one) + suffix, chunk(path, other) + suffix));
}

/** Puts a copy of one chunk of a file, with what authenticates it, in the place of another one. */
function repeat(path: string, one: number, replaced: number): Operation[] {
  return ['', '.hmac'].map((suffix) => (backup) => {
    const aside = swapNames(chunk(path, one) + suffix, chunk(path, replaced) + suffix)(backup);
    const { start, end } = findMember(backup, chunk(path, one) + suffix);
    return Buffer.concat([backup.subarray(start, end), aside]);
  });
}

async function restored(
  fixture: string,
  damage: readonly Operation[],
): Promise<{ report: RestoreReport; files: readonly string[] }> {
  const good: Buffer = await readFile(join(import.meta.dirname, `../fixtures/${fixture}.backup`));
  const source = memorySource(damage.reduce((bytes, operation) => operation(bytes), good));
  const destination = await scratchFolder();
  const report = await restoreInProcess(source, { passphrase: fixturePassphrase, destination });
  return { report, files: await filesBelow(destination) };
}

describe('chunks of format 2 whose archive goes over several of them', () => {
  for (const [fixture, path] of [
    ['v2-volumes', 'vm1/private.img'],
    ['v2-volumes-gzip', 'appvms/work/private.img'],
  ] as const) {
    const damages = [
      { what: 'the second and the third exchanged', damage: exchange(path, 1, 2), first: 1 },
      { what: 'the first and the second exchanged', damage: exchange(path, 0, 1), first: 0 },
      { what: 'the third in the place of the second', damage: repeat(path, 2, 1), first: 1 },
      { what: 'the second in the place of the third', damage: repeat(path, 1, 2), first: 2 },
      { what: 'the second in the place of the first', damage: repeat(path, 1, 0), first: 0 },
    ];
    for (const { what, damage, first } of damages) {
      it(`are refused with ${what}: ${fixture}`, async () => {
        const { report, files } = await restored(fixture, damage);
        const [problem] = report.qubes.flatMap(({ files }) => files.flatMap((file) => file.problems));
        expect(problem).toEqual({
          code: 'chunk-out-of-sequence',
          params: { file: 'work/private.img', chunk: first },
        });
        expect(report.outcome).not.toBe('restored');
        expect(files).not.toContain('work/private.img');
      });
    }

    it(`are restored in their own order: ${fixture}`, async () => {
      const { report, files } = await restored(fixture, []);
      expect(codesIn(report)).toEqual([]);
      expect(report.outcome).toBe('restored');
      expect(files).toContain('work/private.img');
    });
  }
});

oracle('tar').describe('the volumes of GNU tar', () => {
  /** A file with data, a hole, data and a hole at its end, in volumes of 100 KiB. */
  async function volumesOf(name: string, ...options: readonly string[]) {
    const folder = await scratchFolder();
    const starts = Array.from({ length: 70 }, (_, i) => i * 16_384 + (i > 30 ? 2 ** 20 : 0));
    await writeSparseFile(join(folder, name), 4 * 2 ** 20, starts, 8192);
    const naming = 'printf "%s.%03d" "${TAR_ARCHIVE%.*}" $((TAR_VOLUME - 1)) >&$TAR_FD';
    const script = join(folder, 'next-volume');
    await bash(`printf '#!/bin/sh\n%s\n' "$2" > "$1"; chmod +x "$1"`, [script, naming]);
    await run('tar', [
      ...['-Pc', '--format=gnu', ...options, '-C', folder, '-f', join(folder, 'volume.000')],
      ...['--tape-length=100', `--new-volume-script=${script}`, name],
    ]);
    const files = (await readdir(folder)).filter((each) => each.startsWith('volume.')).sort();
    const volumes = await Promise.all(files.map((each) => readFile(join(folder, each))));
    return { volumes, source: await readFile(join(folder, name)) };
  }

  const outOfSequence = (volume: number) => {
    throw new RangeError(`volume ${volume}`);
  };
  const joined = (volumes: readonly Buffer[]) =>
    readAll(
      joinVolumes(
        volumes.map((volume) => inPieces(volume, 700)),
        outOfSequence,
      ),
    );

  const cases: Readonly<Record<string, readonly [string, ...string[]]>> = {
    'stored whole': ['private.img'],
    'stored with its holes': ['private.img', '--sparse'],
    'with a name longer than a header holds': ['x'.repeat(120), '--sparse'],
  };

  for (const [what, [name, ...options]] of Object.entries(cases)) {
    it(`make one archive again: a file ${what}`, async () => {
      const { volumes, source } = await volumesOf(name, ...options);
      expect(volumes.length).toBeGreaterThan(4);
      const [entry] = await joined(volumes);
      expect(entry?.path).toBe(name);
      expect(entry && contentOf(entry).equals(source)).toBe(true);
    });

    it(`are refused in any other order, as GNU tar refuses them: a file ${what}`, async () => {
      const { volumes } = await volumesOf(name, ...options);
      const last = volumes.length - 1;
      const orders = [
        [0, 2, 1],
        [0, 1, 3],
        [0, 1, 1],
        [0, 1, 2, last],
        [1, 2],
      ];
      for (const order of orders) {
        const parts = order.map((index) => volumes[index] ?? Buffer.alloc(0));
        await expect(joined(parts), order.join()).rejects.toThrow(RangeError);
        if (order[0] !== 0) continue;
        const moved = await scratchFolder();
        for (const [at, part] of parts.entries()) await writeFile(join(moved, chunk('volume', at)), part);
        // Without a script, tar asks nobody for another volume and ends.
        const archives = parts.flatMap((_, at) => ['-f', join(moved, chunk('volume', at))]);
        const tar = run('tar', ['-xM', ...archives, '-C', moved], { input: '' });
        await expect(tar, order.join()).rejects.toThrow();
      }
    });
  }

  it('are refused where one of another file of the same size follows', async () => {
    const one = await volumesOf('private.img');
    const other = await volumesOf('root.img');
    const [first = Buffer.alloc(0)] = one.volumes;
    await expect(joined([first, ...other.volumes.slice(1)])).rejects.toThrow('volume 1');
  });
});

describe('chunks of format 3', () => {
  const path = 'appvms/work/private.img';

  it('are told to be exchangeable where nothing is compressed, once, and that alone is no loss', async () => {
    expect(problemKinds['chunks-exchangeable'].severity).toBe('warning');
    for (const fixture of ['v3-bare', 'v3-encrypted-uncompressed']) {
      const { report } = await restored(fixture, []);
      expect(codesIn(report)).toEqual(['chunks-exchangeable']);
      expect(report.outcome).toBe('restored');
    }
  });

  it('are not told so where decompressing shows it, or where no file has several', async () => {
    expect(codesIn((await restored('v3-gzip', [])).report)).not.toContain('chunks-exchangeable');
    const exchanged = await restored('v3-unencrypted', exchange(path, 0, 1));
    expect(codesIn(exchanged.report)).not.toContain('chunks-exchangeable');
    expect(exchanged.report.outcome).not.toBe('restored');
    expect(exchanged.files).not.toContain('work/private.img');
    expect(codesIn((await restored('v2-encrypted-uncompressed', [])).report)).toEqual([]);
  });
});
