/** The manual, in the macros of man(7). */
import { exitCodeMeanings } from '../exit-codes.ts';
import type { CommandOutline, OptionOutline, Outline } from './outline.ts';

/** The page `lifeboat.1`: `man -l` shows it, `man` where packages put it. */
export function manPage({ name, version, description, options, commands }: Outline): string {
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "Lifeboat ${version}" "User Commands"`,
    '.SH NAME',
    text(`${name} - ${lowered(description)}`),
    '.SH SYNOPSIS',
    ...commands.flatMap((command) => ['.br', synopsis(name, command)]).slice(1),
    '.SH DESCRIPTION',
    text(
      'Opens backups that Qubes OS made, in the formats 4, 3 and 2, and restores what is in them as plain files: ' +
        'disk images, and the files inside of these. The backup is only read. Nothing that exists is overwritten.',
    ),
    '.PP',
    text(
      'The passphrase is asked for on the terminal without echo, or read from a file or file descriptor. It is never ' +
        'taken from arguments or the environment.',
    ),
    '.SH COMMANDS',
    ...commands.flatMap((command) => [`.SS ${roman(usage(command))}`, ...commandLines(command)]),
    '.SH OPTIONS',
    ...options.flatMap(optionLines),
    '.SH EXIT STATUS',
    ...exitCodeMeanings.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, text(meaning)]),
    '.SH FILES',
    ...[
      ['DIR/lifeboat-report.json', 'the verdict on every file of a restore'],
      ['DIR/SHA256SUMS', 'checksums of what was restored, for sha256sum(1)'],
      [
        'DIR/lifeboat-journal.jsonl',
        'what is finished, while a restore is not whole; the same command goes on from there',
      ],
      ['*.partial', 'a file that is not complete'],
    ].flatMap(([path = '', meaning = '']) => ['.TP', `.I ${roman(path)}`, text(meaning)]),
    '.SH EXAMPLES',
    ...[
      ['What is in a backup:', `${name} list backup`],
      ['Check all of it, and write nothing:', `${name} verify backup`],
      ['Restore two qubes:', `${name} restore backup work personal --to restored`],
      [
        'Copy the files of one out of its disk image:',
        `${name} cp restored/work/private.img /home/user --to files`,
      ],
    ].flatMap(([why = '', command = ''], index) => [
      ...(index > 0 ? ['.PP'] : []),
      text(why),
      '.PP',
      '.RS 4',
      '.EX',
      roman(command),
      '.EE',
      '.RE',
    ]),
    '.SH SEE ALSO',
    '.BR scrypt (1),',
    '.BR tar (1)',
  ];
  return `${lines.join('\n')}\n`;
}

function synopsis(name: string, { name: command, arguments: args, options }: CommandOutline): string {
  const needed = options
    .filter(({ mandatory }) => mandatory)
    .map(({ long, value }) => `${long} ${value ?? ''}`);
  const rest = [...args.map((each) => each.usage), ...needed, ...(options.length > 0 ? ['[options]'] : [])];
  return `.B ${roman(`${name} ${command}`)}\n${rest.map(roman).join(' ')}`;
}

function usage({ name, arguments: args }: CommandOutline): string {
  return [name, ...args.map((each) => each.usage)].join(' ');
}

function commandLines({ description, arguments: args, options }: CommandOutline): readonly string[] {
  return [
    text(sentence(description)),
    ...args.flatMap((each) =>
      each.description === '' ? [] : ['.TP', `.I ${roman(each.usage)}`, text(each.description)],
    ),
    ...options.flatMap(optionLines),
  ];
}

function optionLines({ short, long, value, description, choices }: OptionOutline): readonly string[] {
  const flags = short === null ? long : `${short}, ${long}`;
  const listed = choices.length > 0 ? ` (${choices.join(', ')})` : '';
  return [
    '.TP',
    value === null ? `.B ${roman(flags)}` : `.BI "${roman(flags)} " ${roman(value)}`,
    text(description + listed),
  ];
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function lowered(words: string): string {
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`.replace(/\.$/, '');
}

/** Text that no macro and no ligature of dashes takes for its own. */
function roman(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq');
}

/** A line of text, which a dot or an apostrophe at its beginning would make a macro. */
function text(words: string): string {
  return roman(words).replace(/^[.']/, '\\&$&');
}
