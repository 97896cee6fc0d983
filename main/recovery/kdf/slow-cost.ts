/** Tells costs of derivations that no writer of backups asks for, which would keep a computer busy for hours. */
import { randomFillSync } from 'node:crypto';
import type { DerivationCost } from './derivation.ts';
import { nodeKernel } from './node-kernel.ts';

/** The work of a derivation: how many blocks of 128 bytes its lanes mix, twice each. */
export function workOf({ logN, r, p }: DerivationCost): number {
  return 2 ** logN * r * p;
}

/**
 * The `scrypt` tool spends five seconds of its computer on a key: 2^23 to 2^25 on processors of today. Sixteen times the
 * most of that is never refused.
 */
const usualWork = 2 ** 29;

/** The keys of one backup are made by one computer: they differ with what else it does, by less than ten times. */
const spread = 64;

/** Work of a second or two is never worth a question. */
const trifle = 2 ** 23;

/**
 * Whether a derivation takes so long that somebody is to be asked first. The cost stands in a header whose checksum needs
 * no key: whoever can change a backup can make it say anything.
 *
 * @param proven the work of a key of the same backup whose passphrase was proven; null while there is none
 */
export function isSlow(cost: DerivationCost, proven: number | null): boolean {
  return (
    workOf(cost) > (proven === null ? usualWork : Math.min(usualWork, Math.max(trifle, proven * spread)))
  );
}

const sample: DerivationCost = { logN: 12, r: 8, p: 1 };

/** What the kernel with several lanes takes of the time of node:crypto, on one thread. */
const kernelShare = 0.4;

/** About how many seconds one thread of this computer takes for a derivation, by a sample of some milliseconds. */
export function estimateSeconds(cost: DerivationCost): number {
  const request = { ...sample, passphrase: new Uint8Array(8), salt: randomFillSync(new Uint8Array(32)) };
  const began = performance.now();
  nodeKernel.derive(request, 2 ** 24);
  const sampled = (performance.now() - began) / 1000;
  return (sampled * kernelShare * workOf(cost)) / workOf(sample);
}
