/** Completion for zsh. */
import type { ArgumentOutline, CommandOutline, OptionOutline, Outline } from './outline.ts';

/** A file to be put as `_lifeboat` into a folder of `$fpath`. */
export function zshCompletion({ name, options, commands }: Outline): string {
  return `#compdef ${name}
_${name}() {
  local line state
  local -a commands=(
${commands.map((command) => `    ${quoted(`${command.name}:${command.description.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  _arguments -C ${options.map(optionSpec).join(' ')} '1: :->command' '*:: :->rest'
  case $state in
    command) _describe command commands ;;
    rest)
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
_${name} "$@"
`;
}

function commandCase({ name, options, arguments: args }: CommandOutline): string {
  const specs = [...options.map(optionSpec), ...args.map((each, index) => argumentSpec(each, index + 1))];
  return `        ${name}) _arguments ${specs.join(' ')} ;;`;
}

function optionSpec({ short, long, value, kind, choices, description }: OptionOutline): string {
  const names = short === null ? long : `(${short} ${long})`;
  const text = `[${description.replaceAll(/[[\]]/g, '\\$&')}]`;
  const taken = value === null ? '' : `:${value.replaceAll(/[<>]/g, '')}:${actionFor(kind, choices)}`;
  if (short === null) return quoted(names + text + taken);
  return `${quoted(names)}{${short},${long}}${quoted(text + taken)}`;
}

function argumentSpec({ name, kind, choices, variadic }: ArgumentOutline, place: number): string {
  return quoted(`${variadic ? '*' : place}:${name}:${actionFor(kind, choices)}`);
}

function actionFor(kind: OptionOutline['kind'], choices: readonly string[]): string {
  switch (kind) {
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'choice':
      return `(${choices.join(' ')})`;
    case 'other':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
