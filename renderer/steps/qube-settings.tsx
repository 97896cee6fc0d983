/** Notes and firewall rules of a restored qube, which people need to set it up again. */
import { useEffect, useState } from 'react';
import type { QubeSettings } from '../../shared/backup.ts';
import { firewallRuleText } from '../../shared/words/firewall-words.ts';
import { visibleLines } from '../../shared/words/formats.ts';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';

/** Asks for them once shown; nothing appears where there are none. */
export function QubeSettingsPanel({ qube }: { readonly qube: string }) {
  const { say, language } = useSpeech();
  const { controller } = useWizard();
  const [settings, setSettings] = useState<QubeSettings | null>(null);

  useEffect(() => {
    let shown = true;
    void controller.settingsOf(qube).then((answer) => {
      if (shown && answer.ok) setSettings(answer.value);
    });
    return () => {
      shown = false;
    };
  }, [controller, qube]);

  if (!settings) return null;
  return (
    <>
      {settings.notes !== null && (
        <section className="setting">
          <h3 className="label">{say('results.notes')}</h3>
          <p className="setting-notes">{visibleLines(settings.notes)}</p>
        </section>
      )}
      {settings.firewall !== null && (
        <section className="setting">
          <h3 className="label">{say('results.firewall')}</h3>
          <ol className="setting-rules">
            {settings.firewall.map((rule, index) => (
              <li key={index}>{firewallRuleText(rule, language)}</li>
            ))}
          </ol>
        </section>
      )}
    </>
  );
}
