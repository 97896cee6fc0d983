/** The passphrase and the keys stay where they are: a canary is looked for wherever the program writes or shows itself. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { flipByte, operate } from '../support/container-surgery.ts';
import { filesBelow, lifeboat, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle, skipped } from '../support/oracles.ts';
import { noise } from '../support/trees.ts';

const canary = 'canary-58131-Zebra';

/** The canary as it would show in text, in memory of a script engine, and in usual encodings. */
const forms = [
  Buffer.from(canary),
  Buffer.from(canary, 'utf16le'),
  Buffer.from(Buffer.from(canary).toString('hex')),
  ...[0, 1, 2].map((shift) => {
    // Whatever precedes it, some of its base64 is the same.
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(canary)]).toString('base64');
    return Buffer.from(text.slice(4, 20));
  }),
];

function expectNoCanary(where: string, bytes: Uint8Array | string): void {
  const text = Buffer.from(bytes);
  for (const form of forms) expect(text.includes(form), where).toBe(false);
}

const gate = process.platform === 'linux' ? oracle('scrypt', 'tar', 'gzip', 'split') : skipped('reads /proc');

gate.describe('a passphrase', () => {
  const made = async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'private.img'), noise(4 << 20, 'canary'));
    const backup = await makeBackup({
      destination: join(folder, 'b'),
      passphrase: canary,
      chunkSize: 1 << 19,
      cost: { logN: 14, r: 8, p: 1 },
      qubes: [
        {
          name: 'work',
          class: 'AppVM',
          files: [{ name: 'private.img', source: join(folder, 'private.img') }],
        },
      ],
    });
    const to = join(folder, 'to');
    await mkdir(to);
    return { folder, backup, to };
  };

  const expectCleanFolder = async (folder: string) => {
    const files = await filesBelow(folder);
    for (const file of files) expectNoCanary(file, await readFile(join(folder, file)));
    return files;
  };

  gate.test('is in no output, report, journal or map, when all goes well and when it does not', async () => {
    const { folder, backup, to } = await made();
    const chunks = backup.files.find(({ qube }) => qube === 'work')?.chunks ?? [];
    const damaged = join(folder, 'damaged');
    await operate(backup.path, damaged, flipByte(chunks[3] ?? '', 'data'));
    for (const path of [damaged, join(folder, 'nothing'), backup.path]) {
      for (const form of [['--json'], []]) {
        const ended = await lifeboat(['restore', path, '--to', to, ...form], { passphrase: canary });
        expectNoCanary('stdout', ended.stdout);
        expectNoCanary('stderr', ended.stderr);
      }
      const files = await expectCleanFolder(to);
      if (path === damaged)
        expect(files).toEqual(
          expect.arrayContaining([
            'lifeboat-journal.jsonl',
            'lifeboat-report.json',
            'work/private.img.partial.map',
          ]),
        );
    }
    const rejected = await lifeboat(['list', backup.path, '--json'], { passphrase: `${canary}-not` });
    expect(rejected.code).toBe(3);
    expectNoCanary('a rejection', rejected.stdout + rejected.stderr);
  });

  gate.test(
    'is in no argument or environment of any process, and in nothing that a killed engine leaves',
    async () => {
      const { folder, backup, to } = await made();
      const home = join(folder, 'home');
      await mkdir(home);
      const cli = join(import.meta.dirname, '../../main/cli/lifeboat.ts');
      const args = [cli, 'restore', backup.path, '--to', to, '--passphrase-fd', '3'];
      const child = spawn(process.execPath, args, {
        // Whatever it writes anywhere, it writes here.
        cwd: home,
        env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home },
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      });
      const printed: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (bytes: Buffer) => printed.push(bytes));
      (child.stdio[3] as NodeJS.WritableStream).end(`${canary}\n`);
      const closed = new Promise((resolve) => child.once('close', resolve));
      while (!(await filesBelow(to)).some((file) => file.endsWith('.partial'))) await sleep(10);

      const processes = [child.pid ?? 0, ...(await childrenOf(child.pid ?? 0))];
      expect(processes.length).toBeGreaterThan(1);
      for (const id of processes) {
        for (const file of ['cmdline', 'environ', 'comm'])
          expectNoCanary(`${file} of ${id}`, await readFile(`/proc/${id}/${file}`));
      }
      for (const id of processes.slice(1)) process.kill(id, 'SIGKILL');
      await closed;
      expectNoCanary('what it printed', Buffer.concat(printed));
      await expectCleanFolder(to);
      await expectCleanFolder(home);
    },
  );
});

async function childrenOf(pid: number): Promise<readonly number[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8')),
  );
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((id) => id !== '')
      .map(Number),
  );
}
