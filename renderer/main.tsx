/** Starts the wizard in its page: finds the backend, asks what it is, and shows the first step. */
import { createRoot } from 'react-dom/client';
import type { Preferences } from '../shared/contract/wizard.ts';
import { languageFor } from '../shared/words/languages.ts';
import { App } from './app.tsx';
import { NotConnected, PageBoundary } from './components/last-words.tsx';
import { showTheme } from './components/preferences.tsx';
import { connect } from './connection/connect.ts';
import { SpeechProvider } from './i18n/speech-provider.tsx';
import { createBrowseController } from './state/browse-controller.ts';
import { createController } from './state/controller.ts';
import { createMountsController } from './state/mounts-controller.ts';
import { createBrowseStore, createMountsStore, createWizardStore } from './state/store.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/frame.css';
import './styles/steps.css';
import './styles/browse.css';

/** The wizard's element, or the words for a program that is not there. */
async function wizard() {
  try {
    const client = await connect();
    const described = await client.program.describe();
    if (!described.ok) return notConnected();
    const remembered = await client.preferences.read();
    const preferences: Preferences = remembered.ok
      ? remembered.value
      : { theme: 'system', language: null, keepFolders: false };
    showTheme(preferences.theme);
    const store = createWizardStore();
    const controller = createController(client, store);
    void controller.openGiven();
    const browseStore = createBrowseStore();
    const mountsStore = createMountsStore();
    const browsing = { store: browseStore, controller: createBrowseController(client, browseStore) };
    const mounting = { store: mountsStore, controller: createMountsController(client, mountsStore) };
    return (
      <SpeechProvider initial={preferences.language ?? languageFor(described.value.locale)}>
        <PageBoundary>
          <App
            wizard={{ program: described.value, store, controller, browsing, mounting }}
            preferences={preferences}
          />
        </PageBoundary>
      </SpeechProvider>
    );
  } catch {
    return notConnected();
  }
}

function notConnected() {
  return (
    <SpeechProvider initial={languageFor(navigator.language)}>
      <NotConnected />
    </SpeechProvider>
  );
}

const root = document.getElementById('root');
if (root) createRoot(root).render(await wizard());
