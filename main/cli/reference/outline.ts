/** The commands and options of the command line as plain data, for its manual and for the completions of shells. */
import type { Argument, Command, Option } from 'commander';

/** What a value is, as far as a shell can complete it. */
export type ValueKind = 'file' | 'folder' | 'choice' | 'other';

export interface OptionOutline {
  /** `--json`, or `-h` before it. */
  readonly short: string | null;
  readonly long: string;
  /** How the value is written in help, `<dir>`; null where the option takes none. */
  readonly value: string | null;
  readonly kind: ValueKind;
  readonly choices: readonly string[];
  readonly description: string;
  readonly mandatory: boolean;
}

export interface ArgumentOutline {
  /** As help writes it: `<backup>`, `[qubes...]`. */
  readonly usage: string;
  readonly name: string;
  readonly kind: ValueKind;
  readonly choices: readonly string[];
  readonly variadic: boolean;
  readonly description: string;
}

export interface CommandOutline {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly ArgumentOutline[];
  readonly options: readonly OptionOutline[];
}

export interface Outline {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Of the program itself: help and version. */
  readonly options: readonly OptionOutline[];
  readonly commands: readonly CommandOutline[];
}

/** Values and arguments by the name that help gives them; whatever is named otherwise cannot be completed. */
const kinds: Readonly<Record<string, ValueKind>> = {
  backup: 'file',
  image: 'file',
  target: 'file',
  file: 'file',
  dir: 'folder',
};

/** The outline of `program` with all its commands. */
export function outlineOf(program: Command): Outline {
  return {
    name: program.name(),
    version: program.version() ?? '',
    description: program.description(),
    options: optionsOf(program),
    commands: program
      .createHelp()
      .visibleCommands(program)
      .map((command) => ({
        name: command.name(),
        description: command.description(),
        arguments: command.registeredArguments.map(outlineOfArgument),
        options: command.name() === 'help' ? [] : optionsOf(command),
      })),
  };
}

function optionsOf(command: Command): readonly OptionOutline[] {
  return command.createHelp().visibleOptions(command).map(outlineOfOption);
}

function outlineOfOption(option: Option): OptionOutline {
  const value = /[<[].*$/.exec(option.flags)?.[0] ?? null;
  const choices = option.argChoices ?? [];
  return {
    short: option.short ?? null,
    long: option.long ?? '',
    value,
    kind: kindOf(value?.replace(/[^a-z]/g, '') ?? '', choices),
    choices,
    description: option.description,
    mandatory: option.mandatory,
  };
}

function outlineOfArgument(argument: Argument): ArgumentOutline {
  const name = argument.name();
  const inner = argument.variadic ? `${name}...` : name;
  const choices = argument.argChoices ?? [];
  return {
    usage: argument.required ? `<${inner}>` : `[${inner}]`,
    name,
    kind: kindOf(name, choices),
    choices,
    variadic: argument.variadic,
    description: argument.description,
  };
}

function kindOf(name: string, choices: readonly string[]): ValueKind {
  return choices.length > 0 ? 'choice' : (kinds[name] ?? 'other');
}
