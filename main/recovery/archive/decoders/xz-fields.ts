/** What xz writes around its data: numbers, the headers of blocks, the tally of them that the index repeats. */
import { createHash } from 'node:crypto';
import { StreamFault } from '../decoder.ts';
import type { StoredInput } from './stored-input.ts';
import { SummedInput } from './summed-input.ts';

const lzma2 = 0x21;

/** What a block's header says; sizes in bytes. */
export interface BlockHeader {
  readonly dictionarySize: number;
  /** The size of the compressed data, where it is said. */
  readonly stored: number | undefined;
  /** The length of the data itself, where it is said. */
  readonly length: number | undefined;
}

/**
 * Reads the header of a block (section 3.1), `size` bytes and their CRC.
 *
 * @throws StreamFault `damaged`, also for filters other than LZMA2, which no program applies unasked; `unfinished`
 */
export async function readBlockHeader(input: StoredInput, size: number): Promise<BlockHeader> {
  const start = input.position;
  const header = new SummedInput(input);
  const flags = (await header.take(2))[1] ?? 0;
  if (flags & 0x3c) throw damaged('the flags of a block are reserved ones');
  if (flags & 0x03) throw damaged('a block has more filters than LZMA2');
  const stored = flags & 0x40 ? await readNumber(header) : undefined;
  const length = flags & 0x80 ? await readNumber(header) : undefined;
  if ((await readNumber(header)) !== lzma2) throw damaged('a block has a filter other than LZMA2');
  const [propertiesSize, bits = 0] = await header.take(2);
  if (propertiesSize !== 1 || bits > 40) throw damaged('the size of the dictionary is out of range');
  const padding = start + size - input.position;
  if (padding < 0) throw damaged('the fields of a block are longer than its header');
  await header.takePadding(padding);
  await header.takeSeal();
  const dictionarySize = bits === 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  return { dictionarySize, stored, length };
}

/**
 * Reads a number (section 1.2): seven bits a byte, lowest first, as short as can be.
 *
 * @throws StreamFault `damaged`, also beyond 2^53, which no size reaches; `unfinished`
 */
export async function readNumber(fields: SummedInput): Promise<number> {
  let value = 0;
  for (let place = 0; place < 9; place++) {
    const [byte = 0] = await fields.take(1);
    value += (byte & 0x7f) * 2 ** (7 * place);
    if (byte < 0x80) {
      if ((byte === 0 && place > 0) || !Number.isSafeInteger(value)) break;
      return value;
    }
  }
  throw damaged('a number is malformed');
}

/** A tally of blocks in order, in little memory however many there are. */
export class BlockTally {
  readonly #digest = createHash('sha256');
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds a block by its size without padding and the length of its data. */
  add(size: number, length: number): void {
    this.#count++;
    this.#digest.update(new Float64Array([size, length]));
  }

  /** Whether the other tally counts the same blocks; neither can be used afterwards. */
  equals(other: BlockTally): boolean {
    return this.#digest.digest().equals(other.#digest.digest());
  }
}

function damaged(detail: string): StreamFault {
  return new StreamFault('damaged', `xz: ${detail}`);
}
