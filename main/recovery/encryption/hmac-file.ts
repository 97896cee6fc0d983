/** The `.hmac` files of formats 3 and 2: what `openssl dgst -hmac` printed about a member. */
import { createHmac, getHashes, timingSafeEqual } from 'node:crypto';

/** A real one has some 150 bytes; RP reads no more than this. */
export const longestHmacFile = 4096;

/** Digests whose HMAC a header may be authenticated with, when its own word cannot be trusted yet. */
export const likelyDigests = ['sha512', 'sha256', 'sha384', 'sha224', 'sha1', 'ripemd160', 'md5'] as const;

/**
 * The HMAC in the text that openssl printed, `(stdin)= hex` or `HMAC-SHA512(name)= hex`.
 *
 * @returns undefined when there is none
 */
export function parseHmacFile(bytes: Uint8Array): Uint8Array | undefined {
  const match = /=\s*([0-9a-fA-F]{32,128})\s*(?:=|$)/.exec(Buffer.from(bytes).toString('latin1'));
  const digits = match?.[1];
  return digits !== undefined && digits.length % 2 === 0 ? Buffer.from(digits, 'hex') : undefined;
}

/** The name that node:crypto has for a digest as a header spells it; undefined when it does not know it. */
export function knownDigest(name: string): string | undefined {
  const wanted = name.toLowerCase().replace(/^sha2-/, 'sha');
  return getHashes().find((known) => known.toLowerCase() === wanted);
}

/** Whether `stated` is the HMAC of `message` under the passphrase, compared in constant time. */
export function isHmacOf(
  message: Uint8Array,
  stated: Uint8Array,
  digest: string,
  passphrase: Uint8Array,
): boolean {
  const mac = createHmac(digest, passphrase).update(message).digest();
  return mac.length === stated.length && timingSafeEqual(mac, stated);
}
