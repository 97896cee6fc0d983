/** Completion for fish. */
import type { CommandOutline, OptionOutline, Outline } from './outline.ts';

/** A file to be put among fish's completions. */
export function fishCompletion({ name, options, commands }: Outline): string {
  return [
    `# Completion of ${name} for fish.`,
    `complete -c ${name} -n __fish_use_subcommand -f`,
    ...options.map((option) => `complete -c ${name} -n __fish_use_subcommand ${optionWords(option)}`),
    ...commands.map(
      (command) =>
        `complete -c ${name} -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.description)}`,
    ),
    ...commands.flatMap((command) => linesOf(name, command)),
    '',
  ].join('\n');
}

function linesOf(
  name: string,
  { name: command, options, arguments: args }: CommandOutline,
): readonly string[] {
  const after = `complete -c ${name} -n '__fish_seen_subcommand_from ${command}'`;
  const [first] = args;
  return [
    ...options.map((option) => `${after} ${optionWords(option)}`),
    ...(first?.kind === 'file' ? [] : [`${after} -f`]),
    ...(first?.kind === 'choice' ? [`${after} -a ${quoted(first.choices.join(' '))}`] : []),
  ];
}

function optionWords({ short, long, value, kind, choices, description }: OptionOutline): string {
  return [
    ...(short === null ? [] : [`-s ${short.slice(1)}`]),
    `-l ${long.slice(2)}`,
    ...(value === null ? [] : [kind === 'file' ? '-r' : '-x']),
    ...(kind === 'folder' ? [`-a '(__fish_complete_directories)'`] : []),
    ...(kind === 'choice' ? [`-a ${quoted(choices.join(' '))}`] : []),
    `-d ${quoted(description)}`,
  ].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
