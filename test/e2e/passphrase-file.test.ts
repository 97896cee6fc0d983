/** Files of passphrases as editors, shells and web pages leave them: read right, or tried and told. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { passphraseOfFile } from '../../main/cli/passphrase-file.ts';
import { pathOfVariant } from '../fixtures/recipes.ts';
import { variants } from '../fixtures/variants.ts';
import { lifeboat, scratchFolder } from '../support/lifeboat.ts';
import { makeBackup } from '../support/make-backup.ts';
import { oracle } from '../support/oracles.ts';
import { bash } from '../support/tools.ts';

const project = join(import.meta.dirname, '../..');

const file = join(await scratchFolder(), 'passphrase');

/** What `list` with a file of these bytes comes to. */
async function listed(backup: string, bytes: string | Uint8Array) {
  await writeFile(file, bytes);
  return lifeboat(['list', backup, '--passphrase-file', file]);
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

describe.each(['v4-gzip.backup', 'v3-gzip.backup', 'v2-zlib.backup'])('a passphrase file for %s', (name) => {
  const variant = variants.find((each) => each.file === name) ?? expect.fail(name);
  const { passphrase } = variant;

  test('is read right with any end of a line, mark and encoding', async () => {
    const backup = await pathOfVariant(variant);
    const files: readonly (readonly [string, string | Uint8Array])[] = [
      ['no end of a line', passphrase],
      ['LF', `${passphrase}\n`],
      ['CRLF', `${passphrase}\r\n`],
      ['UTF-8 with its mark', `\ufeff${passphrase}\r\n`],
      ['UTF-16 of PowerShell', utf16(`\ufeff${passphrase}\r\n`)],
      ['UTF-16, high bytes first', utf16(`\ufeff${passphrase}\n`).swap16()],
    ];
    for (const [kind, bytes] of files) {
      const { code, stderr } = await listed(backup, bytes);
      expect([kind, code, stderr]).toEqual([kind, 0, '']);
    }
  });

  // scrypt itself takes nothing behind the first end of a line.
  const scryptStops = name.startsWith('v4');

  test('is tried in other forms where it is rejected, each of them told', async () => {
    const backup = await pathOfVariant(variant);
    const files: readonly (readonly [string, string, RegExp])[] = [
      ['blanks behind', `${passphrase} \t\n`, /Trying without the spaces/],
      ['no-break space behind', `${passphrase}\u00a0\n`, /Trying without the spaces/],
      ['blanks in front', `  ${passphrase}\n`, /Trying without the spaces/],
      [
        'further lines',
        `${passphrase}\nwritten in 2019\n`,
        scryptStops ? /^$/ : /Trying the first line alone/,
      ],
      [
        'zero width within',
        `${passphrase.slice(0, 2)}\u200b${passphrase.slice(2)}\n`,
        /Trying with plain spaces/,
      ],
    ];
    for (const [kind, bytes, told] of files) {
      const { code, stderr } = await listed(backup, bytes);
      expect([kind, code, stderr]).toEqual([kind, 0, expect.stringMatching(told)]);
    }
  });
});

oracle('scrypt', 'tar', 'gzip', 'split').test(
  'a passphrase out of a text with typographic characters is found',
  async () => {
    const folder = await scratchFolder();
    const source = join(folder, 'private.img');
    await writeFile(source, 'content');
    const { path } = await makeBackup({
      destination: join(folder, 'plain.backup'),
      passphrase: `it's "so-called" - ok...`,
      qubes: [{ name: 'work', class: 'AppVM', files: [{ name: 'private.img', source, sparse: 'none' }] }],
    });
    const { code, stderr } = await listed(path, 'it’s\u00a0“so‑called” – ok…\n');
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('Trying with plain spaces, quotes and dashes'),
    ]);
  },
);

test('an empty file, one that is too long, and none at all are told as such', async () => {
  const backup = join(project, 'assets/sample.backup');
  const ended = async (path: string) => {
    const { code, stdout, stderr } = await lifeboat(['list', backup, '--passphrase-file', path]);
    expect([code, stdout]).toEqual([2, '']);
    return stderr;
  };
  await writeFile(file, '');
  expect(await ended(file)).toBe('lifeboat: the file with the passphrase is empty\n');
  expect(await ended('/dev/null')).toBe('lifeboat: the file with the passphrase is empty\n');
  await writeFile(file, 'x'.repeat(100_000));
  expect(await ended(file)).toBe('lifeboat: the file with the passphrase is too long to be one\n');
  expect(await ended('/nowhere/at/all')).toContain('cannot read the passphrase: ENOENT');
  expect(await ended(project)).toContain('cannot read the passphrase: EISDIR');
  const closed = await lifeboat(['list', backup, '--passphrase-fd', '77']);
  expect([closed.code, closed.stderr]).toEqual([
    2,
    expect.stringContaining('cannot read the passphrase: EBADF'),
  ]);
});

test('a passphrase is taken from standard input', async () => {
  const variant = variants.find((each) => each.file === 'v4-gzip.backup') ?? expect.fail('no fixture');
  const backup = await pathOfVariant(variant);
  for (const option of [
    ['--passphrase-file', '-'],
    ['--passphrase-fd', '0'],
  ]) {
    const args = [join(project, 'main/cli/lifeboat.ts'), 'list', backup, ...option];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.end(`${variant.passphrase}\r\n`);
    expect(await new Promise((resolve) => child.on('close', resolve)), option.join(' ')).toBe(0);
  }
});

oracle('iconv').test(
  'what iconv makes of a passphrase is understood, and nothing else is touched',
  async () => {
    const text = 'Schlüssel Größe 7';
    for (const encoding of ['UTF-16', 'UTF-16LE', 'UTF-16BE']) {
      const made = await bash(`printf '%s\\r\\n' "$1" | iconv -f UTF-8 -t ${encoding}`, [text]);
      // Without a mark, only letters with zeros in every other byte tell.
      expect(Buffer.from(passphraseOfFile(made)).toString(), encoding).toBe(text);
    }
    for (const untouched of ['日本 x', ' a ', 'a\r', 'a\n\n'.slice(0, 1), 'Schl\u00fcssel']) {
      expect(Buffer.from(passphraseOfFile(Buffer.from(untouched))).toString()).toBe(untouched);
    }
    const latin = Buffer.from('Schlüssel', 'latin1');
    expect(Buffer.from(passphraseOfFile(Buffer.from(latin)))).toEqual(latin);
  },
);
