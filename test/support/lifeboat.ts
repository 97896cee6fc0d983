/** Runs the command line as a person or a script does: a process of its own, judged by what it prints and leaves. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RestoreReport } from '../../shared/backup.ts';

const project = join(import.meta.dirname, '../..');
/** A new folder for one test, swept when the run ends. */
export async function scratchFolder(): Promise<string> {
  return mkdtemp(join(process.env['LIFEBOAT_SCRATCH'] ?? tmpdir(), 'test-'));
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LifeboatOptions {
  /** Given over descriptor 3, as `--passphrase-fd 3`. */
  readonly passphrase?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Once it resolves, the person presses Ctrl+C, which reaches every process of the command. */
  readonly interrupted?: Promise<unknown>;
  /** What interrupts it in place of Ctrl+C. */
  readonly signal?: 'SIGINT' | 'SIGTERM' | 'SIGHUP';
  /** Once it resolves, every process of the command is killed on the spot. */
  readonly killed?: Promise<unknown>;
  /** The program with its first arguments, in place of this Node with the sources. */
  readonly program?: readonly string[];
  readonly cwd?: string;
  /** A program with its arguments that starts it in its own way, such as `setpriv`. */
  readonly through?: readonly string[];
}

const fromSources = [process.execPath, join(project, 'main/cli/lifeboat.ts')];

/** Runs `lifeboat` with `args`, from its sources where nothing else is said. */
export function lifeboat(args: readonly string[], options: LifeboatOptions = {}): Promise<Ended> {
  const passphraseArgs = options.passphrase === undefined ? [] : ['--passphrase-fd', '3'];
  const command = [...(options.program ?? fromSources), ...args, ...passphraseArgs];
  const [program, ...rest] = [...(options.through ?? []), ...command] as [string, ...string[]];
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], LANG: 'en_US.UTF-8', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A process group of its own, as a terminal gives each command.
    detached: true,
  });
  void options.interrupted?.then(() => process.kill(-(child.pid ?? 0), options.signal ?? 'SIGINT'));
  void options.killed?.then(() => process.kill(-(child.pid ?? 0), 'SIGKILL'));
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => stderr.push(bytes));
  const passphraseEnd = child.stdio[3] as NodeJS.WritableStream;
  // A program that refuses before it reads the passphrase closes the pipe under us.
  passphraseEnd.on('error', () => undefined);
  passphraseEnd.end(`${options.passphrase ?? ''}\n`);
  return new Promise((resolve) => {
    child.on('error', () => undefined);
    child.on('close', (code) => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
  });
}

/** The JSON document of a `restore --json` or `verify --json`. */
export function reportOf(ended: Ended): RestoreReport {
  return JSON.parse(ended.stdout) as RestoreReport;
}

/** Codes of all problems in a report, those of its files included. */
export function codesIn(report: RestoreReport): string[] {
  const ofFiles = report.qubes.flatMap((qube) => qube.files.flatMap((file) => file.problems));
  return [...report.problems, ...ofFiles].map((problem) => problem.code);
}

/** All files below a folder as relative paths with forward slashes, links not followed. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll(sep, '/'))
    .sort();
}

/** Saves bytes and gives their path. */
export async function saved(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** Resolves once a restore has begun to write `path` below a folder. */
export async function begun(folder: string, path: string): Promise<void> {
  while (!(await filesBelow(folder)).includes(`${path}.partial`)) await sleep(10);
}
