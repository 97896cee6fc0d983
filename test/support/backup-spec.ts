/** What a test asks of the makers of backups, and what they answer. */
import type { LabelName, QubeClass } from './qubes-xml.ts';

/**
 * How the inner archive stores holes: maps of PAX 1.0 as volumes have, old GNU ones as image files have, maps of
 * earlier PAX forms, or none.
 */
export type SparseForm = 'pax' | 'gnu' | 'pax-0.1' | 'pax-0.0' | 'none';

/** A file of a qube. */
export interface QubeFileSpec {
  /** Its name in the backup: `private.img`; `.` stores a whole directory, as templates of format 3 are. */
  readonly name: string;
  /** A real file, or for `.` a directory, with its content; only read. */
  readonly source: string;
  /** `pax` unless told; older formats know `gnu` and `none` only, and `gnu` is their default. */
  readonly sparse?: SparseForm;
}

/** A qube of the system; one without `files` is listed in `qubes.xml` and not in the backup, unless told. */
export interface QubeSpec {
  readonly name: string;
  readonly class: QubeClass;
  /** `red` unless told. */
  readonly label?: LabelName;
  readonly template?: string;
  /** Absent for the system's default, empty for none. */
  readonly netvm?: string;
  /** Whether the list says that the backup holds it; so unless it has no files. */
  readonly included?: boolean;
  /** Its id in the system; its place in the list, from 1, unless told. */
  readonly qid?: number;
  /** Its folder in the backup as the list spells it: `vm<qid>/` unless told (without the slash in format 3). */
  readonly path?: string;
  readonly files?: readonly QubeFileSpec[];
  /** Virtual sizes in bytes of the volumes saved on stop; those of its `*.img` files unless told. */
  readonly volumes?: Readonly<Record<string, number>>;
  /** Further properties and features of the list. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly features?: Readonly<Record<string, string>>;
}

export type TarFormat = 'posix' | 'gnu' | 'ustar';

/** What backups of all formats have in common. */
export interface CommonSpec {
  /** Where the backup file is written; an existing one is replaced. */
  readonly destination: string;
  readonly passphrase: string;
  readonly qubes: readonly QubeSpec[];
  /** A directory that is backed up as dom0's home `dom0-home/<its name>`. */
  readonly dom0Home?: string;
  /** The name of the filter in the header and the program that runs, `gzip` unless told; `false` for none. */
  readonly compression?: string | false;
  /** A bash command that compresses in place of the header's filter: `zstd --long=31`. */
  readonly compressor?: string;
  /** Bytes of compressed archive in a chunk: 100 MiB unless told. */
  readonly chunkSize?: number;
  /** Lines of the header that differ: `undefined` drops one. The order is that of the real one, new ones last. */
  readonly header?: Readonly<Record<string, string | undefined>>;
  /** The whole text of `qubes.xml`, in place of the one that follows from `qubes`. */
  readonly qubesXml?: string;
  /** The order of the members, where another than that of Qubes is wanted. */
  readonly order?: (members: readonly string[]) => readonly string[];
  /** Changes what is packed: files in `folder`, and their names in `members`, both in place. */
  readonly alter?: (folder: string, members: string[]) => Promise<void>;
  /** The form of the outer archives, `posix` unless told, which gives each member an extended header. */
  readonly outerFormat?: TarFormat;
  /** Records of this many 512-byte blocks for the outer archives: 20 (10,240 bytes) unless told, as GNU tar. */
  readonly outerBlocking?: number;
}

/** The cost of a derivation: N is 2^logN; memory is 128 * N * r bytes for each of the p lanes. */
export interface ScryptCost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** A backup of format 4. */
export interface BackupSpec extends CommonSpec {
  /** Cost of each derivation, or of that of the named member: 2^10, 8, 1 unless told. */
  readonly cost?: ScryptCost | ((member: string) => ScryptCost);
  /** `20240229T123456-4321` unless told. */
  readonly backupId?: string;
  /** The name that a chunk (`vm1/private.img.000`) is sealed under, or `undefined` to store it unsealed. */
  readonly sealAs?: (chunk: string) => string | undefined;
}

/** A backup of format 3 (Qubes R2 to R3.2) or 2 (R2 betas). */
export interface OldBackupSpec extends CommonSpec {
  readonly version: 2 | 3;
  /** So unless told. */
  readonly encrypted?: boolean;
  /** Digest of the HMACs, named as openssl does: `SHA512` unless told. */
  readonly hmacAlgorithm?: string;
  /** `aes-256-cbc` unless told. */
  readonly cryptoAlgorithm?: string;
  /**
   * What `.hmac` files say before the `=`: `(stdin)` as OpenSSL up to 1.0 wrote and real backups have, unless
   * told, or whatever the installed openssl writes.
   */
  readonly hmacLabel?: 'stdin' | 'installed';
  /** Format 2 only: no `backup-header`, as its first betas wrote. */
  readonly headerless?: boolean;
  /** Format 2 only: KiB of inner archive in a volume, 100,000 unless told. Takes the place of `chunkSize`. */
  readonly tapeLength?: number;
}

/** One file as the backup holds it. */
export interface MadeFile {
  /** Name in the backup without a chunk's number: `vm1/private.img`, `dom0-home/user`, `qubes.xml`. */
  readonly archiveName: string;
  /** The qube's name, `dom0` for its home, absent for `qubes.xml`. */
  readonly qube?: string;
  /** The file, or for `dom0-home/…` and `….` the directory, that it was made of; that of `qubes.xml` is gone. */
  readonly source: string;
  /** Bytes and SHA-256 in hex of the source; absent for a directory, and the sum of a vast file. */
  readonly size?: number;
  readonly sha256?: string;
  /** Member names of its chunks, in order. */
  readonly chunks: readonly string[];
}

/** A finished backup. */
export interface MadeBackup {
  readonly path: string;
  readonly passphrase: string;
  /** What the header says; empty before format 4. */
  readonly backupId: string;
  /** Text of `backup-header`, empty where there is none, and of `qubes.xml`. */
  readonly header: string;
  readonly qubesXml: string;
  /** `qubes.xml` first, then the qubes' files, dom0's home last. */
  readonly files: readonly MadeFile[];
  /** Names of all members in the order in which they lie in the file. */
  readonly members: readonly string[];
}
