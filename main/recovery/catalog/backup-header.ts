/** The `backup-header` member: the few lines that say how everything else in a backup is made. */
import { fail } from '../../../shared/problems.ts';
import type { Makeup } from '../encryption/headerless.ts';

export interface BackupHeader {
  readonly version: number;
  readonly encrypted: boolean;
  /** Name of the compressor as the header gives it; null when `compressed` is false, whatever else it says. */
  readonly compressionFilter: string | null;
  readonly cryptoAlgorithm: string | null;
  readonly hmacAlgorithm: string;
  readonly backupId: string | null;
}

/** A real header has some 150 bytes. */
export const longestBackupHeader = 4096;

const knownKeys = [
  'version',
  'encrypted',
  'compressed',
  'compression-filter',
  'crypto-algorithm',
  'hmac-algorithm',
  'backup-id',
] as const;
type Key = (typeof knownKeys)[number];

/** The spelling of the official emergency page, met in backups that people put together by hand. */
const spellings: ReadonlyMap<string, Key> = new Map([['backup_id', 'backup-id']]);

/**
 * Parses a header (docs/format.md, "backup-header"). Unknown keys are ignored, known ones must not repeat.
 *
 * @throws RecoveryError `header-malformed`, `version-unsupported`
 */
export function parseBackupHeader(bytes: Uint8Array): BackupHeader {
  if (bytes.length > longestBackupHeader) fail('header-malformed', { detail: 'too long' });
  const values = new Map<Key, string>();
  for (const stated of Buffer.from(bytes).toString('latin1').split(/\r?\n/)) {
    // Headers that people write by hand, on other systems too, have blanks and CR LF.
    const line = stated.replace(/^[ \t]+|[ \t]+$/g, '');
    if (line === '') continue;
    const match = /^([A-Za-z0-9_-]+)=([\x20-\x7e]*)$/.exec(line);
    if (!match) fail('header-malformed', { detail: 'a line that is no key=value' });
    const [, name = '', value = ''] = match;
    const key = spellings.get(name) ?? knownKeys.find((known) => known === name);
    if (key === undefined) continue;
    if (values.has(key)) fail('header-malformed', { detail: `${key} twice` });
    values.set(key, value);
  }

  // Format 2 wrote no version: Qubes began to with format 3.
  const stated = values.get('version') ?? '2';
  if (!/^0{0,9}[234]$/.test(stated)) fail('version-unsupported', { version: stated });
  const version = Number(stated);
  const encrypted = isTrue(required(values, 'encrypted'));
  const compressed = isTrue(required(values, 'compressed'));
  const hmacAlgorithm = required(values, 'hmac-algorithm');
  const cryptoAlgorithm = encrypted && version < 4 ? required(values, 'crypto-algorithm') : null;
  const filter = compressed && version >= 3 ? required(values, 'compression-filter') : null;
  const backupId = version === 4 ? required(values, 'backup-id') : null;
  if (backupId !== null && !/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(backupId)) {
    fail('header-malformed', { detail: 'backup-id' });
  }
  return {
    version,
    // Format 4 always seals, whatever this line says.
    encrypted: encrypted || version === 4,
    compressionFilter: compressed ? (filter ?? 'gzip') : null,
    cryptoAlgorithm,
    hmacAlgorithm,
    backupId,
  };
}

/**
 * What the oldest backups of format 2, which have no header at all, are: encrypted and compressed only when somebody asked
 * for it, and signed by the digest that OpenSSL took when it was told none, which was MD5 until 2014.
 */
export function headerlessFormat2(
  { encrypted, compressionFilter }: Makeup,
  hmacAlgorithm: string,
): BackupHeader {
  return {
    version: 2,
    encrypted,
    compressionFilter,
    cryptoAlgorithm: encrypted ? 'aes-256-cbc' : null,
    hmacAlgorithm,
    backupId: null,
  };
}

function required(values: ReadonlyMap<Key, string>, key: Key): string {
  const value = values.get(key);
  if (value === undefined || value === '') fail('header-malformed', { detail: `${key} missing` });
  return value;
}

function isTrue(value: string): boolean {
  return ['1', 'true', 'yes'].includes(value.toLowerCase());
}

/**
 * When a backup was made by its id, `YYYYMMDDTHHMMSS-PID`: as `YYYY-MM-DDTHH:MM:SS` in the local time of the
 * machine that made it, whose zone is not recorded; null when the id has another form.
 */
export function creationTime(backupId: string | null): string | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/.exec(backupId ?? '');
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
}
