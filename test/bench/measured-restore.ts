/** What the benchmarks of whole restores share: an image to back up, and a restore whose time and memory are watched. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestoreReport } from '../../shared/backup.ts';

export const mebibyte = 1024 * 1024;
export const passphrase = 'a benchmark';

const project = join(import.meta.dirname, '../..');

/** An image of random data with as much of holes: stored it has the size of its data. */
export async function writeImage(path: string, dataBytes: number): Promise<void> {
  await using file = await open(path, 'w');
  for (let at = 0; at < dataBytes; at += 4 * mebibyte) {
    await file.write(randomBytes(Math.min(4 * mebibyte, dataBytes - at)), 0, undefined, at * 2);
  }
  await file.truncate(dataBytes * 2);
}

/** Seconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
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

/** What a restore or a verification by the command line came to, how long it took, and how much memory its processes had resident at most. */
export interface MeasuredRestore {
  readonly report: RestoreReport;
  readonly seconds: number;
  readonly peak: number;
}

/** Restores a backup by the command line, with further options of it. */
export function restoreMeasured(
  backup: string,
  to: string,
  options: readonly string[] = [],
): Promise<MeasuredRestore> {
  return measured(['restore', backup, '--to', to, ...options]);
}

/** Verifies a backup by the command line, with further options of it. */
export function verifyMeasured(backup: string, options: readonly string[] = []): Promise<MeasuredRestore> {
  return measured(['verify', backup, ...options]);
}

async function measured(command: readonly string[]): Promise<MeasuredRestore> {
  const args = [join(project, 'dist/cli/lifeboat.mjs'), ...command, '--json'];
  const start = performance.now();
  const child = spawn(process.execPath, [...args, '--passphrase-fd', '3'], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const stdout: Buffer[] = [];
  child.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes));
  (child.stdio[3] as NodeJS.WritableStream).end(`${passphrase}\n`);
  let peak = 0;
  const watch = setInterval(() => {
    void residentBytes(child.pid ?? 0).then((bytes) => (peak = Math.max(peak, bytes)));
  }, 100);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (stdout.length === 0) throw new Error(`lifeboat ended with ${code}`);
  const seconds = (performance.now() - start) / 1000;
  return { report: JSON.parse(Buffer.concat(stdout).toString()) as RestoreReport, seconds, peak };
}
