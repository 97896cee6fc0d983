/** What can befall a command besides being killed, and the judgement of what it then says: never that all is right. */
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathOfVariant } from '../fixtures/recipes.ts';
import { variants } from '../fixtures/variants.ts';
import type { Dice } from '../fuzz/mutate.ts';
import type { MadeBackup } from './backup-spec.ts';
import { dropMember, findMember, placeMembers } from './container-surgery.ts';
import { killablePassphrase } from './killing.ts';
import { filesBelow, lifeboat, scratchFolder, type Ended, type LifeboatOptions } from './lifeboat.ts';

/** Tries one mishap, with choices of `dice`, and gives what was not as promised. */
export type Mishap = (backup: MadeBackup, dice: Dice) => Promise<readonly string[]>;

const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

export const mishaps: Readonly<Record<string, Mishap>> = {
  /** The drive that is restored to is gone in the middle, and its folder is one of the system's drive again. */
  'unmounted for root': (backup, dice) => unmounted(backup, dice, []),
  'unmounted for a user': (backup, dice) => unmounted(backup, dice, nobody),

  async 'output that cannot be written'(backup, dice) {
    const to = await scratchFolder();
    const args = dice.oneOf([
      ['info', backup.path],
      ['list', backup.path],
      ['list', backup.path, '--json'],
      ['verify', backup.path],
      ['restore', backup.path, '--to', to],
      ['restore', backup.path, '--to', to, '--json'],
      ['rescue-kit', to],
      ['manual'],
      ['completion', 'bash'],
    ]);
    const through = ['sh', '-c', 'exec "$@" > /dev/full', 'sh'];
    return loss(args, await lifeboat(args, { ...unlockingOf(args, killablePassphrase), through }));
  },

  async 'an account that cannot be written'(backup, dice) {
    const to = await scratchFolder();
    await mkdir(join(to, dice.oneOf(['SHA256SUMS', 'lifeboat-report.json', 'qubes.xml']), 'somebody’s'), {
      recursive: true,
    });
    const args = ['restore', backup.path, '--to', to, ...dice.oneOf([[], ['--quiet'], ['--json']])];
    const ended = await lifeboat(args, { passphrase: killablePassphrase });
    return [...loss(args, ended), ...(await wrongFiles(backup, to, true))];
  },

  async 'a damaged list of qubes'(backup, dice) {
    const bytes = await readFile(backup.path);
    const { data, size } = findMember(bytes, 'qubes.xml.000.enc');
    const at = data + dice.below(size);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << dice.below(8)), at);
    const damaged = join(await scratchFolder(), 'damaged.backup');
    await writeFile(damaged, bytes);
    const to = await scratchFolder();
    const command = dice.oneOf([
      ['list', damaged],
      ['verify', damaged],
      ['verify', damaged, '--quiet'],
      ['restore', damaged, '--to', to],
      ['restore', damaged, '--to', to, '--quiet'],
    ]);
    const found = loss(command, await lifeboat(command, { passphrase: killablePassphrase }));
    return found.map((fault) => `byte ${at - data}: ${fault}`);
  },

  async 'a volume that is missing from an old backup'(_backup, dice) {
    const old = variants.filter(({ file }) => /^v[23]-/.test(file));
    const variant = dice.oneOf(old);
    const bytes = await readFile(await pathOfVariant(variant));
    const names = placeMembers(bytes).map(({ name }) => name);
    const volumes = Object.keys(variant.expected).filter((name) => /(private|root)\.img$/.test(name));
    const volume = dice.oneOf(volumes);
    const parts = names.filter((name) => name.startsWith(`${volume}.`));
    if (parts.length === 0) return [];
    const shortened = join(await scratchFolder(), 'shortened.backup');
    await writeFile(
      shortened,
      parts.reduce<Buffer>((rest, name) => dropMember(name)(rest), bytes),
    );
    const command = ['verify', shortened, ...dice.oneOf([[], ['--quiet']])];
    const found = loss(command, await lifeboat(command, { passphrase: variant.passphrase }));
    return found.map((fault) => `${variant.file} without ${volume}: ${fault}`);
  },
};

async function unmounted(
  backup: MadeBackup,
  dice: Dice,
  through: readonly string[],
): Promise<readonly string[]> {
  const folder = await scratchFolder();
  const to = join(folder, 'drive');
  spawnSync('chmod', ['755', folder]);
  await mkdir(to);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'mode=777', 'tmpfs', to]).status !== 0)
    throw new Error('no drive can be mounted here');
  try {
    const args = ['restore', backup.path, '--to', to, '--json'];
    const running = lifeboat(args, { passphrase: killablePassphrase, through });
    for (let waited = 0; waited < 30_000 && (await filesBelow(to)).length === 0; waited += 10)
      await sleep(10);
    await Promise.race([sleep(dice.below(800)), running]);
    // Keeps the drive in sight, whatever stands at its place by then.
    await using drive = await open(to);
    spawnSync('umount', ['--lazy', to]);
    const ended = await running;
    const written = await filesBelow(`/proc/self/fd/${drive.fd}`);
    const wasWhole = written.includes('lifeboat-report.json');
    const strays = (await filesBelow(to)).map((path) => `${path} lies on the drive of the system`);
    return [...(wasWhole ? [] : loss(args, ended)), ...strays];
  } finally {
    spawnSync('umount', ['--lazy', to]);
  }
}

function unlockingOf([command = '']: readonly string[], passphrase: string): LifeboatOptions {
  return ['list', 'verify', 'restore'].includes(command) ? { passphrase } : {};
}

/** What is wrong with how a command ended over a loss. */
function loss(args: readonly string[], { code, stdout, stderr }: Ended): readonly string[] {
  const said = stdout + stderr;
  const faults = [
    ...(code === 0 ? ['it ends with 0'] : []),
    ...(code === null ? ['it was ended by a signal'] : []),
    ...(said.trim() === '' ? ['it says nothing'] : []),
    ...(/\bunexpected\b|^ {4}at /m.test(said) ? [`it says: ${said}`] : []),
  ];
  return faults.map((fault) => `lifeboat ${args.join(' ')}: ${fault}`);
}

/** Images in `to` that are not what was backed up; and those that are not there, where `all` should be. */
async function wrongFiles(backup: MadeBackup, to: string, all: boolean): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { qube, sha256 } of backup.files) {
    if (qube === undefined) continue;
    const bytes = await readFile(join(to, qube, 'private.img')).catch(() => null);
    if (bytes === null && all) faults.push(`${qube}/private.img is missing`);
    else if (bytes && createHash('sha256').update(bytes).digest('hex') !== sha256)
      faults.push(`${qube}/private.img is wrong`);
  }
  return faults;
}
