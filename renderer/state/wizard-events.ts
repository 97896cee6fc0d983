/** What the wizard is told; nothing else changes its state. */
import type {
  Inventory,
  QubeReport,
  RestoreMode,
  RestorePlan,
  RestoreProgress,
  RestoreReport,
} from '../../shared/backup.ts';
import type { Place } from '../../shared/contract/wizard.ts';
import type { Problem } from '../../shared/problems.ts';
import type { ChosenBackup, Steering, Ticket, VariantAttempt } from './wizard.ts';

/** What a person did, and what the backend answered. No event carries a passphrase. */
export type WizardEvent =
  | { readonly type: 'reading'; readonly ticket: Ticket }
  | { readonly type: 'opened'; readonly ticket: Ticket; readonly backup: ChosenBackup }
  | { readonly type: 'open-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'backup-accepted' }
  | { readonly type: 'checking'; readonly ticket: Ticket; readonly variant: VariantAttempt | null }
  | { readonly type: 'check-abandoned' }
  | { readonly type: 'check-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'unlocked'; readonly ticket: Ticket; readonly inventory: Inventory }
  | { readonly type: 'unlock-again' }
  | { readonly type: 'qubes-chosen'; readonly qubes: ReadonlySet<string> }
  | { readonly type: 'qubes-accepted' }
  | { readonly type: 'mode-chosen'; readonly mode: RestoreMode }
  | { readonly type: 'folder-chosen'; readonly folder: Place }
  | { readonly type: 'folder-failed'; readonly problem: Problem }
  | { readonly type: 'memory-chosen'; readonly memory: number | null }
  | { readonly type: 'partial-chosen'; readonly acceptPartial: boolean }
  | { readonly type: 'probing'; readonly ticket: Ticket }
  | { readonly type: 'planned'; readonly ticket: Ticket; readonly plan: RestorePlan }
  | { readonly type: 'plan-failed'; readonly ticket: Ticket; readonly problem: Problem }
  | { readonly type: 'plan-again' }
  | { readonly type: 'starting' }
  | { readonly type: 'start-failed'; readonly problem: Problem }
  | { readonly type: 'started'; readonly jobId: string }
  | { readonly type: 'progressed'; readonly jobId: string; readonly progress: RestoreProgress }
  | { readonly type: 'space-seen'; readonly jobId: string; readonly freeBytes: number }
  | { readonly type: 'qube-finished'; readonly jobId: string; readonly qube: QubeReport }
  | { readonly type: 'steered'; readonly steering: Steering }
  | { readonly type: 'steering-failed'; readonly problem: Problem }
  | { readonly type: 'lost'; readonly problem: Problem }
  | {
      readonly type: 'finished';
      readonly jobId: string;
      readonly report: RestoreReport;
      readonly cancelled: boolean;
    }
  | { readonly type: 'back' }
  | { readonly type: 'restore-again'; readonly mode: RestoreMode }
  | { readonly type: 'slow-allowed' }
  | { readonly type: 'restore-more' }
  | { readonly type: 'start-over' };
