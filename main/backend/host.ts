/** What a host (Electron, the browser host, the command line) gives the backend, and what the backend is to it. */
import type { Port } from '../../shared/contract/port.ts';
import type { Dispatch, Emitters } from '../../shared/contract/define.ts';
import type { WizardContract } from '../../shared/contract/wizard.ts';

/** A running engine process as its spawner sees it. */
export interface EngineProcess {
  readonly port: Port;
  /** Ends the process at once; safe to call twice. */
  readonly kill: () => void;
}

/** Starts an engine in a process of its own, with a scrubbed environment. */
export type EngineSpawner = () => EngineProcess;

export interface Host {
  readonly kind: 'electron' | 'browser';
  readonly version: string;
  /** BCP 47 tag of the system's language. */
  readonly locale: string;
  /** The system's own dialogs, each answering a path or null when closed; null where the host has none. */
  readonly dialogs: {
    chooseFile(): Promise<string | null>;
    /** Several files that belong together; none when it was closed. */
    chooseFiles(): Promise<readonly string[]>;
    chooseFolder(): Promise<string | null>;
    /** Where to save a file of this name; `folder` is where to begin, if anywhere. */
    saveFile(name: string, folder: string | null): Promise<string | null>;
  } | null;
  /** Path of the sample backup that ships with the program. */
  readonly samplePath: string;
  /** File for what is remembered between starts. */
  readonly preferencesFile: string;
  readonly spawnEngine: EngineSpawner;
  /** Shows a folder in the system's file manager. */
  showFolder(path: string): Promise<void>;
  /** Ends the program after the person closed the wizard. */
  quit(): void;
}

/** The backend of one wizard: answers its contract's calls, and ends its engine when closed. */
export interface Backend {
  readonly dispatch: Dispatch;
  /** Offers the wizard the file at `path`, which the system handed the program, to be opened as if it was chosen. */
  give(path: string): void;
  close(): Promise<void>;
}

export type CreateBackend = (host: Host, emit: Emitters<WizardContract>) => Backend;
