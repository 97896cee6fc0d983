/** Completion for bash, also that of macOS (3.2). */
import type { CommandOutline, OptionOutline, Outline } from './outline.ts';

/** A script to be sourced, or put where bash finds completions. */
export function bashCompletion({ name, options, commands }: Outline): string {
  const flags = (each: readonly OptionOutline[]) =>
    each.flatMap(({ short, long }) => [...(short === null ? [] : [short]), long]).join(' ');
  const names = commands.map((command) => command.name);
  return `# Completion of ${name} for bash.
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command='' flags='' word
  local IFS=$' \\t\\n'
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${names.join(' | ')}) command=$word && break ;;
    esac
  done
  case $previous in
${valueCases(commands).join('\n')}
  esac
  case $command in
    '') flags='${[...names, flags(options)].join(' ')}' ;;
${commands.map((command) => `    ${command.name}) flags='${flags(command.options)}' ;;`).join('\n')}
  esac
  if [[ $current == -* || -z $command ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  case $command in
${commands.flatMap(argumentCase).join('\n')}
  esac
  _${name}_paths -f
}
_${name}_paths() {
  local IFS=$'\\n'
  type compopt > /dev/null 2>&1 && compopt -o filenames
  COMPREPLY=($(compgen "$1" -- "$current"))
}
complete -F _${name} ${name}
`;
}

/** What follows an option that takes a value. */
function valueCases(commands: readonly CommandOutline[]): readonly string[] {
  const valued = new Map(
    commands
      .flatMap(({ options }) => options.filter(({ value }) => value !== null))
      .map((each) => [each.long, each]),
  );
  return [...valued.values()].map(
    ({ long, kind, choices }) => `    ${long}) ${completing(kind, choices)} ;;`,
  );
}

function argumentCase({ name, arguments: [first] }: CommandOutline): readonly string[] {
  if (first?.kind === 'file') return [];
  return [`    ${name}) ${completing(first?.kind ?? 'other', first?.choices ?? [])} ;;`];
}

function completing(kind: OptionOutline['kind'], choices: readonly string[]): string {
  switch (kind) {
    case 'file':
      return '_lifeboat_paths -f; return';
    case 'folder':
      return '_lifeboat_paths -d; return';
    case 'choice':
      return `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$current")); return`;
    case 'other':
      return 'return';
  }
}
