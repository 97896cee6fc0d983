/** What is fuzzed: every reader of bytes that somebody else wrote, with seeds by the real tools. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { ArchiveFault } from '../../main/recovery/archive/archive-fault.ts';
import { readArchive } from '../../main/recovery/archive/archive-reader.ts';
import { type Decoder, StreamFault } from '../../main/recovery/archive/decoder.ts';
import { decodeBzip2 } from '../../main/recovery/archive/decoders/bzip2.ts';
import { gzipDecoder } from '../../main/recovery/archive/decoders/gzip.ts';
import { decodeLzma } from '../../main/recovery/archive/decoders/lzma.ts';
import { decodeXz } from '../../main/recovery/archive/decoders/xz.ts';
import { decodeZlib } from '../../main/recovery/archive/decoders/zlib.ts';
import { decodeZstd } from '../../main/recovery/archive/decoders/zstd.ts';
import { denseMap } from '../../main/recovery/archive/sparse-map.ts';
import { joinVolumes } from '../../main/recovery/archive/volumes.ts';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import { parseBackupHeader } from '../../main/recovery/catalog/backup-header.ts';
import { catalogQubes } from '../../main/recovery/catalog/inventory.ts';
import { parseQubesXml } from '../../main/recovery/catalog/qubes-xml.ts';
import { groupStoredFiles } from '../../main/recovery/catalog/stored-files.ts';
import { indexContainer } from '../../main/recovery/container/container-index.ts';
import { KeySealer } from '../../main/recovery/encryption/key-sealer.ts';
import { parseHmacFile } from '../../main/recovery/encryption/hmac-file.ts';
import { openSealed, parseSealHeader, SealFault } from '../../main/recovery/encryption/scrypt-container.ts';
import { openImage, openVolume } from '../../main/recovery/image/image.ts';
import { parseJournal } from '../../main/recovery/restore/journal.ts';
import { decodeBzip2Tail } from '../../main/recovery/salvage/bzip2-tail.ts';
import { findGzipTail } from '../../main/recovery/salvage/gzip-tail.ts';
import { findRuns } from '../../main/recovery/salvage/find-runs.ts';
import { findXzRuns } from '../../main/recovery/salvage/xz-blocks.ts';
import type { Fragment } from '../../main/recovery/salvage/stored-stream.ts';
import { emittersOf, entriesOf, serve, type Handlers } from '../../shared/contract/define.ts';
import { wizardContract, type WizardContract } from '../../shared/contract/wizard.ts';
import { fail, RecoveryError } from '../../shared/problems.ts';
import { core3Xml } from '../support/qubes-xml.ts';
import { run } from '../support/tools.ts';
import { blocks } from '../vectors/hand-made-deflate.ts';
import { disagreement } from '../vectors/inflating.ts';

export interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Takes any bytes; resolves when they were read or refused in order, and rejects for anything else. */
  readonly take: (bytes: Uint8Array) => Promise<void>;
}

/** Output of a decoder that is looked at: bombs are bounded by whoever asks no further. */
const mostOutput = 4 * 1024 * 1024;

/** All targets; `RangeError`s and the like are findings, faults of these kinds are answers. */
export async function makeTargets(): Promise<readonly Target[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-fuzz-'));
  try {
    const content = Buffer.concat([
      Buffer.from(Array.from({ length: 300 }, (_, i) => `line ${i * 37} of text\n`).join('')),
      Buffer.alloc(3000),
    ]);
    const pack = (tool: string, ...args: string[]) => run(tool, args, { input: content });
    const stored = {
      gzip: await pack('gzip', '-c'),
      bzip2: await pack('bzip2', '-1c'),
      xz: await pack('xz', '-0c', '--block-size=2048'),
      lzma: await pack('lzma', '-0c'),
      zstd: await pack('zstd', '-qc'),
      zlib: await pack('pigz', '-zc'),
    };
    const tars = await sparseTars(folder, content);
    const backups = await Promise.all(
      ['v4-gzip', 'v4-outer-gnu', 'v3-gzip', 'v2-volumes'].map(async (name) =>
        (await readFile(join(import.meta.dirname, `../fixtures/${name}.backup`))).subarray(0, 60_000),
      ),
    );
    const image = join(folder, 'image');
    const tree = join(folder, 'tree');
    await run('mkdir', ['-p', join(tree, 'a/b')]);
    await writeFile(join(tree, 'a/b/file'), content);
    await run('mkfs.ext4', ['-q', '-F', '-b', '1024', '-d', tree, image, '512K']);
    const xml = Buffer.from(
      core3Xml([
        {
          name: 'work',
          class: 'AppVM',
          qid: 1,
          label: 'red',
          included: true,
          path: 'vm1/',
          size: 5,
          volumes: { private: 4096 },
          properties: {},
          features: {},
        },
      ]),
    );
    const cost = ['--logN', '10', '-r', '1', '-p', '1'];
    const sealed = await run(
      'scrypt',
      ['enc', ...cost, '--passphrase', 'dev:stdin-once', join(tree, 'a/b/file')],
      {
        input: 'x\n',
      },
    );
    const header =
      'version=4\nencrypted=True\ncompressed=True\ncompression-filter=gzip\nhmac-algorithm=scrypt\nbackup-id=20240229T123456-4321\n';
    return [
      target('container', backups, async (bytes) => {
        const index = await indexContainer(memorySource(bytes));
        for (const version of [4, 3]) groupStoredFiles(index, version);
      }),
      target('header', [Buffer.from(header)], (bytes) => void parseBackupHeader(bytes)),
      target('scrypt container', [sealed], (bytes) => {
        parseSealHeader(bytes.subarray(0, 96), bytes.length);
        openSealed(new Uint8Array(bytes), new Uint8Array(64));
      }),
      journalTarget(),
      target(
        'hmac file',
        [Buffer.from(`(stdin)= ${'ab'.repeat(64)}\n`)],
        (bytes) => void parseHmacFile(bytes),
      ),
      target('list of qubes', [xml], (bytes) => {
        catalogQubes(parseQubesXml(bytes), { files: new Map(), unexplained: [], cutOff: false });
      }),
      target('inner archive', tars, async (bytes) => {
        let left = mostOutput;
        for await (const entry of readArchive(pieces(bytes, 1000)))
          for await (const { bytes: data } of entry.data()) if ((left -= data.length) < 0) return;
      }),
      target('volumes of an archive', tars, (bytes) =>
        outputOf(() =>
          joinVolumes([pieces(bytes.subarray(0, 2000), 512), pieces(bytes.subarray(2000), 512)], () =>
            fail('chunk-out-of-sequence', { file: 'x', chunk: 1 }),
          ),
        )(pieces(bytes, 512)),
      ),
      ...decoders(stored),
      inflateTarget(content),
      target('gzip behind damage', [gzipSync(content).subarray(50)], async (bytes) => {
        await findGzipTail(pieces(bytes, 500));
      }),
      target('bzip2 behind damage', [stored.bzip2.subarray(4)], (bytes) =>
        outputOf((input) => decodeBzip2Tail(input, 1))(pieces(bytes, 500)),
      ),
      target('xz behind damage', [stored.xz], async (bytes) => {
        const half = Math.floor(bytes.length / 2);
        const fragments: [Fragment, Fragment] = [
          fragment(bytes, 0, half - 100),
          fragment(bytes, half, bytes.length),
        ];
        for (const found of await findXzRuns({ fragments, problems: [] }))
          for await (const piece of found.open()) if (piece.bytes.length > mostOutput) return;
      }),
      target('runs behind damage', Object.values(stored), async (bytes) => {
        const third = Math.floor(bytes.length / 3);
        const fragments = [
          fragment(bytes, 0, third - 20),
          fragment(bytes, third, 2 * third - 20),
          fragment(bytes, 2 * third, bytes.length),
        ];
        const size = content.length;
        const layout = {
          path: 'x',
          size,
          map: denseMap(size),
          dataStart: 0,
          dataEnd: size,
          usualTotal: size + 1024,
        };
        for (const compression of ['gzip', 'bzip2', 'xz', 'zstd'] as const) {
          for (const found of await findRuns({ fragments, problems: [] }, layout, compression)) {
            let left = mostOutput;
            for await (const piece of found.open()) if ((left -= piece.bytes.length) < 0) break;
          }
        }
      }),
      target('image', [await readFile(image)], async (bytes) => {
        const disk = await openImage(memorySource(bytes));
        for (const volume of disk.volumes.filter(({ isReadable }) => isReadable)) {
          const filesystem = await openVolume(volume, { verifyChecksums: false });
          let left = 100;
          for await (const step of filesystem.walk(filesystem.root)) {
            if ('status' in step)
              await filesystem.readFile(step.status.number, 0, 5000).catch(refusedInOrder);
            if (--left === 0) break;
          }
        }
      }),
      contractTarget(),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

function refusedInOrder(error: unknown): void {
  if (!(error instanceof RecoveryError)) throw error;
}

function target(
  name: string,
  seeds: readonly Uint8Array[],
  read: (bytes: Uint8Array) => Promise<void> | void,
): Target {
  return {
    name,
    seeds,
    async take(bytes) {
      try {
        await read(bytes);
      } catch (error) {
        const isAnswer = [RecoveryError, StreamFault, ArchiveFault, SealFault].some(
          (kind) => error instanceof kind,
        );
        if (!isAnswer || (error instanceof RecoveryError && error.problem.code === 'unexpected')) throw error;
      }
    },
  };
}

function decoders(stored: Readonly<Record<string, Buffer>>): readonly Target[] {
  const each: Readonly<Record<string, Decoder>> = {
    gzip: gzipDecoder(() => undefined),
    bzip2: decodeBzip2,
    xz: decodeXz,
    lzma: decodeLzma,
    zstd: decodeZstd,
    zlib: decodeZlib,
  };
  return Object.entries(each).map(([name, decoder]) =>
    target(name, [stored[name] ?? Buffer.alloc(0)], (bytes) => outputOf(decoder)(pieces(bytes, 700))),
  );
}

/** Deflate data of all kinds: what the inflater makes of them is what zlib does, to the byte. */
function inflateTarget(content: Buffer): Target {
  const { Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants;
  const deflated = [Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED].map((strategy) =>
    deflateRawSync(content, { strategy, memLevel: 1 }),
  );
  const handMade = Object.values(blocks).map(([, block]) => block);
  const seeds = [...deflated, ...handMade.filter(({ length }) => length < 1000)];
  return target('inflate', seeds, async (bytes) => {
    const differs = await disagreement(bytes, bytes.length % 3 === 0 ? undefined : 1 + (bytes.length % 700));
    if (differs !== undefined) throw new Error(differs);
  });
}

/** A journal that others wrote in: whatever they write, what it says of files is what was attested. */
function journalTarget(): Target {
  const sealer = new KeySealer(new Uint8Array(64).fill(7));
  const attest = (text: string) => sealer.attest(text);
  const lineOf = (stored: string) => {
    const completed = { bytes: 5, sha256: 'ab'.repeat(32), checksums: [], problems: [] };
    const finished = JSON.stringify({ backup: 'b', stored, output: ['work', 'x'], modified: 5, completed });
    return JSON.stringify({ finished, attestation: attest(finished) });
  };
  const genuine = ['vm1/private.img', 'vm2/private.img'];
  const key = JSON.stringify({ backup: 'b', chunk: 'b!vm1/private.img.000', sealedKey: 'AAAA' });
  const seed = Buffer.from([...genuine.map(lineOf), key].join('\n'));
  return target('journal', [seed], (bytes) => {
    for (const [stored, { output }] of parseJournal(Buffer.from(bytes).toString(), 'b', attest).entries)
      if (!genuine.includes(stored) || output.join('/') !== 'work/x') throw new Error(`believes ${stored}`);
  });
}

/** Any JSON as the arguments of any call: refused, or handed on as the schema has it. */
function contractTarget(): Target {
  const handlers = Object.fromEntries(
    Object.entries(wizardContract).map(([group, members]) => [
      group,
      Object.fromEntries(Object.keys(members).map((name) => [name, () => undefined])),
    ]),
  ) as unknown as Handlers<WizardContract>;
  emittersOf(wizardContract, () => undefined);
  const dispatch = serve(wizardContract, handlers);
  const names = entriesOf(wizardContract).map(([name]) => name);
  const seeds = names.map((name) =>
    Buffer.from(
      JSON.stringify([
        name,
        { placeId: 'x', backupId: 'y', passphrase: 'z', jobId: '1', keep: true, qubes: ['a'] },
      ]),
    ),
  );
  return target('contract', seeds, async (bytes) => {
    let message: unknown;
    try {
      message = JSON.parse(Buffer.from(bytes).toString('utf8'));
    } catch {
      return;
    }
    const [name, args] = Array.isArray(message) ? (message as unknown[]) : [message, message];
    await dispatch(String(name), args);
  });
}

function outputOf(decoder: Decoder): (input: AsyncIterable<Uint8Array>) => Promise<void> {
  return async (input) => {
    let left = mostOutput;
    for await (const piece of decoder(input)) if ((left -= piece.length) < 0) return;
  };
}

function pieces(bytes: Uint8Array, length: number): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      let at = 0;
      return {
        next: () => {
          const value = bytes.slice(at, (at += length));
          return Promise.resolve(
            value.length > 0 ? { done: false, value } : { done: true, value: undefined },
          );
        },
      };
    },
  };
}

function fragment(bytes: Uint8Array, start: number, end: number): Fragment {
  return { start, end, open: (from = start) => pieces(bytes.subarray(from, Math.max(from, end)), 600) };
}

/** The same sparse file in every form of GNU tar, and a tree. */
async function sparseTars(folder: string, content: Buffer): Promise<Buffer[]> {
  const sparse = join(folder, 'sparse');
  await writeFile(
    sparse,
    Buffer.concat([content.subarray(0, 4096), Buffer.alloc(40_000), content.subarray(0, 5000)]),
  );
  await run('fallocate', ['-d', sparse]);
  const forms = [
    ['--format=gnu', '--sparse'],
    ['--format=posix', '--sparse', '--sparse-version=1.0'],
    ['--format=posix', '--sparse', '--sparse-version=0.1'],
    ['--format=posix', '--sparse', '--sparse-version=0.0'],
    ['--format=ustar'],
  ];
  return Promise.all(forms.map((form) => run('tar', ['-C', folder, '-c', '-f', '-', ...form, 'sparse'])));
}
