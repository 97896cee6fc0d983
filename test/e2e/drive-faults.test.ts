/**
 * Restores on drives that break: refused reads and writes, full, read-only, denied or unplugged in the middle. Each time what
 * happened is told by its name, no wrong file stands at a final name, and once the fault is gone the next run is whole.
 */
import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { beforeAll, expect } from 'vitest';
import type { MadeBackup } from '../support/backup-spec.ts';
import { faultyDrive, faultyDriveGate } from '../support/faulty-drive.ts';
import {
  begun,
  codesIn,
  filesBelow,
  lifeboat,
  reportOf,
  scratchFolder,
  type LifeboatOptions,
} from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { noise } from '../support/trees.ts';

const gate = faultyDriveGate('scrypt', 'tar', 'gzip', 'split', 'setpriv');
const passphrase = 'broken';
const mebibyte = 2 ** 20;

gate.describe('a drive', () => {
  let made: MadeBackup;
  let folder: string;

  beforeAll(async () => {
    folder = await scratchFolder();
    const source = (name: string) => join(folder, `${name}.img`);
    await writeFile(source('one'), noise(2 * mebibyte, 'one'));
    await writeFile(source('two'), noise(10 * mebibyte, 'two'));
    await mkdir(join(folder, 'content'));
    made = await makeBackup({
      destination: join(folder, 'content/slow.backup'),
      passphrase,
      chunkSize: mebibyte,
      // The second qube waits for one of its keys, so that there is a middle in which something can happen.
      cost: (member) => ({
        logN: 10,
        r: 8,
        p: 1,
        ...(member === 'vm2/private.img.001.enc' && { logN: 17, p: 5 }),
      }),
      qubes: ['one', 'two'].map((name, i) => ({
        name,
        class: 'AppVM' as const,
        qid: i + 1,
        files: [{ name: 'private.img', source: source(name), sparse: 'none' as const }],
      })),
    });
  });

  /** Restores `backup`; once the second qube is begun, `fault` happens. */
  const restoreWith = async (
    backup: string,
    to: string,
    fault: () => Promise<void>,
    options: LifeboatOptions = {},
  ) => {
    const args = ['restore', backup, '--to', to, '--json', '--jobs', '1'];
    const ending = lifeboat(args, { passphrase, ...options });
    await Promise.race([begun(to, 'two/private.img'), ending]);
    await fault();
    const ended = await ending;
    return { code: ended.code, report: reportOf(ended) };
  };

  /** What stands below `to` is right, or has a name that says what it is; gives the finished images. */
  const judged = async (to: string) => {
    const files = (await filesBelow(to)).filter((path) => !path.startsWith('lost+found'));
    const ours = /\.partial(\.map)?$|^(lifeboat-journal\.jsonl|lifeboat-report\.json|SHA256SUMS|qubes\.xml)$/;
    const images = files.filter((path) => !ours.test(path));
    for (const path of images) {
      const sum = createHash('sha256')
        .update(await readFile(join(to, path)))
        .digest('hex');
      expect([path, sum]).toEqual([
        path,
        made.files.find(({ qube }) => `${qube ?? ''}/private.img` === path)?.sha256,
      ]);
    }
    return images;
  };

  const expectResumed = async (backup: string, to: string, options: LifeboatOptions = {}) => {
    const again = await lifeboat(['restore', backup, '--to', to, '--json'], { passphrase, ...options });
    expect([again.code, reportOf(again).outcome], again.stdout).toEqual([0, 'restored']);
    expect(await judged(to)).toEqual(['one/private.img', 'two/private.img']);
    expect((await filesBelow(to)).filter((path) => /partial/.test(path))).toEqual([]);
  };

  gate.test('that refuses what is written to it costs what was not finished', async () => {
    await using drive = await faultyDrive(64 * mebibyte);
    const { code, report } = await restoreWith(made.path, drive.point, () => drive.fail());
    // Linux turns such a drive read-only, and which of the two is met first is a matter of moments.
    expect(codesIn(report).filter((each) => !['dest-lost', 'dest-read-only'].includes(each))).toEqual([]);
    expect([code, report.outcome]).toEqual([1, 'partial']);
    await drive.comeBack();
    expect(await judged(drive.point)).toEqual(['one/private.img']);
    await expectResumed(made.path, drive.point);
  });

  gate.test('that turns read-only is named so', async () => {
    await using drive = await faultyDrive(64 * mebibyte);
    const { code, report } = await restoreWith(made.path, drive.point, () => drive.turnReadOnly());
    expect([code, report.outcome, new Set(codesIn(report))]).toEqual([
      1,
      'partial',
      new Set(['dest-read-only']),
    ]);
    await drive.comeBack();
    expect(await judged(drive.point)).toEqual(['one/private.img']);
    await expectResumed(made.path, drive.point);
  });

  gate.test('that runs full goes on once there is room', async () => {
    await using drive = await faultyDrive(24 * mebibyte);
    const filler = join(drive.point, 'qubes.xml.partial');
    // Whatever is left of the drive, once the restore was found to fit.
    const fill = () => writeFile(filler, noise(24 * mebibyte, 'filler')).catch(() => undefined);
    const { code, report } = await restoreWith(made.path, drive.point, fill);
    expect(codesIn(report)).toContain('dest-ran-full');
    expect([code, report.outcome]).toEqual([1, 'partial']);
    await judged(drive.point);
    await rm(filler, { force: true });
    await expectResumed(made.path, drive.point);
  });

  gate.test(
    'that is unplugged, with the folder it was at, is lost, and nothing is written in its place',
    async () => {
      await using drive = await faultyDrive(64 * mebibyte);
      const { code, report } = await restoreWith(made.path, drive.point, () => drive.vanish());
      expect([code, report.outcome]).toEqual([1, 'partial']);
      expect(new Set(codesIn(report))).toEqual(new Set(['dest-lost']));
      expect(await stat(drive.point).catch(() => null)).toBeNull();
      await drive.comeBack();
      expect(await judged(drive.point)).toEqual(['one/private.img']);
      await expectResumed(made.path, drive.point);
    },
  );

  gate.test('that drops out and leaves its empty folder behind has nothing written there', async () => {
    await using drive = await faultyDrive(64 * mebibyte);
    const { code, report } = await restoreWith(made.path, drive.point, async () => {
      await drive.vanish();
      await mkdir(drive.point);
    });
    expect([code, report.outcome]).toEqual([1, 'partial']);
    // In between, for a moment, there was no folder.
    expect(codesIn(report).filter((each) => each !== 'dest-lost')).toContain('dest-exchanged');
    expect(await readdir(drive.point)).toEqual([]);
    await drive.comeBack();
    expect(await judged(drive.point)).toEqual(['one/private.img']);
    await expectResumed(made.path, drive.point);
  });

  gate.test('with a folder that is closed to the person meanwhile is denied', async () => {
    const to = join(await scratchFolder(), 'to');
    await mkdir(to);
    await chown(to, nobody, nobody);
    await letEverybodyInto(to);
    await letEverybodyInto(made.path);
    const through = asNobody;
    const { code, report } = await restoreWith(made.path, to, () => chmod(join(to, 'two'), 0o500), {
      through,
    });
    expect([code, report.outcome]).toEqual([1, 'partial']);
    expect(new Set(codesIn(report))).toEqual(new Set(['dest-denied', 'file-unnamed']));
    await chmod(join(to, 'two'), 0o700);
    expect(await judged(to)).toEqual(['one/private.img']);
    await expectResumed(made.path, to, { through });
  });

  gate.test('whose backup may not be read says so', async () => {
    const { path } = made;
    await letEverybodyInto(path);
    await chmod(path, 0o600);
    const ended = await lifeboat(['list', path, '--json'], { passphrase, through: asNobody });
    await chmod(path, 0o644);
    expect([ended.code, codesIn(reportOf(ended))]).toEqual([5, ['source-unreadable']]);
  });

  gate.test('that refuses to be read from is lost, and resumed from once it answers', async () => {
    await using drive = await faultyDrive(64 * mebibyte, join(folder, 'content'));
    const to = await scratchFolder();
    const backup = join(drive.point, 'slow.backup');
    const { code, report } = await restoreWith(backup, to, () => drive.fail());
    expect(codesIn(report)).toContain('source-lost');
    expect([code, report.outcome]).toEqual([1, 'partial']);
    expect(await judged(to)).toEqual(['one/private.img']);
    await drive.comeBack();
    await expectResumed(backup, to);
  });

  gate.test('that vanishes with the backup and comes back is read on from', async () => {
    await using drive = await faultyDrive(64 * mebibyte, join(folder, 'content'));
    const to = await scratchFolder();
    const backup = join(drive.point, 'slow.backup');
    const { code, report } = await restoreWith(backup, to, () => drive.vanish());
    expect(codesIn(report)).toContain('source-lost');
    expect([code, report.outcome]).toEqual([1, 'partial']);
    expect(await judged(to)).toEqual(['one/private.img']);
    await drive.comeBack();
    await expectResumed(backup, to);
  });

  gate.test('on which another backup takes the place of the one that is read harms nothing', async () => {
    const place = await scratchFolder();
    const [backup, aside, to] = [join(place, 'b'), join(place, 'aside'), join(place, 'to')];
    await writeFile(backup, await readFile(made.path));
    await mkdir(to);
    const { size } = await stat(backup);
    const { report } = await restoreWith(backup, to, async () => {
      await rename(backup, aside);
      await writeFile(backup, noise(size, 'another'));
    });
    await judged(to);
    if (report.outcome === 'restored') return;
    await rename(aside, backup);
    await expectResumed(backup, to);
  });
});

const nobody = 65534;
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];

/** Opens the folders above `path`. */
async function letEverybodyInto(path: string): Promise<void> {
  const { root } = parse(path);
  for (let at = dirname(path); at !== tmpdir() && at !== root; at = dirname(at)) await chmod(at, 0o755);
}
