/** Promises of a system that allows few open files: what has no room is named, and is never called a fault of the program. */
import { expect } from 'vitest';
import { filesBelow, lifeboat, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';

const gate = oracle(...standardTools, 'bash');

for (const limit of [24, 28, 32, 34, 36, 40, 48])
  gate.test(`a restore with ${limit} open files is whole, or says what had no room`, async () => {
    const { path } = await standardBackup();
    const to = await scratchFolder();
    const { code, stdout, stderr } = await lifeboat(['restore', path, '--to', to], {
      passphrase: standardPassphrase,
      through: ['bash', '-c', `ulimit -n ${limit}; exec "$@"`, 'bash'],
    });
    const said = stdout + stderr;
    expect(said).not.toMatch(/\[unexpected\]|^ {4}at /m);
    if (code === 0) expect(await filesBelow(to)).toContain('work/private.img');
    else expect(said).toMatch(/EMFILE|ulimit|too many open files|thread-ended|engine-gone/i);
  });
