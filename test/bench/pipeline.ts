/**
 * Measures a whole restore against the official procedure, side by side on backups made by the real tools.
 *
 *     npm run bench -- pipeline                 24 chunks of 100 MiB, N=2^18 r=8 p=6
 *     npm run bench -- pipeline --logN 20 -p 1
 *     npm run bench -- pipeline --logN 10       what is left when derivations cost nothing
 *
 * Each of the two runs three times in a row, and its best time counts: a virtual machine that was idle has given its
 * memory back to its host, and gets it again page by page.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBackup } from '../support/make-backup.ts';
import { restoreOfficially } from '../support/official-procedure.ts';
import { run } from '../support/tools.ts';
import {
  mebibyte,
  passphrase,
  restoreMeasured,
  timed,
  writeImage,
  type MeasuredRestore,
} from './measured-restore.ts';

const { values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    logN: { type: 'string', default: '18' },
    r: { type: 'string', short: 'r', default: '8' },
    p: { type: 'string', short: 'p', default: '6' },
    chunks: { type: 'string', default: '24' },
    qubes: { type: 'string', default: '1' },
  },
});

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(path);
  for await (const piece of file.createReadStream()) hash.update(piece as Buffer);
  return hash.digest('hex');
}

const times = 3;

/** Leaves `folder` empty, and the drive idle: it would still be busy with what was written before. */
async function atRest(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  await run('sync', []);
}

const columns = (values: readonly number[]) => values.map((value) => value.toFixed(1).padStart(7)).join('');

const folder = await mkdtemp(join(process.env['BENCH_FOLDER'] ?? tmpdir(), 'lifeboat-bench-'));
try {
  const cost = { logN: Number(values.logN), r: Number(values.r), p: Number(values.p) };
  const qubeNames = Array.from({ length: Number(values.qubes) }, (_, i) => `qube${i + 1}`);
  const dataBytes = Math.floor((Number(values.chunks) * 100 * mebibyte) / qubeNames.length) - mebibyte;
  for (const name of qubeNames) await writeImage(join(folder, `${name}.img`), dataBytes);
  console.log(`making a backup: ${values.chunks} chunks, N=2^${cost.logN} r=${cost.r} p=${cost.p} …`);
  const made = await makeBackup({
    destination: join(folder, 'bench.backup'),
    passphrase,
    cost: (member) => (member.startsWith('vm') ? cost : { logN: 10, r: 8, p: 1 }),
    compressor: 'gzip -1',
    qubes: qubeNames.map((name, i) => ({
      name,
      class: 'AppVM' as const,
      qid: i + 1,
      files: [{ name: 'private.img', source: join(folder, `${name}.img`) }],
    })),
  });

  const restoredByUs: MeasuredRestore[] = [];
  const officialSeconds: number[] = [];
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')];
  let official = '';
  for (let time = 0; time < times; time++) {
    await atRest(ours);
    restoredByUs.push(await restoreMeasured(made.path, ours));
  }
  for (let time = 0; time < times; time++) {
    await atRest(theirs);
    officialSeconds.push(
      await timed(async () => (official = await restoreOfficially(made.path, passphrase, theirs))),
    );
  }

  for (const [i, name] of qubeNames.entries()) {
    const [mine, other] = await Promise.all([
      sumOf(join(ours, name, 'private.img')),
      sumOf(join(official, `vm${i + 1}`, 'private.img')),
    ]);
    if (mine !== other) throw new Error(`${name} differs`);
  }
  const lifeboatSeconds = restoredByUs.map(({ seconds }) => seconds);
  const ratio = Math.min(...officialSeconds) / Math.min(...lifeboatSeconds);
  const peak = Math.max(...restoredByUs.map((restored) => restored.peak));
  console.log(`official procedure  ${columns(officialSeconds)} s`);
  console.log(`lifeboat            ${columns(lifeboatSeconds)} s`);
  console.log(`ratio               ${columns([ratio])} x, images equal`);
  console.log(`peak memory         ${(peak / mebibyte).toFixed(0).padStart(7)} MiB`);
  console.log(`restored files      ${(await readdir(ours)).length.toString().padStart(7)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
