/**
 * The key ring: the derived keys of sealed members, each derived once a session and wiped with it.
 *
 * A key needs only the member's name and its first 96 bytes, so keys are derived far ahead of the data; verifying
 * before restoring, retrying and pausing never derive twice.
 */
import type { Member } from '../container/container-index.ts';
import { problem, RecoveryError } from '../../../shared/problems.ts';
import { secretCopy } from '../bytes/secret.ts';
import type { ByteSource } from '../bytes/source.ts';
import type { DerivationRequest } from '../kdf/derivation.ts';
import { KeySealer, type SealedKeyStore } from './key-sealer.ts';
import {
  memberPassphrase,
  opensHeader,
  parseSealHeader,
  type SealHeader,
  SealFault,
  sealHeaderLength,
} from './scrypt-container.ts';

/**
 * Derives the 64 bytes of one request, requests of a smaller `order` before others; refuses with a catalogued problem.
 */
export type Derive = (
  request: DerivationRequest & { readonly order: number },
  signal?: AbortSignal,
) => Promise<Uint8Array>;

/** How many derivations beyond those asked for are kept going. */
const derivationsAhead = 64;

interface BegunKey {
  /** What the key is bound to: a member asked for under another name has another one. */
  readonly sealedName: string;
  readonly key: Promise<Uint8Array>;
  /** Whether it is there, and not only being derived. */
  isThere: boolean;
}

export class KeyRing {
  readonly #source: ByteSource;
  readonly #derive: Derive;
  readonly #passphrase: Uint8Array;
  /** Gives up what is being derived. */
  #abort = new AbortController();
  readonly #keys = new Map<Member, BegunKey>();
  /** Keys that were replaced or forgotten, which somebody may still hold: they are wiped with the others. */
  readonly #former: Promise<Uint8Array>[] = [];
  #sealer: KeySealer | undefined;
  #store: SealedKeyStore | null = null;
  #queue: Iterator<SealedMember> | undefined;
  #ahead = 0;
  /** How many were begun ahead so far. */
  #begunAhead = 0;

  /** @param passphrase bytes as the person typed them; the ring keeps and wipes its own copy */
  constructor(source: ByteSource, passphrase: Uint8Array, derive: Derive) {
    this.#source = source;
    this.#derive = derive;
    this.#passphrase = secretCopy(passphrase);
  }

  /**
   * The 64-byte key of a sealed member, proven by the member's header.
   *
   * @throws SealFault `not-sealed`, `too-short`, `header-damaged`, `not-authentic`
   * @throws RecoveryError what reading or deriving refuses; `cancelled` when told to stop, and once the ring was wiped
   */
  async keyFor(sealed: SealedMember): Promise<Uint8Array> {
    const begun = this.#keys.get(sealed.member);
    const key = begun?.sealedName === sealed.sealedName ? begun.key : this.#begin(sealed, 0);
    try {
      return await key;
    } finally {
      this.#advance();
    }
  }

  /** Makes ready to keep keys, by the key of the backup's header. */
  sealWith(headerKey: Uint8Array): void {
    this.#sealer ??= new KeySealer(headerKey);
  }

  /** As `Protection.attest`. */
  attest(text: string): string | null {
    return this.#sealer?.attest(text) ?? null;
  }

  /** From now on takes keys from `store` rather than deriving them, and keeps there, sealed, what it derives. */
  keepIn(store: SealedKeyStore | null): void {
    this.#store = store;
  }

  /** Forgets a key, so that the next `keyFor` reads the header and derives again. */
  forget(member: Member): void {
    const begun = this.#keys.get(member);
    this.#keys.delete(member);
    if (begun) this.#former.push(begun.key);
  }

  /** Derives ahead in the order of `members`, as keys are asked for; replaces an earlier order. */
  lookAhead(members: Iterable<SealedMember>): void {
    this.#queue = members[Symbol.iterator]();
    this.#advance();
  }

  /** Stops deriving ahead, and gives up what is being derived: nobody wants a computer that is busy with it for longer. */
  stopLookingAhead(): void {
    this.#queue = undefined;
    this.#abort.abort();
    this.#abort = new AbortController();
    // Whoever asks for one of these later is not to get what was given up.
    for (const [member, { isThere }] of this.#keys) if (!isThere) this.forget(member);
  }

  /** Ends what is being derived, and overwrites every key and the passphrase. */
  async wipe(): Promise<void> {
    this.#queue = undefined;
    this.#abort.abort();
    const keys = [...[...this.#keys.values()].map(({ key }) => key), ...this.#former];
    this.#keys.clear();
    this.#former.length = 0;
    this.#passphrase.fill(0);
    this.#sealer?.wipe();
    this.#sealer = undefined;
    this.#store = null;
    for (const settled of await Promise.allSettled(keys)) {
      if (settled.status === 'fulfilled') settled.value.fill(0);
    }
  }

  /** @param order its place among those begun ahead, counted from 1; what somebody waits for comes before all of them */
  #begin(sealed: SealedMember, order: number): Promise<Uint8Array> {
    const { member, sealedName } = sealed;
    const key = this.#prove(sealed, order);
    const begun: BegunKey = { sealedName, key, isThere: false };
    this.forget(member);
    this.#keys.set(member, begun);
    key.then(
      () => (begun.isThere = true),
      // A fault belongs to whoever asks for the key; deriving ahead must not raise it before, nor keep it.
      () => {
        if (this.#keys.get(member) === begun) this.#keys.delete(member);
      },
    );
    return key;
  }

  async #prove({ member, sealedName }: SealedMember, order: number): Promise<Uint8Array> {
    const { signal } = this.#abort;
    const bytes = await this.#source.read(member.offset, Math.min(sealHeaderLength, member.size));
    const header = parseSealHeader(bytes, member.size);
    // Of a wiped passphrase, the zeros that are left would derive a key that opens nothing.
    if (signal.aborted) throw new RecoveryError(problem('cancelled'));
    const kept = this.#kept(sealedName, header);
    if (kept) return kept;
    const passphrase = memberPassphrase(sealedName, this.#passphrase);
    try {
      const key = await this.#derive({ ...header, passphrase, order }, signal);
      if (opensHeader(header, key)) {
        if (this.#sealer) this.#store?.keep(sealedName, this.#sealer.seal(sealedName, header.bytes, key));
        return key;
      }
      key.fill(0);
      throw new SealFault('not-authentic');
    } finally {
      passphrase.fill(0);
    }
  }

  /** The key out of the store, provided that it is the one that sealed this header. */
  #kept(sealedName: string, header: SealHeader): Uint8Array | undefined {
    const sealed = this.#store?.find(sealedName);
    const key = sealed === undefined ? undefined : this.#sealer?.open(sealedName, header.bytes, sealed);
    if (key && opensHeader(header, key)) return key;
    key?.fill(0);
    return undefined;
  }

  #advance(): void {
    while (this.#queue && this.#ahead < derivationsAhead) {
      const next = this.#queue.next();
      if (next.done) {
        this.#queue = undefined;
        return;
      }
      if (this.#keys.has(next.value.member)) continue;
      this.#ahead++;
      void this.#begin(next.value, ++this.#begunAhead)
        .catch(() => undefined)
        .finally(() => {
          this.#ahead--;
          this.#advance();
        });
    }
  }
}

/** A member with the name it was sealed under, which its key is bound to. */
export interface SealedMember {
  readonly member: Member;
  /** What precedes the passphrase: `<backup-id>!<name without .enc>`, or `backup-header`. */
  readonly sealedName: string;
}
