/**
 * Measures a whole restore against the official procedure, side by side on backups made by the real tools.
 *
 *     npm run bench -- pipeline                 12 chunks of 100 MiB, N=2^18 r=8 p=6
 *     npm run bench -- pipeline --logN 20 -p 1
 *     npm run bench -- pipeline --logN 10       what is left when derivations cost nothing
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBackup } from '../support/make-backup.ts';
import { restoreOfficially } from '../support/official-procedure.ts';

const mebibyte = 1024 * 1024;
const passphrase = 'a benchmark';
const project = join(import.meta.dirname, '../..');

const { values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    logN: { type: 'string', default: '18' },
    r: { type: 'string', short: 'r', default: '8' },
    p: { type: 'string', short: 'p', default: '6' },
    chunks: { type: 'string', default: '12' },
    qubes: { type: 'string', default: '1' },
  },
});

/** An image of random data with as much of holes: stored it has the size of its data. */
async function writeImage(path: string, dataBytes: number): Promise<void> {
  await using file = await open(path, 'w');
  for (let at = 0; at < dataBytes; at += 4 * mebibyte) {
    await file.write(randomBytes(Math.min(4 * mebibyte, dataBytes - at)), 0, undefined, at * 2);
  }
  await file.truncate(dataBytes * 2);
}

/** Seconds that `work` takes. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Bytes of memory that a process and its children have resident. */
async function residentBytes(pid: number): Promise<number> {
  const tasks = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const own = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  const children = tasks.trim().split(' ').filter(Boolean).map(Number);
  return (await Promise.all(children.map(residentBytes))).reduce((sum, bytes) => sum + bytes, own);
}

async function lifeboat(backup: string, to: string): Promise<{ peak: number }> {
  const args = [join(project, 'main/cli/lifeboat.ts'), 'restore', backup, '--to', to, '--quiet'];
  const child = spawn(process.execPath, [...args, '--passphrase-fd', '3'], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  (child.stdio[3] as NodeJS.WritableStream).end(`${passphrase}\n`);
  let peak = 0;
  const watch = setInterval(() => {
    void residentBytes(child.pid ?? 0).then((bytes) => (peak = Math.max(peak, bytes)));
  }, 100);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`lifeboat ended with ${code}`);
  return { peak };
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await using file = await open(path);
  for await (const piece of file.createReadStream()) hash.update(piece as Buffer);
  return hash.digest('hex');
}

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

  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')];
  await Promise.all([mkdir(ours), mkdir(theirs)]);
  let peak = 0;
  const lifeboatSeconds = await timed(async () => ({ peak } = await lifeboat(made.path, ours)));
  let official = '';
  const officialSeconds = await timed(async () => {
    official = await restoreOfficially(made.path, passphrase, theirs);
  });

  for (const [i, name] of qubeNames.entries()) {
    const [mine, other] = await Promise.all([
      sumOf(join(ours, name, 'private.img')),
      sumOf(join(official, `vm${i + 1}`, 'private.img')),
    ]);
    if (mine !== other) throw new Error(`${name} differs`);
  }
  console.log(`official procedure  ${officialSeconds.toFixed(1).padStart(7)} s`);
  console.log(`lifeboat            ${lifeboatSeconds.toFixed(1).padStart(7)} s`);
  console.log(
    `ratio               ${(officialSeconds / lifeboatSeconds).toFixed(1).padStart(7)} x, images equal`,
  );
  console.log(`peak memory         ${(peak / mebibyte).toFixed(0).padStart(7)} MiB`);
  console.log(`restored files      ${(await readdir(ours)).length.toString().padStart(7)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
