/** Restores that are ended by force at some moment, and the judgement of what they leave. */
import { createHash } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { valueOf } from '../../shared/contract/define.ts';
import type { BackupSpec, MadeBackup } from './backup-spec.ts';
import { connectToHost, startHost } from './host-client.ts';
import { filesBelow, lifeboat, reportOf, scratchFolder } from './lifeboat.ts';
import { makeBackup } from './make-backup.ts';
import { noise } from './trees.ts';

const project = join(import.meta.dirname, '../..');
export const killablePassphrase = 'killed';

/**
 * Whom the blow hits: the command with its engine, or one of them alone; the main process of the wizard in its browser
 * host; or one of the two programs is suspended for a while, with its engine.
 */
export const blows = ['both', 'engine', 'command', 'main', 'suspend', 'suspend-main'] as const;
export type Blow = (typeof blows)[number];

/** How long processes may take to end once the one that they work for is gone, in milliseconds of their own running. */
const patience = 20_000;

/** A backup of some small qubes, whose restore takes about a second, or longer with dearer keys. */
export async function killableBackup(
  cost: NonNullable<BackupSpec['cost']> = { logN: 12, r: 8, p: 1 },
): Promise<MadeBackup> {
  const folder = await scratchFolder();
  const names = ['one', 'two', 'three'];
  for (const name of names) await writeFile(join(folder, name), noise(3 << 20, name));
  return makeBackup({
    destination: join(folder, 'killable.backup'),
    passphrase: killablePassphrase,
    chunkSize: 1 << 19,
    cost,
    qubes: names.map((name) => ({
      name,
      class: 'AppVM',
      files: [{ name: 'private.img', source: join(folder, name), sparse: 'none' }],
    })),
  });
}

/** Milliseconds that a restore takes which nothing befalls, in the program that `blow` hits. Throws where it fails. */
export async function undisturbed(backup: MadeBackup, blow: Blow): Promise<number> {
  const to = await scratchFolder();
  const began = performance.now();
  await once(restoreIn(blow, backup, to), 'close');
  const took = performance.now() - began;
  if (!(await filesBelow(to)).includes('lifeboat-report.json')) throw new Error(`no restore before ${blow}`);
  return took;
}

export interface Aftermath {
  /** What is not as promised: a wrong file at a final name, a second run that does not make it whole, leftovers. */
  readonly faults: readonly string[];
  /** Files that stood at final names after the blow; all of them when it came too late. */
  readonly finished: number;
}

/** Restores, deals the blow after `delay` milliseconds, restores again, and judges what is there. */
export async function aftermath(backup: MadeBackup, blow: Blow, delay: number): Promise<Aftermath> {
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

  const child = restoreIn(blow, backup, to);
  const closed = once(child, 'close');
  await Promise.race([sleep(delay), closed]);
  await deal(child, blow);
  await closed;
  const left = await outliving(child.pid ?? 0);
  if (left.length > 0) faults.push(`processes outlive it: ${left.join(', ')}`);
  const finished = await check('after the blow');

  const again = await lifeboat(['restore', backup.path, '--to', to, '--json'], {
    passphrase: killablePassphrase,
  });
  if (again.code !== 0) faults.push(`the second run ends with ${again.code}: ${again.stdout}`);
  else if (reportOf(again).outcome !== 'restored') faults.push('the second run is not whole');
  if ((await check('in the end')) !== right.size) faults.push('files are missing in the end');
  const leftovers = (await filesBelow(to)).filter((path) => /partial/.test(path));
  if (leftovers.length > 0) faults.push(`left over: ${leftovers.join(', ')}`);
  return { faults: faults.map((fault) => `${blow} at ${delay} ms: ${fault}`), finished };
}

/** Starts a restore in the program that `blow` hits; the process ends with it. */
function restoreIn(blow: Blow, backup: MadeBackup, to: string): ChildProcess {
  if (blow === 'main' || blow === 'suspend-main') {
    const host = startHost();
    // Calls to a host that was killed fail; one that refuses a call would wait for its page.
    restoreThroughPage(host, backup, to).catch(() => host.kill('SIGKILL'));
    return host;
  }
  const args = ['restore', backup.path, '--to', to, '--json', '--passphrase-fd', '3'];
  const child = spawn(process.execPath, [join(project, 'main/cli/lifeboat.ts'), ...args], {
    env: { PATH: process.env['PATH'], LANG: 'en_US.UTF-8' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const end = child.stdio[3] as NodeJS.WritableStream;
  end.on('error', () => undefined);
  end.end(`${killablePassphrase}\n`);
  return child;
}

/** What a person does in the wizard, up to its end. */
async function restoreThroughPage(host: ChildProcess, backup: MadeBackup, to: string): Promise<void> {
  const wizard = await connectToHost(host);
  const { id: placeId } = valueOf(await wizard.places.locate({ path: backup.path, kind: 'backup' }));
  const { id: folderId } = valueOf(await wizard.places.locate({ path: to, kind: 'folder' }));
  const { backupId } = valueOf(await wizard.backup.open({ placeId, alone: false }));
  valueOf(
    await wizard.backup.unlock({
      backupId,
      passphrase: killablePassphrase,
      acceptUnsealed: false,
      allowSlow: false,
    }),
  );
  const finished = new Promise<void>((resolve) => wizard.restore.finished(() => resolve()));
  const qubes = backup.files.flatMap(({ qube }) => qube ?? []);
  const selection = { backupId, qubes, mode: 'restore' as const, folderId };
  valueOf(await wizard.restore.start({ ...selection, memory: null, acceptPartial: false, allowSlow: false }));
  await finished;
  await wizard.program.quit();
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
    case 'main':
      signal(pid, 'SIGKILL');
      break;
    case 'engine':
      for (const engine of await childrenOf(pid)) signal(engine, 'SIGKILL');
      break;
    case 'suspend':
    case 'suspend-main':
      signal(-pid, 'SIGSTOP');
      await sleep(300);
      signal(-pid, 'SIGCONT');
      break;
  }
}

/** Children of a process, whichever of its threads started them. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
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

/** Processes of a group that still run when they had long enough to end. */
async function outliving(group: number): Promise<readonly string[]> {
  for (let waited = 0; ; waited += 10) {
    const alive = await membersOf(group);
    if (alive.length === 0 || waited > patience) return alive;
    await sleep(10);
  }
}

async function membersOf(group: number): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')));
  return lines.filter((line) => {
    // Behind the name, which may hold anything: state, parent, group.
    const [state, , of] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return Number(of) === group && state !== 'Z';
  });
}
