/** What a file begins with: whether it is a backup, and what else it is by the marks that other programs set. */
import { blockSize, paddingAfter, parseHeader, textField } from '../tar/header.ts';
import { headerName, withoutDot } from './safe-name.ts';

/** Bytes of a file's beginning that tell what it is. */
export const beginningLength = 4096;

/** Whether a file with this beginning is a backup, by the name of its first member. */
export function beginsBackup(head: Uint8Array): boolean {
  for (let at = 0; at + blockSize <= head.length;) {
    const header = parseHeader(head.subarray(at, at + blockSize));
    if (!header) return false;
    if (!'xgL'.includes(header.type)) return withoutDot(header.name) === headerName;
    at += blockSize + header.size + paddingAfter(header.size);
  }
  return false;
}

/** Whether a file that has no whole member may be the first part of a backup. */
export function mayBeginBackup(head: Uint8Array): boolean {
  if (head.length < blockSize) return /^[\x21-\x7e]+$/.test(textField(head, 0, Math.min(head.length, 100)));
  return parseHeader(head.subarray(0, blockSize)) !== undefined;
}

/** A program that packed or encrypted a file, and how that is undone. */
export interface Wrapping {
  /** Its name as people know it. */
  readonly by: string;
  /** What the command is given, with `FILE` in the place of the file and `OUT` in that of what comes out. */
  readonly command: string;
}

interface Mark extends Wrapping {
  readonly offset?: number;
  /** Latin-1. */
  readonly bytes: string;
}

const gpg = { by: 'GnuPG', command: 'gpg --output OUT --decrypt FILE' };
const age = { by: 'age', command: 'age --decrypt --output OUT FILE' };
const luks = { by: 'LUKS (cryptsetup)', command: 'sudo cryptsetup open --readonly FILE opened' };

/** The marks of files, from their programs' documents and the `magic` of file(1). */
const marks: readonly Mark[] = [
  { by: 'gzip', command: 'gzip -dc FILE > OUT', bytes: '\x1f\x8b' },
  { by: 'xz', command: 'xz -dc FILE > OUT', bytes: '\xfd7zXZ\0' },
  { by: 'zstd', command: 'zstd -d FILE -o OUT', bytes: '\x28\xb5\x2f\xfd' },
  { by: 'bzip2', command: 'bzip2 -dc FILE > OUT', bytes: 'BZh' },
  { by: 'lz4', command: 'lz4 -d FILE OUT', bytes: '\x04\x22\x4d\x18' },
  { by: 'zip', command: 'unzip FILE', bytes: 'PK\x03\x04' },
  { by: '7-Zip', command: '7z x FILE', bytes: '7z\xbc\xaf\x27\x1c' },
  { by: 'RAR', command: 'unrar x FILE', bytes: 'Rar!\x1a\x07' },
  {
    by: 'OpenSSL',
    command: 'openssl enc -d -aes-256-cbc -pbkdf2 -in FILE -out OUT',
    bytes: 'Salted__',
  },
  {
    by: 'OpenSSL (as text)',
    command: 'openssl enc -d -aes-256-cbc -pbkdf2 -a -in FILE -out OUT',
    bytes: 'U2FsdGVkX1',
  },
  { ...age, bytes: 'age-encryption.org/v1' },
  { ...age, bytes: '-----BEGIN AGE ENCRYPTED FILE-----' },
  { ...gpg, bytes: '-----BEGIN PGP MESSAGE-----' },
  { ...luks, bytes: 'LUKS\xba\xbe' },
  { by: 'scrypt', command: 'scrypt dec FILE OUT', bytes: 'scrypt\0' },
];

/** The program that a file was packed or encrypted by, told by its beginning; null where nothing tells. */
export function wrappingOf(head: Uint8Array): Wrapping | null {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  const mark = marks.find(({ bytes, offset = 0 }) => text.startsWith(bytes, offset));
  if (mark) return { by: mark.by, command: mark.command };
  if (isPgpPacket(head)) return gpg;
  const isBase64 = /^[\w+/]{4}[\w+/\r\n=]+$/.test(text) && beginsBackup(Buffer.from(text, 'base64'));
  return isBase64 ? { by: 'base64', command: 'base64 -d FILE > OUT' } : null;
}

/** Packets that an encrypted message begins with (RFC 4880, 4.3): a session key, for a public key or a passphrase. */
function isPgpPacket(head: Uint8Array): boolean {
  const [tag = 0, length = 0, third = 0, fourth = 0] = head;
  // Old form: tag 1 with a length of two bytes, tag 3 with one of one; then the version of the packet.
  if (tag === 0x85) return fourth === 3;
  if (tag === 0x8c) return length < 64 && (third === 4 || third === 5);
  // New form.
  if (tag === 0xc1) return length < 192 ? third === 3 : fourth === 3;
  return tag === 0xc3 && length < 192 && third >= 4 && third <= 6;
}

/** How many of 256 values must be there about as often as any other for bytes to be taken for encrypted ones. */
const leastEntropy = 7.9;

/** Whether bytes look like noise, as containers of VeraCrypt and LUKS without their header do. */
export function looksEncrypted(head: Uint8Array): boolean {
  if (head.length < beginningLength) return false;
  const counts = new Uint32Array(256);
  for (const byte of head) counts[byte] = (counts[byte] ?? 0) + 1;
  let entropy = 0;
  for (const count of counts)
    if (count > 0) entropy -= (count / head.length) * Math.log2(count / head.length);
  return entropy > leastEntropy;
}
