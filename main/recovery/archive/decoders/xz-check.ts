/** The checks that seal the blocks of xz (section 2.1.1.2 of the format): CRC-32, CRC-64, SHA-256 or none. */
import { createHash } from 'node:crypto';
import { crc32 } from '../../bytes/crc32.ts';
import { StreamFault } from '../decoder.ts';
import type { LzmaKernel } from './lzma-kernel.ts';

/** A check that is carried on over the pieces of a block. */
export interface Check {
  update(piece: Uint8Array): void;
  /** The check as it is stored. */
  digest(): Uint8Array;
}

/**
 * Begins the check of type `type`; CRC-64 works on pieces that `kernel` made.
 *
 * @throws StreamFault `damaged` for the types that the format reserves and nobody writes
 */
export function beginCheck(type: number, kernel: LzmaKernel): Check {
  switch (type) {
    case 0:
      return { update: () => undefined, digest: () => new Uint8Array(0) };
    case 1: {
      let crc = 0;
      return {
        update: (piece) => (crc = crc32(piece, crc)),
        digest: () => new Uint8Array(Uint32Array.of(crc).buffer),
      };
    }
    case 4: {
      let crc = 0n;
      return {
        update: (piece) => (crc = kernel.crc64(crc, piece)),
        digest: () => new Uint8Array(BigUint64Array.of(crc).buffer),
      };
    }
    case 10: {
      const hash = createHash('sha256');
      return { update: (piece) => hash.update(piece), digest: () => hash.digest() };
    }
    default:
      throw new StreamFault('damaged', `xz: check type ${type} is not in use`);
  }
}
