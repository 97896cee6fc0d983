/** What can be done with a disk image that is there: look into it, and mount it where that is possible. */
import { FolderSearch, HardDrive } from 'lucide-react';
import { useStore } from 'zustand';
import type { ImageSource } from '../../shared/contract/image-calls.ts';
import { Button, IconButton } from '../components/button.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import { keyOf } from '../state/mounts.ts';

/** The image that a qube's files are looked for in. */
export function QubeImageActions({ source, qube }: { readonly source: ImageSource; readonly qube: string }) {
  const { say } = useSpeech();
  const { program, browsing, mounting } = useWizard();
  const { mounts } = useStore(mounting.store);
  return (
    <>
      <Button
        icon={FolderSearch}
        aria-label={say('results.browseOf', { qube })}
        onPress={() => void browsing.controller.open(source)}
      >
        {say('results.browse')}
      </Button>
      {program.platform === 'linux' && (
        <IconButton
          label={say('mount.buttonOf', { qube })}
          icon={HardDrive}
          isDisabled={mounts.has(keyOf(source))}
          onPress={() => void mounting.controller.ask(source, null)}
        />
      )}
    </>
  );
}

/** One of several images of a qube. */
export function BrowseFileButton({ source, file }: { readonly source: ImageSource; readonly file: string }) {
  const { say } = useSpeech();
  const { browsing } = useWizard();
  return (
    <IconButton
      label={say('results.browseFile', { file })}
      icon={FolderSearch}
      onPress={() => void browsing.controller.open(source)}
    />
  );
}
