/** Restores while the clock of the day jumps by years, as it does when a computer with a dead battery finds the time. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, beforeEach, expect } from 'vitest';
import type { RestoreProgress } from '../../shared/backup.ts';
import type { MadeBackup } from '../support/backup-spec.ts';
import { jumpingClock, type JumpingClock } from '../support/jumping-clock.ts';
import { begun, filesBelow, lifeboat, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';

const gate =
  process.platform === 'linux'
    ? oracle('scrypt', 'tar', 'gzip', 'split', 'faketime', 'script')
    : skipped('needs the loader of Linux');

const main = join(import.meta.dirname, '../../main');

/** Starts a command on a terminal, since the bar is shown nowhere else. */
const onTerminal = ['sh', '-c', 'exec script --quiet --return --flush --command "$*" /dev/null', 'sh'];

/** Tells as JSON what the meter of progress tells of a restore that does a hundred bytes each tenth of a second. */
const measuring = `
  const { ProgressMeter } = await import(${JSON.stringify(pathToFileURL(join(main, 'engine/progress-meter.ts')).href)});
  const file = { qube: 'work', name: 'private.img', stored: { storedBytes: 10_000 } };
  const told = [];
  const meter = new ProgressMeter({ files: [file] }, (progress) => told.push(progress));
  const begin = performance.now();
  for (let done = 0; performance.now() - begin < 3800; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const due = Math.floor((performance.now() - begin) / 100) * 100;
    meter.progressed(file, due - done);
    done = due;
  }
  meter.stop();
  console.log(JSON.stringify(told));`;

const cli = join(main, 'cli/lifeboat.ts');
const years = ['+20y', '-10y', '+1d', '-3y', '+0'];

gate.describe('a restore under a clock that jumps', () => {
  let made: MadeBackup;
  let clock: JumpingClock;
  let to: string;

  beforeAll(async () => {
    const folder = await scratchFolder();
    const source = (name: string) => join(folder, `${name}.img`);
    for (const name of ['one', 'two']) await writeFile(source(name), noise(3 << 20, name));
    made = await makeBackup({
      destination: join(folder, 'b'),
      passphrase: 'clock',
      chunkSize: 1 << 17,
      // Some seconds of work.
      cost: (member) => ({ logN: member.startsWith('vm2/') ? 16 : 10, r: 8, p: 1 }),
      qubes: ['one', 'two'].map((name, i) => ({
        name,
        class: 'AppVM' as const,
        qid: i + 1,
        files: [{ name: 'private.img', source: source(name), sparse: 'none' as const }],
      })),
    });
  });

  beforeEach(async () => {
    const folder = await scratchFolder();
    clock = await jumpingClock(folder);
    to = join(folder, 'to');
    await mkdir(to);
  });

  const expectWhole = async () => {
    for (const name of ['one', 'two'])
      expect(
        createHash('sha256')
          .update(await readFile(join(to, name, 'private.img')))
          .digest('hex'),
      ).toBe(made.files.find(({ qube }) => qube === name)?.sha256);
    expect((await filesBelow(to)).filter((path) => path.includes('partial'))).toEqual([]);
  };

  const program = () => [process.execPath, ...clock.nodeArguments, cli];

  gate.test('is whole, waits for nothing, and only goes forward', async () => {
    const ended = new AbortController();
    const jumping = clock.jump(years, ended.signal);
    const { code, stdout } = await lifeboat(['restore', made.path, '--to', to, '--jobs', '1'], {
      program: program(),
      passphrase: 'clock',
      env: clock.env,
      through: onTerminal,
    });
    ended.abort();
    expect(code).toBe(0);
    expect(await jumping).toBeGreaterThan(5);
    await expectWhole();
    const shares = [...stdout.matchAll(/ (\d+)% /g)].map(([, share]) => Number(share));
    expect(shares.length).toBeGreaterThan(3);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(Math.max(...shares)).toBeLessThanOrEqual(100);
  });

  gate.test('is measured by the time that passed', async () => {
    const ended = new AbortController();
    const jumping = clock.jump(years, ended.signal);
    const told = await run(process.execPath, ['--input-type=module', '-e', measuring], { env: clock.env });
    ended.abort();
    await jumping;
    const estimates = JSON.parse(told.toString()) as RestoreProgress[];
    const known = estimates.filter(({ bytesPerSecond }) => bytesPerSecond !== null);
    expect(known).not.toEqual([]);
    for (const { bytesPerSecond, secondsLeft } of known) {
      // A thousand bytes a second, give or take how late a busy machine is.
      expect(bytesPerSecond).toBeGreaterThan(100);
      expect(bytesPerSecond).toBeLessThan(2000);
      expect(secondsLeft).toBeLessThan(1000);
    }
  });

  gate.test('that ended half way goes on from what was finished, whatever the year', async () => {
    await clock.set('+30y');
    const args = ['restore', made.path, '--to', to, '--json', '--jobs', '1'];
    const killed = await lifeboat(args, {
      program: program(),
      env: clock.env,
      passphrase: 'clock',
      killed: begun(to, 'two/private.img'),
    });
    expect(killed.code).not.toBe(0);
    const before = await stat(join(to, 'one/private.img'));
    await clock.set('-20y');
    const resumed = await lifeboat(args, { program: program(), env: clock.env, passphrase: 'clock' });
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain('1 file is there already');
    await expectWhole();
    expect((await stat(join(to, 'one/private.img'))).ino).toBe(before.ino);
  });
});
