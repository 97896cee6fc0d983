/** Backups that come through a pipe: kept as a file in a folder that was named, proven early, and never left behind. */
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { pathOfVariant } from '../fixtures/recipes.ts';
import { variants } from '../fixtures/variants.ts';
import {
  begun,
  codesIn,
  filesBelow,
  lifeboat,
  reportOf,
  saved,
  scratchFolder,
  type LifeboatOptions,
} from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';
import { noise } from '../support/trees.ts';

const gate = oracle(...standardTools);

/** A bash script that starts the command in `"$@"` with what it makes of the backup `$0`. */
const through = (script: string, path: string) => ['bash', '-c', script, path];
const whole = 'cat "$0" | "$@"';
/** Waits until the command has ended, whatever signal its group is sent. */
const waiting = `trap '' INT TERM HUP; exec tail -f --pid=$$ /dev/null 2> /dev/null`;
/** The beginning, and then a pipe that stays open until the command has ended. */
const beginning = (bytes: number) =>
  `trap : INT TERM HUP; "$@" < <(head -c ${bytes} "$0"; ${waiting}); exit $?`;

async function folders() {
  const folder = await scratchFolder();
  const [spool, to] = [join(folder, 'spool'), join(folder, 'to')];
  await mkdir(spool);
  await mkdir(to);
  return { folder, spool, to };
}

/** Resolves once the copy in `spool` has at least so many bytes. */
async function copied(spool: string, bytes: number): Promise<void> {
  for (;;) {
    const [name] = await readdir(spool);
    const found = name === undefined ? null : await stat(join(spool, name)).catch(() => null);
    if (found && found.size >= bytes) return;
    await sleep(10);
  }
}

describe.each(['v4-gzip.backup', 'v3-gzip.backup', 'v2-zlib.backup'])('%s through a pipe', (name) => {
  const variant = variants.find((each) => each.file === name) ?? expect.fail(name);
  const { passphrase } = variant;

  test('is restored and verified as from its file, and no copy is left', async () => {
    const path = await pathOfVariant(variant);
    const { spool, to, folder } = await folders();
    const options: LifeboatOptions = { passphrase, through: through(whole, path) };
    const piped = await lifeboat(['restore', '-', '--to', to, '--spool', spool, '--json'], options);
    const direct = join(folder, 'direct');
    await mkdir(direct);
    const ofFile = await lifeboat(['restore', path, '--to', direct, '--json'], { passphrase });
    expect([piped.code, piped.stderr]).toEqual([ofFile.code, ofFile.stderr]);
    expect(reportOf(piped)).toEqual(reportOf(ofFile));
    expect(await filesBelow(to)).toEqual(await filesBelow(direct));

    const verified = await lifeboat(['verify', '-', '--spool', spool, '--json'], options);
    expect([verified.code, reportOf(verified).outcome]).toEqual([0, 'verified']);
    expect(await filesBelow(spool)).toEqual([]);

    // The backup is the same one: its file goes on with what came through a pipe.
    const again = await lifeboat(['restore', path, '--to', to], { passphrase });
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('already')]);
  });

  test('that ends too early is what the same beginning is as a file', async () => {
    const path = await pathOfVariant(variant);
    const { spool, folder } = await folders();
    const bytes = await readFile(path);
    const cut = await saved(folder, 'cut.backup', bytes.subarray(0, -12_000));
    const options = { passphrase, through: through(whole, cut) };
    const piped = await lifeboat(['verify', '-', '--spool', spool, '--json'], options);
    const ofFile = await lifeboat(['verify', cut, '--json'], { passphrase });
    expect([piped.code, reportOf(piped)]).toEqual([ofFile.code, reportOf(ofFile)]);
    expect(piped.code).not.toBe(0);
    expect(await filesBelow(spool)).toEqual([]);
  });

  test('is not opened by a wrong passphrase', async () => {
    const { spool } = await folders();
    const ended = await lifeboat(['verify', '-', '--spool', spool], {
      passphrase: 'wrong',
      through: through(whole, await pathOfVariant(variant)),
    });
    expect([ended.code, ended.stderr]).toEqual([3, expect.stringContaining('[passphrase-rejected]')]);
    expect(await filesBelow(spool)).toEqual([]);
  });
});

gate.describe('a backup through a pipe', () => {
  const passphrase = standardPassphrase;
  /** More than what is copied before the passphrase is proven, and less than the backup. */
  const fiveMebibytes = 5 << 20;

  gate.test('is refused without a folder for its copy, with what that costs', async () => {
    const { path } = await standardBackup();
    for (const args of [['info'], ['list'], ['verify'], ['restore', '--to', await scratchFolder()]]) {
      const ended = await lifeboat([...args, '-'], { through: through(whole, path) });
      expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('--spool DIR')]);
    }
    const told = await lifeboat(['verify', '-', '--json'], { through: through(whole, path) });
    expect([told.code, codesIn(reportOf(told))]).toEqual([2, ['source-is-pipe']]);
  });

  gate.test('is restored in part where only some qubes are named', async () => {
    const { path } = await standardBackup();
    const { spool, to } = await folders();
    const ended = await lifeboat(['restore', '-', 'vault', '--to', to, '--spool', spool, '--quiet'], {
      passphrase,
      through: through(whole, path),
    });
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await filesBelow(to)).toContain('vault/private.img');
    expect(await filesBelow(spool)).toEqual([]);
  });

  gate.test('proves its passphrase and its qubes before the rest is copied', async () => {
    const { path } = await standardBackup();
    const { spool } = await folders();
    // Each would wait for ever for the rest.
    const options = { passphrase, through: through(beginning(fiveMebibytes), path) };
    const rejected = await lifeboat(['verify', '-', '--spool', spool], { ...options, passphrase: 'wrong' });
    expect([rejected.code, rejected.stderr]).toEqual([3, expect.stringContaining('[passphrase-rejected]')]);
    const unknown = await lifeboat(['verify', '-', 'wrok', '--spool', spool], options);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('[qube-unknown]')]);
    expect(await filesBelow(spool)).toEqual([]);
  });

  gate.test('is opened to the end by the form of a passphrase that opened its beginning', async () => {
    const { path } = await standardBackup();
    const { spool, folder } = await folders();
    const file = join(folder, 'passphrase');
    await writeFile(file, `${passphrase}  \n`);
    const ended = await lifeboat(['verify', '-', '--spool', spool, '--passphrase-file', file], {
      through: through(whole, path),
    });
    expect([ended.code, ended.stderr.match(/Trying/g)]).toEqual([0, ['Trying']]);
  });

  gate.test('whose sender breaks off is incomplete', async () => {
    const { path } = await standardBackup();
    const { spool, to } = await folders();
    const ended = await lifeboat(['restore', '-', '--to', to, '--spool', spool, '--json'], {
      passphrase,
      through: through(`head -c ${fiveMebibytes} "$0" | "$@"`, path),
    });
    expect([ended.code, reportOf(ended).outcome]).toEqual([1, 'partial']);
    expect(await filesBelow(spool)).toEqual([]);
  });

  gate.test('gives its copy to nobody else to read, and takes it away at every signal', async () => {
    const { path } = await standardBackup();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const { spool } = await folders();
      let mode = 0;
      const interrupted = copied(spool, fiveMebibytes).then(async () => {
        const [name = ''] = await readdir(spool);
        mode = (await stat(join(spool, name))).mode & 0o777;
      });
      const ended = await lifeboat(['verify', '-', '--spool', spool, '--json'], {
        passphrase,
        through: through(beginning(fiveMebibytes), path),
        interrupted,
        signal,
      });
      expect([signal, ended.code, mode, await filesBelow(spool)]).toEqual([signal, 130, 0o600, []]);
      expect(codesIn(reportOf(ended))).toEqual(['cancelled']);
    }
  });

  gate.test('ends by every signal while it waits for the passphrase, and its copy is gone', async () => {
    const { path } = await standardBackup();
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const { spool } = await folders();
      const args = ['verify', '-', '--spool', spool, '--json', '--passphrase-fd', '4'];
      const ended = await lifeboat(args, {
        through: through(`trap : INT TERM HUP; cat "$0" | "$@" 4< <(${waiting}); exit $?`, path),
        interrupted: copied(spool, 4 << 20).then(() => sleep(500)),
        signal,
      });
      expect([signal, ended.code, await filesBelow(spool)]).toEqual([signal, code, []]);
    }
  });

  gate.test('is stopped in order while it is restored, and its copy is gone', async () => {
    const { spool, to, folder } = await folders();
    const source = join(folder, 'big.img');
    await writeFile(source, noise(12 << 20, 'big'));
    const made = await makeBackup({
      destination: join(folder, 'slow.backup'),
      passphrase: 'slow',
      chunkSize: 2 << 20,
      cost: (member) => ({ logN: member.startsWith('vm') ? 17 : 10, r: 8, p: 1 }),
      qubes: [{ name: 'work', class: 'AppVM', files: [{ name: 'private.img', source, sparse: 'none' }] }],
    });
    const args = ['restore', '-', '--to', to, '--spool', spool, '--json', '--jobs', '1'];
    const options = { passphrase: 'slow', through: through(`trap : INT; ${whole}; exit $?`, made.path) };
    const ended = await lifeboat(args, { ...options, interrupted: begun(to, 'work/private.img') });
    expect([ended.code, reportOf(ended).outcome, await filesBelow(spool)]).toEqual([130, 'unfinished', []]);
  });

  gate.test('that was killed has left a copy, which the next run tells of and lets be', async () => {
    const { path } = await standardBackup();
    const { spool } = await folders();
    const args = ['list', '-', '--spool', spool];
    const killed = await lifeboat(args, {
      passphrase,
      through: through(beginning(fiveMebibytes), path),
      killed: copied(spool, fiveMebibytes),
    });
    expect(killed.code).toBe(null);
    const [left = '', ...others] = await readdir(spool);
    expect(others).toEqual([]);
    const next = await lifeboat(args, { passphrase, through: through(whole, path) });
    expect([next.code, next.stderr]).toEqual([0, expect.stringContaining(join(spool, left))]);
    expect(await readdir(spool)).toEqual([left]);
  });

  gate.test('is read through a named pipe as well', async () => {
    const { path } = await standardBackup();
    const { spool, folder } = await folders();
    const pipe = join(folder, 'pipe');
    const script = 'mkfifo "$2" && { cat "$0" > "$2" & shift 2; "$@"; }';
    const args = ['list', pipe, '--spool', spool];
    const ended = await lifeboat(args, { passphrase, through: ['bash', '-c', script, path, '-', pipe] });
    const ofFile = await lifeboat(['list', path], { passphrase });
    expect(ended).toEqual(ofFile);
    expect(await filesBelow(spool)).toEqual([]);
  });

  gate.test('that was compressed is refused early, with a command for what was sent', async () => {
    const { path } = await standardBackup();
    const { spool } = await folders();
    const ended = await lifeboat(['info', '-', '--spool', spool], {
      through: through(`"$@" < <(gzip -c "$0"; ${waiting}); exit $?`, path),
    });
    expect([ended.code, ended.stderr]).toEqual([4, expect.stringContaining('gzip -dc BACKUP > BACKUP.unp')]);
    expect(ended.stderr).not.toContain('lifeboat-spool');
  });
});

oracle('script').test(
  'a passphrase is asked for on the terminal where standard input is the backup',
  async () => {
    const variant = variants.find(({ file }) => file === 'v4-gzip.backup') ?? expect.fail();
    const { spool, folder } = await folders();
    const typed = join(folder, 'typed');
    await writeFile(typed, `${variant.passphrase}\n`);
    const command = join(folder, 'command');
    await writeFile(
      command,
      `cat '${await pathOfVariant(variant)}' | '${process.execPath}' main/cli/lifeboat.ts list - --spool '${spool}'\n`,
    );
    // `script` gives the command a terminal; it is typed into once it asks.
    const session = `{ until grep -q Passphrase: "$0" 2> /dev/null; do sleep 0.1; done; cat "$2"; until grep -q debian-12 "$0"; do sleep 0.1; done; } |
    script -qefc "bash '$1'" "$0" > /dev/null`;
    const seen = join(folder, 'seen');
    const { status } = spawnSync('timeout', ['60', 'bash', '-c', session, seen, command, typed], {
      cwd: join(import.meta.dirname, '../..'),
    });
    const text = await readFile(seen, 'utf8');
    expect(text).toMatch(/work +AppVM/);
    expect(text).not.toContain(variant.passphrase);
    expect(status).toBe(0);
    expect(await filesBelow(spool)).toEqual([]);
  },
);

describe('what cannot be a backup through a pipe', () => {
  const said = (args: readonly string[], script: string) => lifeboat(args, { through: through(script, '') });

  test('is told for what it is: nothing, or no place for the copy', async () => {
    const { spool, folder } = await folders();
    const empty = await said(['list', '-', '--spool', spool, '--json'], '"$@" < /dev/null');
    expect([empty.code, codesIn(reportOf(empty))]).toEqual([5, ['pipe-empty']]);
    const nowhere = ['list', '-', '--spool', join(folder, 'nowhere'), '--json'];
    const missing = await said(nowhere, 'echo | "$@"');
    expect([missing.code, codesIn(reportOf(missing))]).toEqual([5, ['dest-missing']]);
    const foreign = await said(['list', '-', '--spool', spool, '--passphrase-fd', '3'], 'echo no | "$@"');
    expect([foreign.code, foreign.stderr]).toEqual([4, expect.stringContaining('[not-a-backup]')]);
    expect(await filesBelow(spool)).toEqual([]);
  });

  test('is a mistake of usage where standard input is to be the passphrase too', async () => {
    const { spool } = await folders();
    for (const more of [
      ['--passphrase-file', '-'],
      ['--passphrase-fd', '0'],
      ['--part', 'b'],
    ]) {
      const ended = await said(['list', '-', '--spool', spool, ...more], 'echo | "$@"');
      expect([more, ended.code, ended.stderr]).toEqual([more, 2, expect.stringMatching(/^lifeboat: .+\n$/)]);
    }
  });
});

const mounted: string[] = [];
afterEach(() => {
  for (const point of mounted.splice(0)) spawnSync('umount', ['-l', point]);
});

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

describe.skipIf(!mayMount && process.env['CI'] !== 'true')('a copy (needs the right to mount)', () => {
  gate.test('for which there is too little space is deleted, and told so', async () => {
    const { path } = await standardBackup();
    const { spool } = await folders();
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', spool]).status).toBe(0);
    mounted.push(spool);
    await chmod(spool, 0o700);
    const ended = await lifeboat(['verify', '-', '--spool', spool, '--json'], {
      passphrase: standardPassphrase,
      through: through(whole, path),
    });
    expect([ended.code, codesIn(reportOf(ended))]).toEqual([5, ['spool-full']]);
    expect(await filesBelow(spool)).toEqual([]);
  });
});
