/** The protection of format 4: every chunk sealed in a scrypt container of its own, bound to backup and name. */
import { fail, problem, problemOf, RecoveryError, type Problem } from '../../../shared/problems.ts';
import type { ByteSource } from '../bytes/source.ts';
import { drain } from '../bytes/drain.ts';
import { chunkName, type Chunk, type StoredFile } from '../catalog/stored-files.ts';
import type { Member } from '../container/container-index.ts';
import type { KeyRing, KeyRun, Keys, SealedMember } from './key-ring.ts';
import { openLargeSealed } from './large-chunk.ts';
import type {
  ProtectedRun,
  Protection,
  RunOptions,
  StreamHooks,
  StretchReader,
  VerifiedStreams,
} from './protection.ts';
import { SealFault, type SealFaultKind, sealOverhead } from './scrypt-container.ts';
import { badPlace, isBadPlace, isReadFault, placeOf } from '../bytes/unreadable.ts';

/** A chunk's verified plaintext, in a buffer that is lent until `release`. */
export interface OpenedChunk {
  readonly plain: Uint8Array;
  readonly release: () => void;
}

/** Reads a sealed member whole, verifies it with its 64-byte key and decrypts it. Throws `SealFault`. */
export type OpenChunk = (member: Member, key: Uint8Array) => Promise<OpenedChunk>;

export interface ScryptStreamsOptions {
  readonly source: ByteSource;
  readonly keys: Keys;
  readonly openChunk: OpenChunk;
  readonly backupId: string;
  readonly filter: string | null;
  /** Whether chunks without a seal are taken as they are: neither encrypted nor authenticated. */
  readonly acceptUnsealed: boolean;
  /** Path under which a file's chunks were sealed, where it is not the file's own. */
  readonly sealedPath?: string;
}

export interface ScryptProtectionOptions extends ScryptStreamsOptions {
  readonly keys: KeyRing;
}

/** Chunks of Qubes have 100 MiB; from this size on they are read twice rather than held in memory. */
const largestInMemory = 256 * 1024 * 1024;

/** Pieces handed to the decompressor: large enough to be cheap, small enough to keep the event loop free. */
const pieceSize = 1024 * 1024;

/** A chunk ready to be read: its pieces come once, and nothing of it is held after they ended. */
interface ReadyChunk {
  pieces(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  release(): void;
}

/** The streams of a backup of format 4, with keys of whoever reads them. */
export class ScryptStreams implements VerifiedStreams {
  readonly filter: string | null;
  readonly stretches: StretchReader | null;
  readonly #options: ScryptStreamsOptions;

  constructor(options: ScryptStreamsOptions) {
    this.filter = options.filter;
    this.#options = options;
    const stretch: StretchReader['stretch'] = (file, chunks, hooks) =>
      this.stream({ ...file, chunks, firstMissing: null, behindGap: [] }, hooks);
    // Where chunks may be without a seal, their sizes do not say how much of the stream they are.
    this.stretches = options.acceptUnsealed
      ? null
      : {
          streamLength: ({ member }) => Math.max(0, member.size - sealOverhead),
          verify: (file, chunk, hooks) => drain(stretch(file, [chunk], hooks)),
          stretch,
        };
  }

  /** The next chunk is opened while the current one is consumed. */
  async *stream(file: StoredFile, hooks: StreamHooks): AsyncGenerator<Uint8Array> {
    let next = this.#openAhead(file, 0, hooks);
    try {
      for (const [i, chunk] of file.chunks.entries()) {
        const ready = await (next as Promise<ReadyChunk>);
        next = this.#openAhead(file, i + 1, hooks);
        let told = 0;
        try {
          for await (const piece of ready.pieces()) {
            yield piece;
            hooks.onProgress(piece.length);
            told += piece.length;
          }
        } catch (fault) {
          throw fault instanceof SealFault ? chunkError(fault.kind, file, chunk) : fault;
        } finally {
          ready.release();
        }
        hooks.onProgress(chunk.member.size - told);
      }
    } finally {
      // Whoever stops early leaves one chunk being opened; its buffer goes back when it arrives.
      void next?.then(
        (ready) => ready.release(),
        () => undefined,
      );
    }
    if (file.firstMissing !== null) fail('chunk-missing', { file: file.path, chunk: file.firstMissing });
  }

  /** What the chunks of `files` are sealed under, in their order. */
  *sealedMembers(files: readonly StoredFile[]): Generator<SealedMember> {
    for (const file of files) {
      for (const chunk of file.chunks) yield this.#sealed(file, chunk);
      for (const chunk of file.behindGap) yield this.#sealed(file, chunk);
    }
  }

  /** A chunk is sealed under its backup's id and its own name without `.enc`. */
  #sealed(file: StoredFile, chunk: Chunk): SealedMember {
    const name = chunkName(this.#options.sealedPath ?? file.path, chunk.number);
    return { member: chunk.member, sealedName: `${this.#options.backupId}!${name}` };
  }

  #openAhead(file: StoredFile, i: number, hooks: StreamHooks): Promise<ReadyChunk> | undefined {
    const chunk = file.chunks[i];
    if (!chunk) return undefined;
    const opening = this.#openOrRetry(file, chunk, hooks);
    // It is awaited only after the chunk before it was consumed; until then its failure is nobody's yet.
    opening.catch(() => undefined);
    return opening;
  }

  async #openOrRetry(file: StoredFile, chunk: Chunk, hooks: StreamHooks): Promise<ReadyChunk> {
    await hooks.gate();
    try {
      return await this.#open(file, chunk);
    } catch (fault) {
      if (isBadPlace(fault)) fail('chunk-unreadable', { file: file.path, chunk: chunk.number });
      if (!(fault instanceof SealFault) && !isReadFault(fault)) throw fault;
      if (fault instanceof SealFault && fault.kind === 'not-sealed' && this.#options.acceptUnsealed) {
        hooks.onWarning(problem('chunk-unauthenticated', { file: file.path, chunk: chunk.number }));
        return { pieces: () => rawPieces(this.#options.source, chunk.member), release: () => undefined };
      }
    }
    // The passphrase is proven by the header, so this is damage, or memory or a disk that answers differently
    // when asked again.
    this.#options.keys.forget(chunk.member);
    try {
      const ready = await this.#open(file, chunk);
      hooks.onWarning(problem('chunk-unstable', { file: file.path, chunk: chunk.number }));
      return ready;
    } catch (fault) {
      if (isBadPlace(fault)) fail('chunk-unreadable', { file: file.path, chunk: chunk.number });
      throw fault instanceof SealFault ? chunkError(fault.kind, file, chunk) : fault;
    }
  }

  async #open(file: StoredFile, chunk: Chunk): Promise<ReadyChunk> {
    const { keys, source, openChunk } = this.#options;
    const key = await keys.keyFor(this.#sealed(file, chunk)).catch((error: unknown) => {
      const found = problemOf(error);
      if (found.code !== 'derivation-slow') throw error;
      return fail('chunk-slow', { file: file.path, chunk: chunk.number, seconds: found.params.seconds });
    });
    if (chunk.member.size > largestInMemory) {
      return { pieces: () => openLargeSealed(source, chunk.member, key), release: () => undefined };
    }
    const { offset, size } = chunk.member;
    // Each attempt at a bad place may take a drive half a minute.
    const [known] = source.badPlaces?.in(offset, size) ?? [];
    if (known) throw badPlace(known.position);
    const { plain, release } = await openChunk(chunk.member, key).catch((failure: unknown) => {
      const at = placeOf(failure);
      if (at !== undefined) source.badPlaces?.note(offset + at);
      throw failure;
    });
    return { pieces: () => slicesOf(plain), release };
  }
}

export class ScryptProtection extends ScryptStreams implements Protection {
  readonly #options: ScryptProtectionOptions;

  constructor(options: ScryptProtectionOptions) {
    super(options);
    this.#options = options;
  }

  beginRun({ files, ...options }: RunOptions): ProtectedRun {
    const keys = this.#options.keys.beginRun({ members: this.sealedMembers(files), ...options });
    return new ScryptRun({ ...this.#options, keys });
  }

  attest(text: string): string | null {
    return this.#options.keys.attest(text);
  }

  wipe(): Promise<void> {
    return this.#options.keys.wipe();
  }
}

class ScryptRun extends ScryptStreams implements ProtectedRun {
  readonly #keys: KeyRun;

  constructor(options: ScryptStreamsOptions & { readonly keys: KeyRun }) {
    super(options);
    this.#keys = options.keys;
  }

  async isSlow(file: StoredFile): Promise<boolean> {
    for (const sealed of this.sealedMembers([file])) {
      // What is wrong with a chunk is told when it is read.
      if (await this.#keys.isSlow(sealed).catch(() => false)) return true;
    }
    return false;
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
  }
}

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}

async function* rawPieces(source: ByteSource, { offset, size }: Member): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += pieceSize) yield source.read(offset + at, Math.min(pieceSize, size - at));
}

const chunkCodes = {
  'not-sealed': 'chunk-not-sealed',
  'too-short': 'chunk-too-short',
  'header-damaged': 'chunk-header-damaged',
  'not-authentic': 'chunk-not-authentic',
  damaged: 'chunk-damaged',
} as const satisfies Record<SealFaultKind, Problem['code']>;

function chunkError(kind: SealFaultKind, file: StoredFile, chunk: Chunk): RecoveryError {
  return new RecoveryError(problem(chunkCodes[kind], { file: file.path, chunk: chunk.number }));
}
