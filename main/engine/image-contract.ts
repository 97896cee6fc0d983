/** The part of the engine's contract that looks into disk images, whose bytes are hostile and stay in the engine. */
import * as z from 'zod/mini';
import { problemSchema } from '../../shared/backup.ts';
import { call, event } from '../../shared/contract/define.ts';
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
} from '../../shared/image.ts';
import { conflictChoices } from '../recovery/copy-out/conflict.ts';

const handle = z.number();
const nothing = z.void();

/** A volume of an open image, by its place in the image's list. */
const volume = { handle, volume: z.number() };

/** A piece of work that its caller names, so that no word of it can overtake its name. */
const task = z.string();

/** `name` is that of the root, should it be copied. */
const copying = {
  ...volume,
  task,
  entries: z.array(entryId),
  name: z.string(),
  destination: z.string(),
};

export const imageCalls = {
  open: call(z.object({ path: z.string() }), z.object({ handle, image: imageSummary })),
  close: call(z.object({ handle }), nothing),
  /** Opens the file system of a volume, with its journal replayed in memory. Answers what there is to say of that. */
  openVolume: call(z.object(volume), z.object({ notes: z.array(problemSchema) })),
  list: call(z.object({ ...volume, folder: entryId }), imageListing),
  describe: call(z.object({ ...volume, entry: entryId }), entryDetails),
  preview: call(z.object({ ...volume, entry: entryId }), filePreview),
  /** Searches by name; findings are told on the way. */
  search: call(z.object({ ...volume, task, text: z.string() }), searchEnd),
  planCopy: call(z.object(copying), copyPlan),
  /** Copies to the end and answers the report, also when cancelled. */
  copy: call(z.object({ ...copying, conflict: z.enum(conflictChoices) }), copyReport),
  /** Makes a search, a plan or a copy end soon, with `cancelled` or with the report of what was copied. */
  cancel: call(z.object({ task }), nothing),
  /** At most ten a second. */
  found: event(z.object({ task, findings: searchFindings })),
  copyProgress: event(z.object({ task, progress: copyProgress })),
} as const;
