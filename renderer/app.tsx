/** The wizard as a whole: the rail of steps beside the one step that the state is in. */
import { useEffect, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import { useStore } from 'zustand';
import type { Preferences } from '../shared/contract/wizard.ts';
import { Announcer } from './components/announcer.tsx';
import { Goodbye } from './components/last-words.tsx';
import { PreferencesProvider } from './components/preferences.tsx';
import { Rail } from './components/rail.tsx';
import { WizardContext, type Wizard } from './components/wizard-context.ts';
import { useSpeech } from './i18n/speech.ts';
import { BackupScreen } from './steps/backup-screen.tsx';
import { BrowseScreen } from './steps/browse-screen.tsx';
import { DestinationScreen } from './steps/destination-screen.tsx';
import { PassphraseScreen } from './steps/passphrase-screen.tsx';
import { ProgressScreen } from './steps/progress-screen.tsx';
import { QubesScreen } from './steps/qubes-screen.tsx';
import { ResultsScreen } from './steps/results-screen.tsx';
import type { WizardState } from './state/wizard.ts';

export function App({ wizard, preferences }: { readonly wizard: Wizard; readonly preferences: Preferences }) {
  const { language } = useSpeech();
  const state = useStore(wizard.store);
  const browse = useStore(wizard.browsing.store);
  const [ended, setEnded] = useState(false);

  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);

  if (ended) return <Goodbye />;
  return (
    <WizardContext value={wizard}>
      <I18nProvider locale={language}>
        <PreferencesProvider initial={preferences}>
          <Announcer>
            {browse.kind === 'closed' ? (
              <div className="frame">
                <Rail state={state} />
                <main className="main">
                  <Screen state={state} onQuit={() => setEnded(true)} />
                </main>
              </div>
            ) : (
              // Files need the room, and are no step on the way.
              <main className="main main-alone">
                <BrowseScreen state={browse} />
              </main>
            )}
          </Announcer>
        </PreferencesProvider>
      </I18nProvider>
    </WizardContext>
  );
}

function Screen({ state, onQuit }: { readonly state: WizardState; readonly onQuit: () => void }) {
  switch (state.step) {
    case 'backup':
      return <BackupScreen state={state} />;
    case 'passphrase':
      return <PassphraseScreen state={state} />;
    case 'qubes':
      return <QubesScreen state={state} />;
    case 'destination':
      return <DestinationScreen state={state} />;
    case 'progress':
      return <ProgressScreen state={state} />;
    case 'results':
      return <ResultsScreen state={state} onQuit={onQuit} />;
  }
}
