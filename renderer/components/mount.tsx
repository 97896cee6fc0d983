/** Mounting in the wizard: the question before it, with its warning, and the line that says where an image is. */
import { FolderOpen, HardDrive, Unplug } from 'lucide-react';
import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useStore } from 'zustand';
import type { ImageSource, JournalChoice } from '../../shared/contract/image-calls.ts';
import { problem } from '../../shared/problems.ts';
import { visible } from '../../shared/words/formats.ts';
import { useSpeech } from '../i18n/speech.ts';
import { keyOf, type Mount, type MountDialog } from '../state/mounts.ts';
import { Button } from './button.tsx';
import { Choices } from './choices.tsx';
import { ProblemNote, ProblemNotes } from './note.tsx';
import { Bar } from './progress-bar.tsx';
import { useWizard } from './wizard-context.ts';

type Open = Exclude<MountDialog, { readonly kind: 'none' }>;

/** The question before an image is mounted, and what becomes of it. `onBrowse` leads to a way without mounting. */
export function MountQuestion({ onBrowse }: { readonly onBrowse: ((source: ImageSource) => void) | null }) {
  const { mounting } = useWizard();
  const { dialog } = useStore(mounting.store);
  const leave = () => void mounting.controller.leave();
  return (
    <ModalOverlay
      className="overlay"
      isOpen={dialog.kind !== 'none'}
      onOpenChange={(isOpen) => {
        if (!isOpen) leave();
      }}
    >
      <Modal className="modal modal-side">
        <Dialog className="dialog" role="alertdialog">
          {dialog.kind !== 'none' && <Question dialog={dialog} onBrowse={onBrowse} onLeave={leave} />}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Question({
  dialog,
  onBrowse,
  onLeave,
}: {
  readonly dialog: Open;
  readonly onBrowse: ((source: ImageSource) => void) | null;
  readonly onLeave: () => void;
}) {
  const { say, size } = useSpeech();
  const { mounting } = useWizard();
  const browse = (source: ImageSource) => {
    onLeave();
    onBrowse?.(source);
  };
  switch (dialog.kind) {
    case 'reading':
      return (
        <Parts heading={say('mount.reading')} actions={<Leave onPress={onLeave} />}>
          <Bar label={say('mount.reading')} percent={null} valueText={say('mount.reading')} />
        </Parts>
      );
    case 'asking': {
      const volume = dialog.image.image.volumes[dialog.volume];
      return (
        <Parts
          heading={say('mount.heading', { name: dialog.image.name })}
          actions={
            <>
              {onBrowse && (
                <Button onPress={() => browse(dialog.source)}>{say('mount.browseInstead')}</Button>
              )}
              <Leave onPress={onLeave} />
              <Button
                kind="primary"
                icon={HardDrive}
                autoFocus
                onPress={() => void mounting.controller.mount()}
              >
                {say('mount.mount')}
              </Button>
            </>
          }
        >
          <p>{say('mount.what')}</p>
          <ProblemNote problem={problem('mount-untrusted')} />
          {volume?.needsRecovery && (
            <Choices
              label={say('mount.journal')}
              value={dialog.journal}
              onChange={(choice: JournalChoice) => mounting.controller.chooseJournal(choice)}
              options={[
                {
                  id: 'recovered-copy',
                  name: say('mount.copy'),
                  why: say('mount.copyWhy', { size: size(volume.size) }),
                },
                { id: 'leave', name: say('mount.leaveJournal'), why: say('mount.leaveJournalWhy') },
              ]}
            />
          )}
        </Parts>
      );
    }
    case 'mounting': {
      const { copied } = dialog;
      const percent = copied && copied.total > 0 ? Math.floor((copied.done / copied.total) * 100) : null;
      const valueText = copied
        ? say('mount.copying', { done: size(copied.done), total: size(copied.total) })
        : say('mount.mountingWhy');
      return (
        <Parts heading={say('mount.mounting')} actions={<Leave onPress={onLeave} />}>
          <Bar label={say('mount.mounting')} percent={percent} valueText={valueText} />
          <p className="fine">{valueText}</p>
        </Parts>
      );
    }
    case 'trouble':
      return (
        <Parts
          heading={say('mount.trouble')}
          actions={
            <Button kind="primary" autoFocus onPress={onLeave}>
              {say('program.close')}
            </Button>
          }
        >
          <ProblemNote problem={dialog.problem} urgent />
        </Parts>
      );
  }
}

function Parts({
  heading,
  children,
  actions,
}: {
  readonly heading: string;
  readonly children: ReactNode;
  readonly actions: ReactNode;
}) {
  return (
    <>
      <Heading slot="title">{heading}</Heading>
      {children}
      <div className="dialog-bar dialog-bar-end">{actions}</div>
    </>
  );
}

function Leave({ onPress }: { readonly onPress: () => void }) {
  const { say } = useSpeech();
  return <Button onPress={onPress}>{say('program.cancel')}</Button>;
}

/** Where an image is mounted, or nothing. */
export function MountLine({ source }: { readonly source: ImageSource }) {
  const { mounting } = useWizard();
  const { mounts } = useStore(mounting.store);
  const key = keyOf(source);
  const mount = mounts.get(key);
  return mount ? <MountedAt id={key} mount={mount} /> : null;
}

/** All that is mounted, for where no image is in sight. */
export function MountLines() {
  const { mounting } = useWizard();
  const { mounts } = useStore(mounting.store);
  return [...mounts].map(([key, mount]) => <MountedAt key={key} id={key} mount={mount} name={mount.name} />);
}

function MountedAt({
  id,
  mount,
  name,
}: {
  /** Its key among the mounts. */
  readonly id: string;
  readonly mount: Mount;
  readonly name?: string;
}) {
  const { say } = useSpeech();
  const { mounting } = useWizard();
  const { mountPoint, journal, problems } = mount.mounted;
  return (
    <div className="mount-line" role="status">
      <p className="mount-words">
        <HardDrive className="icon icon-small" aria-hidden />
        <span>
          {name !== undefined && `${visible(name)}: `}
          {say('mount.mountedAt')} <span className="mono">{visible(mountPoint)}</span>
          {journal === 'replayed' && <span className="fine"> {say('mount.mountedCopy')}</span>}
        </span>
      </p>
      <div className="mount-actions">
        <Button kind="quiet" icon={FolderOpen} onPress={() => void mounting.controller.openFolder(id)}>
          {say('mount.open')}
        </Button>
        <Button
          kind="quiet"
          icon={Unplug}
          isBusy={mount.isEnding}
          onPress={() => void mounting.controller.unmount(id)}
        >
          {say(mount.isEnding ? 'mount.unmounting' : 'mount.unmount')}
        </Button>
      </div>
      {journal === 'not-replayed' && <ProblemNote problem={problem('mount-hides-changes')} />}
      <ProblemNotes problems={problems} />
      {mount.problem && <ProblemNote problem={mount.problem} urgent />}
    </div>
  );
}
