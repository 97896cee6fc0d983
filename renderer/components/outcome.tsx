/** An outcome of a qube, as an icon and a word. */
import {
  CircleCheck,
  CircleDashed,
  CircleSlash,
  CircleX,
  ShieldCheck,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import type { ToldOutcome } from '../../shared/told-outcome.ts';
import { useSpeech } from '../i18n/speech.ts';

/** `cancelled` is said of a qube that has no outcome because the restore was stopped. */
export type ShownOutcome = ToldOutcome | 'cancelled';

export const outcomeIcons: Readonly<Record<ShownOutcome, LucideIcon>> = {
  restored: CircleCheck,
  verified: ShieldCheck,
  partial: TriangleAlert,
  failed: CircleX,
  occupied: CircleSlash,
  cancelled: CircleDashed,
};

export function OutcomeMark({ outcome }: { readonly outcome: ShownOutcome }) {
  const { say } = useSpeech();
  const Icon = outcomeIcons[outcome];
  return (
    <span className={`outcome outcome-${outcome}`}>
      <Icon className="icon" aria-hidden />
      {say(`outcome.${outcome}`)}
    </span>
  );
}
