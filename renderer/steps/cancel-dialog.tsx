/** Asks before a restore is stopped, and what shall become of what was already finished. */
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import type { RestoreMode } from '../../shared/backup.ts';
import { Button } from '../components/button.tsx';
import { useSpeech } from '../i18n/speech.ts';

interface CancelDialogProps {
  readonly isOpen: boolean;
  readonly mode: RestoreMode;
  /** How many qubes are finished. */
  readonly finished: number;
  readonly onClose: () => void;
  readonly onCancel: (keep: boolean) => void;
}

export function CancelDialog({ isOpen, mode, finished, onClose, onCancel }: CancelDialogProps) {
  const { say } = useSpeech();
  const stop = (keep: boolean) => () => {
    onClose();
    onCancel(keep);
  };
  const why =
    mode === 'verify'
      ? say('progress.cancelVerifyWhy')
      : finished === 0
        ? say('progress.cancelWhyNone')
        : say('progress.cancelWhy', { count: finished });
  return (
    <ModalOverlay
      className="overlay"
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className="modal modal-question">
        <Dialog className="dialog" role="alertdialog">
          <Heading slot="title">
            {say(mode === 'verify' ? 'progress.cancelHeadingVerify' : 'progress.cancelHeading')}
          </Heading>
          <p>{why}</p>
          <div className="dialog-choices">
            <Button kind="primary" autoFocus onPress={onClose}>
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
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
