/** Key derivation by node:crypto: any `r`, one lane after another, for where the WASM kernel cannot be had. */
import { scryptSync } from 'node:crypto';
import { problem, RecoveryError } from '../../../shared/problems.ts';
import {
  checkCost,
  checkMemory,
  derivationMemory,
  derivedKeyLength,
  laneLength,
  type DerivationKernel,
} from './derivation.ts';

/**
 * Derives on the calling thread. The asynchronous `scrypt` would occupy a thread of libuv's pool for seconds, and
 * that pool serves the decompressors and the file system: run this inside a worker thread instead.
 */
export const nodeKernel: DerivationKernel = {
  name: 'node:crypto',

  derive(request, memoryBytes) {
    checkCost(request);
    const needed = derivationMemory(request);
    checkMemory(needed, memoryBytes);
    const { passphrase, salt, logN, r, p } = request;
    try {
      // OpenSSL counts two rows of working space besides the lanes; BoringSSL, in Electron, one.
      const maxmem = needed + 2 * laneLength(request);
      return new Uint8Array(scryptSync(passphrase, salt, derivedKeyLength, { N: 2 ** logN, r, p, maxmem }));
    } catch (error) {
      // The cost is valid, so only memory, or a count beyond what the library's memory arithmetic holds, is left.
      throw new RecoveryError(problem('derivation-needs-memory', { needed, allowed: memoryBytes }), {
        cause: error,
      });
    }
  },
};
