/** What the wizard can be in: one step at a time, each holding only what that step can know. */
import type {
  Inventory,
  QubeReport,
  RestoreMode,
  RestorePlan,
  RestoreProgress,
  RestoreReport,
} from '../../shared/backup.ts';
import type { OpenedBackup, Place } from '../../shared/contract/wizard.ts';
import type { VariantKind } from '../../shared/passphrase-variants.ts';
import type { Problem } from '../../shared/problems.ts';

/** The steps in the order in which a person walks them. */
export const steps = ['backup', 'passphrase', 'qubes', 'destination', 'progress', 'results'] as const;
export type Step = (typeof steps)[number];

/** Tells the answer that is waited for from those of abandoned questions. */
export type Ticket = number;

export interface ChosenBackup extends OpenedBackup {
  /** Whether it is the one that ships with the program, whose passphrase is no secret. */
  readonly sample: boolean;
}

/** What a person decides once the content is known; it outlives going back and forth. */
export interface Choices {
  readonly qubes: ReadonlySet<string>;
  readonly mode: RestoreMode;
  readonly folder: Place | null;
  /** Bytes for key derivation; null leaves it to the program. */
  readonly memory: number | null;
  /** Whether what can be salvaged of damaged files goes to their final names. */
  readonly acceptPartial: boolean;
  /** Whether chunks are opened whose keys take very long. */
  readonly allowSlow: boolean;
}

export interface Unlocked {
  readonly backup: ChosenBackup;
  readonly inventory: Inventory;
  readonly choices: Choices;
  /** Which other form of what was typed opened it; null for the very passphrase. */
  readonly variant: VariantKind | null;
}

/** One of the other forms of a passphrase that are tried one after another. */
export interface VariantAttempt {
  readonly kind: VariantKind;
  /** From 1 on, of `count`. */
  readonly number: number;
  readonly count: number;
}

export interface BackupStep {
  readonly step: 'backup';
  readonly choice:
    | { readonly kind: 'none' }
    | { readonly kind: 'reading'; readonly ticket: Ticket }
    | { readonly kind: 'trouble'; readonly problem: Problem }
    /** `unlocked` is kept by who comes back from the qubes, so that no passphrase is asked twice. */
    | { readonly kind: 'opened'; readonly backup: ChosenBackup; readonly unlocked: Unlocked | null };
}

export interface PassphraseStep {
  readonly step: 'passphrase';
  readonly backup: ChosenBackup;
  /** What was chosen before the program lost its keys; null for who comes here for the first time. */
  readonly kept: Choices | null;
  /** Whether pieces without a seal were met, which a person can have taken as they are. */
  readonly unsealed: boolean;
  readonly attempt:
    | { readonly kind: 'none' }
    | { readonly kind: 'checking'; readonly ticket: Ticket; readonly variant: VariantAttempt | null }
    /** `variants` other forms were tried, and did not open it either. */
    | { readonly kind: 'trouble'; readonly problem: Problem; readonly variants: number };
}

export interface QubesStep extends Unlocked {
  readonly step: 'qubes';
}

export interface DestinationStep extends Unlocked {
  readonly step: 'destination';
  readonly survey:
    /** Nothing asked yet: the folder is missing, or a choice has just changed. */
    | { readonly kind: 'none' }
    | { readonly kind: 'probing'; readonly ticket: Ticket }
    | { readonly kind: 'planned'; readonly plan: RestorePlan }
    | { readonly kind: 'starting'; readonly plan: RestorePlan }
    | { readonly kind: 'trouble'; readonly problem: Problem };
}

/** What was asked of a running restore and has not shown its effect yet. */
export type Steering = 'pausing' | 'resuming' | 'cancelling';

export interface ProgressStep extends Unlocked {
  readonly step: 'progress';
  readonly jobId: string;
  /** Null until the first word from the engine. */
  readonly progress: RestoreProgress | null;
  /** Bytes free at the destination; null before the first look, and where nothing is written. */
  readonly freeBytes: number | null;
  readonly finished: readonly QubeReport[];
  readonly steering: Steering | null;
  /** Why the last steering did not work, or why nothing is heard any more. */
  readonly trouble: Problem | null;
}

export interface ResultsStep extends Unlocked {
  readonly step: 'results';
  readonly jobId: string;
  readonly report: RestoreReport;
  readonly cancelled: boolean;
}

export type WizardState =
  BackupStep | PassphraseStep | QubesStep | DestinationStep | ProgressStep | ResultsStep;

export const initialState: WizardState = { step: 'backup', choice: { kind: 'none' } };

/** The backup that the backend keeps open for this state. */
export function openBackupOf(state: WizardState): ChosenBackup | null {
  if (state.step !== 'backup') return state.backup;
  return state.choice.kind === 'opened' ? state.choice.backup : null;
}
