/** A dialog that lists folders for choosing a file or a folder, where the host has no dialogs of its own. */
import { CornerLeftUp, File, Folder, FolderPlus, X } from 'lucide-react';
import { useEffect, useEffectEvent, useRef, useState, type SubmitEvent } from 'react';
import {
  Dialog,
  GridList,
  GridListItem,
  Heading,
  Input,
  Label,
  ListLayout,
  Modal,
  ModalOverlay,
  TextField,
  Virtualizer,
} from 'react-aria-components';
import type { Result } from '../../shared/contract/define.ts';
import type { FolderListing, Place } from '../../shared/contract/wizard.ts';
import type { Problem } from '../../shared/problems.ts';
import { visible } from '../../shared/words/formats.ts';
import { useSpeech } from '../i18n/speech.ts';
import { Button, IconButton } from './button.tsx';
import { ProblemNote } from './note.tsx';
import { RowCheckbox } from './row-checkbox.tsx';
import { useWizard } from './wizard-context.ts';

const titles = {
  backup: 'places.chooseBackup',
  image: 'places.chooseImage',
  folder: 'places.chooseFolder',
} as const;

interface PlaceBrowserProps {
  readonly kind: 'backup' | 'image' | 'folder';
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onChoose: (place: Place) => void;
  /** Where several files may be chosen together. */
  readonly onChooseSeveral?: (places: readonly Place[]) => void;
}

export function PlaceBrowser({ isOpen, onClose, ...props }: PlaceBrowserProps) {
  return (
    <ModalOverlay
      className="overlay"
      isDismissable
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className="modal modal-places">
        <Dialog className="dialog">
          <Places {...props} onClose={onClose} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Places({ kind, onClose, onChoose, onChooseSeveral }: Omit<PlaceBrowserProps, 'isOpen'>) {
  const { say } = useSpeech();
  const { controller } = useWizard();
  const [listing, setListing] = useState<FolderListing | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  // What a person typed stays, also when the first listing arrives only then.
  const [typedPath, setTypedPath] = useState<string | null>(null);
  const [naming, setNaming] = useState(false);
  const [marked, setMarked] = useState<readonly Place[]>([]);

  const path = typedPath ?? listing?.folder.path ?? '';
  const asked = useRef(0);

  function receive(answer: Result<FolderListing>): void {
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) return;
    setListing(answer.value);
    setNaming(false);
    setMarked([]);
  }

  /** Shows a folder; an answer that was overtaken by the next question is dropped. */
  async function show(folderId: string | null): Promise<void> {
    const question = ++asked.current;
    const answer = await controller.places.list(folderId);
    if (question !== asked.current) return;
    setTypedPath(null);
    receive(answer);
  }

  const receiveHome = useEffectEvent(receive);
  useEffect(() => {
    void controller.places.list(null).then(receiveHome);
  }, [controller]);

  function choose(place: Place): void {
    onChoose(place);
    onClose();
  }

  async function go(): Promise<void> {
    const typed = path.trim() === '' ? '/' : path;
    const folder = await controller.places.locate(typed, 'folder');
    if (folder.ok) return show(folder.value.id);
    if (kind === 'folder') {
      setProblem(folder.problem);
      return;
    }
    const file = await controller.places.locate(typed, kind);
    if (file.ok) choose(file.value);
    else setProblem(file.problem);
  }

  /** What the field says counts, also when its folder was not shown yet. */
  async function takeFolder(): Promise<void> {
    if (!listing) return;
    if (typedPath === null || typedPath === listing.folder.path) {
      choose(listing.folder);
      return;
    }
    const folder = await controller.places.locate(typedPath, 'folder');
    if (folder.ok) choose(folder.value);
    else setProblem(folder.problem);
  }

  async function create(name: string): Promise<void> {
    if (!listing) return;
    const folder = await controller.places.createFolder(listing.folder.id, name);
    if (folder.ok) await show(folder.value.id);
    else setProblem(folder.problem);
  }

  return (
    <>
      <div className="dialog-header">
        <Heading slot="title">{say(titles[kind])}</Heading>
        <IconButton label={say('program.close')} icon={X} onPress={onClose} />
      </div>
      <form
        className="places-path"
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault();
          void go();
        }}
      >
        <IconButton
          label={say('places.up')}
          icon={CornerLeftUp}
          isDisabled={!listing?.parent}
          onPress={() => void show(listing?.parent?.id ?? null)}
        />
        <TextField
          className="field field-grow"
          value={path}
          onChange={setTypedPath}
          aria-label={say('places.path')}
        >
          <Input className="input mono" spellCheck="false" autoComplete="off" />
        </TextField>
        <Button type="submit">{say('places.go')}</Button>
      </form>
      {problem && <ProblemNote problem={problem} urgent />}
      {listing ? (
        <Entries
          listing={listing}
          kind={kind}
          onFolder={(id) => void show(id)}
          onFile={(place) => choose(place)}
          marked={marked}
          onMark={onChooseSeveral ? setMarked : null}
        />
      ) : (
        <EntrySkeletons />
      )}
      {listing !== null && listing.omitted > 0 && (
        <p className="fine">{say('places.omitted', { count: listing.omitted })}</p>
      )}
      {onChooseSeveral && marked.length > 0 && (
        <div className="dialog-bar">
          <Button
            kind="primary"
            onPress={() => {
              onChooseSeveral(marked);
              onClose();
            }}
          >
            {say('places.openTogether', { count: marked.length })}
          </Button>
        </div>
      )}
      {kind === 'folder' && (
        <div className="dialog-bar">
          {naming ? (
            <NewFolder onCreate={(name) => void create(name)} onCancel={() => setNaming(false)} />
          ) : (
            <>
              <Button icon={FolderPlus} isDisabled={!listing} onPress={() => setNaming(true)}>
                {say('places.newFolder')}
              </Button>
              <Button kind="primary" isDisabled={!listing} onPress={() => void takeFolder()}>
                {say('places.useFolder')}
              </Button>
            </>
          )}
        </div>
      )}
    </>
  );
}

function Entries({
  listing,
  kind,
  onFolder,
  onFile,
  marked,
  onMark,
}: {
  readonly listing: FolderListing;
  readonly kind: 'backup' | 'image' | 'folder';
  readonly onFolder: (id: string) => void;
  readonly onFile: (place: Place) => void;
  readonly marked: readonly Place[];
  /** Null where one is chosen alone. */
  readonly onMark: ((places: readonly Place[]) => void) | null;
}) {
  const { say, size, locale } = useSpeech();
  const entries = listing.entries.filter((entry) => kind !== 'folder' || entry.kind === 'folder');
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowSize: 40 }}>
      <GridList
        className="places"
        aria-label={say('places.list', { folder: listing.folder.name })}
        items={entries}
        selectionMode={onMark ? 'multiple' : 'none'}
        disabledBehavior="selection"
        disabledKeys={entries.filter((entry) => entry.kind === 'folder').map(({ id }) => id)}
        selectedKeys={marked.map(({ id }) => id)}
        onSelectionChange={(keys) =>
          onMark?.(
            entries
              .filter((entry) => entry.kind === 'file' && (keys === 'all' || keys.has(entry.id)))
              .map(({ id, name, path }) => ({ id, name, path })),
          )
        }
        onAction={(id) => {
          const entry = entries.find((each) => each.id === id);
          if (entry?.kind === 'folder') onFolder(entry.id);
          else if (entry) onFile({ id: entry.id, name: entry.name, path: entry.path });
        }}
        renderEmptyState={() => (
          <p className="places-empty">{say(kind === 'folder' ? 'places.emptyOfFolders' : 'places.empty')}</p>
        )}
      >
        {(entry) => (
          <GridListItem id={entry.id} textValue={visible(entry.name)} className="places-row">
            {onMark && entry.kind === 'file' && <RowCheckbox />}
            {entry.kind === 'folder' ? (
              <Folder className="icon" aria-hidden />
            ) : (
              <File className="icon" aria-hidden />
            )}
            <span className="places-name">
              {visible(entry.name)}
              <span className="visually-hidden">, {say(`places.${entry.kind}`)}</span>
            </span>
            <span className="places-date">{entry.modified === null ? '' : day.format(entry.modified)}</span>
            <span className="places-size">{entry.size === null ? '' : size(entry.size)}</span>
          </GridListItem>
        )}
      </GridList>
    </Virtualizer>
  );
}

function EntrySkeletons() {
  const { say } = useSpeech();
  return (
    <div className="places" role="status" aria-label={say('places.loading')}>
      {Array.from({ length: 6 }, (_, index) => (
        <div className="places-row" key={index} aria-hidden>
          <span className="skeleton skeleton-icon" />
          <span className="skeleton" />
        </div>
      ))}
    </div>
  );
}

function NewFolder({
  onCreate,
  onCancel,
}: {
  readonly onCreate: (name: string) => void;
  readonly onCancel: () => void;
}) {
  const { say } = useSpeech();
  const [name, setName] = useState('');
  return (
    <form
      className="places-new"
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault();
        if (name !== '') onCreate(name);
      }}
    >
      <TextField className="field field-grow" value={name} onChange={setName} maxLength={255} autoFocus>
        <Label className="visually-hidden">{say('places.newFolderName')}</Label>
        <Input className="input" placeholder={say('places.newFolderName')} />
      </TextField>
      <Button onPress={onCancel}>{say('program.cancel')}</Button>
      <Button kind="primary" type="submit" isDisabled={name === ''}>
        {say('places.create')}
      </Button>
    </form>
  );
}
