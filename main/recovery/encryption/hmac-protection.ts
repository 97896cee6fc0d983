/**
 * The protection of formats 3 and 2: an HMAC file beside each chunk, and the encryption of `openssl enc`, over the
 * whole file in format 3 and over each chunk in format 2.
 */
import { createHmac, scryptSync, timingSafeEqual } from 'node:crypto';
import { fail, problem } from '../../../shared/problems.ts';
import { decoderFor, sniffCompression, sniffLength } from '../archive/decoders/decoder-for.ts';
import { joinVolumes } from '../archive/volumes.ts';
import { peek } from '../bytes/peek.ts';
import { drain } from '../bytes/drain.ts';
import { secretCopy } from '../bytes/secret.ts';
import type { ByteSource } from '../bytes/source.ts';
import type { Chunk, StoredFile } from '../catalog/stored-files.ts';
import type { ContainerIndex, Member } from '../container/container-index.ts';
import { longestHmacFile, parseHmacFile } from './hmac-file.ts';
import {
  decryptOpenssl,
  decryptOpensslStretch,
  isChained,
  saltedLength,
  type Cipher,
} from './openssl-enc.ts';
import { KeySealer } from './key-sealer.ts';
import {
  noHooks,
  type ProtectedRun,
  type Protection,
  type StreamHooks,
  type StretchReader,
} from './protection.ts';
import { isBadPlace, isReadFault } from '../bytes/unreadable.ts';
import { readToVerify, readVerified, type Fingerprints } from './two-readings.ts';

export interface HmacProtectionOptions {
  readonly source: ByteSource;
  readonly index: ContainerIndex;
  readonly version: 2 | 3;
  /** Bytes as the person typed them; a copy is kept, and wiped by `wipe`. */
  readonly passphrase: Uint8Array;
  /** Digest of the HMACs, as node:crypto names it. */
  readonly digest: string;
  /** Null when the backup is not encrypted. */
  readonly cipher: Cipher | null;
  readonly filter: string | null;
}

export class HmacProtection implements Protection {
  readonly filter: string | null;
  readonly stretches: StretchReader | null;
  readonly #options: HmacProtectionOptions;
  readonly #passphrase: Uint8Array;
  #sealer: KeySealer | undefined;

  constructor(options: HmacProtectionOptions) {
    this.filter = options.version === 2 ? null : options.filter;
    this.#options = options;
    this.#passphrase = secretCopy(options.passphrase);
    const { version, cipher } = options;
    this.stretches =
      version === 3 && (!cipher || isChained(cipher))
        ? {
            streamLength: ({ member }) => member.size,
            verify: (file, chunk, hooks) => drain(this.#verified(file, chunk, hooks)),
            stretch: (file, chunks, hooks) => this.#stretch(file, chunks, hooks),
          }
        : null;
  }

  stream(file: StoredFile, hooks: StreamHooks): AsyncIterable<Uint8Array> {
    const { version, cipher } = this.#options;
    if (version === 2) {
      return joinVolumes(this.#volumes(file, hooks), (volume) =>
        fail('chunk-out-of-sequence', { file: file.path, chunk: file.chunks[volume]?.number ?? volume }),
      );
    }
    const chunks = this.#chunks(file, hooks);
    return cipher ? decryptedUpToFault(chunks, cipher, this.#passphrase) : chunks;
  }

  /** The stored bytes of a file, chunk after chunk, each verified before its first byte is handed on. */
  async *#chunks(file: StoredFile, hooks: StreamHooks): AsyncGenerator<Uint8Array> {
    for (const chunk of file.chunks) yield* this.#verified(file, chunk, hooks);
    if (file.firstMissing !== null) fail('chunk-missing', { file: file.path, chunk: file.firstMissing });
  }

  /**
   * Format 3 encrypts a file as one chain, in which a block is decrypted with the one before it: behind lost chunks the
   * first block is lost too. As the salt takes as much at the beginning, what follows it begins where the chunk does.
   */
  async *#stretch(
    file: StoredFile,
    chunks: readonly Chunk[],
    hooks: StreamHooks,
  ): AsyncGenerator<Uint8Array> {
    const { cipher } = this.#options;
    const stored = this.#chunks({ ...file, chunks, firstMissing: null }, hooks);
    if (!cipher) {
      yield* stored;
      return;
    }
    const first = file.chunks[0];
    if (!first) return;
    const salted = chunks[0] === first ? null : await this.#salt(file, first);
    const padded = chunks.at(-1) === (file.behindGap.at(-1) ?? file.chunks.at(-1));
    yield* decryptOpensslStretch(stored, cipher, this.#passphrase, padded, salted);
  }

  /** The first bytes of a file's first chunk, which hold its salt. */
  async #salt(file: StoredFile, first: Chunk): Promise<Uint8Array> {
    for await (const slice of this.#verified(file, first, noHooks)) return slice.slice(0, saltedLength);
    return new Uint8Array(0);
  }

  /** Format 2: each chunk is one volume of the archive, compressed and encrypted by itself. */
  *#volumes(file: StoredFile, hooks: StreamHooks): Generator<AsyncIterable<Uint8Array>> {
    for (const chunk of file.chunks) {
      const stored = this.#verified(file, chunk, hooks);
      const { cipher } = this.#options;
      yield decompressed(cipher ? decryptOpenssl(stored, cipher, this.#passphrase) : stored);
    }
    if (file.firstMissing !== null) fail('chunk-missing', { file: file.path, chunk: file.firstMissing });
  }

  async *#verified(file: StoredFile, chunk: Chunk, hooks: StreamHooks): AsyncGenerator<Uint8Array> {
    await hooks.gate();
    const damaged = () => fail('chunk-damaged', { file: file.path, chunk: chunk.number });
    const stated = await this.#statedHmac(file, chunk);
    let fingerprints = await this.#verify(chunk.member, stated).catch((error: unknown) => {
      if (isBadPlace(error)) fail('chunk-unreadable', { file: file.path, chunk: chunk.number });
      if (!isReadFault(error)) throw error;
      return undefined;
    });
    if (!fingerprints) {
      // The passphrase is proven, so this is damage, or a disk or memory that answers differently when asked again.
      const again = this.#verify(chunk.member, stated).catch((error: unknown) => {
        if (isBadPlace(error)) fail('chunk-unreadable', { file: file.path, chunk: chunk.number });
        throw error;
      });
      fingerprints = (await again) ?? damaged();
      hooks.onWarning(problem('chunk-unstable', { file: file.path, chunk: chunk.number }));
    }
    for await (const slice of readVerified(this.#options.source, chunk.member, fingerprints, damaged)) {
      yield slice;
      hooks.onProgress(slice.length);
    }
  }

  /** What the first reading of a chunk left, or undefined when its HMAC is not the stated one. */
  async #verify(member: Member, stated: Uint8Array): Promise<Fingerprints | undefined> {
    const mac = createHmac(this.#options.digest, this.#passphrase);
    const fingerprints = await readToVerify(this.#options.source, member, (slice) => mac.update(slice));
    const found = mac.digest();
    return found.length === stated.length && timingSafeEqual(found, stated) ? fingerprints : undefined;
  }

  async #statedHmac(file: StoredFile, chunk: Chunk): Promise<Uint8Array> {
    const member = this.#options.index.members.get(`${chunk.member.name}.hmac`);
    if (!member) fail('chunk-not-sealed', { file: file.path, chunk: chunk.number });
    const bytes = await this.#options.source.read(member.offset, Math.min(member.size, longestHmacFile));
    return parseHmacFile(bytes) ?? fail('chunk-header-damaged', { file: file.path, chunk: chunk.number });
  }

  /** These formats derive no keys: a run has nothing of its own. */
  beginRun(): ProtectedRun {
    const { filter, stretches } = this;
    return {
      filter,
      stretches,
      stream: (file, hooks) => this.stream(file, hooks),
      isSlow: () => Promise.resolve(false),
      [Symbol.dispose]: () => undefined,
    };
  }

  attest(text: string): string {
    this.#sealer ??= sealerOf(this.#passphrase);
    return this.#sealer.attest(text);
  }

  wipe(): Promise<void> {
    this.#passphrase.fill(0);
    this.#sealer?.wipe();
    this.#sealer = undefined;
    return Promise.resolve();
  }
}

/** These formats derive no key; a journal must not make the passphrase easier to guess than format 4 would. */
function sealerOf(passphrase: Uint8Array): KeySealer {
  const key = scryptSync(passphrase, 'lifeboat journal', 64, { N: 2 ** 16, r: 8, p: 1, maxmem: 2 ** 27 });
  try {
    return new KeySealer(key);
  } finally {
    key.fill(0);
  }
}

/** One volume of format 2: zlib within encrypted backups, gzip in others, or bare; its own magic tells. */
async function* decompressed(stored: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, whole } = await peek(stored, sniffLength);
  yield* decoderFor(sniffCompression(head) ?? 'none')(whole);
}

/** Decrypts what precedes a fault of `chunks` to its last block, before that fault is thrown: a file may end there. */
async function* decryptedUpToFault(
  chunks: AsyncIterable<Uint8Array>,
  cipher: Cipher,
  passphrase: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const faults: unknown[] = [];
  const upToFault = async function* () {
    try {
      yield* chunks;
    } catch (error) {
      faults.push(error);
    }
  };
  try {
    yield* decryptOpenssl(upToFault(), cipher, passphrase);
  } catch (error) {
    throw faults[0] ?? error;
  }
  if (faults.length > 0) throw faults[0];
}
