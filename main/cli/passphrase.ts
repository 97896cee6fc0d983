/** Where the passphrase comes from: a file, a descriptor, or the terminal without echo. Never argv or environment. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable, type Readable } from 'node:stream';
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
 * @throws UsageError when there is neither an option nor a terminal, or the file is empty, too long, or cannot be read
 */
export async function readPassphrase(options: PassphraseOptions): Promise<GivenPassphrase> {
  const stream = streamOf(options);
  if (stream === null) return { bytes: await askOnTerminal(), isFromFile: false };
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
