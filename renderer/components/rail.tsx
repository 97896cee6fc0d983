/** The rail beside every step: where one is, what was chosen on the way, help and language. */
import { Check } from 'lucide-react';
import { memo } from 'react';
import iconUrl from '../../assets/icons/lifeboat.svg';
import { visible } from '../../shared/words/formats.ts';
import { useSpeech, type Speech } from '../i18n/speech.ts';
import type { WordKey } from '../i18n/words.ts';
import { steps, type Choices, type ChosenBackup, type Step } from '../state/wizard.ts';
import { HelpButton } from './help.tsx';
import { LanguagePicker } from './language-picker.tsx';
import { ThemePicker } from './theme-picker.tsx';

interface RailProps {
  readonly step: Step;
  readonly backup: ChosenBackup | null;
  /** Null before there is anything to choose from. */
  readonly choices: Choices | null;
}

/** Drawn again only when one of these changes, and not with every word of a running restore. */
export const Rail = memo(function Rail({ step, backup, choices }: RailProps) {
  const { say } = useSpeech();
  const current = steps.indexOf(step);
  return (
    <aside className="rail">
      <div className="rail-brand">
        <img src={iconUrl} alt="" width={28} height={28} />
        <span>{say('program.name')}</span>
      </div>
      <p className="rail-short">
        {say('program.stepOf', { number: current + 1, count: steps.length })}
        <span> · {say(stepWord(step, choices))}</span>
      </p>
      <nav aria-label={say('program.steps')}>
        <ol className="rail-steps">
          {steps.map((each, index) => (
            <li
              key={each}
              className={index < current ? 'is-done' : index === current ? 'is-current' : 'is-ahead'}
              aria-current={index === current ? 'step' : undefined}
            >
              <span className="rail-mark" aria-hidden>
                {index < current ? <Check className="icon" /> : index + 1}
              </span>
              <span className="rail-words">
                <span className="rail-name">{say(stepWord(each, choices))}</span>
                {index < current && <span className="visually-hidden">({say('program.done')})</span>}
                <Chosen step={each} backup={backup} choices={index < current ? choices : null} />
              </span>
            </li>
          ))}
        </ol>
      </nav>
      <RailFoot step={step} />
    </aside>
  );
});

/** Drawn again with a new step only, and not with every choice. */
const RailFoot = memo(function RailFoot({ step }: Pick<RailProps, 'step'>) {
  return (
    <div className="rail-foot">
      <HelpButton step={step} />
      <LanguagePicker />
      <ThemePicker />
    </div>
  );
});

function stepWord(step: Step, choices: Choices | null): WordKey {
  return step === 'progress' && choices?.mode === 'verify' ? 'step.progressVerify' : `step.${step}`;
}

/** What was decided at a step that lies behind. */
function Chosen({ step, backup, choices }: RailProps) {
  const { say } = useSpeech();
  const text = chosenAt(step, backup, choices, say);
  return text && <span className="rail-chosen">{visible(text)}</span>;
}

function chosenAt(
  step: Step,
  backup: ChosenBackup | null,
  choices: Choices | null,
  say: Speech['say'],
): string | null {
  if (step === 'backup') return backup?.summary.fileName ?? null;
  if (step === 'qubes' && choices) return say('qubes.chosenShort', { count: choices.qubes.size });
  if (step === 'destination' && choices?.mode === 'restore') return choices.folder?.path ?? null;
  return null;
}
