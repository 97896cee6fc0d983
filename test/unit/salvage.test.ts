/**
 * Salvage of damaged files, against the real tools: whatever is lost, no byte outside the lost ranges is wrong, and one
 * lost chunk costs about one chunk.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import { decodeGzipTail, findGzipTail } from '../../main/recovery/salvage/gzip-tail.ts';
import type { MadeBackup } from '../support/backup-spec.ts';
import { cachedFolder } from '../support/cache.ts';
import {
  dropMember,
  flipByte,
  placeMembers,
  truncateNear,
  type Operation,
} from '../support/container-surgery.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { judge, readMap } from '../support/lost-map.ts';
import { makeBackup } from '../support/make-backup.ts';
import { makeOldBackup } from '../support/make-old-backup.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';
import type { FileReport, RestoreReport } from '../../shared/backup.ts';

const passphrase = 'salvage';
const kibibyte = 1024;

/** A file system with text, noise and holes in it, about six MiB of them stored. */
async function makeVolume(folder: string): Promise<string> {
  const tree = join(folder, 'tree');
  await mkdir(tree);
  // Program text: it compresses to a fifth, in blocks with codes of their own, and copies from far back.
  const text = await readFile(join(import.meta.dirname, '../../node_modules/typescript/lib/typescript.js'));
  for (let i = 0; i < 3; i++) {
    await writeFile(join(tree, `text-${i}`), text.subarray(i * 1_500_000, (i + 1) * 1_500_000));
    await writeFile(join(tree, `noise-${i}`), noise(200 * kibibyte, `noise ${i}`));
  }
  const volume = join(folder, 'private.img');
  await run('mkfs.ext4', ['-q', '-F', '-d', tree, volume, '16M']);
  await rm(tree, { recursive: true });
  return volume;
}

interface Form {
  readonly what: string;
  readonly compression: string | false;
  readonly compressor?: string;
  readonly version?: 3;
  readonly encrypted?: boolean;
  readonly sparse?: 'pax' | 'gnu' | 'none';
  /** Bytes of one chunk, 128 KiB unless told. */
  readonly chunkSize?: number;
  /** Bytes of the file that one lost chunk may cost; what precedes it is all that is asked for where it is null. */
  readonly cost: number | null;
}

const chunk = 128 * kibibyte;
const forms: readonly Form[] = [
  { what: 'no compression', compression: false, cost: chunk },
  { what: 'no compression, no holes', compression: false, sparse: 'none', cost: chunk },
  { what: 'no compression, GNU sparse', compression: false, sparse: 'gnu', cost: chunk },
  { what: 'gzip', compression: 'gzip', cost: 12 * chunk },
  { what: 'gzip -1', compression: 'gzip', compressor: 'gzip -1', cost: 12 * chunk },
  { what: 'pigz', compression: 'gzip', compressor: 'pigz', cost: 12 * chunk },
  { what: 'bzip2', compression: 'bzip2', compressor: 'bzip2 -1', cost: 12 * chunk },
  { what: 'pbzip2', compression: 'bzip2', compressor: 'pbzip2 -1', cost: 12 * chunk },
  { what: 'xz of many blocks', compression: 'xz', compressor: 'xz -1 --block-size=192KiB', cost: 12 * chunk },
  { what: 'xz of one block', compression: 'xz', compressor: 'xz -1', cost: null },
  {
    what: 'zstd of many frames',
    compression: 'zstd',
    compressor: `split -b 192K --filter='zstd -q -c'`,
    cost: 12 * chunk,
  },
  { what: 'zstd of one frame', compression: 'zstd', cost: null },
  { what: 'format 3, encrypted', version: 3, compression: false, cost: chunk + 16 },
  { what: 'format 3, encrypted and gzip', version: 3, compression: 'gzip', cost: 12 * chunk },
  { what: 'format 3, not encrypted', version: 3, compression: false, encrypted: false, cost: chunk },
];

interface Material {
  readonly form: Form;
  readonly backup: Buffer;
  readonly original: Buffer;
  /** Members of the volume's chunks. */
  readonly chunks: readonly string[];
}

const gate = oracle(
  'scrypt',
  'tar',
  'split',
  'openssl',
  'mkfs.ext4',
  'gzip',
  'pigz',
  'bzip2',
  'pbzip2',
  'xz',
  'zstd',
);

gate.describe('a volume of which chunks are lost', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await cachedFolder('salvage', [import.meta.filename], async (making) => {
      const volume = await makeVolume(making);
      for (const [i, form] of forms.entries()) {
        const made = await makeOne(form, volume, join(making, `${i}.backup`));
        const file = made.files.find(({ archiveName }) => archiveName.endsWith('private.img'));
        await writeFile(join(making, `${i}.json`), JSON.stringify(file?.chunks));
      }
    });
  });

  const materialOf = async (form: Form): Promise<Material> => {
    const i = forms.indexOf(form);
    const chunks = JSON.parse(await readFile(join(folder, `${i}.json`), 'utf8')) as string[];
    const backup = await readFile(join(folder, `${i}.backup`));
    return { form, backup, original: await readFile(join(folder, 'private.img')), chunks };
  };

  for (const form of forms) {
    gate.test(`${form.what}: one lost chunk costs about one chunk`, async () => {
      const material = await materialOf(form);
      const { chunks, original } = material;
      expect(chunks.length).toBeGreaterThan(6);
      for (const lost of [2, chunks.length - 3]) {
        const file = await salvaged(material, [flipByte(chunks[lost] ?? '', 'data')]);
        expect(file.wrong, `chunk ${lost}`).toEqual([]);
        expect(file.lostButWritten).toBe(0);
        expect(file.lost).toBeGreaterThan(0);
        expect(file.report.outcome).toBe('partial');
        expect(file.report.lost?.bytes).toBe(file.lost);
        expect(file.report.problems.map(({ code }) => code)).toEqual(
          expect.arrayContaining(['chunk-damaged', 'file-salvaged']),
        );
        const stored = original.length - file.lost;
        if (form.cost === null) expect(stored).toBeGreaterThan(0);
        else expect(file.lost, `chunk ${lost}`).toBeLessThanOrEqual(form.cost);
      }
    });

    gate.test(`${form.what}: whatever is lost, nothing else is wrong`, async () => {
      const material = await materialOf(form);
      const { chunks } = material;
      const loss = fc.record({
        chunk: fc.integer({ min: 1, max: chunks.length - 1 }),
        how: fc.constantFrom(...hows),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(loss, { minLength: 1, maxLength: 3 }), async (losses) => {
          // Cuts come last: what lies behind them is not there to be damaged any more.
          const inOrder = [...new Map(losses.map((each) => [each.chunk, each.how]))].toSorted(
            ([, a], [, b]) => hows.indexOf(a) - hows.indexOf(b),
          );
          const damage = inOrder.map(([number, how]) => damages[how](chunks[number] ?? ''));
          const file = await salvaged(material, damage);
          expect(file.wrong).toEqual([]);
          expect(file.lostButWritten).toBe(0);
        }),
        { numRuns: 3, seed: 20240229, endOnFailure: true },
      );
    });
  }

  for (const what of ['gzip', 'pbzip2', 'zstd of many frames']) {
    gate.test(`${what}: what lies between two lost chunks is saved beside the file`, async () => {
      const material = await materialOf(forms.find((form) => form.what === what) as Form);
      const lost = [2, material.chunks.length - 3];
      const { to, report } = await restored(
        material,
        lost.map((number) => flipByte(material.chunks[number] ?? '', 'data')),
      );
      const told = report.problems.find(({ code }) => code === 'piece-saved');
      expect(told?.params).toMatchObject({ piece: 'work/private.img.partial.piece-1' });
      const piece = await readFile(join(to, 'work/private.img.partial.piece-1'));
      expect(told?.params).toMatchObject({ size: piece.length });
      // All of it but what is cut at its ends: a chunk decodes to more than it has.
      expect(piece.length).toBeGreaterThan((lost[1] ?? 0) * chunk - 5 * chunk);
      await expectPieceOf(material.original, to, 'work/private.img.partial.piece-1');
    });
  }

  gate.test('a later restore leaves nothing of the pieces of an earlier one', async () => {
    const material = await materialOf(forms[3] as Form);
    const to = await scratchFolder();
    const lost = [2, material.chunks.length - 3].map((number) =>
      flipByte(material.chunks[number] ?? '', 'data'),
    );
    const inWork = async () => (await filesBelow(to)).filter((name) => name.startsWith('work/'));
    await restored(material, lost, false, to);
    expect(await inWork()).toContain('work/private.img.partial.piece-1.map');
    await restored(material, [], false, to);
    expect(await inWork()).toEqual(['work/private.img']);
  });

  for (const what of ['no compression', 'gzip', 'bzip2', 'xz of many blocks', 'zstd of many frames']) {
    gate.test(`${what}: without the chunk that holds its map, what follows is saved by itself`, async () => {
      const material = await materialOf(forms.find((form) => form.what === what) as Form);
      const { to, report } = await restored(material, [flipByte(material.chunks[0] ?? '', 'data')]);
      const piece = 'work/private.img.partial.piece-1';
      expect([report.outcome, report.path]).toEqual(['partial', piece]);
      expect(report.problems.map(({ code }) => code)).toEqual(['chunk-damaged', 'piece-saved']);
      await expectPieceOf(material.original, to, piece);
      expect((await readFile(join(to, piece))).length).toBeGreaterThan(3 * 1024 * kibibyte);
    });
  }

  gate.test(
    'a file whose lost chunk held none of its content is whole, and nothing is said to be lost',
    async () => {
      const folder = await scratchFolder();
      const source = join(folder, 'private.img');
      // With its header of 512 bytes it fills three chunks, and the fourth has nothing but the archive's padding.
      const content = noise(3 * 64 * kibibyte - 512, 'whole');
      await writeFile(source, content);
      const made = await makeBackup({
        destination: join(folder, 'padded.backup'),
        passphrase,
        compression: false,
        chunkSize: 64 * kibibyte,
        qubes: [{ name: 'work', class: 'AppVM', files: [{ name: 'private.img', source, sparse: 'none' }] }],
      });
      const last = made.members.findLast((name) => name.startsWith('vm1/private.img')) ?? '';
      expect(last).toBe('vm1/private.img.003.enc');
      const backup = dropMember(last)(await readFile(made.path));
      const to = await scratchFolder();
      // The second one finds it there.
      for (let round = 0; round < 2; round++) {
        const report = await restoreInProcess(memorySource(backup), { passphrase, destination: to });
        expect([report.outcome, volumeOf(report).path]).toEqual(['restored', 'work/private.img']);
        expect(volumeOf(report).problems.map(({ code }) => code)).toEqual(['file-whole']);
        expect(volumeOf(report).lost).toBeUndefined();
      }
      expect(await readFile(join(to, 'work/private.img'))).toEqual(content);
      expect(await filesBelow(join(to, 'work'))).toEqual(['private.img']);
      await run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: to });
      const verified = await restoreInProcess(memorySource(backup), { passphrase, destination: null });
      expect([verified.outcome, volumeOf(verified).path]).toEqual(['verified', null]);
    },
  );

  gate.test('format 3, encrypted: without the chunk that holds its salt, nothing is saved', async () => {
    const material = await materialOf(forms.find(({ version }) => version === 3) as Form);
    const { to, report } = await restored(material, [flipByte(material.chunks[0] ?? '', 'data')]);
    expect([report.outcome, report.path]).toEqual(['failed', null]);
    expect(report.problems.map(({ code }) => code)).toEqual(['chunk-damaged']);
    expect((await filesBelow(to)).filter((name) => name.includes('piece'))).toEqual([]);
  });

  gate.test('a tree keeps the files before a lost chunk, and what follows is saved by itself', async () => {
    const making = await scratchFolder();
    const home = join(making, 'user');
    await mkdir(home);
    const contents = Array.from({ length: 30 }, (_, i) => noise(40 * kibibyte, `file ${i}`));
    for (const [i, content] of contents.entries()) await writeFile(join(home, `file-${10 + i}`), content);
    const destination = join(making, 'tree.backup');
    await makeBackup({ destination, passphrase, chunkSize: chunk, dom0Home: home, qubes: [] });
    const damaged = flipByte('dom0-home/user.004.enc', 'data')(await readFile(destination));
    const to = await scratchFolder();
    const { qubes } = await restoreInProcess(memorySource(damaged), { passphrase, destination: to });
    const [report] = qubes[0]?.files ?? [];
    expect([report?.outcome, report?.path]).toEqual(['partial', 'dom0/user.partial']);
    const verified = await restoreInProcess(memorySource(damaged), { passphrase, destination: null });
    expectSame(verified.qubes[0]?.files[0] as FileReport, report as FileReport);
    for (let i = 10; i < 20; i++)
      expect(
        (await readFile(join(to, `dom0/user.partial/file-${i}`))).equals(contents[i - 10] as Buffer),
      ).toBe(true);
    await expectPieceOf(Buffer.concat(contents), to, 'dom0/user.partial.piece-1');
  });

  gate.test('a file that was salvaged goes to its final name only when asked for', async () => {
    const material = await materialOf(forms[3] as Form);
    const damage = [flipByte(material.chunks[4] ?? '', 'data')];
    const asked = await restored(material, damage, true);
    expect([asked.report.outcome, asked.report.path]).toEqual(['partial', 'work/private.img']);
    expect((await filesBelow(asked.to)).filter((name) => name.startsWith('work/'))).toEqual([
      'work/private.img',
      'work/private.img.partial.map',
    ]);
    const unasked = await restored(material, damage);
    expect(unasked.report.path).toBe('work/private.img.partial');
  });
});

const hows = ['flip', 'drop', 'cut'] as const;

const damages: Readonly<Record<(typeof hows)[number], (name: string) => Operation>> = {
  flip: (name) => flipByte(name, 'data'),
  drop: dropMember,
  cut: (name) => (backup) => {
    const isThere = placeMembers(backup).some((member) => member.name === name);
    return isThere ? truncateNear(name, 'in data')(backup) : backup;
  },
};

async function makeOne(form: Form, source: string, destination: string): Promise<MadeBackup> {
  const { compression, compressor, version, encrypted, sparse = 'pax', chunkSize = chunk } = form;
  const common = {
    destination,
    passphrase,
    chunkSize,
    compression,
    ...(compressor !== undefined && { compressor }),
    qubes: [{ name: 'work', class: 'AppVM' as const, files: [{ name: 'private.img', source, sparse }] }],
  };
  if (version === undefined) return makeBackup(common);
  const qubes = [{ name: 'work', class: 'AppVM' as const, files: [{ name: 'private.img', source }] }];
  return makeOldBackup({ ...common, qubes, version, encrypted: encrypted ?? true });
}

/** Expects that a piece holds parts of `original`, except where its own map says that bytes are lost. */
async function expectPieceOf(original: Buffer, to: string, name: string): Promise<void> {
  const piece = await readFile(join(to, name));
  let found = 0;
  let compared = 0;
  for (const { start, end, lost } of await readMap(join(to, `${name}.map`))) {
    if (lost) expect(piece.subarray(start, end).every((byte) => byte === 0)).toBe(true);
    for (let at = start; !lost && at + 256 <= end; at += 4096) {
      compared++;
      if (original.includes(piece.subarray(at, at + 256))) found++;
    }
  }
  expect(compared).toBeGreaterThan(10);
  // Headers of the archive and borders of what it holds are nowhere in the original.
  expect(found).toBeGreaterThan(compared * 0.9);
}

async function restored(
  material: Material,
  damage: readonly Operation[],
  acceptPartial = false,
  folder?: string,
) {
  const to = folder ?? (await scratchFolder());
  const bytes = damage.reduce((backup, operation) => operation(backup), material.backup);
  const report = volumeOf(
    await restoreInProcess(memorySource(bytes), { passphrase, destination: to, acceptPartial }),
  );
  const verified = volumeOf(await restoreInProcess(memorySource(bytes), { passphrase, destination: null }));
  expectSame(verified, report);
  return { to, report };
}

function volumeOf({ qubes }: RestoreReport): FileReport {
  const report = qubes.flatMap(({ files }) => files).find(({ name }) => name === 'private.img');
  if (!report) throw new RangeError('the volume is not in the report');
  return report;
}

/** Expects that a verification tells of a file what a restore has of it, and of no place where it would be. */
function expectSame(verified: FileReport, report: FileReport): void {
  const codes = report.problems.map(({ code }) =>
    code === 'file-salvaged' ? 'file-salvageable' : code === 'piece-saved' ? 'piece-salvageable' : code,
  );
  expect(verified.problems.map(({ code }) => code)).toEqual(codes);
  expect(verified).toMatchObject({
    path: null,
    bytes: report.bytes,
    sha256: report.sha256,
    outcome: report.outcome === 'restored' ? 'verified' : report.outcome,
  });
  expect(verified.lost).toEqual(report.lost && { ...report.lost, map: null });
}

async function salvaged(material: Material, damage: readonly Operation[]) {
  const { to, report } = await restored(material, damage);
  const empty = { report, wrong: [] as number[], lost: 0, lostButWritten: 0 };
  if (report.path === null || !report.lost?.map) return empty;
  const bytes = await readFile(join(to, report.path));
  const map = await readMap(join(to, report.lost.map));
  await rm(to, { recursive: true });
  return { report, ...judge(bytes, material.original, map) };
}

describe('the rest of a gzip stream', () => {
  const text = Buffer.from(
    Array.from({ length: 30_000 }, (_, i) => `${(i * 2654435761) % 4096} line ${i} of some text\n`).join(''),
  );
  const mixed = Buffer.concat([
    text,
    noise(400 * kibibyte, 'a'),
    text.subarray(0, 90_000),
    Buffer.alloc(1 << 20),
  ]);

  const pieces = (bytes: Uint8Array, length: number) =>
    Readable.from(
      Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
        bytes.slice(i * length, (i + 1) * length),
      ),
    ) as AsyncIterable<Uint8Array>;

  /** Decodes from a cut on and compares with what was compressed; the bytes that are known, and those that are not. */
  const compareFrom = async (stored: Uint8Array, original: Buffer, cut: number, pieceLength: number) => {
    const behind = stored.subarray(cut);
    const tail = await findGzipTail(pieces(behind, pieceLength));
    if (!tail) return null;
    expect(tail.total).toBe(original.length);
    let at = original.length - tail.length;
    let unknownBytes = 0;
    for await (const { bytes, unknown } of decodeGzipTail(pieces(behind, pieceLength), tail)) {
      const right = Buffer.from(original.subarray(at, at + bytes.length));
      for (const { start, end } of unknown) {
        right.fill(0, start, end);
        unknownBytes += end - start;
      }
      expect(right.equals(bytes)).toBe(true);
      at += bytes.length;
    }
    expect(at).toBe(original.length);
    return { length: tail.length, unknownBytes };
  };

  test('is found and right from any cut, at every level and with every strategy', async () => {
    const strategies = [
      constants.Z_DEFAULT_STRATEGY,
      constants.Z_HUFFMAN_ONLY,
      constants.Z_RLE,
      constants.Z_FILTERED,
    ];
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of strategies) {
        const stored = gzipSync(mixed, { level, strategy });
        for (const part of [0.1, 0.5, 0.8]) {
          const cut = Math.floor(stored.length * part);
          const found = await compareFrom(stored, mixed, cut, 10_007);
          expect(found?.length, `level ${level}, strategy ${strategy}, ${part}`).toBeGreaterThan(0);
        }
      }
    }
  });

  test('is not believed where the stream is cut off or damaged behind', async () => {
    const stored = gzipSync(mixed);
    expect(
      (await findGzipTail(pieces(stored.subarray(50_000, stored.length - 20), 4096)))?.total ?? null,
    ).toBeNull();
    const damaged = Buffer.from(stored.subarray(50_000));
    damaged.fill(0xff, damaged.length - 3000, damaged.length - 2900);
    const found = await findGzipTail(pieces(damaged, 4096));
    // A later block may lead to the end; what it says must then be about what is behind the damage only.
    expect(found?.length ?? 0).toBeLessThan(1 << 21);
  });

  test('is not taken from a gzip file that was compressed in it', async () => {
    const inner = gzipSync(text);
    const outer = Buffer.concat([text, inner, inner, noise(100 * kibibyte, 'z'), inner, text]);
    const stored = gzipSync(outer);
    for (let cut = 100_000; cut < stored.length - 1000; cut += 97_003) {
      await compareFrom(stored, outer, cut, 64 * kibibyte);
    }
  });

  test('is found in streams of several members', async () => {
    const stored = Buffer.concat([gzipSync(mixed), gzipSync(text), Buffer.alloc(512)]);
    const whole = Buffer.concat([mixed, text]);
    expect(await compareFrom(stored, whole, 100_000, 9999)).not.toBeNull();
  });

  test('random bytes lead nowhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        expect(await findGzipTail(pieces(bytes, 700))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
