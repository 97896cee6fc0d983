/** The offer to leave a rescue kit beside a backup, and what became of it. */
import { Check, LifeBuoy } from 'lucide-react';
import { useState } from 'react';
import type { Result } from '../../shared/contract/define.ts';
import type { OpenedBackup, Place } from '../../shared/contract/wizard.ts';
import { visible } from '../../shared/words/formats.ts';
import { useSpeech } from '../i18n/speech.ts';
import { Button } from './button.tsx';
import { Hint, ProblemNote } from './note.tsx';
import { useWizard } from './wizard-context.ts';

export function RescueKit({ backup }: { readonly backup: OpenedBackup }) {
  const { say } = useSpeech();
  const { controller } = useWizard();
  const [answer, setAnswer] = useState<Result<Place> | 'busy' | null>(null);

  async function save(): Promise<void> {
    if (answer === 'busy') return;
    setAnswer('busy');
    setAnswer(await controller.saveRescueKit(backup));
  }

  const settled = answer === 'busy' ? null : answer;
  const isThere = settled !== null && (settled.ok || settled.problem.code === 'kit-exists');
  return (
    <>
      <div className="rescue-kit">
        {isThere ? (
          // The button that had the focus is gone; what came of it is read in its place.
          <div className="rescue-kit-there" tabIndex={-1} ref={(words) => words?.focus()}>
            {settled.ok ? (
              <Hint icon={Check}>
                <p>{say('backup.kitSaved', { path: visible(settled.value.path) })}</p>
              </Hint>
            ) : (
              <ProblemNote problem={settled.problem} />
            )}
          </div>
        ) : (
          <>
            <Button icon={LifeBuoy} isBusy={answer === 'busy'} onPress={() => void save()}>
              {say('backup.saveKit')}
            </Button>
            <p className="fine">{say('backup.kitWhy')}</p>
          </>
        )}
      </div>
      {settled?.ok === false && !isThere && <ProblemNote problem={settled.problem} urgent />}
    </>
  );
}
