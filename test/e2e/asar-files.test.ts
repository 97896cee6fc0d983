/** Promises of files that are called as Electron calls its archives: to the engine they are files like any other. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { connectEngine } from '../../main/backend/engine-client.ts';
import { engineEntry } from '../../main/backend/engine-entry.ts';
import { forkEngine } from '../../main/backend/fork-engine.ts';
import { valueOf } from '../../shared/contract/define.ts';
import { operate } from '../support/container-surgery.ts';
import { e2fsprogs, makeImage, makeScratch } from '../support/images.ts';
import { killableBackup } from '../support/killing.ts';
import { filesBelow, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { standardTools } from '../support/standard-backup.ts';

/** An engine whose `fs`, and that of its threads, is wrapped as Electron wraps it. */
const startEngine = () =>
  forkEngine(engineEntry, [
    '--import',
    pathToFileURL(join(import.meta.dirname, '../support/asar-fs.ts')).href,
  ]);
const idOf = (entry: string) => Buffer.from(entry).toString('base64url');

e2fsprogs.test('a home with an unpacked Electron app in it is copied out of an image', async () => {
  const scratch = await makeScratch();
  const resources = join(scratch, 'tree/home/user/app/resources');
  await mkdir(resources, { recursive: true });
  await writeFile(join(resources, 'app.asar'), 'an archive of an app');
  await writeFile(join(scratch, 'tree/home/user/letter.txt'), 'a letter');
  const image = join(scratch, 'private.img');
  await makeImage(image, '8M', '-d', join(scratch, 'tree'));
  const to = await scratchFolder();

  const engine = startEngine();
  try {
    const { client } = connectEngine(() => engine);
    const { handle } = valueOf(await client.image.open({ path: image }));
    const report = valueOf(
      await client.image.copy({
        handle,
        volume: 0,
        task: 'copy',
        entries: [idOf('home/user')],
        name: 'home',
        destination: to,
        conflict: 'refuse',
      }),
    );
    expect(report.items.map(({ outcome, problems }) => [outcome, problems])).toEqual([['copied', []]]);
  } finally {
    engine.kill();
  }
  expect(await filesBelow(to)).toEqual(['user/app/resources/app.asar', 'user/letter.txt']);
  expect(await readFile(join(to, 'user/app/resources/app.asar'), 'utf8')).toBe('an archive of an app');
});

oracle(...standardTools).test('a backup that is called so itself is restored, by threads too', async () => {
  const made = await killableBackup();
  const backup = join(await scratchFolder(), 'old.asar');
  await operate(made.path, backup);
  const to = await scratchFolder();
  const engine = startEngine();
  try {
    const { client } = connectEngine(() => engine);
    const { handle } = valueOf(await client.backup.open({ files: [backup], findParts: true }));
    const passphrase = new TextEncoder().encode(made.passphrase);
    valueOf(await client.backup.unlock({ handle, passphrase, acceptUnsealed: false, allowSlow: false }));
    const run = { handle, job: 'job', qubes: null, destination: to, acceptPartial: false, allowSlow: false };
    expect(valueOf(await client.restore.run(run)).report.outcome).toBe('restored');
  } finally {
    engine.kill();
  }
});
