/** Stops a restore, after asking what shall become of what was already finished. */
import { memo } from 'react';
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { RestoreMode } from '../../shared/backup.ts';
import { Button } from '../components/button.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import { stopOf } from '../state/stop.ts';

interface CancelButtonProps {
  readonly mode: RestoreMode;
  readonly isDisabled: boolean;
}

export const CancelButton = memo(function CancelButton({ mode, isDisabled }: CancelButtonProps) {
  const { say } = useSpeech();
  return (
    <DialogTrigger>
      <Button kind="quiet" isDisabled={isDisabled}>
        {say('progress.cancel')}
      </Button>
      <ModalOverlay className="overlay">
        <Modal className="modal modal-question">
          <Dialog className="dialog" role="alertdialog">
            {({ close }) => <Question mode={mode} close={close} />}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
});

function Question({ mode, close }: Omit<CancelButtonProps, 'isDisabled'> & { readonly close: () => void }) {
  const { say, size } = useSpeech();
  const { controller, store } = useWizard();
  const { finished, keptBytes, discardedBytes } = useStore(
    store,
    useShallow((state) => stopOf(state)),
  );
  const stop = (keep: boolean) => () => {
    close();
    void controller.cancel(keep);
  };
  const why = finished === 0 ? say('progress.cancelWhyNone') : say('progress.cancelWhy', { count: finished });
  const discards = finished === 0 ? 'progress.discards' : 'progress.discardsOthers';
  return (
    <>
      <Heading slot="title">
        {say(mode === 'verify' ? 'progress.cancelHeadingVerify' : 'progress.cancelHeading')}
      </Heading>
      {mode === 'verify' ? (
        <p>{say('progress.cancelVerifyWhy')}</p>
      ) : (
        <p>
          {why} {discardedBytes > 0 && say(discards, { bytes: size(discardedBytes) })}
        </p>
      )}
      <div className="dialog-choices">
        <Button kind="primary" autoFocus onPress={close}>
          {say('progress.goOn')}
        </Button>
        {mode === 'verify' ? (
          <Button onPress={stop(false)}>{say('progress.stopVerifying')}</Button>
        ) : keptBytes === 0 ? (
          <Button onPress={stop(true)}>{say('progress.stop')}</Button>
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
