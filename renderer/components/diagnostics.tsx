/** Diagnostics to pass on when something does not work: shown in full before anything is copied. */
import { Check, Copy, Stethoscope, X } from 'lucide-react';
import { useState } from 'react';
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useSpeech } from '../i18n/speech.ts';
import { Button, IconButton } from './button.tsx';
import { copyText } from './copy-text.ts';
import { useWizard } from './wizard-context.ts';

export function DiagnosticsButton() {
  const { say } = useSpeech();
  const { controller } = useWizard();
  const [text, setText] = useState<string | null>(null);

  async function read(): Promise<void> {
    const answer = await controller.diagnostics();
    setText(answer.ok ? answer.value : `${answer.problem.code}\n`);
  }

  return (
    <DialogTrigger
      onOpenChange={(open) => {
        setText(null);
        if (open) void read();
      }}
    >
      <Button icon={Stethoscope}>{say('diagnostics.show')}</Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal modal-diagnostics">
          <Dialog className="dialog">
            {({ close }) => (
              <>
                <div className="dialog-header">
                  <Heading slot="title">{say('diagnostics.heading')}</Heading>
                  <IconButton label={say('program.close')} icon={X} onPress={close} />
                </div>
                <p>{say('diagnostics.why')}</p>
                {/* Scrolls by itself when long, so the keyboard must be able to reach it. */}
                <pre className="diagnostics" tabIndex={0} aria-label={say('diagnostics.heading')}>
                  {text ?? <span className="skeleton" />}
                </pre>
                <CopyBar text={text} />
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

function CopyBar({ text }: { readonly text: string | null }) {
  const { say } = useSpeech();
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <div className="dialog-bar">
      <p role="status" className="fine">
        {copied !== null && say(copied ? 'diagnostics.copied' : 'diagnostics.notCopied')}
      </p>
      <Button
        kind="primary"
        icon={copied ? Check : Copy}
        isDisabled={text === null}
        onPress={() => {
          if (text !== null) void copyText(text).then(setCopied);
        }}
      >
        {say('diagnostics.copy')}
      </Button>
    </div>
  );
}
