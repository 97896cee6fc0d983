/** Lets everything in it speak one language, and change it for all at once. */
import { useMemo, useState, type ReactNode } from 'react';
import type { Language } from '../../shared/words/languages.ts';
import { SpeechContext, speechIn } from './speech.ts';

export function SpeechProvider({
  initial,
  children,
}: {
  readonly initial: Language;
  readonly children: ReactNode;
}) {
  const [language, speakIn] = useState(initial);
  const speech = useMemo(() => speechIn(language, speakIn), [language]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}
