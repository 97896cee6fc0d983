/**
 * Restores a backup of the dearest derivations that Qubes makes, N = 2^20 (1 GiB each), with the memory and processors
 * of a small machine: in a control group of 2 GiB on two processors. For root, on Linux.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lifeboat, reportOf } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { buildSingleFile } from '../support/single-file.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';

const limit = 2 * 2 ** 30;
const imageSize = 240 * 2 ** 20;
const passphrase = 'a small machine';

/** The names of the same things in both versions of control groups. */
const versions = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', peak: 'memory.peak' },
] as const;

async function versionHere() {
  for (const version of versions) {
    const present = await access(join(version.root, 'cgroup.procs')).then(
      () => true,
      () => false,
    );
    if (present) return version;
  }
  throw new Error('this computer has no control groups for memory');
}

const folder = await mkdtemp(join(tmpdir(), 'lifeboat-bench-'));
const version = await versionHere();
const group = join(version.root, 'lifeboat-small-machine');
try {
  const image = join(folder, 'private.img');
  await writeFile(image, noise(imageSize, 'small machine'));
  const made = await makeBackup({
    destination: join(folder, 'small.backup'),
    passphrase,
    cost: { logN: 20, r: 8, p: 1 },
    qubes: [{ name: 'work', class: 'AppVM', files: [{ name: 'private.img', source: image }] }],
  });
  const chunks = made.files.reduce((sum, file) => sum + file.chunks.length, 0);
  const program = await buildSingleFile(join(folder, 'program'));
  const restored = join(folder, 'restored');
  await mkdir(restored);

  await mkdir(group);
  await writeFile(join(group, version.limit), String(limit));
  const enter = `echo $$ > ${join(group, 'cgroup.procs')}; exec taskset -c 0,1 "$@"`;
  const start = performance.now();
  const ended = await lifeboat(['restore', made.path, '--to', restored, '--json'], {
    passphrase,
    program: [process.execPath, program],
    through: ['sh', '-c', enter, 'sh'],
  });
  const seconds = (performance.now() - start) / 1000;
  const peak = Number(await readFile(join(group, version.peak), 'utf8'));
  const sum = createHash('sha256')
    .update(await readFile(join(restored, 'work/private.img')))
    .digest('hex');
  const right = sum === made.files.find((file) => file.size === imageSize)?.sha256;
  console.log(`${reportOf(ended).outcome}, exit code ${ended.code}, content ${right ? 'right' : 'WRONG'}`);
  console.log(
    `${chunks + 1} derivations of 1 GiB in ${seconds.toFixed(0)} s, with at most ${(peak / 2 ** 20).toFixed(0)} MiB`,
  );
  const tool = performance.now();
  await run('scrypt', ['enc', '--logN', '20', '-r', '8', '-p', '1', '-P', '/dev/null', '/dev/null'], {
    input: 'x\n',
  });
  console.log(
    `the scrypt tool takes ${((performance.now() - tool) / 1000).toFixed(1)} s for one, in all memory it wants`,
  );
  if (!right || ended.code !== 0) process.exitCode = 1;
} finally {
  await rmdir(group).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}
