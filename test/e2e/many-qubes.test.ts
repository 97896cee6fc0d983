/** Promises of backups with hundreds of small qubes: what each takes is given back before the process has no more. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { cachedFolder } from '../support/cache.ts';
import { lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
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
