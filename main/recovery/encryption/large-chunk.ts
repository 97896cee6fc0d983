/** Opens sealed members that are too large to be held in memory, by reading them twice. */
import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { ByteSource } from '../bytes/source.ts';
import type { Member } from '../container/container-index.ts';
import {
  opensHeader,
  parseSealHeader,
  SealFault,
  sealHeaderLength,
  sealOverhead,
  sealTrailerLength,
} from './scrypt-container.ts';
import { readToVerify, readVerified } from './two-readings.ts';

/**
 * Yields the plaintext of a sealed member slice by slice, in memory of some megabytes. Nothing is yielded before
 * the whole was verified.
 *
 * @param key 64 bytes, proven by the member's header
 * @throws SealFault as `openSealed`; `damaged` also when the second reading differs from the first
 */
export async function* openLargeSealed(
  source: ByteSource,
  { offset, size }: Member,
  key: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const header = parseSealHeader(await source.read(offset, sealHeaderLength), size);
  if (!opensHeader(header, key)) throw new SealFault('not-authentic');
  const data = { offset: offset + sealHeaderLength, size: size - sealOverhead };
  // Both take their part of the key now: it may be wiped while the chunk is read, which must not change what comes.
  const mac = createHmac('sha256', key.subarray(32, 64)).update(header.bytes);
  const decipher = createDecipheriv('aes-256-ctr', key.subarray(0, 32), Buffer.alloc(16));
  const fingerprints = await readToVerify(source, data, (slice) => mac.update(slice));
  const trailer = await source.read(offset + size - sealTrailerLength, sealTrailerLength);
  if (!timingSafeEqual(mac.digest(), trailer)) throw new SealFault('damaged');

  const changed = () => {
    throw new SealFault('damaged');
  };
  for await (const slice of readVerified(source, data, fingerprints, changed)) yield decipher.update(slice);
}
