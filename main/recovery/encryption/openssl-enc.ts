/**
 * The stream that `openssl enc -e -md MD5 -pass` writes: `Salted__`, 8 bytes of salt, and the data, under a key of
 * one round of EVP_BytesToKey with MD5 (openssl-enc(1); docs/format.md, "Format 3").
 */
import { createDecipheriv, createHash, getCipherInfo, type Decipheriv } from 'node:crypto';
import { StreamFault } from '../archive/decoder.ts';
import { StreamReader } from '../bytes/stream-reader.ts';

const magic = Buffer.from('Salted__');
const saltLength = 8;
const pieceSize = 1024 * 1024;

/** Modes that `openssl enc` offers; authenticated ones were never among them. */
const streamModes = new Set(['cbc', 'ctr', 'cfb', 'cfb8', 'cfb1', 'ofb', 'ecb', 'stream']);

export interface Cipher {
  readonly name: string;
  readonly keyLength: number;
  readonly ivLength: number;
}

/** The cipher of a header's `crypto-algorithm`; undefined when this program's crypto library has no such cipher. */
export function findCipher(name: string): Cipher | undefined {
  const info = /^[a-z0-9-]{1,40}$/i.test(name) ? getCipherInfo(name.toLowerCase()) : undefined;
  if (!info || !streamModes.has(info.mode)) return undefined;
  return { name: name.toLowerCase(), keyLength: info.keyLength, ivLength: info.ivLength ?? 0 };
}

/**
 * Decrypts one such stream. The data must have been authenticated before: this cipher does not do it.
 *
 * @throws StreamFault `unfinished` without a salt, `damaged` when the last block's padding is wrong
 */
export async function* decryptOpenssl(
  input: AsyncIterable<Uint8Array>,
  cipher: Cipher,
  passphrase: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const reader = new StreamReader(input);
  try {
    const head = await reader.read(magic.length + saltLength);
    if (head.length < magic.length + saltLength) throw new StreamFault('unfinished', 'no salt');
    if (!isSalted(head)) throw new StreamFault('damaged', 'no salted stream');
    const decipher = decipherFor(cipher, passphrase, head.subarray(magic.length));
    for (let piece = await reader.take(pieceSize); piece; piece = await reader.take(pieceSize)) {
      yield decipher.update(piece);
    }
    yield finalBlock(decipher);
  } finally {
    await reader.close();
  }
}

/** Bytes in front of the data: magic and salt. */
export const saltedLength = magic.length + saltLength;

/** Whether bytes begin as such a stream does. */
export function isSalted(bytes: Uint8Array): boolean {
  return magic.equals(bytes.subarray(0, magic.length));
}

/** Whether decryption can begin in the middle: each block needs no more than the one before it. */
export function isChained({ name, ivLength }: Cipher): boolean {
  return getCipherInfo(name)?.mode === 'cbc' && ivLength > 0;
}

/**
 * Decrypts part of a stream of a chained cipher, in which chunks are lost.
 *
 * @param padded whether `input` ends where the stream does, with padding
 * @param salted the first `saltedLength` bytes of the whole stream, or null when `input` begins with them. Otherwise its
 *   first block is the one that the next is decrypted with.
 */
export async function* decryptOpensslStretch(
  input: AsyncIterable<Uint8Array>,
  cipher: Cipher,
  passphrase: Uint8Array,
  padded: boolean,
  salted: Uint8Array | null,
): AsyncGenerator<Uint8Array> {
  const reader = new StreamReader(input);
  try {
    const head = salted ?? (await reader.read(saltedLength));
    if (head.length < saltedLength) return;
    const before = salted ? await reader.read(cipher.ivLength) : null;
    if (before && before.length < cipher.ivLength) return;
    const decipher = decipherFor(cipher, passphrase, head.subarray(magic.length), before).setAutoPadding(
      padded,
    );
    for (let piece = await reader.take(pieceSize); piece; piece = await reader.take(pieceSize)) {
      yield decipher.update(piece);
    }
    // Where the end turns out to be lost, the last block is no padding, and stays with the cipher.
    try {
      yield decipher.final();
    } catch {
      return;
    }
  } finally {
    await reader.close();
  }
}

function finalBlock(decipher: Decipheriv): Uint8Array {
  try {
    return decipher.final();
  } catch (error) {
    throw new StreamFault('damaged', 'the padding of the last block', { cause: error });
  }
}

function decipherFor(
  { name, keyLength, ivLength }: Cipher,
  passphrase: Uint8Array,
  salt: Uint8Array,
  before: Uint8Array | null = null,
): Decipheriv {
  const material = bytesToKey(passphrase, salt, keyLength + ivLength);
  const [key, iv] = [material.subarray(0, keyLength), material.subarray(keyLength)];
  const decipher = createDecipheriv(name, key, ivLength > 0 ? (before ?? iv) : null);
  material.fill(0);
  return decipher;
}

/** EVP_BytesToKey with MD5 and one round: blocks of MD5(previous block, passphrase, salt) until enough. */
function bytesToKey(passphrase: Uint8Array, salt: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  let previous = Buffer.alloc(0);
  for (let have = 0; have < length; have += 16) {
    previous = createHash('md5').update(previous).update(passphrase).update(salt).digest();
    blocks.push(previous);
  }
  return Buffer.concat(blocks).subarray(0, length);
}
