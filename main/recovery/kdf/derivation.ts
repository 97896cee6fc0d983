/** The vocabulary of key derivation: what is derived, from what, at what cost, and what a kernel that derives is. */
import { fail } from '../../../shared/problems.ts';

/** scrypt's cost parameters (RFC 7914, section 2): `N = 2^logN` rows of `128 * r` bytes, `p` independent lanes. */
export interface DerivationCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** The part of the cost that each single lane has: lanes of equal shape can be mixed side by side. */
export type LaneShape = Pick<DerivationCost, 'logN' | 'r'>;

/** One derivation: 64 bytes are derived from a passphrase and a salt at a cost. */
export interface DerivationRequest extends DerivationCost {
  readonly passphrase: Uint8Array;
  readonly salt: Uint8Array;
}

/** What can do whole derivations, on the calling thread: seconds of work and up to gigabytes of memory each. */
export interface DerivationKernel {
  readonly name: 'wasm' | 'node:crypto' | 'scrypt-js';
  /**
   * Derives the 64 bytes of `request`, with at most `memoryBytes` of memory for the mixing.
   *
   * @throws RecoveryError `derivation-parameters-invalid`, `derivation-needs-memory`
   */
  derive(request: DerivationRequest, memoryBytes: number): Uint8Array;
}

/** How many lanes one thread can mix side by side. */
export const maxLanes = 6;

/** Length in bytes of the key that a scrypt container needs: 32 for AES-256, 32 for HMAC-SHA256. */
export const derivedKeyLength = 64;

/** Length in bytes of what one lane mixes, in place: one row. */
export function laneLength({ r }: Pick<DerivationCost, 'r'>): number {
  return 128 * r;
}

/** Bytes of memory one lane needs while it is mixed. */
export function laneMemory({ logN, r }: LaneShape): number {
  return 128 * r * 2 ** logN;
}

/** Bytes of memory a derivation needs when its lanes are mixed one after another: one lane, and all results. */
export function derivationMemory(cost: DerivationCost): number {
  return laneMemory(cost) + laneLength(cost) * cost.p;
}

/**
 * Refuses costs that scrypt does not define: RFC 7914, sections 2 and 6 (`N` a power of 2 between 1 and
 * `2^(128 * r / 8)`, `p` at most `(2^32 - 1) * 32 / (128 * r)`), and the limits that the `scrypt` tool puts on
 * the header of its files (`logN` from 1 to 63, `r * p` below `2^30`).
 *
 * @throws RecoveryError `derivation-parameters-invalid`
 */
export function checkCost({ logN, r, p }: DerivationCost): void {
  const valid =
    [logN, r, p].every((value) => Number.isInteger(value) && value >= 1) &&
    logN <= 63 &&
    logN < 16 * r &&
    r * p < 2 ** 30;
  if (!valid) fail('derivation-parameters-invalid', { logN, r, p });
}

/**
 * Refuses a derivation that needs more memory than it may have.
 *
 * @throws RecoveryError `derivation-needs-memory`
 */
export function checkMemory(needed: number, allowed: number): void {
  if (needed > allowed) fail('derivation-needs-memory', { needed, allowed });
}
