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

export const outcomeIcons: Readonly<Record<ToldOutcome, LucideIcon>> = {
  restored: CircleCheck,
  verified: ShieldCheck,
  partial: TriangleAlert,
  failed: CircleX,
  occupied: CircleSlash,
  unfinished: CircleDashed,
};

export function OutcomeMark({ outcome }: { readonly outcome: ToldOutcome }) {
  const { say } = useSpeech();
  const Icon = outcomeIcons[outcome];
  return (
    <span className={`outcome outcome-${outcome}`}>
      <Icon className="icon" aria-hidden />
      {say(`outcome.${outcome}`)}
    </span>
  );
}
