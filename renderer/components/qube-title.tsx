/** The name of a qube with its label, or of dom0's home with a folder. */
import { Folder } from 'lucide-react';
import { visible } from '../../shared/words/formats.ts';
import { useSpeech } from '../i18n/speech.ts';
import { isDom0 } from '../state/qubes.ts';
import { LabelName, LabelSwatch } from './label-swatch.tsx';

interface QubeTitleProps {
  readonly name: string;
  /** Unknown where the list of qubes says nothing of it. */
  readonly label: string | undefined;
}

export function QubeTitle({ name, label }: QubeTitleProps) {
  const { say } = useSpeech();
  if (isDom0({ name })) {
    return (
      <span className="qube-title">
        <Folder className="icon qube-folder" aria-hidden />
        <span className="qube-name">{say('qubes.dom0')}</span>
      </span>
    );
  }
  return (
    <span className="qube-title">
      {label !== undefined && <LabelSwatch label={label} />}
      <span className="qube-name">{visible(name)}</span>
      {label !== undefined && <LabelName label={label} />}
    </span>
  );
}
