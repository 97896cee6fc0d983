/**
 * The key ring: the derived keys of sealed members, each derived once a session and wiped with it.
 *
 * A key needs only the member's name and its first 96 bytes, so keys are derived far ahead of the data; verifying
 * before restoring, retrying and pausing never derive twice.
 */
import type { Member } from '../container/container-index.ts';
import { cancelled, unlessCancelled } from '../cancel.ts';
import { secretCopy } from '../bytes/secret.ts';
import type { ByteSource } from '../bytes/source.ts';
import type { DerivationRequest } from '../kdf/derivation.ts';
import { isSlow, workOf } from '../kdf/slow-cost.ts';
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
 * Derives the 64 bytes of one request, requests of a smaller `order` before others; refuses with a catalogued problem, and
 * one that is `refused` already with how long it would have taken.
 */
export type Derive = (
  request: DerivationRequest & { readonly order: number; readonly refused: boolean },
  signal?: AbortSignal,
) => Promise<Uint8Array>;

/** How many derivations beyond those asked for are kept going, for all runs together. */
const derivationsAhead = 64;

/** Keys that take hours come behind all others, also when somebody waits for them. */
const lastOfAll = Number.MAX_SAFE_INTEGER;

/** The keys of sealed members, for whoever reads them. */
export interface Keys {
  /**
   * The 64-byte key of a sealed member, proven by the member's header.
   *
   * @throws SealFault `not-sealed`, `too-short`, `header-damaged`, `not-authentic`
   * @throws RecoveryError what reading or deriving refuses; `derivation-slow`; `cancelled` once the run ended or the ring was wiped
   */
  keyFor(sealed: SealedMember): Promise<Uint8Array>;
  /** Forgets a key, so that the next `keyFor` reads the header and derives again. */
  forget(member: Member): void;
}

/**
 * The keys of one run. Disposing stops deriving ahead for it, and gives up what is being derived for no other run:
 * nobody wants a computer that is busy with it for longer.
 */
export interface KeyRun extends Keys, Disposable {
  /**
   * Whether the key of a member takes so long that somebody is to be asked first.
   *
   * @throws SealFault `not-sealed`, `too-short`, `header-damaged`
   */
  isSlow(sealed: SealedMember): Promise<boolean>;
}

export interface KeyRunOptions {
  /** What the run will ask for: derived ahead in this order. */
  readonly members: Iterable<SealedMember>;
  /** Where keys are taken from rather than derived, and kept sealed; null keeps none. */
  readonly store: SealedKeyStore | null;
  /** Whether keys that take very long are derived; they are refused with `derivation-slow` otherwise. */
  readonly allowSlow: boolean;
}

/** Somebody who wants keys: a run, or the session that the ring belongs to. */
interface Claimant {
  readonly queue: Iterator<SealedMember>;
  readonly store: SealedKeyStore | null;
  readonly allowSlow: boolean;
  readonly ended: AbortController;
  /** How many were begun ahead for it so far. */
  begunAhead: number;
}

interface BegunKey {
  /** What the key is bound to: a member asked for under another name has another one. */
  readonly sealedName: string;
  readonly key: Promise<Uint8Array>;
  /** Gives the derivation up. */
  readonly abort: AbortController;
  readonly wantedBy: Set<Claimant>;
  /** Whether it is there, and not only being derived. */
  isThere: boolean;
}

export class KeyRing implements Keys {
  readonly #source: ByteSource;
  readonly #derive: Derive;
  readonly #passphrase: Uint8Array;
  readonly #keys = new Map<Member, BegunKey>();
  /** Keys that were replaced or forgotten, which somebody may still hold: they are wiped with the others. */
  readonly #former: Promise<Uint8Array>[] = [];
  /** Asks for keys outside of any run, until the ring is wiped. */
  readonly #session: Claimant;
  readonly #runs = new Set<Claimant>();
  /** The runs for which there is more to derive ahead; the one whose turn it is comes first. */
  readonly #waiting = new Set<Claimant>();
  #sealer: KeySealer | undefined;
  #ahead = 0;

  /** The work of the key that proved the passphrase. */
  #provenWork: number | null = null;

  /**
   * @param passphrase bytes as the person typed them; the ring keeps and wipes its own copy
   * @param allowSlow whether keys that take very long are derived outside of runs
   */
  constructor(source: ByteSource, passphrase: Uint8Array, derive: Derive, allowSlow = false) {
    this.#session = claimant({ members: [], store: null, allowSlow });
    this.#source = source;
    this.#derive = derive;
    this.#passphrase = secretCopy(passphrase);
  }

  /** As `Keys.keyFor`, for nobody's run: what is asked for here is derived until the ring is wiped. */
  keyFor(sealed: SealedMember): Promise<Uint8Array> {
    return this.#keyFor(sealed, this.#session);
  }

  /** Begins a run, which has its own order and its own end: several can share the ring. */
  beginRun(options: KeyRunOptions): KeyRun {
    const run = claimant(options);
    if (this.#session.ended.signal.aborted) run.ended.abort();
    else this.#waiting.add(run);
    this.#runs.add(run);
    this.#advance();
    return {
      keyFor: (sealed) => this.#keyFor(sealed, run),
      forget: (member) => this.forget(member),
      isSlow: async (sealed) => isSlow(await this.#headerOf(sealed.member), this.#provenWork),
      [Symbol.dispose]: () => this.#end(run),
    };
  }

  /** Makes ready to keep keys, by the key of the backup's header. */
  sealWith(headerKey: Uint8Array): void {
    this.#sealer ??= new KeySealer(headerKey);
  }

  /** As `Protection.attest`. */
  attest(text: string): string | null {
    return this.#sealer?.attest(text) ?? null;
  }

  forget(member: Member): void {
    const begun = this.#keys.get(member);
    this.#keys.delete(member);
    if (begun) this.#former.push(begun.key);
  }

  /** Ends every run and what is being derived, and overwrites every key and the passphrase. */
  async wipe(): Promise<void> {
    for (const claim of [this.#session, ...this.#runs]) claim.ended.abort();
    this.#runs.clear();
    this.#waiting.clear();
    for (const { abort } of this.#keys.values()) abort.abort();
    const keys = [...[...this.#keys.values()].map(({ key }) => key), ...this.#former];
    this.#keys.clear();
    this.#former.length = 0;
    this.#passphrase.fill(0);
    this.#sealer?.wipe();
    this.#sealer = undefined;
    for (const settled of await Promise.allSettled(keys)) {
      if (settled.status === 'fulfilled') settled.value.fill(0);
    }
  }

  async #keyFor(sealed: SealedMember, by: Claimant): Promise<Uint8Array> {
    const { signal } = by.ended;
    if (signal.aborted) throw cancelled();
    const begun = this.#keys.get(sealed.member);
    const wanted = begun?.sealedName === sealed.sealedName ? begun : this.#begin(sealed, by, 0);
    wanted.wantedBy.add(by);
    try {
      return await unlessCancelled(wanted.key, signal);
    } finally {
      this.#advance();
    }
  }

  #end(run: Claimant): void {
    run.ended.abort();
    this.#runs.delete(run);
    this.#waiting.delete(run);
    for (const [member, begun] of this.#keys) {
      begun.wantedBy.delete(run);
      if (begun.isThere || begun.wantedBy.size > 0) continue;
      begun.abort.abort();
      // Whoever asks for it later is not to get what was given up.
      this.forget(member);
    }
    this.#advance();
  }

  /** @param order its place among those begun ahead, counted from 1; what somebody waits for comes before all of them */
  #begin(sealed: SealedMember, by: Claimant, order: number): BegunKey {
    const { member, sealedName } = sealed;
    const abort = new AbortController();
    const wantedBy = new Set([by]);
    const key = this.#prove(sealed, order, abort.signal, wantedBy);
    const begun: BegunKey = { sealedName, key, abort, wantedBy, isThere: false };
    this.forget(member);
    this.#keys.set(member, begun);
    key.then(
      () => (begun.isThere = true),
      // A fault belongs to whoever asks for the key; deriving ahead must not raise it before, nor keep it.
      () => {
        if (this.#keys.get(member) === begun) this.#keys.delete(member);
      },
    );
    return begun;
  }

  async #prove(
    { member, sealedName }: SealedMember,
    order: number,
    signal: AbortSignal,
    wantedBy: ReadonlySet<Claimant>,
  ): Promise<Uint8Array> {
    const header = await this.#headerOf(member);
    // Of a wiped passphrase, the zeros that are left would derive a key that opens nothing.
    if (signal.aborted) throw cancelled();
    const stores = [...wantedBy].flatMap(({ store }) => store ?? []);
    const kept = this.#kept(sealedName, header, stores);
    if (kept) return kept;
    const takesLong = isSlow(header, this.#provenWork);
    const refused = takesLong && ![...wantedBy].some(({ allowSlow }) => allowSlow);
    const passphrase = memberPassphrase(sealedName, this.#passphrase);
    try {
      const key = await this.#derive(
        { ...header, passphrase, order: takesLong ? lastOfAll : order, refused },
        signal,
      );
      if (opensHeader(header, key)) {
        this.#provenWork ??= workOf(header);
        this.#keep(sealedName, header, key, wantedBy);
        return key;
      }
      key.fill(0);
      throw new SealFault('not-authentic');
    } finally {
      passphrase.fill(0);
    }
  }

  async #headerOf(member: Member): Promise<SealHeader> {
    const bytes = await this.#source.read(member.offset, Math.min(sealHeaderLength, member.size));
    return parseSealHeader(bytes, member.size);
  }

  /** Keeps a key, sealed, for every run that wants it. */
  #keep(sealedName: string, header: SealHeader, key: Uint8Array, wantedBy: ReadonlySet<Claimant>): void {
    for (const { store } of wantedBy) {
      if (this.#sealer && store) store.keep(sealedName, this.#sealer.seal(sealedName, header.bytes, key));
    }
  }

  /** The key out of a store, provided that it is the one that sealed this header. */
  #kept(sealedName: string, header: SealHeader, stores: readonly SealedKeyStore[]): Uint8Array | undefined {
    for (const store of stores) {
      const sealed = store.find(sealedName);
      const key = sealed === undefined ? undefined : this.#sealer?.open(sealedName, header.bytes, sealed);
      if (key && opensHeader(header, key)) return key;
      key?.fill(0);
    }
    return undefined;
  }

  /** Derives ahead for all runs by turns, as many as there may be at once. */
  #advance(): void {
    while (this.#ahead < derivationsAhead) {
      const [run] = this.#waiting;
      if (!run) return;
      this.#waiting.delete(run);
      const next = run.queue.next();
      if (next.done === true) continue;
      // Behind the others, whose turn it is now.
      this.#waiting.add(run);
      this.#beginAhead(next.value, run);
    }
  }

  #beginAhead(sealed: SealedMember, run: Claimant): void {
    const begun = this.#keys.get(sealed.member);
    if (begun) {
      begun.wantedBy.add(run);
      return;
    }
    this.#ahead++;
    void this.#begin(sealed, run, ++run.begunAhead)
      .key.catch(() => undefined)
      .finally(() => {
        this.#ahead--;
        this.#advance();
      });
  }
}

function claimant({ members, store, allowSlow }: KeyRunOptions): Claimant {
  const queue = members[Symbol.iterator]();
  return { queue, store, allowSlow, ended: new AbortController(), begunAhead: 0 };
}

/** A member with the name it was sealed under, which its key is bound to. */
export interface SealedMember {
  readonly member: Member;
  /** What precedes the passphrase: `<backup-id>!<name without .enc>`, or `backup-header`. */
  readonly sealedName: string;
}
