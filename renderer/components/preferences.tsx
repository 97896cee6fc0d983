/** What a person set up of the wizard itself, where all its parts find it; changes are seen at once and remembered. */
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import type { Preferences } from '../../shared/contract/wizard.ts';
import { useSpeech } from '../i18n/speech.ts';
import { useWizard } from './wizard-context.ts';

interface PreferencesAccess {
  readonly preferences: Preferences;
  readonly change: (changed: Partial<Preferences>) => void;
}

const PreferencesContext = createContext<PreferencesAccess | null>(null);

export function PreferencesProvider({
  initial,
  children,
}: {
  readonly initial: Preferences;
  readonly children: ReactNode;
}) {
  const { controller } = useWizard();
  const { speakIn } = useSpeech();
  const [preferences, setPreferences] = useState(initial);

  useEffect(() => showTheme(preferences.theme), [preferences.theme]);

  function change(changed: Partial<Preferences>): void {
    const next = { ...preferences, ...changed };
    if (changed.language) speakIn(changed.language);
    setPreferences(next);
    void controller.savePreferences(next);
  }

  return <PreferencesContext value={{ preferences, change }}>{children}</PreferencesContext>;
}

/** Puts a theme on the page, in place of the system's. */
export function showTheme(theme: Preferences['theme']): void {
  document.documentElement.dataset['theme'] = theme;
}

export function usePreferences(): PreferencesAccess {
  const access = useContext(PreferencesContext);
  if (!access) throw new Error('usePreferences outside of its provider');
  return access;
}
