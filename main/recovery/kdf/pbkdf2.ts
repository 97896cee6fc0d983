/**
 * The two ends of scrypt (RFC 7914, section 6): PBKDF2-HMAC-SHA256 with one iteration spreads passphrase and salt
 * over the lanes, and gathers the mixed lanes into the key.
 */
import { createHmac, pbkdf2Sync } from 'node:crypto';
import { derivedKeyLength, laneLength, type DerivationRequest } from './derivation.ts';

const blockLength = 32;

/**
 * Lane `index` of a derivation before it is mixed: bytes `128 * r * index` and on of PBKDF2's output. A lane is made
 * on its own, so that neither time nor memory is spent on the others before their turn comes.
 */
export function startLane(
  { passphrase, salt, r }: Omit<DerivationRequest, 'logN' | 'p'>,
  index: number,
): Uint8Array<ArrayBuffer> {
  const lane = new Uint8Array(laneLength({ r }));
  const counter = new DataView(new ArrayBuffer(4));
  const firstBlock = (index * lane.length) / blockLength;
  for (let offset = 0; offset < lane.length; offset += blockLength) {
    // RFC 8018, section 5.2: with one iteration, block i is HMAC(passphrase, salt || i), i counting from 1.
    counter.setUint32(0, firstBlock + offset / blockLength + 1);
    lane.set(createHmac('sha256', passphrase).update(salt).update(counter).digest(), offset);
  }
  return lane;
}

/** The key of a derivation whose mixed lanes lie one after another in `mixed`. */
export function gatherLanes(passphrase: Uint8Array, mixed: Uint8Array): Uint8Array {
  // A view and no copy, of which one would stay behind.
  const key = pbkdf2Sync(passphrase, mixed, 1, derivedKeyLength, 'sha256');
  return new Uint8Array(key.buffer, key.byteOffset, key.length);
}
