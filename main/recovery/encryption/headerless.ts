/**
 * How a backup of format 2 without a header is protected: the oldest ones say nothing of themselves, so their chunks
 * are asked (docs/format.md, "backup-header").
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { sniffCompression, sniffLength } from '../archive/decoders/recognise.ts';
import type { ByteSource } from '../bytes/source.ts';
import type { ContainerIndex, Member } from '../container/container-index.ts';
import { knownDigest, likelyDigests, longestHmacFile, parseHmacFile } from './hmac-file.ts';
import { isSalted } from './openssl-enc.ts';
import { readToVerify } from './two-readings.ts';

/** Chunks tried at most, since one that is damaged proves nothing. */
const mostTried = 3;

/** What the first bytes of a chunk tell of all of them. */
export interface Makeup {
  readonly encrypted: boolean;
  /** Null when it is not compressed; below encryption nobody can tell, so that it counts as compressed. */
  readonly compressionFilter: string | null;
}

/** Tells by a chunk whether the backup is encrypted and compressed. */
export async function makeupOf(source: ByteSource, { offset, size }: Member): Promise<Makeup> {
  const head = await source.read(offset, Math.min(size, sniffLength));
  const encrypted = isSalted(head);
  return { encrypted, compressionFilter: encrypted || sniffCompression(head) === 'gzip' ? 'gzip' : null };
}

/**
 * The digest by which HMACs beside chunks are those of the passphrase, as node:crypto names it.
 *
 * @param first name of the chunk that is tried first; after it, the smallest ones are
 * @returns undefined when the passphrase is another one, or each chunk that was tried is damaged
 */
export async function provenDigest(
  source: ByteSource,
  { members }: ContainerIndex,
  passphrase: Uint8Array,
  first: string,
): Promise<string | undefined> {
  const sealed = [...members.values()].filter(({ name }) => members.has(`${name}.hmac`));
  const ordered = sealed.toSorted(
    (a, b) => Number(b.name === first) - Number(a.name === first) || a.size - b.size,
  );
  for (const chunk of ordered.slice(0, mostTried)) {
    const file = members.get(`${chunk.name}.hmac`);
    const text = file && (await source.read(file.offset, Math.min(file.size, longestHmacFile)));
    const stated = text && parseHmacFile(text);
    const digest = stated && (await digestOf(source, chunk, stated, passphrase));
    if (digest !== undefined) return digest;
  }
  return undefined;
}

/** By which digest `stated` is the HMAC of a chunk. */
async function digestOf(
  source: ByteSource,
  chunk: Member,
  stated: Uint8Array,
  passphrase: Uint8Array,
): Promise<string | undefined> {
  const digests = likelyDigests.flatMap((name) => knownDigest(name) ?? []);
  const macs = digests.map((digest) => createHmac(digest, passphrase));
  await readToVerify(source, chunk, (slice) => macs.forEach((mac) => mac.update(slice)));
  const found = macs.map((mac) => mac.digest());
  return digests.find((_, i) => {
    const mac = found[i];
    return mac?.length === stated.length && timingSafeEqual(mac, stated);
  });
}
