/**
 * Measures the decompressors against the programs whose formats they read, each on one thread, over 96 MB of mixed data.
 *
 * `npx node test/bench/decoders.ts`; needs the programs and half a gigabyte of room for temporary files. Of five rounds
 * the best time counts, and processor time beside it, which a busy machine falsifies less. `ratio` is ours over theirs.
 * Both hand their output to somebody: ours to a loop, a program's through a pipe, as in the official procedure.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Compression } from '../../main/recovery/archive/decoder.ts';
import { decoderFor } from '../../main/recovery/archive/decoders/decoder-for.ts';
import { bash } from '../support/tools.ts';
import { mixedContent } from './mixed-content.ts';

const ROUNDS = 5;
const CONTENT_BYTES = 96e6;

/** What is measured: how it is compressed, and decompressed by the program on one thread. */
const commands: readonly (readonly [Compression, string, string])[] = [
  ['gzip', 'gzip -c', 'gzip -dc'],
  ['zlib', 'pigz -zc', 'pigz -p1 -zdc'],
  ['bzip2', 'bzip2 -c', 'bzip2 -dc'],
  ['xz', 'xz -c', 'xz -T1 -dc'],
  ['xz', 'xz -0c --check=sha256', 'xz -T1 -dc'],
  ['lzma', 'lzma -c', 'lzma -dc'],
  ['zstd', 'zstd -qc', 'zstd -qdc --single-thread'],
  ['zstd', 'zstd -qc --long=31', 'zstd -qdc --single-thread --long=31'],
];

/** Seconds: on the clock, and of the processor. */
interface Time {
  readonly wall: number;
  readonly processor: number;
}

/** Of several rounds, the least of each. */
async function best(round: () => Promise<Time>): Promise<Time> {
  let [wall, processor] = [Infinity, Infinity];
  for (let i = 0; i < ROUNDS; i++) {
    const time = await round();
    wall = Math.min(wall, time.wall);
    processor = Math.min(processor, time.processor);
  }
  return { wall, processor };
}

async function ours(compression: Compression, path: string): Promise<Time> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  let length = 0;
  for await (const piece of decoderFor(compression)(createReadStream(path, { highWaterMark: 2 ** 20 }))) {
    length += piece.length;
  }
  if (length !== CONTENT_BYTES) throw new Error(`${compression}: ${length} bytes came out`);
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - start) / 1e3, processor: (user + system) / 1e6 };
}

async function theirs(command: string, path: string): Promise<Time> {
  const script = `TIMEFORMAT='%R %U %S'; { time { ${command} <"$1" | cat >/dev/null; } 2>&3; } 3>&2 2>&1`;
  const times = (await bash(script, [path])).toString().trim().split(' ').map(Number);
  const [wall = NaN, user = NaN, system = NaN] = times;
  return { wall, processor: user + system };
}

const folder = await mkdtemp(join(tmpdir(), 'lifeboat-decoders-'));
try {
  const content = join(folder, 'content');
  await writeFile(content, await mixedContent(CONTENT_BYTES));
  console.log('compressed with           ratio (of time, of processor time)   MB/s');
  for (const [compression, compress, decompress] of commands) {
    const stored = join(folder, 'stored');
    await bash(`${compress} "$1" > "$2"`, [content, stored]);
    const our = await best(() => ours(compression, stored));
    const their = await best(() => theirs(decompress, stored));
    const ratios = [our.wall / their.wall, our.processor / their.processor].map((ratio) =>
      ratio.toFixed(2).padStart(6),
    );
    console.log(
      `${compress.padEnd(26)}${ratios.join(' ')}${(CONTENT_BYTES / 1e6 / our.wall).toFixed(0).padStart(29)}`,
    );
  }
} finally {
  await rm(folder, { recursive: true });
}
