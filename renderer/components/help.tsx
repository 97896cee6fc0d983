/** Offline help: questions and answers for each step, in a dialog. */
import { CircleQuestionMark, X } from 'lucide-react';
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useSpeech } from '../i18n/speech.ts';
import type { Step } from '../state/wizard.ts';
import { Button, IconButton } from './button.tsx';
import { DiagnosticsButton } from './diagnostics.tsx';

export function HelpButton({ step }: { readonly step: Step }) {
  const { say } = useSpeech();
  return (
    <DialogTrigger>
      <Button kind="quiet" icon={CircleQuestionMark}>
        {say('program.help')}
      </Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal modal-side">
          <Dialog className="dialog">
            {({ close }) => (
              <>
                <div className="dialog-header">
                  <Heading slot="title">{say('program.helpWith', { step: say(`step.${step}`) })}</Heading>
                  <IconButton label={say('program.close')} icon={X} onPress={close} />
                </div>
                <dl className="help">
                  {([1, 2, 3] as const).map((number) => (
                    <div key={number}>
                      <dt>{say(`help.${step}.q${number}`)}</dt>
                      <dd>{say(`help.${step}.a${number}`)}</dd>
                    </div>
                  ))}
                </dl>
                <div className="dialog-bar">
                  <DiagnosticsButton />
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
