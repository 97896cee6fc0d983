/**
 * What the wizard may ask of its backend: the one contract behind Electron's IPC, the browser host's requests and
 * the doubles of the tests.
 *
 * The wizard never holds a path it could forge. It holds ids that the backend hands out for files and folders
 * that a person chose in a dialog or in the folder list, dropped on the window, or typed.
 */
import * as z from 'zod/mini';
import {
  backupSummary,
  inventory,
  qubeReport,
  qubeSettings,
  restoreMode,
  restorePlan,
  restoreProgress,
  restoreReport,
} from '../backup.ts';
import { languages } from '../words/languages.ts';
import { call, event, type Client } from './define.ts';
import { id, qubeName } from './ids.ts';
import { imageCalls, mountCalls } from './image-calls.ts';

const nothing = z.void();
/** As long as any path of any system, and no longer. */
const path = z.string().check(z.minLength(1), z.maxLength(32_768));
const qubeNames = z.array(qubeName).check(z.maxLength(10_000));

/** The program and what the machine under it can do. */
export const programDescription = z.object({
  version: z.string(),
  host: z.enum(['electron', 'browser']),
  platform: z.enum(['linux', 'macos', 'windows']),
  /** BCP 47 tag of the system's language. */
  locale: z.string(),
  /** Whether `choose` calls open the system's own dialogs; otherwise the wizard lists folders itself. */
  nativeDialogs: z.boolean(),
  /** Bytes the program would use for key derivation by itself. */
  defaultMemory: z.number(),
});
export type ProgramDescription = z.infer<typeof programDescription>;

/** A file or folder that the backend knows by id; `path` is for showing only. */
export const place = z.object({ id, name: z.string(), path: z.string() });
export type Place = z.infer<typeof place>;

export const folderListing = z.object({
  folder: place,
  /** The folder above, or null at the top. */
  parent: z.nullable(place),
  entries: z.array(
    z.object({
      ...place.shape,
      kind: z.enum(['folder', 'file']),
      size: z.nullable(z.number()),
      /** Last change, milliseconds since 1970. */
      modified: z.nullable(z.number()),
    }),
  ),
  /** Entries left out because the folder holds too many. */
  omitted: z.number(),
});
export type FolderListing = z.infer<typeof folderListing>;

const openedBackup = z.object({ backupId: id, place: place, summary: backupSummary });
export type OpenedBackup = z.infer<typeof openedBackup>;

export const themes = ['system', 'light', 'dark'] as const;

/** What a person set up of the wizard itself, and what it remembers for that. */
export const preferences = z.object({
  theme: z.enum(themes),
  /** Null follows the system. */
  language: z.nullable(z.enum(languages)),
  /** Whether folders that were restored into are remembered: only where the person wants that. */
  keepFolders: z.boolean(),
});
export type Preferences = z.infer<typeof preferences>;

/** What can be saved of a restore: its report for reading and as data, and the qubes with their settings. */
export const savedDocument = z.enum(['report', 'report-data', 'qubes']);
export type SavedDocument = z.infer<typeof savedDocument>;

const selection = z.object({
  backupId: id,
  /** Names of the qubes to restore; dom0's home is named `dom0`. */
  qubes: qubeNames,
  mode: restoreMode,
  /** Folder to restore into; null when only verifying. */
  folderId: z.nullable(id),
});

export const wizardContract = {
  program: {
    describe: call(nothing, programDescription),
    /** How any backup is opened without Lifeboat: text with commands for a terminal. */
    byHand: call(z.object({ language: z.enum(languages) }), z.string()),
    /** What a developer needs to understand a failure, without names, paths or anything else of the person's. */
    diagnostics: call(nothing, z.string()),
    /** The person closed the wizard. */
    quit: call(nothing, nothing),
  },
  preferences: {
    read: call(nothing, preferences),
    save: call(preferences, nothing),
  },
  places: {
    /** The system's own dialog; null when the person closed it. Only where `nativeDialogs`. */
    /** Several files chosen in it are parts of one backup. */
    chooseBackup: call(nothing, z.nullable(place)),
    chooseImage: call(nothing, z.nullable(place)),
    chooseFolder: call(nothing, z.nullable(place)),
    /** Takes a path that was typed, pasted or dropped. Problems: `source-missing`, `dest-missing`. */
    locate: call(z.object({ path, kind: z.enum(['backup', 'image', 'folder']) }), place),
    /** One place for several files that are parts of one backup, in the order of their names. */
    together: call(z.object({ placeIds: z.array(id).check(z.minLength(1), z.maxLength(10_000)) }), place),
    /** Lists a folder for choosing in the page; null starts in the home folder. */
    list: call(z.object({ folderId: z.nullable(id) }), folderListing),
    /** Folders that were restored into lately, as far as they are remembered and still there. */
    recentFolders: call(nothing, z.array(place)),
    createFolder: call(
      z.object({ parentId: id, name: z.string().check(z.minLength(1), z.maxLength(255)) }),
      place,
    ),
    /** The file that the system handed the program since the last call, as for a double click; null for none. */
    takeGiven: call(nothing, z.nullable(place)),
    /** There is one to take. */
    given: event(nothing),
  },
  backup: {
    /** `alone` takes a file as it is, and looks for no further parts of it. */
    open: call(z.object({ placeId: id, alone: z.boolean() }), openedBackup),
    openSample: call(nothing, openedBackup),
    /** Problems: `passphrase-rejected`, `header-…`, `qubes-xml-…`, `cancelled`. */
    unlock: call(
      z.object({
        backupId: id,
        passphrase: z.string().check(z.maxLength(65_536)),
        /** Takes pieces that are neither encrypted nor authenticated as they are. */
        acceptUnsealed: z.boolean(),
        /** Derives the keys of the header and the list of qubes however long that takes. */
        allowSlow: z.boolean(),
      }),
      inventory,
    ),
    cancelUnlock: call(z.object({ backupId: id }), nothing),
    /** Writes a rescue kit beside the backup, and gives its folder. Problems: `dest-…`. */
    saveRescueKit: call(z.object({ backupId: id }), place),
    close: call(z.object({ backupId: id }), nothing),
  },
  restore: {
    plan: call(selection, restorePlan),
    start: call(
      z.object({
        ...selection.shape,
        /** Bytes for key derivation; null leaves it to the program. */
        memory: z.nullable(z.number()),
        /** Puts what can be salvaged of damaged files at their final names. */
        acceptPartial: z.boolean(),
        /** Opens chunks whose keys take very long, behind all others. */
        allowSlow: z.boolean(),
      }),
      z.object({ jobId: id }),
    ),
    pause: call(z.object({ jobId: id }), nothing),
    resume: call(z.object({ jobId: id }), nothing),
    /** Ends with `finished`; `keep` leaves the files that were already complete. */
    cancel: call(z.object({ jobId: id, keep: z.boolean() }), nothing),
    /** At most ten a second. */
    progress: event(z.object({ jobId: id, progress: restoreProgress })),
    /** The bytes that are free at the destination, every few seconds while it is written to. */
    spaceSeen: event(z.object({ jobId: id, freeBytes: z.number() })),
    qubeFinished: event(z.object({ jobId: id, qube: qubeReport })),
    finished: event(z.object({ jobId: id, report: restoreReport, cancelled: z.boolean() })),
  },
  image: imageCalls,
  mount: mountCalls,
  results: {
    /** Shows the folder of a qube, or of the whole restore, in the system's file manager. */
    openFolder: call(z.object({ jobId: id, qube: z.nullable(qubeName) }), nothing),
    /** Notes and firewall rules of a qube, from the files that were restored of it. */
    settingsOf: call(z.object({ jobId: id, qube: qubeName }), qubeSettings),
    /**
     * Saves a document where the person says in the system's dialog; without such, into `folderId` or else the
     * restore's own folder, under a name that is free. Null when the person closed the dialog. Problems: `dest-…`.
     */
    save: call(
      z.object({
        jobId: id,
        document: savedDocument,
        language: z.enum(languages),
        folderId: z.nullable(id),
      }),
      z.nullable(place),
    ),
  },
} as const;

export type WizardContract = typeof wizardContract;
export type WizardClient = Client<WizardContract>;
