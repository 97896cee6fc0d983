/** Promises about a destination that somebody else prepared or changes: what lies there is believed no more than a backup is. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect } from 'vitest';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import { diskOutputs } from '../../main/recovery/writing/disk-output.ts';
import { journalName } from '../../main/recovery/restore/journal.ts';
import { problem, RecoveryError } from '../../shared/problems.ts';
import { codesIn, filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { makeOldBackup } from '../support/make-old-backup.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { restoreInProcess, type InProcessOptions } from '../support/restore-in-process.ts';
import { run } from '../support/tools.ts';
import { noise, writeTree } from '../support/trees.ts';

const gate =
  process.platform === 'win32'
    ? skipped('needs links and pipes')
    : oracle('scrypt', 'tar', 'gzip', 'split', 'openssl', 'mkfifo');
const passphrase = 'prepared';
/** More than a decompressor hands out at a time, so that a file begins before its stream has ended. */
const sizes = 1200 << 10;
const homeNames = ['a', 'b/c', 'd'];
const sumOf = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

gate.describe('a destination that somebody prepared', () => {
  const backups = new Map<string, Buffer>();
  const originals = new Map(['one', 'two'].map((name) => [name, noise(sizes, name)]));

  beforeAll(async () => {
    const folder = await scratchFolder();
    const qubes = [...originals].map(([name, bytes], i) => ({
      name,
      class: 'AppVM' as const,
      qid: i + 1,
      bytes,
    }));
    for (const { name, bytes } of qubes) await writeFile(join(folder, name), bytes);
    const common = {
      passphrase,
      chunkSize: 128 << 10,
      qubes: qubes.map(({ name, class: kind, qid }) => ({
        name,
        class: kind,
        qid,
        files: [{ name: 'private.img', source: join(folder, name), sparse: 'none' as const }],
      })),
    };
    await makeBackup({ ...common, destination: join(folder, 'v4') });
    const home = join(folder, 'user');
    await writeTree(home, Object.fromEntries(homeNames.map((name) => [name, noise(sizes, name)])));
    await makeBackup({
      ...common,
      qubes: [],
      dom0Home: home,
      compression: false,
      destination: join(folder, 'home'),
    });
    await makeOldBackup({ ...common, destination: join(folder, 'v3'), version: 3 });
    for (const name of ['v4', 'v3', 'home']) backups.set(name, await readFile(join(folder, name)));
  });

  let to: string;
  let elsewhere: string;
  let treasure: string;
  beforeEach(async () => {
    const folder = await scratchFolder();
    [to, elsewhere] = [join(folder, 'to'), join(folder, 'elsewhere')];
    await mkdir(to);
    await mkdir(elsewhere);
    treasure = join(elsewhere, 'treasure');
    await writeFile(treasure, 'mine');
  });

  const restored = (version = 'v4', options: Partial<InProcessOptions> = {}) =>
    restoreInProcess(memorySource(backups.get(version) ?? Buffer.alloc(0)), {
      passphrase,
      destination: to,
      ...options,
    });

  /** A restore whose drive goes away once the first qube is whole. */
  const interrupted = async (version: string) => {
    const report = await restored(version, {
      recut: async function* (stream, path) {
        const isFirst = path.startsWith('vm1/');
        for await (const piece of stream) {
          while (!isFirst && !(await filesBelow(to)).includes('one/private.img'))
            await new Promise(setImmediate);
          if (!isFirst) throw new RecoveryError(problem('source-lost', { reason: 'EIO' }));
          yield piece;
        }
      },
    });
    expect(report.qubes.map(({ outcome }) => outcome)).toEqual(['restored', 'failed']);
  };

  const expectUntouched = async () => {
    expect(await readFile(treasure, 'utf8')).toBe('mine');
    expect(await filesBelow(elsewhere)).toEqual(['treasure']);
  };

  const isRight = async (name: string) =>
    (await readFile(join(to, name, 'private.img'))).equals(originals.get(name) ?? Buffer.alloc(0));

  for (const version of ['v4', 'v3']) {
    gate.test(`goes on from its own journal (${version})`, async () => {
      await interrupted(version);
      const before = await stat(join(to, 'one/private.img'));
      const report = await restored(version);
      expect(report.outcome).toBe('restored');
      expect((await stat(join(to, 'one/private.img'))).ino).toBe(before.ino);
      expect([await isRight('one'), await isRight('two')]).toEqual([true, true]);
    });

    gate.test(
      `is not believed when its journal was written without the passphrase (${version})`,
      async () => {
        await interrupted(version);
        const journal = join(to, journalName);
        const lines = (await readFile(journal, 'utf8'))
          .split('\n')
          .filter((line) => line.includes('"finished"'));
        expect(lines).toHaveLength(1);
        const genuine = JSON.parse(lines[0] ?? '') as { finished: string; attestation: string };
        // The second qube is said to be finished too, and something of its size stands there.
        const forged = join(to, 'two/private.img');
        await mkdir(join(to, 'two'), { recursive: true });
        await writeFile(forged, noise(sizes, 'forged'));
        const forgery = genuine.finished
          .replaceAll('one', 'two')
          .replaceAll('vm1', 'vm2')
          .replaceAll(sumOf(originals.get('one') ?? ''), sumOf(noise(sizes, 'forged')));
        const entry = JSON.parse(forgery) as object;
        const finished = JSON.stringify({ ...entry, modified: (await stat(forged)).mtimeMs });
        const attestations = [genuine.attestation, '', 'AAAA'];
        const planted = attestations.map((attestation) => JSON.stringify({ finished, attestation }));
        await writeFile(journal, [...lines, ...planted, finished].join('\n'));
        const report = await restored(version);
        expect(report.qubes.map(({ outcome }) => outcome)).toEqual(['restored', 'failed']);
        expect(codesIn(report)).toEqual(['dest-occupied']);
      },
    );

    gate.test(
      `is not believed when a finished file was changed and its time put back (${version})`,
      async () => {
        await interrupted(version);
        const path = join(to, 'one/private.img');
        const reference = join(elsewhere, 'times');
        await run('cp', ['--preserve=timestamps', path, reference]);
        const changed = await readFile(path);
        changed.writeUInt8(changed.readUInt8(1000) ^ 1, 1000);
        await writeFile(path, changed);
        await run('touch', [`--reference=${reference}`, path]);
        const report = await restored(version);
        expect(report.qubes.map(({ outcome }) => outcome)).toEqual(['failed', 'restored']);
        expect(codesIn(report)).toEqual(['dest-occupied']);
      },
    );
  }

  gate.test('is not written through a link to a folder elsewhere', async () => {
    await symlink(elsewhere, join(to, 'one'));
    const report = await restored();
    expect(report.qubes.map(({ outcome }) => outcome)).toEqual(['failed', 'restored']);
    expect(codesIn(report)).toEqual(['dest-occupied']);
    await expectUntouched();
  });

  for (const name of ['SHA256SUMS.partial', 'lifeboat-report.json', 'SHA256SUMS'])
    gate.test(`is not written through a link at ${name}, be it soft or hard`, async () => {
      for (const lay of [symlink, link]) {
        await mkdir(join(to, 'one'), { recursive: true });
        await lay(treasure, join(to, name));
        expect((await restored()).outcome).toBe('restored');
        await expectUntouched();
        to = join(to, 'again');
        await mkdir(to);
      }
    });

  /** What somebody else can have at a name, none of it to be written through, waited for or removed. */
  const others = {
    'a folder': (path: string) => writeTree(path, { mine: 'mine' }),
    'a link to a file': (path: string) => symlink(treasure, path),
    'a link to an endless device': (path: string) => symlink('/dev/zero', path),
    'a pipe': (path: string) => Promise.resolve(void spawnSync('mkfifo', [path])),
  };
  for (const [what, lay] of Object.entries(others)) {
    gate.test(`is refused where ${what} has the name of the journal, which stays`, async () => {
      await lay(join(to, journalName));
      const before = await lstat(join(to, journalName));
      const report = await restored();
      expect([report.outcome, new Set(codesIn(report))]).toEqual(['failed', new Set(['dest-occupied'])]);
      expect((await lstat(join(to, journalName))).ino).toBe(before.ino);
      await expectUntouched();
    });

    gate.test(`costs one file where ${what} has its partial name, and stays`, async () => {
      const partial = join(to, 'one/private.img.partial');
      await mkdir(join(to, 'one'));
      await lay(partial);
      const before = await lstat(partial);
      for (let run = 0; run < 2; run++) {
        const report = await restored();
        expect(report.qubes.map(({ outcome }) => outcome)).toEqual(['failed', 'restored']);
        expect(codesIn(report)).toEqual(['dest-occupied']);
      }
      expect((await lstat(partial)).ino).toBe(before.ino);
      if (before.isDirectory()) expect(await filesBelow(partial)).toEqual(['mine']);
      await expectUntouched();
    });
  }

  gate.test(
    'keeps the other name of a journal that was copied by hard links, and goes on from it',
    async () => {
      await interrupted('v4');
      const copy = join(elsewhere, 'journal');
      await link(join(to, journalName), copy);
      const before = await readFile(copy, 'utf8');
      expect((await restored()).outcome).toBe('restored');
      expect(await readFile(copy, 'utf8')).toBe(before);
    },
  );

  for (const name of ['SHA256SUMS', 'lifeboat-report.json', 'qubes.xml'])
    gate.test(`keeps nobody waiting at a pipe or an endless device called ${name}`, async () => {
      // The list is never replaced, and not to have it is a loss.
      const expected = name === 'qubes.xml' ? 'partial' : 'restored';
      spawnSync('mkfifo', [join(to, name)]);
      expect((await restored()).outcome).toBe(expected);
      to = join(to, 'again');
      await mkdir(to);
      await symlink('/dev/zero', join(to, name));
      expect((await restored()).outcome).toBe(expected);
    });

  for (const when of ['while a file grows', 'before anything is read'])
    gate.test(
      `keeps what is finished, and writes nothing where its drive was, unplugged ${when}`,
      async () => {
        const away = join(elsewhere, 'away');
        let isDue = true;
        const unplug = async () => {
          isDue = false;
          await rename(to, away);
          await mkdir(to);
        };
        const report = await restored('v4', {
          recut: async function* (stream, path) {
            if (isDue && when.startsWith('before')) await unplug();
            for await (const piece of stream) {
              yield piece;
              if (path.startsWith('vm1/')) continue;
              while (isDue && !(await filesBelow(to)).includes('one/private.img'))
                await new Promise(setImmediate);
              if (isDue) await unplug();
            }
          },
        });
        expect(isDue).toBe(false);
        expect(report.outcome).toBe(when.startsWith('before') ? 'failed' : 'partial');
        expect(new Set(codesIn(report))).toEqual(new Set(['dest-exchanged']));
        expect(await readdir(to)).toEqual([]);
        if (when.startsWith('before')) return;
        await rm(to, { recursive: true });
        await rename(away, to);
        expect((await restored()).outcome).toBe('restored');
        expect([await isRight('one'), await isRight('two')]).toEqual([true, true]);
      },
    );

  gate.test(
    'in which a second restore runs at once never has the file of one for that of the other',
    async () => {
      const partial = join(to, 'one/private.img.partial');
      const report = await restored('v4', {
        recut: async function* (stream, path) {
          yield* stream;
          if (!path.startsWith('vm1/')) return;
          while (!(await filesBelow(to)).includes('one/private.img.partial')) await new Promise(setImmediate);
          // What the other does: it clears the partial name and begins its own.
          await rename(partial, join(elsewhere, 'first'));
          await writeFile(partial, 'the beginning of the other');
        },
      });
      expect(codesIn(report)).toEqual(['dest-occupied']);
      expect(await filesBelow(to)).not.toContain('one/private.img');
      expect(await isRight('two')).toBe(true);
    },
  );

  /** What a second restore does to the growing folder of the first, with more of its own in it. */
  const takeOver = async (growing: string) => {
    await rm(growing, { recursive: true });
    await mkdir(growing);
    await writeFile(join(growing, 'other'), 'the beginning of the other');
  };

  for (const when of ['half way', 'at its end'])
    gate.test(`in which a second restore takes over a growing tree ${when} keeps the two apart`, async () => {
      const growing = join(to, 'dom0/user.partial');
      let isDue = true;
      const report = await restored('home', {
        recut: async function* (stream) {
          for await (const piece of stream) {
            yield piece;
            if (when === 'at its end' || !isDue || !(await filesBelow(growing)).includes('a')) continue;
            isDue = false;
            await takeOver(growing);
          }
          if (isDue) await takeOver(growing);
          isDue = false;
        },
      });
      expect(isDue).toBe(false);
      expect(report.outcome).toBe('failed');
      expect(codesIn(report)).toEqual(['dest-occupied']);
      // Neither was anything written into the folder of the other, nor that removed.
      expect(await filesBelow(join(to, 'dom0'))).toEqual(['user.partial/other']);
    });

  for (const kind of ['file', 'tree'] as const)
    gate.test(`does not give its name to what took the place of a finished ${kind}`, async () => {
      const output = await diskOutputs(to)(['it'], kind, { prefix: ['user'], root: null });
      const about = { kind: 'file', mode: 0o644, modified: 0, target: '', size: 4 } as const;
      const data = async function* () {
        yield await Promise.resolve({ position: 0, bytes: Buffer.from('mine') });
      };
      await output.take({ ...about, path: 'user/x', data });
      await output.finish();
      await rm(join(to, 'it.partial'), { recursive: true });
      await writeTree(to, kind === 'tree' ? { 'it.partial/y': 'other' } : { 'it.partial': 'other' });
      const refusal = await output.commit().catch((error: unknown) => error);
      expect(refusal).toMatchObject({ problem: { code: 'dest-occupied' } });
      expect(await output.abandon(true)).toEqual({ path: null, bytes: 0 });
      expect(await filesBelow(to)).toEqual([kind === 'tree' ? 'it.partial/y' : 'it.partial']);
    });
});
