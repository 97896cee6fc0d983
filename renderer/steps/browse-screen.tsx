/** The files of an image: tree, list and preview beside each other, found by browsing or by name, and copied out. */
import { ChevronRight, Copy, HardDrive, HardDriveDownload } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Breadcrumb, Breadcrumbs, Button as AriaButton } from 'react-aria-components';
import { useStore } from 'zustand';
import type { ImageVolume } from '../../shared/image.ts';
import { visible } from '../../shared/words/formats.ts';
import { Button } from '../components/button.tsx';
import { MountLine, MountQuestion } from '../components/mount.tsx';
import { Hint, ProblemNote, ProblemNotes } from '../components/note.tsx';
import { Picker } from '../components/picker.tsx';
import { PlaceBrowser } from '../components/place-browser.tsx';
import { Bar } from '../components/progress-bar.tsx';
import { Screen } from '../components/screen.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech, type Speech } from '../i18n/speech.ts';
import type { BrowseState, OpenState } from '../state/browse.ts';
import { rowsOf, soleSelected, totalSelected } from '../state/browse-entries.ts';
import { lastName, root, wayTo } from '../state/entry-ids.ts';
import { keyOf } from '../state/mounts.ts';
import { BrowseCopy } from './browse-copy.tsx';
import { BrowsePreview } from './browse-preview.tsx';
import { BrowseSearch, SearchState } from './browse-search.tsx';
import { BrowseTable } from './browse-table.tsx';
import { BrowseTree } from './browse-tree.tsx';

export function BrowseScreen({
  state,
}: {
  readonly state: Exclude<BrowseState, { readonly kind: 'closed' }>;
}) {
  const { say } = useSpeech();
  const { browsing } = useWizard();
  const back = () => browsing.controller.close();
  switch (state.kind) {
    case 'opening':
      return (
        <Screen heading={say('browse.opening')} onBack={back}>
          <Bar label={say('browse.opening')} percent={null} valueText={say('browse.openingWhy')} />
        </Screen>
      );
    case 'trouble':
      return (
        <Screen
          heading={say('browse.troubleHeading')}
          onBack={back}
          actions={
            <Button kind="primary" onPress={() => void browsing.controller.open(state.source)}>
              {say('program.tryAgain')}
            </Button>
          }
        >
          <ProblemNote problem={state.problem} urgent />
        </Screen>
      );
    case 'open':
      return <OpenImage state={state} />;
  }
}

function OpenImage({ state }: { readonly state: OpenState }) {
  const { say, size, language } = useSpeech();
  const { program, browsing, mounting } = useWizard();
  const { mounts } = useStore(mounting.store);
  const [choosingFolder, setChoosingFolder] = useState(false);
  const { image, entrance, selected, search, order } = state;
  const folder = state.folders.get(state.at);
  const rows = useMemo(() => rowsOf(folder, search, order, language), [folder, search, order, language]);
  const total = totalSelected(state, rows);
  const volume = image.image.volumes[state.volume];
  const canMount = program.platform === 'linux' && volume?.isReadable && !mounts.has(keyOf(state.source));

  function copyOut(): void {
    if (program.nativeDialogs) void browsing.controller.chooseDestination();
    else setChoosingFolder(true);
  }

  return (
    <Screen
      heading={visible(image.name)}
      title={say('program.title', { step: image.name })}
      onBack={() => browsing.controller.close()}
      summary={
        <span role="status">
          {total.count > 0 &&
            (total.bytes > 0
              ? say('browse.selected', { count: total.count, size: size(total.bytes) })
              : say('browse.selectedFolders', { count: total.count }))}
        </span>
      }
      actions={
        <>
          {canMount && (
            <Button icon={HardDrive} onPress={() => void mounting.controller.ask(state.source, state.volume)}>
              {say('mount.button')}
            </Button>
          )}
          <Button kind="primary" icon={Copy} isDisabled={selected.size === 0} onPress={copyOut}>
            {say('browse.copyOut')}
          </Button>
        </>
      }
    >
      <ProblemNotes problems={image.image.problems} />
      {image.image.volumes.length > 1 && <VolumePicker state={state} />}
      <MountLine source={state.source} />
      {entrance.kind === 'unreadable' && <Unreadable volumes={image.image.volumes} chosen={volume} />}
      {entrance.kind === 'trouble' && <ProblemNote problem={entrance.problem} urgent />}
      {(entrance.kind === 'opening' || entrance.kind === 'entered') && (
        <>
          {entrance.kind === 'entered' && <ProblemNotes problems={entrance.notes} />}
          <div className="browse-bar">
            {search ? <SearchState search={search} /> : <Way state={state} />}
            <BrowseSearch state={state} />
          </div>
          <FolderNotes state={state} />
          <div className="browse">
            <BrowseTree state={state} />
            <BrowseTable
              rows={rows}
              isSearch={search !== null}
              isReading={search ? search.state.kind === 'running' : !folder || folder.kind === 'reading'}
              isTrouble={
                !search &&
                (folder?.kind === 'trouble' ||
                  (folder?.kind === 'read' && folder.listing.problems.length > 0))
              }
              order={order}
              selected={selected}
            />
            <BrowsePreview state={state} sole={soleSelected(state, rows)} />
          </div>
        </>
      )}
      <BrowseCopy copy={state.copy} />
      <MountQuestion onBrowse={null} />
      <PlaceBrowser
        kind="folder"
        isOpen={choosingFolder}
        onClose={() => setChoosingFolder(false)}
        onChoose={(place) => void browsing.controller.planCopy(place)}
      />
    </Screen>
  );
}

function volumeName({ say, size }: Speech, volume: ImageVolume): string {
  const what = say(`volume.${volume.kind}`);
  const label = volume.label === null ? '' : ` “${visible(volume.label)}”`;
  return say('browse.partition', {
    number: volume.partition ?? 1,
    what: `${what}${label}`,
    size: size(volume.size),
  });
}

function VolumePicker({ state }: { readonly state: OpenState }) {
  const speech = useSpeech();
  const { browsing } = useWizard();
  const options = state.image.image.volumes.map((volume, index) => ({
    id: `${index}`,
    name: volumeName(speech, volume),
  }));
  return (
    <Picker
      label={speech.say('browse.partitions')}
      options={options}
      value={`${state.volume}`}
      onChange={(index) => void browsing.controller.enter(Number(index))}
    />
  );
}

/** What is in an image, or a part of it, that cannot be read here, and what to do about it. */
function Unreadable({
  volumes,
  chosen,
}: {
  readonly volumes: readonly ImageVolume[];
  readonly chosen: ImageVolume | undefined;
}) {
  const { say } = useSpeech();
  if (!chosen) return <Hint icon={HardDriveDownload}>{say('browse.noPartitions')}</Hint>;
  return (
    <Hint>
      <p className="note-what">{say('browse.cannotShow', { what: say(`volume.${chosen.kind}`) })}</p>
      <p>{say(`volumeTodo.${chosen.kind}`)}</p>
      {volumes.some(({ isReadable }) => isReadable) && <p>{say('browse.otherPartition')}</p>}
    </Hint>
  );
}

/** The way from the root to the folder that is shown. */
function Way({ state }: { readonly state: OpenState }) {
  const { say } = useSpeech();
  const { browsing } = useWizard();
  const way = wayTo(state.at);
  return (
    <nav className="way" aria-label={say('browse.way')}>
      <Breadcrumbs className="way-steps" onAction={(id) => void browsing.controller.go(String(id))}>
        {way.map((id) => (
          <Breadcrumb key={id} id={id} className="way-step">
            {({ isCurrent }) => (
              <>
                {isCurrent ? (
                  <span className="way-here" aria-current="location">
                    {id === root ? say('browse.root') : visible(lastName(id))}
                  </span>
                ) : (
                  <AriaButton className="way-link" onPress={() => void browsing.controller.go(id)}>
                    {id === root ? say('browse.root') : visible(lastName(id))}
                  </AriaButton>
                )}
                {!isCurrent && <ChevronRight className="icon icon-small" aria-hidden />}
              </>
            )}
          </Breadcrumb>
        ))}
      </Breadcrumbs>
    </nav>
  );
}

/** What is wrong with the folder that is shown, and what is left out of it. */
function FolderNotes({ state }: { readonly state: OpenState }) {
  const { say } = useSpeech();
  const folder = state.folders.get(state.at);
  if (state.search) {
    return (
      state.search.state.kind === 'trouble' && <ProblemNote problem={state.search.state.problem} urgent />
    );
  }
  if (folder?.kind === 'trouble') return <ProblemNote problem={folder.problem} urgent />;
  if (folder?.kind !== 'read') return null;
  return (
    <>
      <ProblemNotes problems={folder.listing.problems.slice(0, 1)} />
      {folder.listing.omitted > 0 && <Hint>{say('browse.omitted', { count: folder.listing.omitted })}</Hint>}
    </>
  );
}
