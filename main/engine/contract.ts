/** What a host asks of the engine process: the contract between main and the pipeline, over a message port. */
import * as z from 'zod/mini';
import { backupSummary, inventory, qubeReport, restoreProgress, restoreReport } from '../../shared/backup.ts';
import { call, event, type Client } from '../../shared/contract/define.ts';
import { imageCalls } from './image-contract.ts';

const handle = z.number();
const nothing = z.void();
const bytes: z.ZodMiniType<Uint8Array, Uint8Array> = z.instanceof(Uint8Array);

/**
 * A backup as a person gave it: its file, its folder where it was unpacked, or its files in their order. Of one file alone,
 * further parts are looked for beside it where `findParts` is set.
 */
const givenBackup = z.object({ files: z.array(z.string()).check(z.minLength(1)), findParts: z.boolean() });

/** Qubes by name; null means all that the backup holds. */
const qubes = z.nullable(z.array(z.string()));

export const engineContract = {
  engine: {
    /** The kernel that derives keys, and the version of the V8 that compiled it; null before the first key. */
    kernel: call(nothing, z.object({ kernel: z.nullable(z.string()), v8: z.string() })),
    /**
     * What later calls may use: bytes of memory in all and number of worker threads; null leaves either to the
     * engine. Told before a backup is unlocked.
     */
    configure: call(z.object({ memory: z.nullable(z.number()), jobs: z.nullable(z.number()) }), nothing),
  },
  backup: {
    open: call(givenBackup, z.object({ handle, summary: backupSummary })),
    unlock: call(
      z.object({ handle, passphrase: bytes, acceptUnsealed: z.boolean(), allowSlow: z.boolean() }),
      inventory,
    ),
    /** Ends an `unlock` that is under way; it answers `cancelled`. */
    cancelUnlock: call(z.object({ handle }), nothing),
    /** Wipes the keys and closes the file. */
    close: call(z.object({ handle }), nothing),
  },
  restore: {
    /** Where everything would go, as path components below the destination, and what an earlier run finished there. */
    plan: call(
      z.object({ handle, qubes, destination: z.nullable(z.string()) }),
      z.array(
        z.object({
          qube: z.string(),
          file: z.string(),
          output: z.array(z.string()),
          bytes: z.nullable(z.number()),
          /** Bytes in the container: fewer than these no drive needs for it. */
          storedBytes: z.number(),
          finished: z.boolean(),
        }),
      ),
    ),
    /**
     * Runs to the end and answers the report. `destination` is an existing folder; null only verifies. With
     * `acceptPartial`, what can be salvaged of a damaged file goes to its final name; with `allowSlow`, chunks are
     * opened whose keys take very long.
     */
    run: call(
      z.object({
        handle,
        job: z.string(),
        qubes,
        destination: z.nullable(z.string()),
        /** Which folder it was when it was looked at (`folderIdentity`). */
        identity: z.optional(z.string()),
        acceptPartial: z.boolean(),
        allowSlow: z.boolean(),
      }),
      z.object({ report: restoreReport, cancelled: z.boolean() }),
    ),
    pause: call(z.object({ job: z.string() }), nothing),
    resume: call(z.object({ job: z.string() }), nothing),
    /** Makes `run` end soon; without `keep` it removes what it had restored. */
    cancel: call(z.object({ job: z.string(), keep: z.boolean() }), nothing),
    progress: event(z.object({ job: z.string(), progress: restoreProgress })),
    qubeFinished: event(z.object({ job: z.string(), qube: qubeReport })),
  },
  image: imageCalls,
} as const;

export type EngineContract = typeof engineContract;
export type EngineClient = Client<EngineContract>;
