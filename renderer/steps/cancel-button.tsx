/** Stops a restore, after asking what shall become of what was already finished. */
import { memo } from 'react';
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import type { RestoreMode } from '../../shared/backup.ts';
import { Button } from '../components/button.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';

interface CancelButtonProps {
  readonly mode: RestoreMode;
  /** How many qubes are finished. */
  readonly finished: number;
  readonly isDisabled: boolean;
}

export const CancelButton = memo(function CancelButton({ mode, finished, isDisabled }: CancelButtonProps) {
  const { say } = useSpeech();
  return (
    <DialogTrigger>
      <Button kind="quiet" isDisabled={isDisabled}>
        {say('progress.cancel')}
      </Button>
      <ModalOverlay className="overlay">
        <Modal className="modal modal-question">
          <Dialog className="dialog" role="alertdialog">
            {({ close }) => <Question mode={mode} finished={finished} close={close} />}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
});

function Question({
  mode,
  finished,
  close,
}: Omit<CancelButtonProps, 'isDisabled'> & { readonly close: () => void }) {
  const { say } = useSpeech();
  const { controller } = useWizard();
  const stop = (keep: boolean) => () => {
    close();
    void controller.cancel(keep);
  };
  const why =
    mode === 'verify'
      ? say('progress.cancelVerifyWhy')
      : finished === 0
        ? say('progress.cancelWhyNone')
        : say('progress.cancelWhy', { count: finished });
  return (
    <>
      <Heading slot="title">
        {say(mode === 'verify' ? 'progress.cancelHeadingVerify' : 'progress.cancelHeading')}
      </Heading>
      <p>{why}</p>
      <div className="dialog-choices">
        <Button kind="primary" autoFocus onPress={close}>
          {say('progress.goOn')}
        </Button>
        {mode === 'verify' ? (
          <Button onPress={stop(false)}>{say('progress.stop')}</Button>
        ) : (
          <>
            <Button onPress={stop(true)}>{say('progress.keep')}</Button>
            <Button onPress={stop(false)}>{say('progress.delete')}</Button>
          </>
        )}
      </div>
    </>
  );
}
