/** The features of ext2, ext3 and ext4 by name, and which of them this reader must know to read rightly. */
import { fail } from '../../../shared/problems.ts';

/** Features that a reader may ignore, by their bit in `s_feature_compat`. */
const compatible = {
  dir_prealloc: 0x1,
  imagic_inodes: 0x2,
  has_journal: 0x4,
  ext_attr: 0x8,
  resize_inode: 0x10,
  dir_index: 0x20,
  lazy_bg: 0x40,
  sparse_super2: 0x200,
  fast_commit: 0x400,
  stable_inodes: 0x800,
  orphan_file: 0x1000,
} as const;

/** Features that a reader must know, by their bit in `s_feature_incompat`. */
const incompatible = {
  compression: 0x1,
  filetype: 0x2,
  needs_recovery: 0x4,
  journal_dev: 0x8,
  meta_bg: 0x10,
  extent: 0x40,
  '64bit': 0x80,
  mmp: 0x100,
  flex_bg: 0x200,
  ea_inode: 0x400,
  dirdata: 0x1000,
  metadata_csum_seed: 0x2000,
  large_dir: 0x4000,
  inline_data: 0x8000,
  encrypt: 0x1_0000,
  casefold: 0x2_0000,
} as const;

/** Features that only a writer must know, by their bit in `s_feature_ro_compat`. */
const readOnlyCompatible = {
  sparse_super: 0x1,
  large_file: 0x2,
  huge_file: 0x8,
  uninit_bg: 0x10,
  dir_nlink: 0x20,
  extra_isize: 0x40,
  quota: 0x100,
  bigalloc: 0x200,
  metadata_csum: 0x400,
  'read-only': 0x1000,
  project: 0x2000,
  shared_blocks: 0x4000,
  verity: 0x8000,
  orphan_present: 0x1_0000,
} as const;

export type Feature = keyof typeof compatible | keyof typeof incompatible | keyof typeof readOnlyCompatible;

/** Compressed contents, a journal without a file system, and Lustre's directories are not read here. */
const unsupported: ReadonlySet<string> = new Set<Feature>(['compression', 'journal_dev', 'dirdata']);

/** The named features of the three masks; bits without a name are left out. */
export function featuresOf(compat: number, incompat: number, readOnly: number): ReadonlySet<Feature> {
  return new Set([
    ...named(compatible, compat),
    ...named(incompatible, incompat),
    ...named(readOnlyCompatible, readOnly),
  ]);
}

/**
 * Refuses features without which the image would be misread.
 *
 * @throws RecoveryError `filesystem-feature-unsupported`, naming them all; unknown ones by their bit
 */
export function refuseUnsupported(incompat: number): void {
  const known = named(incompatible, incompat);
  const names: string[] = known.filter((name) => unsupported.has(name));
  const knownBits = known.reduce((bits, name) => bits | incompatible[name], 0);
  for (let bit = 0; bit < 32; bit++) {
    const mask = (1 << bit) >>> 0;
    if ((incompat & ~knownBits & mask) !== 0) names.push(`incompat 0x${mask.toString(16)}`);
  }
  if (names.length > 0) fail('filesystem-feature-unsupported', { features: names.join(', ') });
}

function named<Name extends string>(table: Readonly<Record<Name, number>>, mask: number): Name[] {
  return (Object.keys(table) as Name[]).filter((name) => (mask & table[name]) !== 0);
}
