/** Where the passphrase comes from: a file, a descriptor, or the terminal without echo. Never argv or environment. */
import { createReadStream, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable, type Readable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { onStopSignal } from './stop-signals.ts';
import { longestPassphrase, passphraseOfFile } from './passphrase-file.ts';

export interface PassphraseOptions {
  readonly passphraseFile?: string;
  readonly passphraseFd?: number;
}

/** A mistake in how the program was called; ends it with the exit code for usage. */
export class UsageError extends Error {}

/** The passphrase as bytes, and whether a file or descriptor gave them: what an editor put there may be in it too. */
export interface GivenPassphrase {
  readonly bytes: Uint8Array;
  readonly isFromFile: boolean;
}

/**
 * The passphrase that was given, `passphraseOfFile` of a file, of standard input (`-`) or of a descriptor.
 *
 * @param isInputTaken whether standard input is something else, so that the terminal is asked by its own name
 * @throws UsageError when there is neither an option nor a terminal, or the file is empty, too long, or cannot be read
 */
export async function readPassphrase(
  options: PassphraseOptions,
  isInputTaken: boolean,
): Promise<GivenPassphrase> {
  const stream = streamOf(options);
  if (stream === null) return { bytes: await ask(isInputTaken), isFromFile: false };
  const bytes = passphraseOfFile(await readShort(stream));
  return { bytes, isFromFile: true };
}

function streamOf({ passphraseFile: file, passphraseFd: fd }: PassphraseOptions): Readable | null {
  if (file === '-') return process.stdin;
  if (file !== undefined) return createReadStream(file);
  return fd === undefined ? null : createReadStream('', { fd, autoClose: false });
}

async function readShort(stream: Readable): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length > longestPassphrase) break;
    }
  } catch (error) {
    throw new UsageError(
      `cannot read the passphrase: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const bytes = Buffer.concat(pieces);
  for (const piece of pieces) piece.fill(0);
  if (length > longestPassphrase) throw new UsageError('the file with the passphrase is too long to be one');
  if (length === 0) throw new UsageError('the file with the passphrase is empty');
  return bytes;
}

async function ask(isInputTaken: boolean): Promise<Uint8Array> {
  if (!isInputTaken && process.stdin.isTTY) return askOn(process.stdin);
  const terminal = isInputTaken ? openTerminal() : null;
  if (terminal === null)
    throw new UsageError('no terminal to ask for the passphrase: use --passphrase-file or --passphrase-fd');
  try {
    return await askOn(terminal);
  } finally {
    terminal.destroy();
  }
}

/** The terminal that the command was started in, whatever its standard input is; null where there is none. */
function openTerminal(): ReadStream | null {
  try {
    const [name, flags] = process.platform === 'win32' ? ['\\\\.\\CONIN$', 'r+'] : ['/dev/tty', 'r'];
    return new ReadStream(openSync(name, flags));
  } catch {
    return null;
  }
}

async function askOn(input: ReadStream): Promise<Uint8Array> {
  process.stderr.write('Passphrase: ');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output: silent, terminal: true });
  let forget = () => {};
  try {
    const typed = await new Promise<string>((resolve, reject) => {
      const interrupt = () => reject(new Interrupted());
      forget = onStopSignal(interrupt);
      terminal.once('line', resolve);
      terminal.once('SIGINT', interrupt);
      terminal.once('close', () => reject(new UsageError('no passphrase was given')));
    });
    return new TextEncoder().encode(typed);
  } finally {
    forget();
    terminal.close();
    process.stderr.write('\n');
  }
}

/** The person pressed Ctrl+C while asked. */
export class Interrupted extends Error {}
