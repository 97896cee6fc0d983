/** Windows without Windows: programs for it under Wine, with drives of letters that are folders here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, open, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { missingTools } from './tools.ts';

/** Debian's package `wine64` puts the program here; the one on the PATH wants the other half, for 32 bits, too. */
export const wineProgram = '/usr/lib/wine/wine64';

export async function missingWine(): Promise<readonly string[]> {
  const isThere = await access(wineProgram).then(
    () => true,
    () => false,
  );
  return [...(isThere ? [] : ['wine64']), ...missingTools('npm', 'tar')];
}

export interface Windows {
  /** Runs a program of Windows to its end. */
  run(program: string, args: readonly string[]): Promise<WindowsEnded>;
  /** Ends every program that runs, on the spot. */
  stop(): Promise<void>;
}

export interface WindowsEnded {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Windows 10 within the new folder `folder`, whose drive `letter` is another. */
export async function startWindows(folder: string, letter: string, drive: string): Promise<Windows> {
  const prefix = join(folder, 'wine');
  await mkdir(prefix, { recursive: true });
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    LANG: 'C.UTF-8',
  };
  let count = 0;

  async function run(program: string, args: readonly string[]): Promise<WindowsEnded> {
    // Node for Windows finds no pipe of Wine's to write to, but files.
    const [out, err] = ['stdout', 'stderr'].map((name) => join(folder, `${name}-${count}`)) as [
      string,
      string,
    ];
    count++;
    const [stdout, stderr] = [await open(out, 'w'), await open(err, 'w')];
    const child = spawn(wineProgram, [program, ...args], { env, stdio: ['ignore', stdout.fd, stderr.fd] });
    const [code] = (await once(child, 'close')) as [number | null];
    await Promise.all([stdout.close(), stderr.close()]);
    return { code, stdout: await readFile(out, 'utf8'), stderr: await readFile(err, 'utf8') };
  }

  await run('winecfg', ['-v', 'win10']);
  await symlink(drive, join(prefix, 'dosdevices', `${letter}:`));
  return {
    run,
    async stop() {
      const ending = spawn('/usr/lib/wine/wineserver64', ['-k', '-w'], { env, stdio: 'ignore' });
      await once(ending, 'close');
    },
  };
}
