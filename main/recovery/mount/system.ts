/** The computer as mounting meets it: its environment, who runs the program, and the system's own tools. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fail, problem, RecoveryError } from '../../../shared/problems.ts';

export interface MountSystem {
  /** `PATH`, `HOME`, the folders of XDG, the bus of D-Bus, and the displays of a desktop are looked at. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Milliseconds that tools may take: to answer, to answer after asking a person, to recover a file system. */
  readonly limits: Readonly<Record<'answer' | 'person' | 'recovery', number>>;
}

/** udisks waits 10 seconds for devices itself, and its answer says more than a time limit. */
const limits = { answer: 20_000, person: 180_000, recovery: 600_000 };

/** The computer and the user that the program runs as. */
export function thisSystem(): MountSystem {
  return { environment: process.env, uid: process.getuid?.() ?? -1, limits };
}

/** Whether there is a desktop that could ask the person for consent. */
export function hasDesktop({ environment }: MountSystem): boolean {
  return Boolean(environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY']);
}

/** How a tool ended; what it printed, each up to 16 KiB. The code is null where a signal ended it. */
export interface ToolEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  /** Milliseconds; by default `limits.answer`. */
  readonly limit?: number;
  /** An open file that the tool finds as `inheritedFile`. */
  readonly file?: number;
}

/** The path under which a tool finds the file it inherits, with nothing in it that it could take for an option. */
export const inheritedFile = '/proc/self/fd/3';

/** The system's tools, for one piece of work that can be cancelled. */
export interface Tools {
  readonly system: MountSystem;
  /** The first of these tools that this computer has, or null. */
  find(...names: readonly string[]): Promise<string | null>;
  /**
   * Runs the tool at `path` to its end, whatever that is: with arguments, never through a shell, in a session of its
   * own without a terminal, and ended with all it started once its time is over.
   *
   * @throws RecoveryError `mount-timed-out`, `cancelled`, `mount-failed` where it does not start
   */
  run(path: string, args: readonly string[], options?: ToolOptions): Promise<ToolEnd>;
  /** The same tools for work that has to be done even though the rest was cancelled. */
  uncancelled(): Tools;
}

const OUTPUT_LIMIT = 16_384;

/** How long a tool that was killed is waited for: one that hangs in the kernel cannot be. */
const LAST_WORDS = 500;

export function toolsOf(system: MountSystem, signal?: AbortSignal): Tools {
  const folders = searchPath(system);
  const environment = scrubbed(system, folders);
  return {
    system,
    async find(...names) {
      for (const path of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
        if (await isProgram(path)) return path;
      }
      return null;
    },
    run: (path, args, { limit = system.limits.answer, file } = {}) =>
      runTool(path, args, { limit, file: file ?? 'ignore', environment, ...(signal && { signal }) }),
    uncancelled: () => toolsOf(system),
  };
}

/** The folders of `PATH` and those that hold the tools of administrators, which a user's `PATH` often lacks. */
function searchPath({ environment }: MountSystem): readonly string[] {
  const own = (environment['PATH'] ?? '').split(':').filter((folder) => isAbsolute(folder));
  return [...new Set([...own, '/usr/bin', '/bin', '/usr/sbin', '/sbin'])];
}

/** What tools get of the environment: where to find each other and the bus, and a language that can be parsed. */
function scrubbed({ environment }: MountSystem, folders: readonly string[]): Record<string, string> {
  const bus = environment['DBUS_SYSTEM_BUS_ADDRESS'];
  return { PATH: folders.join(':'), LC_ALL: 'C', ...(bus && { DBUS_SYSTEM_BUS_ADDRESS: bus }) };
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

interface RunOptions {
  readonly limit: number;
  readonly file: number | 'ignore';
  readonly environment: Record<string, string>;
  readonly signal?: AbortSignal;
}

async function runTool(path: string, args: readonly string[], options: RunOptions): Promise<ToolEnd> {
  const { limit, file, environment, signal } = options;
  if (signal?.aborted) fail('cancelled');
  const tool = path.slice(path.lastIndexOf('/') + 1);
  const child = spawn(path, args, {
    cwd: '/',
    env: environment,
    // A session of its own: no terminal to ask on, and one group to kill.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', file],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] = (output[name] + text).slice(0, OUTPUT_LIMIT);
    });
  }
  const stop = AbortSignal.any([AbortSignal.timeout(limit), ...(signal ? [signal] : [])]);
  try {
    const [code] = (await once(child, 'close', { signal: stop })) as [number | null];
    return { code, ...output };
  } catch (error) {
    if (!stop.aborted) throw notStarted(tool, error);
    killGroup(child.pid);
    await Promise.race([once(child, 'close'), wait(LAST_WORDS)]);
    if (signal?.aborted) fail('cancelled');
    return fail('mount-timed-out', { tool, seconds: limit / 1000 });
  } finally {
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  }
}

function notStarted(tool: string, error: unknown): RecoveryError {
  const detail = error instanceof Error ? error.message : String(error);
  return new RecoveryError(problem('mount-failed', { way: tool, detail }), { cause: error });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}

/** What tools add to the reason they give. */
const ADVICE = /^(|dmesg\(1\) may have .*|Please run e2fsck .*|fuse: if you are sure .*)$/;

/** The reason that a tool gives, as one line for a person: mostly the last one it prints. */
export function lastWords({ code, stdout, stderr }: ToolEnd): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim());
  const reason = lines.findLast((line) => !ADVICE.test(line)) ?? `exit code ${code ?? 'none'}`;
  return reason.replace(`${inheritedFile}: `, '').replace(/\.$/, '').slice(0, 300);
}
