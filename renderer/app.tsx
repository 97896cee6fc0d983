/** The wizard as a whole: the rail of steps beside the one step that the state is in. */
import { useEffect, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import { useStore } from 'zustand';
import type { Preferences } from '../shared/contract/wizard.ts';
import { Announcer } from './components/announcer.tsx';
import { AtWork } from './components/at-work.tsx';
import { Goodbye } from './components/last-words.tsx';
import { PreferencesProvider } from './components/preferences.tsx';
import { Rail } from './components/rail.tsx';
import { useWizard, WizardContext, type Wizard } from './components/wizard-context.ts';
import { useSpeech } from './i18n/speech.ts';
import { BackupScreen } from './steps/backup-screen.tsx';
import { BrowseScreen } from './steps/browse-screen.tsx';
import { DestinationScreen } from './steps/destination-screen.tsx';
import { PassphraseScreen } from './steps/passphrase-screen.tsx';
import { ProgressScreen } from './steps/progress-screen.tsx';
import { QubesScreen } from './steps/qubes-screen.tsx';
import { ResultsScreen } from './steps/results-screen.tsx';
import { openBackupOf, type WizardState } from './state/wizard.ts';

export function App({ wizard, preferences }: { readonly wizard: Wizard; readonly preferences: Preferences }) {
  const { language } = useSpeech();
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
            <AtWork />
            <Frame onQuit={() => setEnded(true)} />
          </Announcer>
        </PreferencesProvider>
      </I18nProvider>
    </WizardContext>
  );
}

function Frame({ onQuit }: { readonly onQuit: () => void }) {
  const wizard = useWizard();
  const state = useStore(wizard.store);
  const browse = useStore(wizard.browsing.store);
  // Files need the room, and are no step on the way.
  if (browse.kind !== 'closed') {
    return (
      <main className="main main-alone">
        <BrowseScreen state={browse} />
      </main>
    );
  }
  return (
    <div className="frame">
      <Rail
        step={state.step}
        backup={openBackupOf(state)}
        choices={'choices' in state ? state.choices : null}
      />
      <main className="main">
        <Screen state={state} onQuit={onQuit} />
      </main>
    </div>
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
