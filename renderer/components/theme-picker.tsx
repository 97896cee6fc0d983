/** Switches between light and dark, or follows the system. */
import { SunMoon } from 'lucide-react';
import { themes } from '../../shared/contract/wizard.ts';
import { useSpeech } from '../i18n/speech.ts';
import { Picker } from './picker.tsx';
import { usePreferences } from './preferences.tsx';

export function ThemePicker() {
  const { say } = useSpeech();
  const { preferences, change } = usePreferences();
  return (
    <Picker
      label={say('program.theme')}
      icon={SunMoon}
      options={themes.map((id) => ({ id, name: say(`theme.${id}`) }))}
      value={preferences.theme}
      onChange={(theme) => change({ theme })}
    />
  );
}
