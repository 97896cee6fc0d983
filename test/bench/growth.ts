/**
 * Measures how a restore grows with its backup: `npm run bench -- growth`. Chunks of 100 MiB, then small ones, whose own
 * cost shows. Derivations are cheap, so that everything else is seen.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBackup } from '../support/make-backup.ts';
import { mebibyte, passphrase, restoreMeasured, writeImage } from './measured-restore.ts';

const series = [
  { chunkSize: 100 * mebibyte, counts: [1, 2, 4, 8] },
  { chunkSize: mebibyte / 16, counts: [1, 10, 100, 1000] },
] as const;

const folder = await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'lifeboat-bench-'));
try {
  for (const { chunkSize, counts } of series) {
    const rows: Record<string, { seconds: string; 'ms a chunk': string; 'peak MiB': string }> = {};
    for (const count of counts) {
      const work = join(folder, `${chunkSize}-${count}`);
      const to = join(work, 'to');
      await mkdir(to, { recursive: true });
      const source = join(work, 'volume.img');
      await writeImage(source, Math.floor((count - 0.5) * chunkSize));
      const made = await makeBackup({
        destination: join(work, 'growth.backup'),
        passphrase,
        chunkSize,
        compression: false,
        qubes: [{ name: 'one', class: 'AppVM', qid: 1, files: [{ name: 'private.img', source }] }],
      });
      const { report, seconds, peak } = await restoreMeasured(made.path, to);
      if (report.outcome !== 'restored') throw new Error(`the restore ended ${report.outcome}`);
      rows[`${count} x ${chunkSize / mebibyte} MiB`] = {
        seconds: seconds.toFixed(2),
        'ms a chunk': ((seconds * 1000) / count).toFixed(1),
        'peak MiB': (peak / mebibyte).toFixed(0),
      };
      await rm(work, { recursive: true });
    }
    console.table(rows);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
