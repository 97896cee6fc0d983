/** Blocks of deflate data (RFC 1951, section 3.2) that no compressor writes, and whether zlib takes them. */
import { noise } from '../support/trees.ts';
import { DeflateWriter, endOfBlock, fixed, type Head, prefixCode, type PrefixCode } from './deflate-bits.ts';

/** What is to be made of a block. */
export type Verdict = 'sound' | 'damaged' | 'unfinished';

/** A code of which symbol `symbol` has as many bits as `lengths` says. */
function codeOf(lengths: Readonly<Record<number, number>>): PrefixCode {
  const last = Math.max(...Object.keys(lengths).map(Number));
  return prefixCode(Array.from({ length: last + 1 }, (_, symbol) => lengths[symbol] ?? 0));
}

/** Codes with these numbers of codes of one bit, two bits and so on, for as many symbols in turn. */
export function codeWith(counts: readonly number[]): PrefixCode {
  return prefixCode(counts.flatMap((count, i) => new Array<number>(count).fill(i + 1)));
}

/** Two literals, the end, and copies of three bytes. */
const usual = codeOf({ 97: 2, 98: 2, [endOfBlock]: 2, 257: 2 });
const oneDistance = codeOf({ 0: 1 });

/** A last block that begins with `a` by codes of its own, goes on as `body` says, and ends. */
function own(
  literals: PrefixCode,
  distances: PrefixCode,
  body: (writer: DeflateWriter) => DeflateWriter = (writer) => writer,
): Buffer {
  return body(new DeflateWriter().headOf(literals, distances, true).symbol(literals, 97))
    .end(literals)
    .done();
}

/** A last block with the fixed codes: three literals, what `body` adds, and the end. */
export function inFixed(body: (writer: DeflateWriter) => DeflateWriter): Buffer {
  return body(new DeflateWriter().fixed(true).literals('abc')).end().done();
}

/** A last block whose head says this, and that ends at once; more follows for whoever waits for lengths that are not there. */
function withHead(head: Head): Buffer {
  return new DeflateWriter().head(head, true).end(usual).stored(Buffer.alloc(60)).done();
}

/** The lengths of `usual` and of one distance, all by themselves. */
const written = [...usual.lengths, 1];
const onlyLengthCode = (lengths: Readonly<Record<number, number>>) =>
  Array.from({ length: 19 }, (_, symbol) => lengths[symbol] ?? 0);

/** Blocks that are first and last, by what is special about them. */
export const blocks: Readonly<Record<string, readonly [verdict: Verdict, stored: Buffer]>> = {
  'nothing at all': ['unfinished', Buffer.alloc(0)],
  'the third type': ['damaged', new DeflateWriter().bits(7, 3).done()],
  'a stored block of nothing': ['sound', new DeflateWriter().stored(Buffer.alloc(0), true).done()],
  'a stored block as long as can be': ['sound', new DeflateWriter().stored(noise(65_535, 's'), true).done()],
  'a stored length that is sealed wrong': [
    'damaged',
    new DeflateWriter().stored(Buffer.from('abc'), true, ~3 ^ 0x8000).done(),
  ],
  'a stored length beyond the input': [
    'unfinished',
    new DeflateWriter().bits(1, 3).align().bits(5, 16).bits(~5, 16).bits(0x616263, 24).done(),
  ],
  'a fixed block of nothing': ['sound', new DeflateWriter().fixed(true).end().done()],
  'the fixed code 286': ['damaged', inFixed((writer) => writer.symbol(fixed.literals, 286).bits(0, 5))],
  'the fixed code 287': ['damaged', inFixed((writer) => writer.symbol(fixed.literals, 287).bits(0, 5))],
  'the fixed distance 30': [
    'damaged',
    inFixed((writer) => writer.symbol(fixed.literals, 257).symbol(fixed.distances, 30)),
  ],
  'the fixed distance 31': [
    'damaged',
    inFixed((writer) => writer.symbol(fixed.literals, 257).symbol(fixed.distances, 31)),
  ],
  'a length of 258 in the long form': [
    'sound',
    inFixed((writer) => writer.symbol(fixed.literals, 284).bits(31, 5).symbol(fixed.distances, 0)),
  ],
  'a distance to the beginning': ['sound', inFixed((writer) => writer.copy(10, 3))],
  'a distance to before the beginning': ['damaged', inFixed((writer) => writer.copy(10, 4))],
  'a distance as long as can be': ['damaged', inFixed((writer) => writer.copy(10, 32_768))],
  'a copy before anything': ['damaged', new DeflateWriter().fixed(true).copy(3, 1).end().done()],
  'one code of one bit for distances': [
    'sound',
    own(usual, oneDistance, (writer) => writer.copy(3, 1, { literals: usual, distances: oneDistance })),
  ],
  'the other bit of one code for distances': [
    'damaged',
    own(usual, oneDistance, (writer) => writer.symbol(usual, 257).bits(1, 1)),
  ],
  'one code of two bits for distances': ['damaged', own(usual, codeOf({ 0: 2 }))],
  'one code of fifteen bits for distances': ['damaged', own(usual, codeOf({ 0: 15 }))],
  'no code for distances, nor a copy': ['sound', own(usual, codeOf({ 0: 0 }))],
  'no code for distances, and a copy': [
    'damaged',
    own(usual, codeOf({ 0: 0 }), (writer) => writer.symbol(usual, 257)),
  ],
  'too few codes for distances': ['damaged', own(usual, codeOf({ 0: 2, 1: 2, 2: 2 }))],
  'too many codes for distances': ['damaged', own(usual, codeOf({ 0: 1, 1: 1, 2: 1 }))],
  'as many codes for distances as there are': ['sound', own(usual, codeWith([0, 0, 0, 2, 28]))],
  'only a code of one bit for the end': [
    'sound',
    new DeflateWriter()
      .headOf(codeOf({ [endOfBlock]: 1 }), oneDistance, true)
      .bits(0, 1)
      .done(),
  ],
  'the other bit of only a code for the end': [
    'damaged',
    new DeflateWriter()
      .headOf(codeOf({ [endOfBlock]: 1 }), oneDistance, true)
      .bits(1, 1)
      .done(),
  ],
  'only a code of two bits for the end': ['damaged', own(codeOf({ [endOfBlock]: 2 }), oneDistance)],
  'too few codes for literals': ['damaged', own(codeOf({ 97: 2, 98: 2, [endOfBlock]: 2 }), oneDistance)],
  'too many codes for literals': ['damaged', own(codeOf({ 97: 1, 98: 1, [endOfBlock]: 15 }), oneDistance)],
  'no code for the end': ['damaged', own(codeOf({ 97: 1, 98: 1, 256: 0 }), oneDistance)],
  'as many literals and distances as there may be': [
    'sound',
    withHead({ literals: 286, distances: 30, written: [...usual.lengths, ...zeros(28), 1, ...zeros(29)] }),
  ],
  '287 literals': [
    'damaged',
    withHead({ literals: 287, distances: 1, written: [...usual.lengths, ...zeros(29), 1] }),
  ],
  '31 distances': [
    'damaged',
    withHead({ literals: 258, distances: 31, written: [...usual.lengths, 1, ...zeros(30)] }),
  ],
  'lengths repeated from literals on to distances': [
    'sound',
    withHead({ literals: 258, distances: 4, written: [...usual.lengths.slice(0, 257), [16, 2]] }),
  ],
  'lengths of zero from literals on to distances': [
    'sound',
    withHead({ literals: 280, distances: 7, written: [...usual.lengths, [18, 29 - 11]] }),
  ],
  'lengths repeated beyond the last': [
    'damaged',
    withHead({ literals: 258, distances: 1, written: [...usual.lengths, [16, 0]] }),
  ],
  'zeros repeated beyond the last': [
    'damaged',
    withHead({ literals: 258, distances: 10, written: [...usual.lengths, [18, 0]] }),
  ],
  'a length repeated before there is one': [
    'damaged',
    withHead({ literals: 258, distances: 1, written: [[16, 0], ...written.slice(3)] }),
  ],
  'too few codes for lengths': [
    'damaged',
    withHead({ literals: 258, distances: 1, written: [], lengthCode: onlyLengthCode({ 0: 1 }) }),
  ],
  'too many codes for lengths': [
    'damaged',
    withHead({ literals: 258, distances: 1, written: [], lengthCode: onlyLengthCode({ 0: 1, 1: 1, 2: 1 }) }),
  ],
  'no codes for lengths': [
    'damaged',
    withHead({ literals: 258, distances: 1, written: [], lengthCode: onlyLengthCode({}) }),
  ],
};

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}
