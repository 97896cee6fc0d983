/** An outcome of a qube, as an icon and a word. */
import {
  CircleCheck,
  CircleDashed,
  CircleX,
  ShieldCheck,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import type { Outcome } from '../../shared/backup.ts';
import { useSpeech } from '../i18n/speech.ts';

/** `cancelled` is said of a qube that has no outcome because the restore was stopped. */
export type ShownOutcome = Outcome | 'cancelled';

const icons: Readonly<Record<ShownOutcome, LucideIcon>> = {
  restored: CircleCheck,
  verified: ShieldCheck,
  partial: TriangleAlert,
  failed: CircleX,
  cancelled: CircleDashed,
};

export function OutcomeMark({ outcome }: { readonly outcome: ShownOutcome }) {
  const { say } = useSpeech();
  const Icon = icons[outcome];
  return (
    <span className={`outcome outcome-${outcome}`}>
      <Icon className="icon" aria-hidden />
      {say(`outcome.${outcome}`)}
    </span>
  );
}
