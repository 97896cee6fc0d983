/** The vocabulary of key derivation: what is derived, from what, and what each derivation costs. */

/** scrypt's cost parameters (RFC 7914, section 2): `N = 2^logN` rows of `128 * r` bytes, `p` independent lanes. */
export interface DerivationCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** One derivation: 64 bytes are derived from a passphrase and a salt at a cost. */
export interface DerivationRequest extends DerivationCost {
  readonly passphrase: Uint8Array;
  readonly salt: Uint8Array;
}

/** Length in bytes of the key that a scrypt container needs: 32 for AES-256, 32 for HMAC-SHA256. */
export const derivedKeyLength = 64;

/** Bytes of memory one lane needs while it is mixed. */
export function laneMemory({ logN, r }: Pick<DerivationCost, 'logN' | 'r'>): number {
  return 128 * r * 2 ** logN;
}
