/** Images of disks: what lies in them, and the file systems that can be opened. */
import { fail, type Problem } from '../../../shared/problems.ts';
import type { ByteSource } from '../bytes/source.ts';
import { openExt4, type Ext4, type Ext4Options } from './ext4.ts';
import { readGpt } from './gpt.ts';
import { readMbr } from './mbr.ts';
import { refuseLost } from './lost-ranges.ts';
import type { Partition, PartitionTable } from './partitions.ts';
import { PROBE_BYTES, probeVolume, readableKinds, type VolumeContent } from './probe.ts';
import { windowOf } from './window.ts';

/** A file system, or whatever else it is, that fills an image or one of its partitions. */
export interface Volume {
  /** Where it lies, or null when it fills the whole image. */
  readonly partition: Partition | null;
  readonly content: VolumeContent;
  /** Whether `openVolume` opens it. */
  readonly isReadable: boolean;
  /** Its own bytes. */
  readonly source: ByteSource;
}

export interface DiskImage {
  readonly size: number;
  /** Null when the image is not divided. */
  readonly table: 'gpt' | 'mbr' | null;
  /** The partitions in the order of their numbers, or one volume for the whole image. */
  readonly volumes: readonly Volume[];
  /** What is wrong with the partition table. */
  readonly problems: readonly Problem[];
}

/**
 * Looks into an image: how it is divided, and what lies in each part.
 *
 * @param source stays open as long as a volume is used, and is closed by who opened it
 * @throws RecoveryError `source-lost`
 */
export async function openImage(source: ByteSource): Promise<DiskImage> {
  const gpt = await readGpt(source);
  if (gpt) return divided(source, gpt);
  const whole = await volumeOf(source, null);
  const mbr = whole.content.kind === 'unknown' ? await readMbr(source) : null;
  return mbr ? divided(source, mbr) : { size: source.size, table: null, volumes: [whole], problems: [] };
}

async function divided(source: ByteSource, table: PartitionTable): Promise<DiskImage> {
  const volumes: Volume[] = [];
  for (const partition of table.partitions) volumes.push(await volumeOf(source, partition));
  return { size: source.size, table: table.kind, volumes, problems: table.problems };
}

async function volumeOf(source: ByteSource, partition: Partition | null): Promise<Volume> {
  const own = partition ? windowOf(source, partition.start, partition.size) : source;
  const content = await probeVolume(own);
  return { partition, content, isReadable: readableKinds.has(content.kind), source: own };
}

/**
 * Opens a volume's file system.
 *
 * @throws RecoveryError `filesystem-unsupported` with the kind of what it holds, `filesystem-part-lost` where
 * nothing tells because its start is lost, and what `openExt4` throws
 */
export async function openVolume(volume: Volume, options?: Ext4Options): Promise<Ext4> {
  const [lost] = volume.source.lostIn?.(0, Math.min(PROBE_BYTES, volume.source.size)) ?? [];
  if (!volume.isReadable && lost) refuseLost('superblock', lost);
  if (volume.content.kind === 'blank') fail('image-blank');
  if (!volume.isReadable) fail('filesystem-unsupported', { name: volume.content.kind });
  return openExt4(volume.source, options);
}
