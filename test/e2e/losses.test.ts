/**
 * Nothing is lost without a word: backups of every format, cut off at each member and robbed of each file in turn. What
 * does not come out as it does of the whole backup is named, and the verdict says so.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { exitCodeOfOutcome, exitCodeOfProblem } from '../../main/cli/exit-codes.ts';
import { memorySource } from '../../main/recovery/bytes/source.ts';
import type { RestoreReport } from '../../shared/backup.ts';
import { hasFailure, problemOf } from '../../shared/problems.ts';
import { fixturePassphrase } from '../fixtures/variants.ts';
import type { CommonSpec } from '../support/backup-spec.ts';
import { dropMember, placeMembers } from '../support/container-surgery.ts';
import { scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { makeOldBackup } from '../support/make-old-backup.ts';
import { oracle } from '../support/oracles.ts';
import { restoreInProcess } from '../support/restore-in-process.ts';
import { noise, writeTree } from '../support/trees.ts';

const gate = oracle('scrypt', 'tar', 'gzip', 'split', 'openssl', 'pigz');

/** What no list of qubes mentions: nothing tells whether it ever was there. */
const unlisted = 'firewall.xml';

/** Each kind of qube, with an unlisted file before an image, and a listed one at the end. */
async function systemIn(folder: string, version: number): Promise<CommonSpec> {
  const at = (name: string) => join(folder, name);
  await writeTree(folder, {
    'private.img': noise(6000, 'private'),
    'root.img': noise(5000, 'root'),
    [unlisted]: '<firewall version="2"/>\n',
    'template/root.img': noise(4000, 'template'),
    'template/apps/xterm.desktop': '[Desktop Entry]\n',
    'home/user/notes.txt': 'from dom0\n',
  });
  const file = (name: string, source = at(name)) => ({ name, source, sparse: 'none' as const });
  const template = version === 4 ? file('root.img', at('template/root.img')) : file('.', at('template'));
  return {
    destination: at('whole.backup'),
    passphrase: fixturePassphrase,
    chunkSize: 2500,
    outerBlocking: 1,
    qubes: [
      { name: 'work', class: 'AppVM', template: 'fedora', files: [file(unlisted), file('private.img')] },
      { name: 'vault', class: 'StandaloneVM', files: [file('root.img'), file('private.img')] },
      { name: 'fedora', class: 'TemplateVM', files: [template] },
    ],
    dom0Home: at('home/user'),
  };
}

async function verified(backup: Uint8Array): Promise<RestoreReport> {
  try {
    return await restoreInProcess(memorySource(backup), {
      passphrase: fixturePassphrase,
      destination: null,
    });
  } catch (error) {
    const found = problemOf(error);
    expect(exitCodeOfProblem(found.code)).not.toBe(0);
    return { outcome: 'failed', qubes: [], problems: [found] };
  }
}

/** Every file that came out verified, as `qube/name`, with its sum. */
function rightFiles({ qubes }: RestoreReport): ReadonlyMap<string, string | null> {
  return new Map(
    qubes.flatMap(({ name, files }) =>
      files
        .filter(({ outcome }) => outcome === 'verified')
        .map((file) => [`${name}/${file.name}`, file.sha256] as const),
    ),
  );
}

/** Names of qubes of which a problem says that something is lost. */
function namedAsLost({ qubes, problems }: RestoreReport): ReadonlySet<string> {
  const ofQubes = problems.flatMap(({ params }) => ('qube' in params ? [String(params.qube)] : []));
  const byFiles = qubes.filter(({ files }) => files.some((file) => hasFailure(file.problems)));
  return new Set([...ofQubes, ...byFiles.map(({ name }) => name)]);
}

for (const version of [4, 3, 2] as const) {
  gate.describe(`a backup of format ${version}`, () => {
    let backup: Buffer;
    let whole: ReadonlyMap<string, string | null>;

    beforeAll(async () => {
      const spec = await systemIn(await scratchFolder(), version);
      const made = version === 4 ? await makeBackup(spec) : await makeOldBackup({ ...spec, version });
      backup = await readFile(made.path);
      const report = await verified(backup);
      expect(report).toMatchObject({ outcome: 'verified', problems: [] });
      whole = rightFiles(report);
      expect(whole.size).toBe(6);
    });

    const expectNamed = (report: RestoreReport, what: string) => {
      const right = rightFiles(report);
      const sums = new Set(whole.values());
      for (const sum of right.values()) expect(sums, what).toContain(sum);
      expect(exitCodeOfOutcome(report.outcome), what).not.toBe(0);
      // Without the list nobody knows what there was, and nothing but that can be said.
      if (report.qubes.length === 0 || report.problems.some(({ code }) => code.startsWith('qubes-xml-'))) {
        expect(hasFailure(report.problems), what).toBe(true);
        return;
      }
      const named = namedAsLost(report);
      for (const [name, sum] of whole)
        if (!name.endsWith(unlisted) && right.get(name) !== sum)
          expect(named, `${what}: ${name}`).toContain(name.slice(0, name.indexOf('/')));
    };

    gate.test(
      'that is cut off at any member, or in one, is not right, and names each qube that lost an image',
      async () => {
        const cuts = placeMembers(backup).flatMap(
          ({ name, start, header, data, size }) =>
            [
              [`before ${name}`, start],
              [`in the header of ${name}`, header + 200],
              [`in ${name}`, data + Math.floor(size / 2)],
              [`behind ${name}`, data + size],
            ] as const,
        );
        for (const [what, end] of cuts) {
          if (end === 0) continue;
          expectNamed(await verified(backup.subarray(0, end)), what);
        }
      },
      120_000,
    );

    gate.test(
      'that lacks a file is not right, and names its qube, unless no list mentions the file',
      async () => {
        const names = placeMembers(backup).map(({ name }) => name);
        const files = new Set(names.flatMap((name) => /^(.+)\.\d{3}(?:\.enc)?$/.exec(name)?.[1] ?? []));
        expect(files.size).toBe(whole.size + 1);
        for (const file of files) {
          const without = names
            .filter((name) => name.startsWith(`${file}.`))
            .reduce((bytes, name) => dropMember(name)(bytes), backup);
          const report = await verified(without);
          if (file.endsWith(unlisted)) expect(report.outcome).toBe('verified');
          else expectNamed(report, file);
        }
      },
      120_000,
    );
  });
}
