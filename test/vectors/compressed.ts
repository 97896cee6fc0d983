/** Content to compress, the ways of compressing it with real programs, and how the tests run a decoder over it. */
import { StreamFault, type Compression } from '../../main/recovery/archive/decoder.ts';
import { decoderFor } from '../../main/recovery/archive/decoders/decoder-for.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';
import { inPieces } from './reading.ts';

/** One way of compressing: the program, its arguments, and what its format can do. */
export interface Variant {
  readonly compression: Compression;
  readonly tool: string;
  readonly args: readonly string[];
  /**
   * Set where nothing in the format notices that the content changed, and only the program itself can judge; `vague`
   * where even versions of the program differ about it.
   */
  readonly unchecked?: true | 'vague';
  /** Set where a file is one stream only. */
  readonly single?: true;
}

/** How backups are compressed, by the command as a person would type it. */
export const variants: readonly Variant[] = [
  { compression: 'gzip', tool: 'gzip', args: ['-c'] },
  { compression: 'gzip', tool: 'gzip', args: ['-1c'] },
  { compression: 'gzip', tool: 'pigz', args: ['-c', '-p2', '-b128'] },
  { compression: 'gzip', tool: 'pigz', args: ['-c', '-p2', '-i', '-b128'] },
  { compression: 'zlib', tool: 'pigz', args: ['-zc'] },
  { compression: 'bzip2', tool: 'bzip2', args: ['-c'] },
  { compression: 'bzip2', tool: 'bzip2', args: ['-1c'] },
  { compression: 'bzip2', tool: 'pbzip2', args: ['-c', '-p2', '-1', '-b1'] },
  { compression: 'xz', tool: 'xz', args: ['-c'] },
  { compression: 'xz', tool: 'xz', args: ['-0c', '--check=crc32'] },
  { compression: 'xz', tool: 'xz', args: ['-0c', '--check=sha256', '-T2', '--block-size=65536'] },
  { compression: 'xz', tool: 'xz', args: ['-0c', '--check=none'], unchecked: true },
  { compression: 'xz', tool: 'xz', args: ['-c', '--lzma2=dict=4KiB,lc=0,lp=4,pb=4'] },
  { compression: 'lzma', tool: 'lzma', args: ['-c'], unchecked: true, single: true },
  {
    compression: 'lzma',
    tool: 'xz',
    args: ['-c', '--format=lzma', '--lzma1=dict=4KiB,lc=4,lp=0,pb=0'],
    unchecked: true,
    single: true,
  },
  { compression: 'zstd', tool: 'zstd', args: ['-qc'] },
  { compression: 'zstd', tool: 'zstd', args: ['-qc', '--long=31', '-3'] },
  { compression: 'zstd', tool: 'zstdmt', args: ['-qc', '-T2', '-B65536'] },
  { compression: 'zstd', tool: 'zstd', args: ['-qc', '--no-check'], unchecked: 'vague' },
];

export function nameOf({ tool, args }: Variant): string {
  return [tool, ...args].join(' ');
}

export function compress({ tool, args }: Variant, content: Uint8Array): Promise<Buffer> {
  return run(tool, args, { input: content });
}

/** What the program itself makes of `stored`, or undefined where it refuses. */
export function decompress({ compression, tool }: Variant, stored: Uint8Array): Promise<Buffer | undefined> {
  const args =
    compression === 'lzma' ? ['-dc', '--format=lzma'] : compression === 'zlib' ? ['-zdc'] : ['-dc'];
  const program = compression === 'lzma' ? 'xz' : tool;
  return run(program, args, { input: stored }).catch(() => undefined);
}

/** Content of `size` bytes in which text, noise, runs and repetitions far apart follow each other. */
export function mixedContent(size: number): Buffer {
  const text = (n: number) =>
    Buffer.from(
      noise(n, 'text')
        .toString('base64')
        .slice(0, n)
        .replaceAll(/[0-9A-Z]/g, ' '),
    );
  const unit = Math.ceil(size / 8);
  const [words, random] = [text(2 * unit), noise(unit, 'noise')];
  return Buffer.concat([
    words,
    random,
    Buffer.alloc(unit),
    words.subarray(unit / 2),
    Buffer.alloc(unit, 'abc'),
    Buffer.from('aaaabbbbbccccccdddddddd'.repeat(unit / 23)),
    random,
    Buffer.alloc(unit, 255),
  ]).subarray(0, size);
}

/** What came of decoding: what was handed out, and the kind of fault or none. */
export interface Outcome {
  readonly content: Buffer;
  readonly fault: StreamFault['kind'] | undefined;
}

/** Decodes `stored`, given in pieces of `size` bytes that do not stay valid. */
export async function decode(compression: Compression, stored: Uint8Array, size?: number): Promise<Outcome> {
  const pieces: Buffer[] = [];
  let fault: Outcome['fault'];
  try {
    for await (const piece of decoderFor(compression)(inPieces(stored, size)))
      pieces.push(Buffer.from(piece));
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    fault = error.kind;
  }
  return { content: Buffer.concat(pieces), fault };
}
