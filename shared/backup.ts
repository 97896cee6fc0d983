/** The domain as both sides see it: a backup, the qubes in it, what a restore is asked to do and how it ended. */
import * as z from 'zod/mini';
import { problemCodes, type Problem, type ProblemCode } from './problems.ts';

/** A count of bytes or of things. */
const count = z.number().check(z.nonnegative());

export const problemSchema = z.object({
  code: z.enum(problemCodes as [ProblemCode, ...ProblemCode[]]),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
}) as unknown as z.ZodMiniType<Problem, Problem>;

/** What can be said of a backup before its passphrase is known; nothing in it is authenticated yet. */
export const backupSummary = z.object({
  fileName: z.string(),
  size: count,
  /** Format version by the header's own word; null when there is no readable header. */
  version: z.nullable(z.number()),
  backupId: z.nullable(z.string()),
  /** `YYYY-MM-DDTHH:MM:SS` as written into the backup id: local time of the machine that made it. */
  created: z.nullable(z.string()),
  /** Null when there is no readable header. */
  encrypted: z.nullable(z.boolean()),
  /** Name of the compression filter; null when the backup is not compressed, or has no readable header. */
  compression: z.nullable(z.string()),
  /** How many files the container holds. */
  fileCount: count,
  /** Whether the file ends too early; null when that cannot be told. What is inside was not checked. */
  cutOff: z.nullable(z.boolean()),
  /** Whether nothing is seen to be missing or damaged: not the end, header, seal, list of qubes, nor a chunk by its number. */
  complete: z.boolean(),
  problems: z.array(problemSchema),
});
export type BackupSummary = z.infer<typeof backupSummary>;

/** The eight colours of Qubes OS; a label of any other name is shown grey with its name. */
export const labelColours = ['red', 'orange', 'yellow', 'green', 'gray', 'blue', 'purple', 'black'] as const;

/** One file of a qube as it lies in the backup. */
export const backupFile = z.object({
  name: z.string(),
  chunks: count,
  /** Bytes in the container, sealed and compressed. */
  storedBytes: count,
  /** Bytes of the image once restored, by the list of qubes; null where the list does not say. */
  virtualSize: z.nullable(count),
});
export type BackupFile = z.infer<typeof backupFile>;

/**
 * Why nothing can be had of a qube that the list of qubes says is in the backup: the file ends before it, or is whole
 * at its end and has nothing of it all the same.
 */
export const qubeLoss = z.enum(['cut-off', 'missing']);
export type QubeLoss = z.infer<typeof qubeLoss>;

export const qube = z.object({
  name: z.string(),
  class: z.string(),
  label: z.string(),
  template: z.nullable(z.string()),
  /** Null where the system's default applies, empty for none. */
  netvm: z.nullable(z.string()),
  /** Whether the backup holds this qube's files; the list names all qubes of the system that was backed up. */
  included: z.boolean(),
  /** Null while the backup has files of the qube, and where it was never included. */
  lost: z.nullable(qubeLoss),
  path: z.nullable(z.string()),
  files: z.array(backupFile),
  problems: z.array(problemSchema),
});
export type Qube = z.infer<typeof qube>;

/** The authenticated content of a backup. */
export const inventory = z.object({
  backup: backupSummary,
  qubes: z.array(qube),
  problems: z.array(problemSchema),
});
export type Inventory = z.infer<typeof inventory>;

/** Restore writes files, verify runs the whole pipeline into nothing. */
export const restoreMode = z.enum(['restore', 'verify']);
export type RestoreMode = z.infer<typeof restoreMode>;

/** Honest outcomes: every byte verified, something missing, nothing usable, or stopped before its end by the person. */
export const outcome = z.enum(['restored', 'verified', 'partial', 'failed', 'unfinished']);
export type Outcome = z.infer<typeof outcome>;

/** Whether an outcome says that everything is there and verified. */
export function isWhole(value: Outcome): boolean {
  return value === 'restored' || value === 'verified';
}

/** Which bytes of a salvaged file are lost; they read as zeros in it. */
export const losses = z.object({
  /** Path of the map of all of them, below the destination; null where a verification wrote none. */
  map: z.nullable(z.string()),
  bytes: count,
  /** How many ranges there are, and the first of them as offset and length. */
  count,
  ranges: z.array(z.tuple([count, count])),
});

export const fileReport = z.object({
  name: z.string(),
  /** Path below the destination, with forward slashes; null when nothing stands at a final name. */
  path: z.nullable(z.string()),
  bytes: count,
  /** Lower-case hex over the whole file, holes included; null for a folder tree and where nothing was finished. */
  sha256: z.nullable(z.string()),
  outcome,
  /** Of files that were salvaged, or in a verification would be. */
  lost: z.optional(losses),
  problems: z.array(problemSchema),
});
export type FileReport = z.infer<typeof fileReport>;

export const qubeReport = z.object({ name: z.string(), outcome, files: z.array(fileReport) });
export type QubeReport = z.infer<typeof qubeReport>;

/** How many unreadable places of a drive a report lists. */
export const mostPlacesListed = 1000;

export const restoreReport = z.object({
  outcome,
  /**
   * Places of the backup that its drive could not read, as offset and length. What lies behind one in the same chunk was
   * not asked for.
   */
  unreadable: z.optional(z.array(z.tuple([count, count]))),
  qubes: z.array(qubeReport),
  problems: z.array(problemSchema),
});
export type RestoreReport = z.infer<typeof restoreReport>;

/** One rule of a qube's firewall: `accept` or `drop`, and for what, by the names that Qubes OS gives it. */
export const firewallRule = z.object({
  action: z.string(),
  conditions: z.array(z.object({ name: z.string(), value: z.string() })),
});
export type FirewallRule = z.infer<typeof firewallRule>;

/** What a backup holds beside a qube's images that a person needs to set it up again; null where it holds none. */
export const qubeSettings = z.object({
  notes: z.nullable(z.string()),
  /** In the order in which they apply. */
  firewall: z.nullable(z.array(firewallRule)),
});
export type QubeSettings = z.infer<typeof qubeSettings>;

/** What the pipeline mostly waits for: keys being derived, data being restored, or files being made durable. */
export const restoreStage = z.enum(['deriving', 'restoring', 'finishing']);
export type RestoreStage = z.infer<typeof restoreStage>;

/** A moment of a running restore; bytes are stored bytes of the container, whose total is known beforehand. */
export const restoreProgress = z.object({
  stage: restoreStage,
  paused: z.boolean(),
  doneBytes: count,
  totalBytes: count,
  /** Null while the first estimate is still being made. */
  bytesPerSecond: z.nullable(count),
  secondsLeft: z.nullable(count),
  /** The qubes being worked on now; finished ones have their report. */
  active: z.array(z.object({ qube: z.string(), file: z.string(), doneBytes: count, totalBytes: count })),
});
export type RestoreProgress = z.infer<typeof restoreProgress>;

/** What a restore would write, decided before anything is written. */
export const restorePlan = z.object({
  outputs: z.array(
    z.object({ qube: z.string(), file: z.string(), path: z.string(), bytes: z.nullable(count) }),
  ),
  /** How many files an earlier run finished there already; they are not among the outputs. */
  finished: count,
  /** Bytes wanted on the destination: allocated bytes are fewer when images have holes. */
  neededBytes: count,
  freeBytes: z.nullable(count),
  findings: z.array(problemSchema),
});
export type RestorePlan = z.infer<typeof restorePlan>;
