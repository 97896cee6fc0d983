/** Switches the language of the wizard; each language is listed by its own name. */
import { Languages } from 'lucide-react';
import { languages } from '../../shared/words/languages.ts';
import { languageNames, useSpeech } from '../i18n/speech.ts';
import { Picker } from './picker.tsx';
import { usePreferences } from './preferences.tsx';

const options = languages.map((id) => ({ id, name: languageNames[id] }));

export function LanguagePicker() {
  const { language, say } = useSpeech();
  const { change } = usePreferences();
  return (
    <Picker
      label={say('program.language')}
      icon={Languages}
      options={options}
      value={language}
      onChange={(chosen) => change({ language: chosen })}
    />
  );
}
