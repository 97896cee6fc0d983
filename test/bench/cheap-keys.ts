/**
 * Measures what is left of a restore when derivations cost next to nothing (N=2^10), on volumes that compress as real
 * ones do: against the official procedure, and against node:zlib inflating the same in one thread.
 *
 *     npm run bench -- cheap-keys               one qube of 1.5 GB, and two of half of it
 *
 * Everything takes turns, three times, and the best time of each counts.
 */
import { randomFillSync } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { makeBackup } from '../support/make-backup.ts';
import { restoreOfficially } from '../support/official-procedure.ts';
import { bash, run } from '../support/tools.ts';
import { passphrase, restoreMeasured, timed, verifyMeasured } from './measured-restore.ts';
import { mixedContent } from './mixed-content.ts';

const totalBytes = 1.5e9;
const pieceBytes = 96e6;
const times = 3;
const cost = { logN: 10, r: 8, p: 1 };

/** A volume of mixed content, of which no two pieces are the same. */
async function writeVolume(path: string, bytes: number): Promise<void> {
  const content = await mixedContent(pieceBytes);
  const file = createWriteStream(path);
  function* pieces() {
    for (let left = bytes; left > 0; left -= content.length) {
      for (let at = 0; at < content.length; at += 2e6) randomFillSync(content, at, 16);
      yield Buffer.from(content.subarray(0, Math.min(left, content.length)));
    }
  }
  await pipeline(pieces, file);
}

/**
 * Starts each time with nothing on its way to the drive, into an empty folder. It is emptied last: a virtual machine soon
 * gives memory that is free back to its host, and having it again takes whoever writes first seconds.
 */
async function emptied(folder: string): Promise<string> {
  await run('sync', []);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  return folder;
}

async function inflate(path: string): Promise<void> {
  let length = 0;
  const source = createReadStream(path, { highWaterMark: 2 ** 20 });
  await pipeline(source, createGunzip({ chunkSize: 2 ** 18 }), async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) length += piece.length;
  });
  if (length < totalBytes / 4) throw new Error(`${length} bytes came out of ${path}`);
}

const folder = await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'lifeboat-bench-'));
try {
  for (const count of [1, 2]) {
    const images: string[] = [];
    for (let i = 1; i <= count; i++) {
      images.push(join(folder, `volume${i}`));
      await writeVolume(join(folder, `volume${i}`), totalBytes / count);
    }
    const { path: backup } = await makeBackup({
      destination: join(folder, 'bench.backup'),
      passphrase,
      cost: () => cost,
      compressor: 'gzip',
      qubes: images.map((source, i) => ({
        name: `qube${i + 1}`,
        class: 'AppVM' as const,
        qid: i + 1,
        files: [{ name: 'private.img', source }],
      })),
    });
    const packed = images.map((image) => `${image}.gz`);
    for (const [i, image] of images.entries())
      await pipeline(createReadStream(image), createGzip({ level: 6 }), createWriteStream(packed[i] ?? ''));

    const seconds = { official: Infinity, inflate: Infinity, verify: Infinity, restore: Infinity };
    const least = (name: keyof typeof seconds, took: number) =>
      (seconds[name] = Math.min(seconds[name], took));
    for (let time = 0; time < times; time++) {
      const ours = await emptied(join(folder, 'ours'));
      least('restore', (await restoreMeasured(backup, ours)).seconds);
      least('verify', (await verifyMeasured(backup)).seconds);
      least(
        'inflate',
        await timed(async () => {
          for (const path of packed) await inflate(path);
        }),
      );
      const theirs = await emptied(join(folder, 'theirs'));
      least('official', await timed(() => restoreOfficially(backup, passphrase, theirs)));
    }
    for (const [i, image] of images.entries())
      await bash('cmp "$1" "$2"', [image, join(folder, 'ours', `qube${i + 1}`, 'private.img')]);

    console.log(`${count} of ${totalBytes / count / 1e6} MB, images equal`);
    for (const [name, took] of Object.entries(seconds)) {
      const against = (of: number) => `${(of / took).toFixed(2).padStart(6)} x`;
      console.log(
        `  ${name.padEnd(10)}${took.toFixed(1).padStart(6)} s   official ${against(seconds.official)}   inflate ${against(seconds.inflate)}`,
      );
    }
    await rm(backup);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
