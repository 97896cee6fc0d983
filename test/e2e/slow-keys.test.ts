/** Promises of keys that a backup asks hours for: they stop nothing else, are named, and are calculated when allowed. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import type { MadeBackup } from '../support/backup-spec.ts';
import { operate, overwrite, type Operation } from '../support/container-surgery.ts';
import { codesIn, lifeboat, reportOf, scratchFolder } from '../support/lifeboat.ts';
import { killableBackup } from '../support/killing.ts';
import { oracle } from '../support/oracles.ts';
import { standardTools } from '../support/standard-backup.ts';

/** Asks for another cost, as anybody can: the checksum over it needs no key. */
function forgeCost(name: string, { logN, r, p }: { logN: number; r: number; p: number }): Operation {
  return (backup) => {
    const begin = backup.indexOf(Buffer.from('scrypt\0'), backup.indexOf(Buffer.from(`${name}\0`)));
    const header = Buffer.from(backup.subarray(begin, begin + 48));
    header.writeUInt8(logN, 7);
    header.writeUInt32BE(r, 8);
    header.writeUInt32BE(p, 12);
    const checksum = createHash('sha256').update(header).digest().subarray(0, 16);
    return overwrite(name, 0, Buffer.concat([header, checksum]))(backup);
  };
}

const hours = { logN: 14, r: 8, p: 100_000 };
const gate = oracle(...standardTools);

gate.describe('a backup that asks for hours of work', () => {
  let made: MadeBackup;
  beforeAll(async () => {
    made = await killableBackup();
  });
  const forged = async (name: string) => {
    const path = join(await scratchFolder(), 'forged.backup');
    await operate(made.path, path, forgeCost(name, hours));
    return path;
  };

  gate.test(
    'for a chunk loses this chunk, restores the other qubes, and says how long it would take',
    async () => {
      const to = await scratchFolder();
      const path = await forged('vm2/private.img.003.enc');
      const ended = await lifeboat(['restore', path, '--to', to, '--json'], made);
      expect(ended.code).toBe(1);
      const report = reportOf(ended);
      expect(codesIn(report)).toContain('chunk-slow');
      expect(report.qubes.map(({ name, outcome }) => [name, outcome])).toEqual([
        ['one', 'restored'],
        ['two', 'partial'],
        ['three', 'restored'],
      ]);
      const slow = report.qubes[1]?.files[0]?.problems.find((problem) => problem.code === 'chunk-slow');
      expect(slow?.params).toMatchObject({ chunk: 3 });
      expect((slow?.params as { seconds: number }).seconds).toBeGreaterThan(60);
    },
  );

  gate.test('for its header is not opened, which is said at once with the time and the option', async () => {
    const path = await forged('backup-header.hmac');
    const { code, stderr } = await lifeboat(['verify', path], made);
    expect(code).toBe(5);
    expect(stderr).toContain('derivation-slow');
    expect(stderr).toMatch(/take about [\d,]+\s(?:min|hr)/);
    expect(stderr).toContain('--allow-slow');
  });
});

gate.test('a chunk that honestly takes very long is restored when that is allowed', async () => {
  const slow = { logN: 16, r: 8, p: 20 };
  const cheap = { logN: 10, r: 8, p: 1 };
  const { path, passphrase } = await killableBackup((member) =>
    member.endsWith('vm1/private.img.002.enc') ? slow : cheap,
  );
  const [without, allowed] = [await scratchFolder(), await scratchFolder()];
  const run = async (to: string, ...more: string[]) =>
    (await lifeboat(['restore', path, 'one', '--to', to, ...more], { passphrase })).code;
  expect(await run(without)).toBe(1);
  expect(await run(allowed, '--allow-slow')).toBe(0);
  expect((await readFile(join(allowed, 'one/private.img'))).length).toBe(3 << 20);
});
