/** Standard output that cannot be written: a full drive fails every command, and a reader who left fails none. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { lifeboat, scratchFolder, type Ended } from '../support/lifeboat.ts';
import { oracle, skipped, type Oracle } from '../support/oracles.ts';
import { buildSingleFile } from '../support/single-file.ts';
import { fileOf, standardBackup, standardPassphrase, standardTools } from '../support/standard-backup.ts';
import { bash } from '../support/tools.ts';
import { noise, writeTree } from '../support/trees.ts';

const hasFullDevice = existsSync('/dev/full');
const gate: Oracle = hasFullDevice
  ? oracle(...standardTools, 'bash', 'mkfifo')
  : skipped('needs /dev/full, which Linux has');

/** Starts a program with its standard output somewhere else, by a script whose arguments it is. */
const redirected = (script: string) => ['bash', '-c', script, 'bash'];

const toFullDevice = redirected('exec "$@" >/dev/full');
const closed = redirected('exec "$@" >&-');
const errorsToFullDevice = redirected('exec "$@" 2>/dev/full');
/** A pipe whose reader left before the program wrote the first byte. */
const leftByReader = (fifo: string) => redirected(`exec 8<>${fifo} 9>${fifo} 8<&-; exec "$@" >&9 9>&-`);

let backup: string;
/** An image that holds `/big`, of several megabytes, and `/folder` with many entries. */
let image: string;
let singleFile: readonly string[];
let fifo: string;

gate.describe('standard output', () => {
  beforeAll(async () => {
    const made = await standardBackup();
    backup = made.path;
    const folder = await scratchFolder();
    image = join(folder, 'image');
    fifo = join(folder, 'fifo');
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`folder/entry ${i}`, 'x']));
    await writeTree(join(folder, 'tree'), { big: noise(6 * 2 ** 20, 'big'), small: 'small\n', ...many });
    await bash('truncate -s 64M "$1"; mkfs.ext4 -q -F -d "$2" "$1"; mkfifo "$3"', [
      image,
      join(folder, 'tree'),
      fifo,
    ]);
    singleFile = [process.execPath, await buildSingleFile(await scratchFolder())];
  });

  /** Every command that can be run anywhere, and the code with which it ends where all is right. */
  async function commands(): Promise<readonly (readonly string[])[]> {
    const to = await scratchFolder();
    const folder = async (name: string) => {
      await mkdir(join(to, name));
      return join(to, name);
    };
    return [
      ['--help'],
      ['--version'],
      ['help', 'restore'],
      ['manual'],
      ['completion', 'bash'],
      ['info', backup],
      ['info', backup, '--json'],
      ['list', backup],
      ['list', backup, '--json'],
      ['verify', backup, 'vault'],
      ['verify', backup, 'vault', '--json'],
      ['restore', backup, 'vault', '--to', await folder('restored')],
      ['restore', backup, 'vault', '--to', await folder('restored-json'), '--json'],
      ['ls', image, '/folder'],
      ['ls', image, '/folder', '--json'],
      ['cat', image, '/big'],
      ['cat', image, '/small'],
      ['cp', image, '/small', '--to', await folder('copied')],
      ['cp', image, '/small', '--to', await folder('copied-json'), '--json'],
      ['rescue-kit', await folder('kit')],
    ];
  }

  /** Those of all commands whose end is not as it should be. */
  async function surprises(
    through: readonly string[],
    program: readonly string[] | undefined,
    isAsExpected: (ended: Ended) => boolean,
  ): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const command of await commands()) {
      const passphrase = ['list', 'verify', 'restore'].includes(command[0] ?? '')
        ? standardPassphrase
        : undefined;
      const ended = await lifeboat(command, {
        through,
        ...(program && { program }),
        ...(passphrase !== undefined && { passphrase }),
      });
      if (!isAsExpected(ended) || ended.stderr.includes('    at ')) found.push([command, ended]);
    }
    return found;
  }

  const programs = [
    ['from its sources', () => undefined],
    ['as a single file', () => singleFile],
  ] as const;

  describe.each(programs)('of the program %s', (_, program) => {
    gate.test('fails every command where it goes to a full drive', async () => {
      const isFailure = ({ code, stderr }: Ended) => code === 1 && stderr.includes('[output-failed]');
      expect(await surprises(toFullDevice, program(), isFailure)).toEqual([]);
    });

    gate.test('ends every command quietly and rightly where its reader left', async () => {
      const isQuiet = ({ code, stderr }: Ended) => code === 0 && stderr === '';
      expect(await surprises(leftByReader(fifo), program(), isQuiet)).toEqual([]);
    });

    gate.test('may be closed from the start', async () => {
      const isQuiet = ({ code, stdout, stderr }: Ended) => code === 0 && stdout === '' && stderr === '';
      expect(await surprises(closed, program(), isQuiet)).toEqual([]);
    });
  });

  gate.test('is complete where standard error is full', async () => {
    const ended = await lifeboat(['ls', image, '/nowhere'], { through: errorsToFullDevice });
    expect(ended).toEqual({ code: 5, stdout: '', stderr: '' });
    const found = await lifeboat(['cat', image, '/small'], { through: errorsToFullDevice });
    expect(found).toEqual({ code: 0, stdout: 'small\n', stderr: '' });
  });

  gate.test('is not taken for complete where only its last bytes did not fit', async () => {
    const written = join(await scratchFolder(), 'big');
    const limited = redirected(`ulimit -f 6000; exec "$@" >${written}`);
    const ended = await lifeboat(['cat', image, '/big'], { through: limited });
    expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining('“EFBIG”')]);
    expect((await stat(written)).size).toBe(6000 * 1024);
  });

  gate.test('leaves what was restored whole where the report could not be printed', async () => {
    const made = await standardBackup();
    const to = await scratchFolder();
    const ended = await lifeboat(['restore', backup, 'vault', '--to', to], {
      through: toFullDevice,
      passphrase: standardPassphrase,
    });
    expect(ended.code).toBe(1);
    expect(await readFile(join(to, 'vault/root.img'))).toEqual(
      await readFile(fileOf(made, 'vm4/root.img').source),
    );
  });

  gate.test('keeps the code of what went wrong where it fails too', async () => {
    const ended = await lifeboat(['ls', image, '/nowhere', '--json'], { through: toFullDevice });
    expect(ended.code).toBe(5);
  });
});
