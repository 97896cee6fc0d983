/**
 * Tells what lies at the start of a volume, also where it cannot be read here: file systems, encryption, parts
 * of larger volumes, and swap, each by the magic number that its own specification gives.
 */
import type { VolumeKind } from '../../../shared/image.ts';
import type { ByteSource } from '../bytes/source.ts';
import { featuresOf } from './features.ts';
import { Fields } from './fields.ts';
import { readWithZeros } from './lost-ranges.ts';
import { isSuperblock, superblockCandidates, SUPERBLOCK_POSITION, SUPERBLOCK_SIZE } from './superblock.ts';

/** What is told about a volume. Labels and identifiers are null where it has none or they are not cheap to find. */
export interface VolumeContent {
  readonly kind: VolumeKind;
  readonly label: string | null;
  /** As the field's tools print it: a UUID, or the serial number of file systems from Microsoft. */
  readonly uuid: string | null;
}

/** The kinds that `openExt4` opens. */
export const readableKinds: ReadonlySet<VolumeKind> = new Set(['ext2', 'ext3', 'ext4']);

/** Far enough for the magic number that lies farthest in, that of btrfs. */
export const PROBE_BYTES = 0x1_1000;

/** @throws RecoveryError `source-lost` */
export async function probeVolume(source: ByteSource): Promise<VolumeContent> {
  // Missing bytes are zeros here, and a magic number has none: a short volume needs no further care.
  const start = new Uint8Array(PROBE_BYTES);
  await readWithZeros(source, 0, Math.min(PROBE_BYTES, source.size), start);
  const fields = new Fields(start);
  for (const probe of probes) {
    const content = probe(fields);
    if (content) return content;
  }
  const backup = await superblockCandidates(source).next();
  if (!backup.done) return extContent(backup.value.bytes);
  const isKnown = (source.lostIn?.(0, Math.min(PROBE_BYTES, source.size)) ?? []).length === 0;
  const isBlank = isKnown && start.every((byte) => byte === 0);
  return { kind: isBlank ? 'blank' : 'unknown', label: null, uuid: null };
}

type Probe = (fields: Fields) => VolumeContent | null;

/** Those that mark the very first bytes come before ext, whose superblock a later format may have left there. */
const probes: readonly Probe[] = [luks, bitlocker, ntfs, exfat, xfs, lvm, ext, btrfs, swap, iso9660, fat];

function hasText(fields: Fields, at: number, text: string): boolean {
  return Buffer.from(fields.bytes.subarray(at, at + text.length)).toString('latin1') === text;
}

function found(kind: VolumeKind, label: string, uuid: string | null): VolumeContent {
  return { kind, label: label === '' ? null : label, uuid };
}

/** Source: LUKS on-disk format specification 1.2.3 and LUKS2 1.1.2. */
function luks(fields: Fields): VolumeContent | null {
  if (!hasText(fields, 0, 'LUKS\xba\xbe')) return null;
  return found('luks', fields.u16be(6) === 2 ? fields.text(24, 48) : '', fields.text(168, 40) || null);
}

function bitlocker(fields: Fields): VolumeContent | null {
  return hasText(fields, 3, '-FVE-FS-') ? found('bitlocker', '', null) : null;
}

/** Its label lies in a file, which takes more than a look. */
function ntfs(fields: Fields): VolumeContent | null {
  if (!hasText(fields, 3, 'NTFS    ')) return null;
  const serial = Buffer.from(fields.bytes.subarray(0x48, 0x50)).reverse();
  return found('ntfs', '', serial.toString('hex').toUpperCase());
}

/** Source: Microsoft, exFAT file system specification, section 3.1. */
function exfat(fields: Fields): VolumeContent | null {
  return hasText(fields, 3, 'EXFAT   ') ? found('exfat', '', serialNumber(fields.u32(0x64))) : null;
}

/** Source: Microsoft, FAT specification, boot sector. */
function fat(fields: Fields): VolumeContent | null {
  if (fields.u16(0x1fe) !== 0xaa55) return null;
  const extended = hasText(fields, 0x52, 'FAT32   ') ? 0x40 : hasText(fields, 0x36, 'FAT1') ? 0x24 : null;
  if (extended === null) return null;
  const label = fields.text(extended + 7, 11);
  return found('fat', label === 'NO NAME' ? '' : label, serialNumber(fields.u32(extended + 3)));
}

function serialNumber(serial: number): string {
  return serial
    .toString(16)
    .toUpperCase()
    .padStart(8, '0')
    .replace(/^(.{4})/, '$1-');
}

/** Source: XFS Algorithms & Data Structures, "Superblocks". */
function xfs(fields: Fields): VolumeContent | null {
  return hasText(fields, 0, 'XFSB') ? found('xfs', fields.text(108, 12), fields.uuid(32)) : null;
}

/** The label of a physical volume lies in one of the first four sectors. */
function lvm(fields: Fields): VolumeContent | null {
  const at = [0, 512, 1024, 1536].find(
    (sector) => hasText(fields, sector, 'LABELONE') && hasText(fields, sector + 24, 'LVM2 001'),
  );
  if (at === undefined) return null;
  const id = fields.text(at + fields.u32(at + 20), 32);
  return found('lvm', '', id.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, '$1-$2-$3-$4-$5-$6-$7'));
}

function ext(fields: Fields): VolumeContent | null {
  const bytes = fields.bytes.subarray(SUPERBLOCK_POSITION, SUPERBLOCK_POSITION + SUPERBLOCK_SIZE);
  return isSuperblock(bytes) ? extContent(bytes) : null;
}

function extContent(bytes: Uint8Array): VolumeContent {
  const superblock = new Fields(bytes);
  const features = featuresOf(superblock.u32(0x5c), superblock.u32(0x60), superblock.u32(0x64));
  return found(extKind(features), superblock.text(0x78, 16), superblock.uuid(0x68));
}

/** The generations differ in features only: the journal came with ext3, the rest with ext4. */
function extKind(features: ReturnType<typeof featuresOf>): VolumeKind {
  if (features.has('journal_dev')) return 'ext-journal';
  const sinceExt4 = [
    'extent',
    '64bit',
    'flex_bg',
    'meta_bg',
    'huge_file',
    'uninit_bg',
    'dir_nlink',
    'extra_isize',
    'metadata_csum',
    'inline_data',
    'bigalloc',
  ] as const;
  if (sinceExt4.some((feature) => features.has(feature))) return 'ext4';
  return features.has('has_journal') ? 'ext3' : 'ext2';
}

/** Source: btrfs on-disk format, "Superblock". */
function btrfs(fields: Fields): VolumeContent | null {
  if (!hasText(fields, 0x1_0040, '_BHRfS_M')) return null;
  return found('btrfs', fields.text(0x1_012b, 256), fields.uuid(0x1_0020));
}

/** The magic number ends the first page, whose size is that of the machine. */
function swap(fields: Fields): VolumeContent | null {
  const isSwap = [4096, 8192, 16_384, 65_536].some((page) => hasText(fields, page - 10, 'SWAPSPACE2'));
  return isSwap ? found('swap', fields.text(1052, 16), fields.uuid(1036)) : null;
}

/** Source: ECMA-119, section 8.4. */
function iso9660(fields: Fields): VolumeContent | null {
  return hasText(fields, 0x8001, 'CD001') ? found('iso9660', fields.text(0x8028, 32), null) : null;
}
