/**
 * Seals derived keys, so that a journal on the disk can keep them and a resumed restore derives none of them again; and
 * attests what the journal says of finished files, so that nobody else's journal is believed.
 *
 * Each is sealed by AES-256-GCM under a key that HKDF-SHA256 makes of the key of the backup's own header: whoever can open
 * it has the passphrase. It is bound to the chunk's name and its whole header, and proven by that header once more.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { secretCopy } from '../bytes/secret.ts';

const algorithm = 'aes-256-gcm';
const nonceLength = 12;
const tagLength = 16;
const keyLength = 64;

/** Where sealed keys are kept, by the names of their chunks; what it holds may be forged. */
export interface SealedKeyStore {
  find(name: string): string | undefined;
  keep(name: string, sealed: string): void;
}

export class KeySealer {
  readonly #key: Uint8Array;
  readonly #attestKey: Uint8Array;

  /** @param headerKey the 64 bytes derived for the backup's header; not kept */
  constructor(headerKey: Uint8Array) {
    const keyFor = (purpose: string) => new Uint8Array(hkdfSync('sha256', headerKey, '', purpose, 32));
    this.#key = keyFor('lifeboat journal, keys of chunks, 1');
    this.#attestKey = keyFor('lifeboat journal, finished files, 1');
  }

  /** Seals the key of the chunk that was sealed under `name` and begins with `header`. */
  seal(name: string, header: Uint8Array, key: Uint8Array): string {
    const nonce = randomBytes(nonceLength);
    const cipher = createCipheriv(algorithm, this.#key, nonce).setAAD(boundTo(name, header));
    return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /** Opens what `seal` made for the same chunk; undefined for anything else. */
  open(name: string, header: Uint8Array, sealed: string): Uint8Array | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length !== nonceLength + keyLength + tagLength) return undefined;
    const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, nonceLength))
      .setAAD(boundTo(name, header))
      .setAuthTag(bytes.subarray(-tagLength));
    try {
      const key = decipher.update(bytes.subarray(nonceLength, -tagLength));
      decipher.final();
      // An array of its own memory, which can be wiped.
      const own = secretCopy(key);
      key.fill(0);
      return own;
    } catch {
      return undefined;
    }
  }

  /** What only somebody with the passphrase can say of `text`: its HMAC-SHA256 in base64. */
  attest(text: string): string {
    return createHmac('sha256', this.#attestKey).update(text).digest('base64');
  }

  wipe(): void {
    this.#key.fill(0);
    this.#attestKey.fill(0);
  }
}

function boundTo(name: string, header: Uint8Array): Buffer {
  return Buffer.concat([header, Buffer.from(name)]);
}
