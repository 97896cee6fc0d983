/** How much of the destination's free space a restore would take. */
import { Meter } from 'react-aria-components';
import type { RestorePlan } from '../../shared/backup.ts';
import { useSpeech } from '../i18n/speech.ts';

/** Without a plan it keeps its place, so that nothing jumps when the answer comes. */
export function SpaceMeter({ plan }: { readonly plan: RestorePlan | null }) {
  const { say, size } = useSpeech();
  if (!plan) {
    return (
      <div className="space" aria-hidden>
        <div className="space-words">
          <span className="skeleton" />
        </div>
        <div className="space-track" />
      </div>
    );
  }
  const needed = size(plan.neededBytes);
  if (plan.freeBytes === null)
    return <p className="space-words">{say('destination.spaceUnknown', { needed })}</p>;

  const short = plan.findings.some(({ code }) => code === 'dest-full');
  const tight = !short && plan.neededBytes > plan.freeBytes;
  const free = size(plan.freeBytes);
  const word = short ? 'spaceShort' : tight ? 'spaceTight' : 'spaceNeeded';
  const words = say(`destination.${word}`, { needed, free });
  const percent = plan.freeBytes === 0 ? 100 : Math.min(100, (100 * plan.neededBytes) / plan.freeBytes);
  return (
    <Meter
      className={`space ${short ? 'space-short' : tight ? 'space-tight' : ''}`}
      aria-label={say('destination.space')}
      value={percent}
      valueLabel={words}
    >
      <div className="space-words" aria-live="polite">
        <span>{words}</span>
        {!short && !tight && (
          <span>{say('destination.spaceLeft', { left: size(plan.freeBytes - plan.neededBytes) })}</span>
        )}
      </div>
      <div className="space-track">
        <div className="space-fill" style={{ inlineSize: `${percent}%` }} />
      </div>
    </Meter>
  );
}
