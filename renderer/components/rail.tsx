/** The rail beside every step: where one is, what was chosen on the way, help and language. */
import { Check } from 'lucide-react';
import iconUrl from '../../assets/icons/lifeboat.svg';
import { visible } from '../../shared/words/formats.ts';
import { useSpeech } from '../i18n/speech.ts';
import type { WordKey } from '../i18n/words.ts';
import { openBackupOf, steps, type Step, type WizardState } from '../state/wizard.ts';
import { HelpButton } from './help.tsx';
import { LanguagePicker } from './language-picker.tsx';
import { ThemePicker } from './theme-picker.tsx';

export function Rail({ state }: { readonly state: WizardState }) {
  const { say } = useSpeech();
  const current = steps.indexOf(state.step);
  return (
    <aside className="rail">
      <div className="rail-brand">
        <img src={iconUrl} alt="" width={28} height={28} />
        <span>{say('program.name')}</span>
      </div>
      <p className="rail-short">
        {say('program.stepOf', { number: current + 1, count: steps.length })}
        <span> · {say(stepWord(state.step, state))}</span>
      </p>
      <nav aria-label={say('program.steps')}>
        <ol className="rail-steps">
          {steps.map((step, index) => (
            <li
              key={step}
              className={index < current ? 'is-done' : index === current ? 'is-current' : 'is-ahead'}
              aria-current={index === current ? 'step' : undefined}
            >
              <span className="rail-mark" aria-hidden>
                {index < current ? <Check className="icon" /> : index + 1}
              </span>
              <span className="rail-words">
                <span className="rail-name">{say(stepWord(step, state))}</span>
                {index < current && <span className="visually-hidden">({say('program.done')})</span>}
                <Chosen step={step} state={state} />
              </span>
            </li>
          ))}
        </ol>
      </nav>
      <div className="rail-foot">
        <HelpButton step={state.step} />
        <LanguagePicker />
        <ThemePicker />
      </div>
    </aside>
  );
}

function stepWord(step: Step, state: WizardState): WordKey {
  const verifying = 'choices' in state && state.choices.mode === 'verify';
  return step === 'progress' && verifying ? 'step.progressVerify' : `step.${step}`;
}

/** What was decided at a step that lies behind. */
function Chosen({ step, state }: { readonly step: Step; readonly state: WizardState }) {
  const text = useChosen(step, state);
  return text && <span className="rail-chosen">{visible(text)}</span>;
}

function useChosen(step: Step, state: WizardState): string | null {
  const { say } = useSpeech();
  if (step === 'backup') return openBackupOf(state)?.summary.fileName ?? null;
  if (!('choices' in state) || steps.indexOf(step) >= steps.indexOf(state.step)) return null;
  if (step === 'qubes') return say('qubes.chosenShort', { count: state.choices.qubes.size });
  if (step === 'destination')
    return state.choices.mode === 'restore' ? (state.choices.folder?.path ?? null) : null;
  return null;
}
