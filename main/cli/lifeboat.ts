/** The command line `lifeboat`: one definition of its commands and options, and how its exit code comes about. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { problemOf } from '../../shared/problems.ts';
import { visible, visibleLines } from '../../shared/words/formats.ts';
import { languageFor } from '../../shared/words/languages.ts';
import { forkEngine } from '../backend/fork-engine.ts';
import type { EngineProcess } from '../backend/host.ts';
import { conflictChoices } from '../recovery/copy-out/conflict.ts';
import { mountWays } from '../recovery/mount/way.ts';
import type * as commands from './commands.ts';
import type { CommonOptions, RestoreOptions } from './commands.ts';
import { exitCodeOfProblem, exitCodes } from './exit-codes.ts';
import type { CopyCommandOptions, ImageOptions } from './image-commands.ts';
import type { MountCommandOptions } from './mount-commands.ts';
import { Interrupted, UsageError } from './passphrase.ts';
import { bashCompletion } from './reference/bash.ts';
import { fishCompletion } from './reference/fish.ts';
import { manPage } from './reference/man-page.ts';
import { outlineOf } from './reference/outline.ts';
import { zshCompletion } from './reference/zsh.ts';
import { standardOutput } from './standard-output.ts';
import type { Speech } from './text.ts';
import { cliWords } from './words.ts';

const language = languageFor(
  process.env['LC_ALL'] ?? process.env['LC_MESSAGES'] ?? process.env['LANG'] ?? '',
);
const speech: Speech = { language, words: cliWords[language] };

/** Runs a command; a problem that ends it is said once, in the form the person asked for. */
async function conclude(options: CommonOptions, command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (error instanceof Interrupted) {
      process.exitCode = exitCodes.cancelled;
      return;
    }
    if (error instanceof UsageError) {
      process.stderr.write(`lifeboat: ${visible(error.message)}\n`);
      process.exitCode = exitCodes.usage;
      return;
    }
    const problem = problemOf(error);
    const { printJson, printProblems } = await import('./commands.ts');
    if (options.json) await printJson({ outcome: 'failed', qubes: [], problems: [problem] });
    else printProblems([problem], speech);
    process.exitCode = exitCodeOfProblem(problem.code);
  }
}

/**
 * Runs a command with an engine, whose process is started before what the command needs is loaded: so both get ready
 * side by side.
 */
function withEngine(
  options: CommonOptions,
  command: (from: typeof commands, engine: EngineProcess) => Promise<number>,
): Promise<void> {
  return conclude(options, async () => {
    const engine = forkEngine();
    try {
      return await command(await import('./commands.ts'), engine);
    } finally {
      engine.kill();
    }
  });
}

const units = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text);
  if (!match) throw new InvalidArgumentError('Give a size such as 512M or 4G.');
  return Math.floor(Number(match[1]) * units[(match[2] ?? '').toLowerCase() as keyof typeof units]);
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Give a number from 1 to 999.');
  return Number(text);
}

function parseDescriptor(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Give the number of an open file descriptor.');
  return Number(text);
}

const program = new Command('lifeboat')
  .description('Restores Qubes OS backups on any computer, without Qubes.')
  .version(manifest.version)
  .exitOverride()
  .configureOutput({
    writeOut: (text) => void standardOutput.write(text),
    writeErr: (text) => process.stderr.write(visibleLines(text)),
  })
  .showHelpAfterError('(lifeboat --help says more)');

const json = ['--json', 'print one JSON document on stdout, and nothing else there'] as const;

/** What every command that opens a backup is given. */
const backup = 'the backup file, or - for standard input';

/** The options of every command that opens a backup. */
function opening(command: Command): Command {
  return command
    .option(
      '--part <file>',
      'the next part of a backup that was cut; once for each further part, in their order',
      (file: string, files: readonly string[]) => [...files, file],
      [],
    )
    .addOption(
      new Option('--alone', 'take the file as it is, and look for no further parts').conflicts('part'),
    )
    .option(
      '--spool <dir>',
      'where the backup comes through a pipe: the folder to keep a copy in until the command ends',
    )
    .option(...json);
}

/** The options that every command with a passphrase has. */
function unlocking(command: Command): Command {
  return opening(command)
    .option('--passphrase-file <file>', 'read the passphrase from a file, or from standard input (-)')
    .option('--passphrase-fd <n>', 'read the passphrase from an open file descriptor', parseDescriptor)
    .option(
      '--try-variants',
      'when it is rejected, try it trimmed, in NFC and NFD, and as other keyboards type it',
    )
    .option('--accept-unsealed', 'take members that are neither encrypted nor authenticated as they are')
    .option(
      '--allow-slow',
      'calculate keys also where the backup asks for hours of work, after everything else',
    );
}

function working(command: Command): Command {
  return unlocking(command)
    .option('--memory <size>', 'memory to use at most, such as 2G (default: half of what is free)', parseSize)
    .option('--jobs <n>', 'threads to use (default: one for each processor)', parseCount)
    .option('--quiet', 'no progress, and not a word when the exit code is 0');
}

opening(
  program
    .command('info')
    .description('what can be known of a backup without its passphrase; none of it is verified')
    .argument('<backup>', backup),
).action((path: string, options: CommonOptions) =>
  withEngine(options, ({ info }, engine) => info(engine, path, options, speech)),
);

unlocking(program.command('list').description('the qubes in a backup').argument('<backup>', backup)).action(
  (path: string, options: CommonOptions) =>
    withEngine(options, ({ list }, engine) => list(engine, path, options, speech)),
);

working(
  program
    .command('verify')
    .description('decrypt, unpack and check everything, and write nothing')
    .argument('<backup>', backup)
    .argument('[qubes...]', 'names of qubes (default: all in the backup)'),
).action((path: string, qubes: string[], options: CommonOptions) =>
  withEngine(options, ({ verify }, engine) => verify(engine, path, qubes, options, speech)),
);

working(
  program
    .command('restore')
    .description('restore qubes into a folder: DIR/<qube>/private.img and so on')
    .argument('<backup>', backup)
    .argument('[qubes...]', 'names of qubes (default: all in the backup)')
    .requiredOption('--to <dir>', 'an existing folder; nothing in it is overwritten')
    .option('--accept-partial', 'put what can be salvaged of damaged files at their final names'),
).action((path: string, qubes: string[], options: RestoreOptions) =>
  withEngine(options, ({ restore }, engine) => restore(engine, path, qubes, options, speech)),
);

program
  .command('rescue-kit')
  .description('write a small folder that opens backups without an installed Lifeboat, or by hand')
  .argument('<target>', 'a backup, to have the kit beside it, or any folder; nothing is overwritten')
  .option(...json)
  .action((target: string, options: CommonOptions) =>
    conclude(options, async () => (await import('./commands.ts')).rescueKit(target, options, speech)),
  );

/** The options of every command that reads a restored image. */
function reading(command: Command): Command {
  return command.option(
    '--partition <n>',
    'the partition to read (default: the largest that can be)',
    parseCount,
  );
}

reading(
  program.command('ls').description('list a folder of a restored image').argument('<image>', 'the image'),
)
  .argument('[path]', 'a folder or file in it', '/')
  .option(...json)
  .action((path: string, inside: string, options: ImageOptions) =>
    conclude(options, async () => (await import('./image-commands.ts')).ls(path, inside, options, speech)),
  );

reading(program.command('cat').description('write a file of a restored image to standard output'))
  .argument('<image>', 'the image')
  .argument('<path>', 'a file in it')
  .action((path: string, inside: string, options: ImageOptions) =>
    conclude(options, async () => (await import('./image-commands.ts')).cat(path, inside, options, speech)),
  );

reading(program.command('cp').description('copy files and folders out of a restored image'))
  .argument('<image>', 'the image')
  .argument('<paths...>', 'files and folders in it')
  .requiredOption('--to <dir>', 'an existing folder')
  .addOption(
    new Option('--conflict <choice>', 'where the folder has something of the same name')
      .choices(conflictChoices)
      .default('refuse'),
  )
  .option('--accept-partial', 'give files with lost parts their own names, without .partial behind them')
  .option(...json)
  .action((path: string, wanted: string[], options: CopyCommandOptions) =>
    conclude(options, async () => (await import('./image-commands.ts')).cp(path, wanted, options, speech)),
  );

program
  .command('mount')
  .description('show what is in a restored image as a read-only folder, until it is unmounted')
  .argument('<image>', 'the image, such as DIR/<qube>/private.img')
  .option('--at <dir>', 'an existing, empty folder to mount at')
  .option('--recover', 'where the last changes are still in the journal: mount a recovered copy')
  .addOption(
    new Option('--leave-journal', 'where they are: mount the image without them').conflicts('recover'),
  )
  .option('--partition <n>', 'the partition to mount (default: the largest that can be)', parseCount)
  .addOption(new Option('--way <way>', 'the one way to try').choices(mountWays))
  .option(...json)
  .action((path: string, options: MountCommandOptions) =>
    conclude(options, async () => (await import('./mount-commands.ts')).mount(path, options, speech)),
  );

program
  .command('unmount')
  .description('unmount an image that was mounted with lifeboat mount')
  .argument('<image>', 'the image, or the folder where it is mounted')
  .action((path: string) =>
    conclude({}, async () => (await import('./mount-commands.ts')).unmount(path, speech)),
  );

const completions = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

program
  .command('completion')
  .description('print a script that lets a shell complete commands and options')
  .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(completions)))
  .action((shell: keyof typeof completions) => {
    void standardOutput.write(completions[shell](outlineOf(program)));
  });

program
  .command('manual')
  .description('print the manual as a page for man: lifeboat manual | man -l -')
  .action(() => {
    void standardOutput.write(manPage(outlineOf(program)));
  });

/** All of it, in a function because the program as one file cannot wait outside of one. */
async function run(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  }

  const unwritten = await standardOutput.settled();
  if (unwritten) {
    const { problemText } = await import('./text.ts');
    process.stderr.write(`${problemText(unwritten, speech)}\n`);
    // What the command found out stays true; that nobody could read it keeps it from being right.
    process.exitCode ||= exitCodeOfProblem(unwritten.code);
  }
}

void run();
