/** Where the passphrase comes from: a file, a descriptor, or the terminal without echo. Never argv or environment. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface PassphraseOptions {
  readonly passphraseFile?: string;
  readonly passphraseFd?: number;
}

/** A mistake in how the program was called; ends it with the exit code for usage. */
export class UsageError extends Error {}

/**
 * The passphrase as bytes. One trailing newline of a file or descriptor is dropped, nothing else.
 *
 * @throws UsageError when there is neither an option nor a terminal, or the file cannot be read
 */
export async function readPassphrase(options: PassphraseOptions): Promise<Uint8Array> {
  const from = options.passphraseFile ?? options.passphraseFd;
  if (from === undefined) return askOnTerminal();
  try {
    return withoutTrailingNewline(readFileSync(from));
  } catch (error) {
    throw new UsageError(
      `cannot read the passphrase: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function withoutTrailingNewline(bytes: Buffer): Uint8Array {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}

async function askOnTerminal(): Promise<Uint8Array> {
  if (!process.stdin.isTTY) {
    throw new UsageError('no terminal to ask for the passphrase: use --passphrase-file or --passphrase-fd');
  }
  process.stderr.write('Passphrase: ');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    const typed = await new Promise<string>((resolve, reject) => {
      terminal.once('line', resolve);
      terminal.once('SIGINT', () => reject(new Interrupted()));
      terminal.once('close', () => reject(new UsageError('no passphrase was given')));
    });
    return new TextEncoder().encode(typed);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

/** The person pressed Ctrl+C while asked. */
export class Interrupted extends Error {}
