/** The parts of the wizard's contract that deal with disk images: looking into them, and mounting them. */
import * as z from 'zod/mini';
import { problemSchema } from '../backup.ts';
import {
  copyPlan,
  copyProgress,
  copyReport,
  entryDetails,
  entryId,
  filePreview,
  imageListing,
  imageSummary,
  searchEnd,
  searchFindings,
} from '../image.ts';
import { call, event } from './define.ts';
import { id, qubeName, task } from './ids.ts';

const nothing = z.void();

/** Where an image is: a place that a person chose, or a file that a restore of this session has written. */
export const imageSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('place'), placeId: id }),
  z.object({ kind: z.literal('restored'), jobId: id, qube: qubeName, file: qubeName }),
]);
export type ImageSource = z.infer<typeof imageSource>;

export const openedImage = z.object({
  imageId: id,
  /** For showing only. */
  name: z.string(),
  path: z.string(),
  image: imageSummary,
});
export type OpenedImage = z.infer<typeof openedImage>;

/** A volume of an open image, by its place in the image's list. */
const volume = { imageId: id, volume: z.int().check(z.nonnegative()) };

const copying = {
  ...volume,
  task,
  entries: z.array(entryId).check(z.minLength(1), z.maxLength(20_000)),
  folderId: id,
};

export const imageCalls = {
  /** Problems: `source-…` where it cannot be opened; what it holds is in the summary, readable or not. */
  open: call(z.object({ source: imageSource }), openedImage),
  close: call(z.object({ imageId: id }), nothing),
  /** Opens a file system, and answers what there is to say of it. Problems: `filesystem-…`. */
  openVolume: call(z.object(volume), z.object({ notes: z.array(problemSchema) })),
  list: call(z.object({ ...volume, folder: entryId }), imageListing),
  describe: call(z.object({ ...volume, entry: entryId }), entryDetails),
  preview: call(z.object({ ...volume, entry: entryId }), filePreview),
  search: call(
    z.object({ ...volume, task, text: z.string().check(z.minLength(1), z.maxLength(255)) }),
    searchEnd,
  ),
  planCopy: call(z.object(copying), copyPlan),
  copy: call(z.object({ ...copying, conflict: z.enum(['keep-both', 'replace', 'skip']) }), copyReport),
  /** Makes a search, a plan or a copy end soon: the call that began it answers. */
  cancel: call(z.object({ imageId: id, task }), nothing),
  /** Shows a folder that was copied into in the system's file manager. */
  showFolder: call(z.object({ folderId: id }), nothing),
  /** At most ten a second. */
  found: event(z.object({ task, findings: searchFindings })),
  copyProgress: event(z.object({ task, progress: copyProgress })),
} as const;

/** An image that is a folder of this computer for as long as it is mounted. */
export const mountedImage = z.object({
  mountId: id,
  /** For showing only. */
  mountPoint: z.string(),
  /** Which state it shows: all of it, that before the last changes, or that after them in a recovered copy. */
  journal: z.enum(['clean', 'not-replayed', 'replayed']),
  /** What is wrong in what it shows, because the system does not know which parts were lost in the backup. */
  problems: z.array(problemSchema),
});
export type MountedImage = z.infer<typeof mountedImage>;

/** What to do where the newest state is still in the journal: show the state before, or make a copy of the image. */
export const journalChoice = z.enum(['leave', 'recovered-copy']);
export type JournalChoice = z.infer<typeof journalChoice>;

export const mountCalls = {
  /**
   * Mounts a volume read-only, on Linux, until it is unmounted or the program ends. Problems: `mount-…`, some with a
   * command that a person can run instead; `image-recovery-failed`, `dest-…` for the recovered copy, `cancelled`.
   */
  mount: call(z.object({ ...volume, journal: journalChoice, task }), mountedImage),
  cancel: call(z.object({ task }), nothing),
  openFolder: call(z.object({ mountId: id }), nothing),
  /** Problems: `mount-busy`, `mount-not-authorised`, `unmount-failed`. */
  unmount: call(z.object({ mountId: id }), nothing),
  /** Bytes of a recovered copy; at most ten a second. */
  progress: event(z.object({ task, done: z.number(), total: z.number() })),
} as const;
