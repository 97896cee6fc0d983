/** The manual and the completions of shells, made from the one definition of the command line: read by the real programs. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { exitCodeMeanings } from '../../main/cli/exit-codes.ts';
import { lifeboat, scratchFolder } from '../support/lifeboat.ts';
import { oracle } from '../support/oracles.ts';
import { bash, run } from '../support/tools.ts';

let folder: string;
let manual: string;
let commands: readonly string[];

/** What the program prints with `args`, saved under `name`. */
async function print(name: string, ...args: string[]): Promise<string> {
  const { code, stdout } = await lifeboat(args);
  expect(code).toBe(0);
  await writeFile(join(folder, name), stdout);
  return stdout;
}

beforeAll(async () => {
  folder = await scratchFolder();
  await mkdir(join(folder, 'fpath'));
  await writeFile(join(folder, 'some backup.file'), '');
  await mkdir(join(folder, 'some folder'));
  manual = await print('lifeboat.1', 'manual');
  await print('lifeboat.bash', 'completion', 'bash');
  await print('fpath/_lifeboat', 'completion', 'zsh');
  await print('lifeboat.fish', 'completion', 'fish');
  const help = await print('help.txt', '--help');
  commands = [...help.matchAll(/^ {2}([a-z-]+) /gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== '');
});

test('the manual has every command, each with every option that its help has', async () => {
  expect(commands.length).toBeGreaterThan(10);
  const sections = new Map(
    manual
      .split('\n.SS ')
      .slice(1)
      .map((text) => [/^[a-z\\-]+/.exec(text)?.[0].replaceAll('\\-', '-'), text]),
  );
  for (const name of commands) {
    const { stdout } = await lifeboat([name, '--help']);
    for (const [long] of stdout.matchAll(/--[a-z-]+/g)) {
      expect(sections.get(name)?.replaceAll('\\-', '-'), `${name} ${long}`).toContain(long);
    }
  }
});

test('the manual and docs/cli.md give every exit code the same meaning', async () => {
  const document = await readFile(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
  for (const [code, meaning] of exitCodeMeanings) {
    expect(document).toContain(`| ${code} | ${meaning} |`);
    expect(manual.replaceAll('\\-', '-')).toContain(`.B ${code}\n${meaning}\n`);
  }
});

const man = oracle('groff', 'mandoc');
man.test('the manual is one that groff and mandoc have nothing to say against', async () => {
  const page = join(folder, 'lifeboat.1');
  const complaints = (await bash('groff -man -ww -Tutf8 "$1" 2>&1 >/dev/null', [page])).toString();
  expect(complaints).toBe('');
  // A page without a date can be built twice to the same bytes; long lines are nobody's harm.
  const lint = (await bash('mandoc -Tlint "$1" || true', [page])).toString();
  expect(lint.split('\n').filter((line) => !/^$|missing date|longer than 80/.test(line))).toEqual([]);
  expect((await run('mandoc', ['-Tutf8', page])).toString()).toContain('passphrase rejected');
});

const shell = oracle('bash');
shell.test('bash completes commands, options, their values, files and folders', async () => {
  const complete = async (...words: string[]) => {
    const script = `cd "$1"; source ./lifeboat.bash; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _lifeboat || true; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return (await bash(script, [folder, ...words]))
      .toString()
      .split('\n')
      .filter((word) => word !== '');
  };
  expect(await complete('lifeboat', 're')).toEqual(['restore', 'rescue-kit']);
  expect((await complete('lifeboat', '')).filter((word) => !word.startsWith('-'))).toEqual([...commands]);
  expect(await complete('lifeboat', 'restore', 'x', '--passphrase-f')).toEqual([
    '--passphrase-file',
    '--passphrase-fd',
  ]);
  expect((await complete('lifeboat', 'restore', 'some')).sort()).toEqual(['some backup.file', 'some folder']);
  expect(await complete('lifeboat', 'restore', 'x', '--to', 'some')).toEqual(['some folder']);
  expect(await complete('lifeboat', 'mount', 'x', '--way', 'u')).toEqual(['udisks']);
  expect(await complete('lifeboat', 'restore', 'x', '--jobs', '')).toEqual([]);
  expect(await complete('lifeboat', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
});

const fish = oracle('fish');
fish.test('fish completes the same', async () => {
  const complete = async (line: string) => {
    const script = 'source lifeboat.fish; complete -C $argv[1]';
    const said = (
      await run('fish', ['--no-config', '-c', script, line], { cwd: folder, env: { HOME: folder } })
    ).toString();
    return said.split('\n').flatMap((words) => (words === '' ? [] : [words.split('\t')[0]]));
  };
  expect((await complete('lifeboat re')).sort()).toEqual(['rescue-kit', 'restore']);
  expect((await complete('lifeboat restore x --passphrase-f')).sort()).toEqual([
    '--passphrase-fd',
    '--passphrase-file',
  ]);
  expect(await complete('lifeboat mount x --way u')).toEqual(['udisks']);
  expect(await complete('lifeboat restore x --to some')).toEqual(['some folder/']);
  expect((await complete('lifeboat info some')).length).toBe(2);
});

const zsh = oracle('zsh');
zsh.test('zsh completes on its own command line', async () => {
  const typed = String.raw`
zmodload zsh/zpty
zpty -b shell 'PS1="> " TERM=dumb zsh -f -i'
zpty -w shell "fpath=($1 \$fpath); autoload -U compinit; compinit -D -u; bindkey '^I' complete-word; echo re''ady"
zpty -r shell said '*ready*'
zpty -n -w shell $'echo lifeboat; lifeboat rest\t x --passphrase-fi\t y\n'
zpty -w shell "echo do''ne"
zpty -r shell said '*done*'
print -r -- $said
`;
  const said = await run('zsh', ['-f', '-c', typed, 'zsh', join(folder, 'fpath')], { env: { HOME: folder } });
  expect(said.toString()).toContain('lifeboat restore x');
  expect(said.toString()).toMatch(/--passphrase-file +-- read the passphrase from a file/);
});
