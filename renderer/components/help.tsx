/** Offline help: questions and answers for each step, in a dialog. */
import { ChevronRight, CircleQuestionMark, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import {
  Button as AriaButton,
  Dialog,
  DialogTrigger,
  Disclosure,
  DisclosurePanel,
  Heading,
  Modal,
  ModalOverlay,
} from 'react-aria-components';
import { useSpeech } from '../i18n/speech.ts';
import type { Step } from '../state/wizard.ts';
import { Button, IconButton } from './button.tsx';
import { DiagnosticsButton } from './diagnostics.tsx';
import { useWizard } from './wizard-context.ts';

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
                  {([1, 2, 3, 4, 5] as const).map((number) => (
                    <div key={number}>
                      <dt>{say(`help.${step}.q${number}`)}</dt>
                      <dd>{say(`help.${step}.a${number}`)}</dd>
                    </div>
                  ))}
                </dl>
                <ByHand />
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

/** The way out when Lifeboat itself is of no help: what anybody can do in a terminal. */
function ByHand() {
  const { say, language } = useSpeech();
  const { controller } = useWizard();
  const [text, setText] = useState('');

  useEffect(() => {
    let shown = true;
    void controller.byHand(language).then((answer) => {
      if (shown && answer.ok) setText(answer.value);
    });
    return () => {
      shown = false;
    };
  }, [controller, language]);

  return (
    <Disclosure className="disclosure">
      <Heading className="disclosure-heading" level={3}>
        <AriaButton slot="trigger" className="button button-quiet disclosure-trigger">
          <ChevronRight className="icon icon-small disclosure-mark" aria-hidden />
          {say('program.byHand')}
        </AriaButton>
      </Heading>
      <DisclosurePanel className="disclosure-panel by-hand">
        <p className="fine">{say('program.byHandWhy')}</p>
        {/* Wide commands scroll by themselves, so the keyboard must be able to reach them. */}
        <pre className="diagnostics" tabIndex={0} aria-label={say('program.byHand')}>
          {text}
        </pre>
      </DisclosurePanel>
    </Disclosure>
  );
}
