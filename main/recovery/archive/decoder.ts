/** What every decompressor of Lifeboat is: a pull-driven stage from stored bytes to plain bytes. */

/** The compressions that Qubes backups were ever made with; `zlib` only by format 2 through `openssl enc -z`. */
export type Compression = 'none' | 'gzip' | 'bzip2' | 'xz' | 'lzma' | 'zstd' | 'zlib';

/**
 * Decodes a whole stored stream, however it is cut into pieces. Concatenated streams of the same format are all
 * decoded, as parallel compressors write them. Pieces handed out stay valid only until the next is asked for. Little is read
 * ahead of what the piece asked for needs, and memory is bounded whatever the input.
 *
 * @throws StreamFault when the input is not a sound stream that ends where its format says it ends
 */
export type Decoder = (input: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * How many pieces a decoder leaves alone while it makes another, if they lie in memory that threads share: the thread on
 * which it runs hands those over as they are.
 */
export const standingPieces = 3;

/** Why a stored stream could not be decoded: `damaged` inside, `unfinished` at its end, or `overlong` beyond it. */
export type StreamFaultKind = 'damaged' | 'unfinished' | 'overlong';

/** A decoder's refusal; the pipeline, which knows the file's name, turns it into a catalogued problem. */
export class StreamFault extends Error {
  readonly kind: StreamFaultKind;

  constructor(kind: StreamFaultKind, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'StreamFault';
    this.kind = kind;
  }
}
