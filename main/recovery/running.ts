/** Processes of this computer, told from later ones with the same number. */
import { readFile } from 'node:fs/promises';

export interface RunningProcess {
  readonly pid: number;
  /** When it was started, in clock ticks since the start of the system; empty where the system does not say. */
  readonly started: string;
}

export async function thisProcess(): Promise<RunningProcess> {
  return { pid: process.pid, started: (await startOf(process.pid)) ?? '' };
}

/** Whether a process still runs; one that was started by a system that says so is not taken for another. */
export async function isRunning({ pid, started }: RunningProcess): Promise<boolean> {
  return started === '' ? answers(pid) : (await startOf(pid)) === started;
}

function answers(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Null where there is none. */
async function startOf(pid: number): Promise<string | null> {
  try {
    return startTime(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** Field 22 of proc_pid_stat(5). The name of the program, in parentheses before it, may hold anything. */
export function startTime(status: string): string | null {
  return status.slice(status.lastIndexOf(')') + 2).split(' ')[22 - 3] ?? null;
}
