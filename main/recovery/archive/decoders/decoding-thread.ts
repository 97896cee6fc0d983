/**
 * The thread side of `on-thread.ts`: decodes one stream after another. It takes the input from a ring of slots and puts
 * the output into another, and waits for either without a turn of its event loop.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Decoder, StreamFault, type StreamFaultKind } from '../decoder.ts';
import { decodeBzip2 } from './bzip2.ts';
import { gzipDecoder, type MemberTrailer } from './gzip.ts';
import { decodeLzma } from './lzma.ts';
import { SlotRing, type SharedSlots } from './slot-ring.ts';
import { decodeXz } from './xz.ts';
import { decodeZlib } from './zlib.ts';

const decoders = {
  bzip2: decodeBzip2,
  gzip: gzipDecoder((trailer) => say({ word: 'member', trailer })),
  lzma: decodeLzma,
  xz: decodeXz,
  zlib: decodeZlib,
} as const satisfies Record<string, Decoder>;

export type ThreadedCompression = keyof typeof decoders;

/** What the thread is started with: rings for input, of which an empty slot is the end, and for output. */
export interface DecodingThreadData {
  readonly input: SharedSlots;
  readonly output: SharedSlots;
}

/**
 * What it says: that it freed a slot of input, what piece it made, in shared memory, what those since the last member of
 * gzip must be, or how the stream ended.
 */
export type Word =
  | { readonly word: 'taken' }
  | { readonly word: 'made'; readonly piece: Uint8Array }
  | { readonly word: 'member'; readonly trailer: MemberTrailer }
  | { readonly word: 'end' }
  | { readonly word: 'fault'; readonly fault: StreamFaultKind; readonly detail: string }
  | { readonly word: 'failure'; readonly detail: string };

const shared = workerData as DecodingThreadData;
const input = new SlotRing(shared.input);
const output = new SlotRing(shared.output);

parentPort?.on('message', (compression: ThreadedCompression) => void decode(compression));

async function decode(compression: ThreadedCompression): Promise<void> {
  try {
    for await (const piece of decoders[compression](storedPieces())) hand(piece);
    say({ word: 'end' });
  } catch (error) {
    if (error instanceof StreamFault) say({ word: 'fault', fault: error.kind, detail: error.message });
    else say({ word: 'failure', detail: String(error) });
  }
}

/** Hands a piece over as it is, if it lies in shared memory, or copies of its parts. */
function hand(piece: Uint8Array): void {
  if (piece.buffer instanceof SharedArrayBuffer) {
    output.waitForRoom();
    output.skip();
    say({ word: 'made', piece });
    return;
  }
  for (let at = 0; at < piece.length; at += output.slotLength) {
    output.waitForRoom();
    say({ word: 'made', piece: output.fill(piece.subarray(at, at + output.slotLength)) });
  }
}

/** The input as it comes; whoever asks for a piece is done with the last one. */
function storedPieces(): AsyncIterable<Uint8Array> {
  let isLent = false;
  const next = (): IteratorResult<Uint8Array, undefined> => {
    if (isLent) {
      input.free();
      say({ word: 'taken' });
    }
    input.waitForBytes();
    const value = input.first();
    isLent = value.length > 0;
    return isLent ? { done: false, value } : { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(next()) }) };
}

function say(word: Word): void {
  parentPort?.postMessage(word);
}
