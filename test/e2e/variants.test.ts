/**
 * Every variant of the formats, made by the real tools: restored whole, byte by byte, and from a slow and
 * stuttering source, each time to the same sums; and refused with its code where it must be.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { openFileSource, type ByteSource } from '../../main/recovery/bytes/source.ts';
import type { RestoreReport } from '../../shared/backup.ts';
import { pathOfVariant } from '../fixtures/recipes.ts';
import { variants, type Variant } from '../fixtures/variants.ts';
import { codesIn, scratchFolder } from '../support/lifeboat.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';

type Recut = (stream: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** Single bytes for the first kilobytes, where every header lies, then pieces of an odd size: whole would take hours. */
const byteByByte: Recut = async function* (stream) {
  let seen = 0;
  for await (const piece of stream) {
    for (let at = 0; at < piece.length;) {
      const length = seen < 6000 ? 1 : 4093;
      yield piece.slice(at, at + length);
      seen += length;
      at += length;
    }
  }
};

const slowly: Recut = async function* (stream) {
  for await (const piece of stream) {
    await sleep(1);
    yield piece;
  }
};

/** A source whose every read is cut in two and waits between, as a network drive may do. */
async function stutteringSource(path: string): Promise<ByteSource> {
  const source = await openFileSource(path);
  return {
    size: source.size,
    async read(position, length, into) {
      const target = into?.subarray(0, length) ?? new Uint8Array(length);
      const half = Math.floor(length / 2);
      await source.read(position, half, target.subarray(0, half));
      await sleep(0);
      await source.read(position + half, length - half, target.subarray(half));
      return target;
    },
    close: () => source.close(),
  };
}

/** Warnings that a variant is made to raise. */
const warnings: Readonly<Record<string, string>> = {
  'v4-filter-mistaken.backup': 'compression-differs',
  'v4-compressed-unsaid.backup': 'compression-differs',
  'v4-unknown-members.backup': 'member-unexplained',
};

/** Variants that are refused unless the person asked for it. */
const refusals: Readonly<Record<string, string>> = { 'v4-chunk-unsealed.backup': 'chunk-not-sealed' };

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Where the restore of a variant's file lies: under the qube's name, not its path in the backup. */
function placeOf(archivePath: string, report: RestoreReport): string {
  const home = /^dom0-home\/(.+)$/.exec(archivePath)?.[1];
  if (home !== undefined) return `dom0/${home}`;
  const [, folder = '', name = ''] = /^(?:appvms\/|vm-templates\/)?([^/]+)\/(.+)$/.exec(archivePath) ?? [];
  const qid = /^vm(\d+)$/.exec(folder)?.[1];
  const qube = qid === undefined ? folder : (qubeOfQid(qid, report) ?? folder);
  return `${qube}/${name}`;
}

/** The fixtures' qubes, by the number that their path carries. */
function qubeOfQid(qid: string, report: RestoreReport): string | undefined {
  const names: Readonly<Record<string, readonly string[]>> = {
    1: ['work', 'one'],
    2: ['fedora-23'],
    10: ['ten'],
    100: ['hundred'],
  };
  return report.qubes.find((qube) => names[qid]?.includes(qube.name))?.name;
}

async function expectRestored(variant: Variant, report: RestoreReport, destination: string): Promise<void> {
  expect(
    report.qubes.flatMap((qube) => qube.files.flatMap((file) => file.problems)).filter(isFailure),
  ).toEqual([]);
  for (const [archivePath, sum] of Object.entries(variant.expected)) {
    expect(await sumOf(join(destination, placeOf(archivePath, report))), archivePath).toBe(sum);
  }
  const warning = warnings[variant.file];
  if (warning !== undefined) expect(codesIn(report)).toContain(warning);
}

function isFailure(problem: { readonly code: string }): boolean {
  return !Object.values(warnings).includes(problem.code) && !problem.code.startsWith('link-');
}

const ordinary = variants.filter((variant) => variant.generated !== true && variant.huge !== true);

describe.for(ordinary)('$file', (variant) => {
  const ways: readonly (readonly [string, (path: string) => Promise<ByteSource>, Recut | undefined])[] = [
    ['whole', openFileSource, undefined],
    ['byte by byte', openFileSource, byteByByte],
    ['slowly', stutteringSource, slowly],
  ];
  test.for(ways)(`%s: ${variant.special}`, async ([, open, recut]) => {
    const destination = await scratchFolder();
    const refusal = refusals[variant.file];
    if (refusal !== undefined) {
      const refused = await restoreInProcess(await open(await pathOfVariant(variant)), {
        passphrase: variant.passphrase,
        destination: await scratchFolder(),
        ...(recut ? { recut } : {}),
      });
      expect(codesIn(refused)).toContain(refusal);
    }
    const report = await restoreInProcess(await open(await pathOfVariant(variant)), {
      passphrase: variant.passphrase,
      destination,
      acceptUnsealed: refusal !== undefined,
      ...(recut ? { recut } : {}),
    });
    if (refusal === undefined) {
      expect(report.outcome).toBe('restored');
      await expectRestored(variant, report, destination);
    } else {
      expect(codesIn(report)).toContain('chunk-unauthenticated');
      expect(report.outcome).toBe('partial');
      for (const [path, sum] of Object.entries(variant.expected)) {
        expect(await sumOf(join(destination, placeOf(path, report)))).toBe(sum);
      }
    }
  });

  test('refuses a wrong passphrase', async () => {
    const attempt = restoreInProcess(await openFileSource(await pathOfVariant(variant)), {
      passphrase: 'not this one',
      destination: null,
    });
    await expect(attempt).rejects.toMatchObject({ problem: { code: 'passphrase-rejected' } });
  });
});

describe.for(variants.filter((variant) => variant.huge === true))('$file', (variant) => {
  test(`whole: ${variant.special}`, async () => {
    const destination = await scratchFolder();
    const report = await restoreInProcess(await openFileSource(await pathOfVariant(variant)), {
      passphrase: variant.passphrase,
      destination,
    });
    const [path = '', sum] = Object.entries(variant.expected)[0] ?? [];
    const file = report.qubes.flatMap((qube) => qube.files).find(({ name }) => path.endsWith(name));
    expect(file?.sha256).toBe(sum);
    const { size, blocks } = await stat(join(destination, placeOf(path, report)));
    expect(size).toBeGreaterThan(8 * 2 ** 30);
    expect(blocks * 512).toBeLessThan(2 ** 20);
  });
});
