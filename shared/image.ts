/** What lies in a disk image, as both sides of every wire see it: its volumes, their files, and copies of these. */
import * as z from 'zod/mini';
import { problemSchema } from './backup.ts';

/** A count of bytes or of things. */
const count = z.number().check(z.nonnegative());

/** What fills a volume. `blank` starts with zeros only; `unknown` is none of the others. */
export const volumeKind = z.enum([
  'ext2',
  'ext3',
  'ext4',
  'ext-journal',
  'ntfs',
  'exfat',
  'fat',
  'bitlocker',
  'btrfs',
  'xfs',
  'luks',
  'lvm',
  'swap',
  'iso9660',
  'blank',
  'unknown',
]);
export type VolumeKind = z.infer<typeof volumeKind>;

/** What an entry of a file system can be. */
export const fileKind = z.enum([
  'file',
  'directory',
  'link',
  'pipe',
  'socket',
  'character-device',
  'block-device',
]);
export type FileKind = z.infer<typeof fileKind>;

/** A file system, or whatever else it is, that fills an image or one of its partitions. */
export const imageVolume = z.object({
  /** Number of the partition as Linux counts; null where it fills the whole image. */
  partition: z.nullable(z.number()),
  /** The name that the partition table keeps, or the label of what lies in it. */
  label: z.nullable(z.string()),
  kind: volumeKind,
  size: count,
  /** Whether its files can be listed. */
  isReadable: z.boolean(),
  /** Whether the newest state is still in the journal, which reading here replays in memory and mounting cannot. */
  needsRecovery: z.boolean(),
});
export type ImageVolume = z.infer<typeof imageVolume>;

export const imageSummary = z.object({
  size: count,
  /** Null when the image is not divided. */
  table: z.nullable(z.enum(['gpt', 'mbr'])),
  /** In the order of their numbers; calls speak of a volume by its place in this list. */
  volumes: z.array(imageVolume),
  /** What is wrong with the partition table. */
  problems: z.array(problemSchema),
});
export type ImageSummary = z.infer<typeof imageSummary>;

/**
 * The path of an entry below the root of its volume: its bytes, which need not be text, in base64url. The root is
 * empty. Whoever holds one can only ever name what lies in the image.
 */
export const entryId = z.string().check(z.maxLength(100_000), z.regex(/^[\w-]*$/));
export type EntryId = z.infer<typeof entryId>;

export const imageEntry = z.object({
  id: entryId,
  /** For showing: bytes that are no text, and what cannot be seen, are escaped. No two names of a folder read the same. */
  name: z.string(),
  kind: fileKind,
  /** Bytes of content. */
  size: count,
  /** Last change, milliseconds since 1970; null where the entry cannot be read. */
  modified: z.nullable(z.number()),
  /** What a link leads to: its target for showing, and the kind of what is there, or null. */
  link: z.nullable(z.object({ target: z.string(), leadsTo: z.nullable(fileKind) })),
  /** False where its own data are damaged. */
  isSound: z.boolean(),
  /** Bytes of its content that were lost in the backup. */
  lostBytes: count,
});
export type ImageEntry = z.infer<typeof imageEntry>;

export const imageListing = z.object({
  entries: z.array(imageEntry),
  /** Entries left out because the folder holds too many. */
  omitted: count,
  problems: z.array(problemSchema),
});
export type ImageListing = z.infer<typeof imageListing>;

/** What is known of one entry beyond its row in a list. */
export const entryDetails = z.object({
  ...imageEntry.shape,
  permissions: z.number(),
  user: z.number(),
  group: z.number(),
  links: z.number(),
  /** Bytes that it takes in the image. */
  allocated: count,
  /** Milliseconds since 1970, or null where the file system does not know. */
  created: z.nullable(z.number()),
});
export type EntryDetails = z.infer<typeof entryDetails>;

/** The formats of pictures that are shown: bitmaps only, in which nothing can be run. */
export const pictureType = z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
export type PictureType = z.infer<typeof pictureType>;

/** A look into a file without running anything of it. */
export const filePreview = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('text'),
    text: z.string(),
    /** Whether the file goes on. */
    isCut: z.boolean(),
    encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']),
  }),
  z.object({
    kind: z.literal('picture'),
    type: pictureType,
    width: count,
    height: count,
    /** The file as it is, in base64. */
    base64: z.string(),
  }),
  z.object({ kind: z.literal('none'), reason: z.enum(['empty', 'too-large', 'binary', 'no-file']) }),
]);
export type FilePreview = z.infer<typeof filePreview>;

/** A search by name: what was found since the last word of it. */
export const searchFindings = z.object({
  found: z.array(
    z.object({
      entry: imageEntry,
      /** The folder it lies in, for showing and for going there. */
      folder: z.object({ id: entryId, path: z.string() }),
    }),
  ),
  /** Entries that were looked at so far. */
  visited: count,
});
export type SearchFindings = z.infer<typeof searchFindings>;
export type SearchHit = SearchFindings['found'][number];

export const searchEnd = z.object({
  visited: count,
  /** Whether the search stopped at as many findings as can be shown. */
  isCut: z.boolean(),
  /** Places that could not be searched. */
  unread: count,
});
export type SearchEnd = z.infer<typeof searchEnd>;

/** What a copy would do, found out before anything is written. */
export const copyPlan = z.object({
  files: count,
  /** Bytes that will be written: holes are not. */
  bytes: count,
  freeBytes: z.nullable(count),
  /** Names that stand in the destination already. */
  conflicts: z.array(z.string()),
  /** What stands in the way of copying. */
  findings: z.array(problemSchema),
});
export type CopyPlan = z.infer<typeof copyPlan>;

export const copyProgress = z.object({
  doneBytes: count,
  totalBytes: count,
  doneFiles: count,
  totalFiles: count,
  /** The file being copied, for showing. */
  current: z.string(),
});
export type CopyProgress = z.infer<typeof copyProgress>;

/** What became of one thing that was chosen for copying, a file or a folder with all in it. */
export const copiedItem = z.object({
  name: z.string(),
  /** Its name in the destination; null where nothing stands there for it. */
  path: z.nullable(z.string()),
  outcome: z.enum(['copied', 'partial', 'skipped', 'failed']),
  files: count,
  bytes: count,
  /** What was renamed, left out or damaged, up to a bound. */
  problems: z.array(problemSchema),
  omittedProblems: count,
});
export type CopiedItem = z.infer<typeof copiedItem>;

export const copyReport = z.object({ items: z.array(copiedItem), cancelled: z.boolean() });
export type CopyReport = z.infer<typeof copyReport>;
