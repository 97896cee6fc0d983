/** A command for a person to copy into a terminal: by its button, or by one click that selects all of it. */
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useSpeech } from '../i18n/speech.ts';
import { Button } from './button.tsx';
import { copyText } from './copy-text.ts';

export function Command({ text }: { readonly text: string }) {
  const { say } = useSpeech();
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <div className="command-line">
      <code className="command mono">{text}</code>
      <Button icon={copied ? Check : Copy} onPress={() => void copyText(text).then(setCopied)}>
        {say('diagnostics.copy')}
      </Button>
      <p role="status" className="fine">
        {copied !== null && say(copied ? 'diagnostics.copied' : 'diagnostics.notCopied')}
      </p>
    </div>
  );
}
