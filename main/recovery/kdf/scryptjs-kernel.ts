/** Key derivation in plain JavaScript: the last resort of a machine without WASM SIMD, and the tests' oracle. */
import scryptJs from 'scrypt-js';
import { problem, RecoveryError } from '../../../shared/problems.ts';
import {
  checkCost,
  checkMemory,
  derivationMemory,
  derivedKeyLength,
  type DerivationKernel,
} from './derivation.ts';

/** Derives on the calling thread, two to three times slower than node:crypto, in at most 2 GiB of memory. */
export const scryptJsKernel: DerivationKernel = {
  name: 'scrypt-js',

  derive(request, memoryBytes) {
    checkCost(request);
    const needed = derivationMemory(request);
    checkMemory(needed, memoryBytes);
    const { passphrase, salt, logN, r, p } = request;
    try {
      return scryptJs.syncScrypt(passphrase, salt, 2 ** logN, r, p, derivedKeyLength);
    } catch (error) {
      // The cost is valid, so what it refuses is more memory than it can address.
      throw new RecoveryError(problem('derivation-needs-memory', { needed, allowed: memoryBytes }), {
        cause: error,
      });
    }
  },
};
