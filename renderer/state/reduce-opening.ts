/** How the wizard moves until a backup is open: it is chosen, and its passphrase proven. */
import type { Inventory } from '../../shared/backup.ts';
import type { Problem } from '../../shared/problems.ts';
import { restorableOf } from './qubes.ts';
import { isUnsealed } from './results.ts';
import type { WizardEvent } from './wizard-events.ts';
import type { BackupStep, Choices, PassphraseStep, Ticket, VariantAttempt, WizardState } from './wizard.ts';

export function inBackup(state: BackupStep, event: WizardEvent): WizardState {
  const { choice } = state;
  const awaited = (ticket: Ticket) => choice.kind === 'reading' && choice.ticket === ticket;
  switch (event.type) {
    case 'reading':
      return { step: 'backup', choice: { kind: 'reading', ticket: event.ticket } };
    case 'opened':
      if (!awaited(event.ticket)) return state;
      return { step: 'backup', choice: { kind: 'opened', backup: event.backup, unlocked: null } };
    case 'open-failed':
      if (!awaited(event.ticket)) return state;
      return {
        step: 'backup',
        choice:
          event.problem.code === 'cancelled' ? { kind: 'none' } : { kind: 'trouble', problem: event.problem },
      };
    case 'backup-accepted':
      if (choice.kind !== 'opened') return state;
      if (choice.unlocked) return { step: 'qubes', ...choice.unlocked };
      return {
        step: 'passphrase',
        backup: choice.backup,
        kept: null,
        unsealed: choice.backup.summary.problems.some(isUnsealed),
        attempt: { kind: 'none' },
      };
    default:
      return state;
  }
}

export function inPassphrase(state: PassphraseStep, event: WizardEvent): WizardState {
  const { backup, attempt } = state;
  const awaited = (ticket: Ticket) => attempt.kind === 'checking' && attempt.ticket === ticket;
  switch (event.type) {
    case 'checking':
      if (!mayCheck(attempt, event.variant)) return state;
      return { ...state, attempt: { kind: 'checking', ticket: event.ticket, variant: event.variant } };
    case 'check-abandoned':
      return attempt.kind === 'checking' ? { ...state, attempt: { kind: 'none' } } : state;
    case 'check-failed':
      if (!awaited(event.ticket)) return state;
      return {
        ...state,
        unsealed: state.unsealed || isUnsealed(event.problem),
        attempt:
          event.problem.code === 'cancelled'
            ? { kind: 'none' }
            : { kind: 'trouble', problem: event.problem, variants: rejectedVariants(attempt, event.problem) },
      };
    case 'unlocked':
      if (!awaited(event.ticket)) return state;
      return afterUnlocking(state, event.inventory);
    case 'back':
      if (attempt.kind === 'checking') return state;
      return { step: 'backup', choice: { kind: 'opened', backup, unlocked: null } };
    default:
      return state;
  }
}

/** Other forms are tried in their order, each after the one before it; all else is checked one at a time. */
function mayCheck(attempt: PassphraseStep['attempt'], next: VariantAttempt | null): boolean {
  if (next === null || next.number === 1) return attempt.kind !== 'checking';
  return variantOf(attempt)?.number === next.number - 1;
}

/** How many other forms were rejected; another problem says nothing of them. */
function rejectedVariants(attempt: PassphraseStep['attempt'], { code }: Problem): number {
  return code === 'passphrase-rejected' ? (variantOf(attempt)?.number ?? 0) : 0;
}

function variantOf(attempt: PassphraseStep['attempt']): VariantAttempt | null {
  return attempt.kind === 'checking' ? attempt.variant : null;
}

/** Who had chosen before goes on where it was; everybody else chooses now. */
function afterUnlocking({ backup, attempt, kept }: PassphraseStep, inventory: Inventory): WizardState {
  const unlocked = { backup, inventory, variant: variantOf(attempt)?.kind ?? null };
  const fresh: Choices = {
    qubes: new Set(),
    mode: 'restore',
    folder: null,
    memory: null,
    acceptPartial: false,
    allowSlow: false,
  };
  const choices = { ...(kept ?? fresh), qubes: restorableOf(inventory, kept?.qubes ?? fresh.qubes) };
  return choices.qubes.size === 0
    ? { step: 'qubes', ...unlocked, choices }
    : { step: 'destination', ...unlocked, choices, survey: { kind: 'none' } };
}
