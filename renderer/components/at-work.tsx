/** While something is under way: keeps the computer awake, and asks before the window is closed. */
import { useEffect, useRef, useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useStore } from 'zustand';
import { useSpeech } from '../i18n/speech.ts';
import { copyIn, isPaused, restoreIn } from '../state/work.ts';
import { Button } from './button.tsx';
import { useStayAwake } from './stay-awake.ts';
import { useWizard } from './wizard-context.ts';

export function AtWork() {
  const { say } = useSpeech();
  const { program, store, controller, browsing } = useWizard();
  const restore = useStore(store, restoreIn);
  const copy = useStore(browsing.store, copyIn);
  const paused = useStore(store, isPaused);
  const work = copy ?? restore;
  const [asked, setAsked] = useState(false);
  const isLeaving = useRef(false);
  const isInBrowser = program.host === 'browser';
  // The app keeps awake by itself.
  useStayAwake(isInBrowser && (copy !== null || (restore !== null && !paused)));

  useEffect(() => {
    if (work === null) return;
    const hold = (event: BeforeUnloadEvent) => {
      if (isLeaving.current) return;
      event.preventDefault();
      // A browser asks by itself, in its own words; the app's window just stays.
      if (!isInBrowser) setAsked(true);
    };
    window.addEventListener('beforeunload', hold);
    return () => window.removeEventListener('beforeunload', hold);
  }, [work, isInBrowser]);

  // What ends meanwhile leaves nothing to ask.
  if (work === null && asked) setAsked(false);
  const stay = () => setAsked(false);
  const leave = () => {
    isLeaving.current = true;
    void controller.quit();
  };
  return (
    <ModalOverlay
      className="overlay"
      isOpen={asked && work !== null}
      onOpenChange={(isOpen) => {
        if (!isOpen) stay();
      }}
    >
      <Modal className="modal modal-question">
        {work !== null && (
          <Dialog className="dialog" role="alertdialog">
            <Heading slot="title">{say(`leaving.${work}`)}</Heading>
            <p>{say(`leaving.${work}Why`)}</p>
            <div className="dialog-choices">
              <Button kind="primary" autoFocus onPress={stay}>
                {say(`leaving.${work}On`)}
              </Button>
              <Button onPress={leave}>{say('leaving.close')}</Button>
            </div>
          </Dialog>
        )}
      </Modal>
    </ModalOverlay>
  );
}
