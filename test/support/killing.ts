/** Restores that are ended by force at some moment, and the judgement of what they leave. */
import { createHash } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MadeBackup } from './backup-spec.ts';
import { filesBelow, lifeboat, reportOf, scratchFolder } from './lifeboat.ts';
import { makeBackup } from './make-backup.ts';
import { noise } from './trees.ts';

const project = join(import.meta.dirname, '../..');
const passphrase = 'killed';

/** Whom the blow hits: the command with its engine, or one of them alone; or it is suspended for a while. */
export const blows = ['both', 'engine', 'command', 'suspend'] as const;
export type Blow = (typeof blows)[number];

/** A backup of some small qubes, whose restore takes about a second. */
export async function killableBackup(): Promise<MadeBackup> {
  const folder = await scratchFolder();
  const names = ['one', 'two', 'three'];
  for (const name of names) await writeFile(join(folder, name), noise(3 << 20, name));
  return makeBackup({
    destination: join(folder, 'killable.backup'),
    passphrase,
    chunkSize: 1 << 19,
    cost: { logN: 12, r: 8, p: 1 },
    qubes: names.map((name) => ({
      name,
      class: 'AppVM',
      files: [{ name: 'private.img', source: join(folder, name), sparse: 'none' }],
    })),
  });
}

/**
 * Restores, deals the blow after `delay` milliseconds, restores again, and says what is not as promised: a wrong file at a
 * final name, a second run that does not make it whole, leftovers. Nothing when all is well.
 */
export async function survives(backup: MadeBackup, blow: Blow, delay: number): Promise<readonly string[]> {
  const to = join(await scratchFolder(), 'to');
  await mkdir(to);
  const faults: string[] = [];
  const right = new Map(backup.files.flatMap(({ qube, sha256 }) => (qube && sha256 ? [[qube, sha256]] : [])));
  const check = async (when: string) => {
    const images = (await filesBelow(to)).filter((path) => path.endsWith('.img'));
    for (const path of images) {
      const sum = createHash('sha256')
        .update(await readFile(join(to, path)))
        .digest('hex');
      if (sum !== right.get(path.split('/')[0] ?? '')) faults.push(`${when}: ${path} is wrong`);
    }
    return images.length;
  };

  const args = ['restore', backup.path, '--to', to, '--json', '--passphrase-fd', '3'];
  const child = spawn(process.execPath, [join(project, 'main/cli/lifeboat.ts'), ...args], {
    env: { PATH: process.env['PATH'], LANG: 'en_US.UTF-8' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const end = child.stdio[3] as NodeJS.WritableStream;
  end.on('error', () => undefined);
  end.end(`${passphrase}\n`);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await Promise.race([sleep(delay), closed]);
  await deal(child, blow);
  await closed;
  await check(`after ${blow} at ${delay} ms`);

  const isWhole =
    (await filesBelow(to)).includes('lifeboat-report.json') && (await check('after')) === right.size;
  if (!isWhole) {
    const again = await lifeboat(['restore', backup.path, '--to', to, '--json'], { passphrase });
    if (again.code !== 0) faults.push(`the second run ends with ${again.code}: ${again.stdout}`);
    else if (reportOf(again).outcome !== 'restored') faults.push('the second run is not whole');
  }
  if ((await check('in the end')) !== right.size) faults.push('files are missing in the end');
  const leftovers = (await filesBelow(to)).filter((path) => /partial|journal/.test(path));
  if (leftovers.length > 0) faults.push(`left over: ${leftovers.join(', ')}`);
  return faults.map((fault) => `${blow} at ${delay} ms: ${fault}`);
}

async function deal(child: ChildProcess, blow: Blow): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null) return;
  const signal = (target: number, name: NodeJS.Signals) => {
    try {
      process.kill(target, name);
    } catch {
      // It had just ended.
    }
  };
  switch (blow) {
    case 'both':
      signal(-pid, 'SIGKILL');
      break;
    case 'command':
      signal(pid, 'SIGKILL');
      break;
    case 'engine':
      for (const engine of await childrenOf(pid)) signal(engine, 'SIGKILL');
      break;
    case 'suspend':
      signal(-pid, 'SIGSTOP');
      await sleep(300);
      signal(-pid, 'SIGCONT');
      break;
  }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((id) => id !== '')
      .map(Number),
  );
}
