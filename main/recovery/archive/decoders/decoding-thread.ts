/** The thread side of `on-thread.ts`: decodes with WebAssembly, a piece whenever one is asked for. */
import { parentPort } from 'node:worker_threads';
import { type Decoder, StreamFault, type StreamFaultKind } from '../decoder.ts';
import { decodeBzip2 } from './bzip2.ts';
import { decodeLzma } from './lzma.ts';
import { decodeXz } from './xz.ts';

const decoders = { bzip2: decodeBzip2, lzma: decodeLzma, xz: decodeXz } as const satisfies Record<
  string,
  Decoder
>;

export type ThreadedCompression = keyof typeof decoders;

/** What the thread is told: to begin a stream, to make its next piece, and the input (or its end) that it wanted. */
export type Order =
  | { readonly order: 'begin'; readonly compression: ThreadedCompression }
  | { readonly order: 'next' }
  | { readonly order: 'input'; readonly piece: Uint8Array<ArrayBuffer> | undefined };

/** What it says: that it wants input, or what became of the piece asked for. */
export type Answer =
  | { readonly answer: 'wants-input' }
  | { readonly answer: 'piece'; readonly piece: Uint8Array }
  | { readonly answer: 'end' }
  | { readonly answer: 'fault'; readonly fault: StreamFaultKind; readonly detail: string }
  | { readonly answer: 'failure'; readonly detail: string };

let decoding: AsyncIterator<Uint8Array> | undefined;
let takeInput: (result: IteratorResult<Uint8Array, undefined>) => void = () => undefined;

const input: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({
    next: () => {
      say({ answer: 'wants-input' });
      return new Promise((resolve) => (takeInput = resolve));
    },
  }),
};

parentPort?.on('message', (order: Order) => {
  switch (order.order) {
    case 'begin':
      decoding = decoders[order.compression](input)[Symbol.asyncIterator]();
      break;
    case 'input':
      takeInput(order.piece ? { done: false, value: order.piece } : { done: true, value: undefined });
      break;
    case 'next':
      void makePiece();
  }
});

async function makePiece(): Promise<void> {
  try {
    const next = await decoding?.next();
    if (!next || next.done === true) {
      finish({ answer: 'end' });
    } else {
      const piece = new Uint8Array(next.value);
      say({ answer: 'piece', piece }, [piece.buffer]);
    }
  } catch (error) {
    if (error instanceof StreamFault) finish({ answer: 'fault', fault: error.kind, detail: error.message });
    else finish({ answer: 'failure', detail: String(error) });
  }
}

/** Lets go of the decoder, whose memory is larger than that of an idle thread should be, and says how it ended. */
function finish(answer: Answer): void {
  decoding = undefined;
  say(answer);
}

function say(answer: Answer, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, transfer);
}
