/** Real programs that the tests are driven with: finding them, and running them with bytes on stdin. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the programs of e2fsprogs and util-linux lie, which are not on a user's PATH on Debian. */
const systemFolders = ['/usr/sbin', '/sbin'];

const searchPath = [process.env['PATH'] ?? '', ...systemFolders].join(delimiter);

/** The environment of every program: fixed locale and zone, so that listings read the same everywhere. */
export const toolEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: searchPath,
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
};

/** The path of the program `name`, or nothing where this machine has none. */
export function findTool(name: string): string | undefined {
  return searchPath
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Shows a program of GNU among those of other systems, which have fewer options and others. */
const coreutils = { args: ['--version'], shows: /GNU coreutils/ };

/** Programs of which one implementation or version alone will do, and how it shows itself. */
const proofs: Readonly<Record<string, { readonly args: readonly string[]; readonly shows: RegExp }>> = {
  tar: { args: ['--version'], shows: /GNU tar/ },
  scrypt: { args: ['--help'], shows: /--logN/ },
  openssl: { args: ['version'], shows: /^OpenSSL/ },
  ...Object.fromEntries(['df', 'du', 'split', 'stat', 'touch'].map((name) => [name, coreutils])),
};

/** Those of `names` that this machine lacks, or has in an implementation that will not do. */
export function missingTools(...names: readonly string[]): string[] {
  return names.filter((name) => {
    const path = findTool(name);
    if (path === undefined) return true;
    const proof = proofs[name];
    if (proof === undefined) return false;
    const { stdout, stderr } = spawnSync(path, proof.args, { env: toolEnvironment, encoding: 'utf8' });
    return !proof.shows.test(stdout + stderr);
  });
}

export interface RunOptions {
  readonly cwd?: string;
  /** Bytes for the standard input, which is empty otherwise. */
  readonly input?: string | Uint8Array;
  /** Variables beyond `toolEnvironment`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Through a shell, as scripts of Windows want to be started. */
  readonly shell?: boolean;
}

/**
 * Runs one program to its end and gives its standard output.
 *
 * @throws Error with the end of its standard error, when it exits with another code than 0
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { cwd, shell, env } = options;
    const child = spawn(command, args, { cwd, shell: shell ?? false, env: { ...toolEnvironment, ...env } });
    const output: Buffer[] = [];
    let complaint = '';
    child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => (complaint = (complaint + bytes.toString()).slice(-2000)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(new Error(`${command} ended with ${code ?? signal ?? 'nothing'}: ${complaint.trim()}`));
    });
    // A program that stops reading early shows in its exit code; the broken pipe adds nothing to it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Runs a bash script that stops at the first failure, also within a pipe; `args` are its `$1`, `$2` …. */
export function bash(
  script: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Buffer> {
  return run('bash', ['-euo', 'pipefail', '-c', script, 'bash', ...args], options);
}

/** Runs `work` over `items`, `limit` of them at a time, and gives the results in the order of the items. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const pending = items.entries();
  const lane = async () => {
    for (const [index, item] of pending) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return results;
}
