/**
 * The container of the `scrypt` tool, in which format 4 seals every member: a 96-byte header, AES-256-CTR data and
 * a 32-byte HMAC (docs/format.md, "scrypt container"; Tarsnap scrypt, file FORMAT).
 *
 * No byte of plaintext is released before the HMAC over all of the container was verified.
 */
import { createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { free } from '../bytes/free.ts';
import { secretBytes } from '../bytes/secret.ts';
import type { ByteSource } from '../bytes/source.ts';
import type { DerivationCost } from '../kdf/derivation.ts';

export const sealHeaderLength = 96;
export const sealTrailerLength = 32;

/** Bytes that sealing adds to a plaintext. */
export const sealOverhead = sealHeaderLength + sealTrailerLength;

/** The header of a sealed member; nothing in it is trusted until `opensHeader` says so. */
export interface SealHeader extends DerivationCost {
  readonly salt: Uint8Array;
  /** All 96 bytes. */
  readonly bytes: Uint8Array;
}

/**
 * What a seal can fail by: `not-sealed` lacks the magic, `too-short` cannot hold a container, `header-damaged`
 * fails the header's unkeyed checksum, `not-authentic` is sealed by another key (wrong passphrase or other name),
 * `damaged` fails the HMAC over its data.
 */
export type SealFaultKind = 'not-sealed' | 'too-short' | 'header-damaged' | 'not-authentic' | 'damaged';

export class SealFault extends Error {
  readonly kind: SealFaultKind;

  constructor(kind: SealFaultKind) {
    super(`seal ${kind}`);
    this.name = 'SealFault';
    this.kind = kind;
  }
}

const magic = Buffer.from('scrypt\0', 'latin1');

export function hasSealMagic(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.equals(bytes.subarray(0, magic.length));
}

/**
 * Reads the first 96 bytes of a sealed member of `memberSize` bytes and checks their unkeyed checksum.
 *
 * @throws SealFault `not-sealed`, `too-short`, `header-damaged`
 */
export function parseSealHeader(bytes: Uint8Array, memberSize: number): SealHeader {
  if (!hasSealMagic(bytes)) throw new SealFault(memberSize < sealOverhead ? 'too-short' : 'not-sealed');
  if (memberSize < sealOverhead || bytes.length < sealHeaderLength) throw new SealFault('too-short');
  const header = new Uint8Array(bytes.subarray(0, sealHeaderLength));
  const checksum = createHash('sha256').update(header.subarray(0, 48)).digest().subarray(0, 16);
  if (!checksum.equals(header.subarray(48, 64))) throw new SealFault('header-damaged');
  const view = new DataView(header.buffer);
  return {
    logN: view.getUint8(7),
    r: view.getUint32(8),
    p: view.getUint32(12),
    salt: header.slice(16, 48),
    bytes: header,
  };
}

/** Whether the derived key (64 bytes) is the one that sealed this header: proves the passphrase. */
export function opensHeader(header: SealHeader, derivedKey: Uint8Array): boolean {
  const mac = createHmac('sha256', derivedKey.subarray(32, 64)).update(header.bytes.subarray(0, 64)).digest();
  return timingSafeEqual(mac, header.bytes.subarray(64, 96));
}

/** Size of the slices that are decrypted at once: small enough for the processor's cache, where it runs fastest. */
const sliceSize = 64 * 1024;

/** Size of what is read while the last of it is authenticated: large enough for any drive, and still in the cache. */
const readSize = 4 * 1024 * 1024;

/**
 * Opens a whole sealed member in place.
 *
 * @param sealed all bytes of the member; overwritten by the plaintext
 * @param derivedKey 64 bytes, of which `opensHeader` was true for the header read before
 * @returns the plaintext, a view into `sealed`
 * @throws SealFault `too-short`, `not-authentic` when the header is not (any more) sealed by this key, `damaged`
 */
export function openSealed(sealed: Uint8Array, derivedKey: Uint8Array): Uint8Array {
  const mac = beginAuthentication(sealed, derivedKey);
  return endOpening(sealed, derivedKey, mac.update(sealed.subarray(0, sealed.length - sealTrailerLength)));
}

/**
 * Reads a sealed member and opens it, as `openSealed` does, authenticating what is there while more is being read.
 *
 * @param sealed has room for the member, and is overwritten by it and by the plaintext
 * @throws SealFault as `openSealed`; RecoveryError `source-…`
 */
export async function readSealed(
  source: ByteSource,
  offset: number,
  sealed: Uint8Array,
  derivedKey: Uint8Array,
): Promise<Uint8Array> {
  const end = sealed.length - sealTrailerLength;
  const read = (at: number) => {
    const slice = sealed.subarray(at, at + readSize);
    return source.read(offset + at, slice.length, slice);
  };
  await read(0);
  const mac = beginAuthentication(sealed, derivedKey);
  for (let at = 0; at < sealed.length; at += readSize) {
    const next = at + readSize;
    const reading = next < sealed.length ? read(next) : undefined;
    if (at < end) mac.update(sealed.subarray(at, Math.min(next, end)));
    await reading;
  }
  return endOpening(sealed, derivedKey, mac);
}

/** An HMAC-SHA256 under way. */
type Authentication = ReturnType<typeof createHmac>;

/** Checks the header of a sealed member, and begins what authenticates all but its trailer. */
function beginAuthentication(sealed: Uint8Array, derivedKey: Uint8Array): Authentication {
  if (sealed.length < sealOverhead) throw new SealFault('too-short');
  const header = parseSealHeader(sealed.subarray(0, sealHeaderLength), sealed.length);
  if (!opensHeader(header, derivedKey)) throw new SealFault('not-authentic');
  return createHmac('sha256', derivedKey.subarray(32, 64));
}

/** Ends the authentication by the trailer, and only then decrypts in place. */
function endOpening(sealed: Uint8Array, derivedKey: Uint8Array, mac: Authentication): Uint8Array {
  const end = sealed.length - sealTrailerLength;
  if (!timingSafeEqual(mac.digest(), sealed.subarray(end))) throw new SealFault('damaged');
  const decipher = createDecipheriv('aes-256-ctr', derivedKey.subarray(0, 32), Buffer.alloc(16));
  for (let at = sealHeaderLength; at < end; at += sliceSize) {
    const plain = decipher.update(sealed.subarray(at, Math.min(at + sliceSize, end)));
    sealed.set(plain, at);
    free(plain);
  }
  return sealed.subarray(sealHeaderLength, end);
}

const utf8 = new TextEncoder();

/** Longest passphrase that the tool reads, prefix included: what is left of its 2,048 bytes beside a NUL. */
const longestPassphrase = 2047;

/**
 * The passphrase that seals one member: a prefix that binds it to its backup and its name, then the person's own
 * (docs/format.md). The tool reads it as a line into a C string, hence the cuts at the first CR, LF or NUL and at its
 * longest length. The array has memory of its own, so that wiping it leaves nothing behind.
 */
export function memberPassphrase(prefix: string, passphrase: Uint8Array): Uint8Array {
  const start = utf8.encode(`${prefix}!`).subarray(0, longestPassphrase);
  const end = passphrase.findIndex((byte) => byte === 0x0a || byte === 0x0d || byte === 0);
  const typed = end < 0 ? passphrase : passphrase.subarray(0, end);
  const whole = secretBytes(Math.min(start.length + typed.length, longestPassphrase));
  whole.set(start);
  whole.set(typed.subarray(0, whole.length - start.length), start.length);
  return whole;
}
