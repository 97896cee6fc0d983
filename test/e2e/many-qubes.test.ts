/** Promises of backups with hundreds of small qubes: what each takes is given back before the process has no more. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { cachedFolder } from '../support/cache.ts';
import { lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { placeMembers } from '../support/container-surgery.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { standardTools } from '../support/standard-backup.ts';
import { noise } from '../support/trees.ts';

const passphrase = 'many';
const names = Array.from({ length: 300 }, (_, i) => `qube-${i}`);

/** Runs a program with at most 100 GiB of addresses. */
const withFewAddresses = ['bash', '-c', `ulimit -v ${100 * 2 ** 20}; exec "$@"`, 'bash'];

oracle(...standardTools, 'bash').describe('a backup of 300 small qubes', () => {
  let path: string;
  beforeAll(async () => {
    const folder = await cachedFolder('many-qubes', [import.meta.filename], async (made) => {
      await Promise.all(names.map((name) => writeFile(join(made, name), noise(5000, name))));
      await makeBackup({
        destination: join(made, 'many.backup'),
        passphrase,
        cost: { logN: 10, r: 1, p: 1 },
        qubes: names.map((name) => ({
          name,
          class: 'AppVM',
          files: [{ name: 'private.img', source: join(made, name), sparse: 'none' }],
        })),
      });
    });
    path = join(folder, 'many.backup');
  });

  oracle(...standardTools, 'bash').test(
    'tells in one paragraph which of its qubes are lost, in every command',
    async () => {
      const folder = await scratchFolder();
      const cut = join(folder, 'cut.backup');
      const bytes = await readFile(path);
      const end = placeMembers(bytes).find(({ name }) => name.startsWith('vm2/'))?.start ?? 0;
      await writeFile(cut, bytes.subarray(0, end));
      for (const args of [
        ['list', cut],
        ['verify', cut],
        ['restore', cut, '--to', folder],
      ]) {
        const { code, stdout, stderr } = await lifeboat(args, { passphrase });
        const lines = `${stdout}${stderr}`.split('\n');
        const told = lines.filter((line) => /^(?:FAILED: )?299 qubes are lost: /.test(line));
        expect([args[0], code, told.length]).toEqual([args[0], 1, 1]);
        for (const name of names.slice(1)) expect(told[0]).toContain(name);
        // The list has a row for each qube; nothing else may have.
        expect(lines.length).toBeLessThan(args[0] === 'list' ? 320 : 20);
      }
    },
  );

  oracle(...standardTools, 'bash').test(
    'names the limit of the system where files may not become as large as its own',
    async () => {
      const limited = ['bash', '-c', 'ulimit -f 2; exec "$@"', 'bash'];
      const args = ['restore', path, 'qube-0', '--to', await scratchFolder()];
      const { code, stdout, stderr } = await lifeboat(args, { passphrase, through: limited });
      expect(code).not.toBe(0);
      expect(`${stdout}${stderr}`).toMatch(/limits how large files may become \(ulimit -f\)/);
      expect(`${stdout}${stderr}`).not.toContain('[unexpected]');
    },
  );

  oracle(...standardTools, 'bash').test(
    'is restored by a process that has 100 GiB of addresses',
    async () => {
      const to = await scratchFolder();
      const ended = await lifeboat(
        ['restore', path, '--to', to, '--json', '--jobs', '2', '--memory', '256M'],
        {
          passphrase,
          through: withFewAddresses,
        },
      );
      const report = reportOf(ended);
      expect(report.qubes.filter(({ outcome }) => outcome !== 'restored')).toEqual([]);
      expect([ended.code, report.qubes.length]).toEqual([0, names.length]);
      expect(await readFile(join(to, 'qube-299/private.img'))).toEqual(noise(5000, 'qube-299'));
    },
  );
});
