/** The colour of a qube's label: a bordered swatch, and its name, which always goes along with it. */
import { visible } from '../../shared/words/formats.ts';
import { labelColourOf, labelNameOf } from '../../shared/words/label-words.ts';
import { useSpeech } from '../i18n/speech.ts';

export function LabelSwatch({ label }: { readonly label: string }) {
  return <span className={`swatch swatch-${labelColourOf(label) ?? 'other'}`} aria-hidden />;
}

export function LabelName({ label }: { readonly label: string }) {
  const { language } = useSpeech();
  return <span className="label-name">{visible(labelNameOf(label, language))}</span>;
}
