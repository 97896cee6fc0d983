/** Step 1: finding the backup, and showing what it says about itself before any passphrase. */
import {
  CircleCheck,
  FileArchive,
  FolderOpen,
  HardDriveDownload,
  LoaderCircle,
  TriangleAlert,
} from 'lucide-react';
import { useState } from 'react';
import type { BackupSummary } from '../../shared/backup.ts';
import type { OpenedBackup } from '../../shared/contract/wizard.ts';
import type { Problem } from '../../shared/problems.ts';
import { visible } from '../../shared/words/formats.ts';
import { Button } from '../components/button.tsx';
import { useFileDrop } from '../components/file-drop.ts';
import { MountLines } from '../components/mount.tsx';
import { Hint, ProblemNote, ProblemNotes } from '../components/note.tsx';
import { PlaceBrowser } from '../components/place-browser.tsx';
import { RescueKit } from '../components/rescue-kit.tsx';
import { Screen } from '../components/screen.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import type { WordKey } from '../i18n/words.ts';
import type { BackupStep } from '../state/wizard.ts';

export function BackupScreen({ state: { choice } }: { readonly state: BackupStep }) {
  const { say } = useSpeech();
  const { program, controller, store, browsing: looking } = useWizard();
  const [browsing, setBrowsing] = useState(false);
  const [findingImage, setFindingImage] = useState(false);
  const [imageTrouble, setImageTrouble] = useState<Problem | null>(null);
  const [dropRefused, setDropRefused] = useState<WordKey | null>(null);

  const dropping = useFileDrop((files) => {
    setDropRefused(null);
    const paths = files.flatMap((file) => window.lifeboatFiles?.pathOf(file) || []);
    if (paths.length > 0 && paths.length === files.length) {
      void controller.openPaths(paths);
      return;
    }
    setDropRefused('backup.noPath');
    if (!program.nativeDialogs) setBrowsing(true);
  });

  function choose(): void {
    setDropRefused(null);
    if (program.nativeDialogs) void controller.chooseBackup();
    else setBrowsing(true);
  }

  async function chooseImage(): Promise<void> {
    setImageTrouble(null);
    if (!program.nativeDialogs) {
      setFindingImage(true);
      return;
    }
    const answer = await looking.controller.chooseImage();
    if (!answer.ok) setImageTrouble(answer.problem);
  }

  const opened = choice.kind === 'opened' ? choice.backup : null;
  return (
    <Screen
      heading={say(opened ? 'backup.opened' : 'backup.heading')}
      lead={say(opened ? 'backup.openedLead' : 'backup.lead')}
      aside={
        opened ? (
          <Button kind="quiet" icon={FolderOpen} onPress={choose}>
            {say('backup.chooseAnother')}
          </Button>
        ) : (
          <div className="sample">
            <div className="sample-line">
              <Button
                kind="quiet"
                isDisabled={choice.kind === 'reading'}
                onPress={() => void controller.openSample()}
              >
                {say('backup.sample')}
              </Button>
              <p className="fine">{say('backup.sampleWhy')}</p>
            </div>
            <div className="sample-line">
              <Button kind="quiet" onPress={() => void chooseImage()}>
                {say('backup.image')}
              </Button>
              <p className="fine">{say('backup.imageWhy')}</p>
            </div>
          </div>
        )
      }
      actions={
        opened && (
          <Button kind="primary" autoFocus onPress={() => store.dispatch({ type: 'backup-accepted' })}>
            {say('program.continue')}
          </Button>
        )
      }
    >
      {choice.kind === 'trouble' && <ProblemNote problem={choice.problem} urgent />}
      {choice.kind === 'trouble' && choice.problem.code === 'part-missing' && (
        <Button onPress={() => void controller.openAlone()}>{say('backup.alone')}</Button>
      )}
      <MountLines />
      {imageTrouble && <ProblemNote problem={imageTrouble} urgent />}
      {dropRefused && <Hint>{say(dropRefused)}</Hint>}
      {opened ? (
        <BackupCard backup={opened} dropping={dropping} />
      ) : (
        <div className={`drop ${dropping ? 'drop-above' : ''}`} aria-busy={choice.kind === 'reading'}>
          {choice.kind === 'reading' ? (
            <div className="drop-words" role="status">
              <LoaderCircle className="drop-icon spin" aria-hidden />
              <p className="drop-title">{say('backup.reading')}</p>
              <p className="fine">{say('backup.readingWhy')}</p>
            </div>
          ) : (
            <div className="drop-words">
              <HardDriveDownload className="drop-icon" aria-hidden />
              {/* A browser does not tell where a dropped file is. */}
              {program.host === 'browser' ? (
                <p className="drop-title">{say('backup.find')}</p>
              ) : (
                <>
                  <p className="drop-title">{say(dropping ? 'backup.dropNow' : 'backup.drop')}</p>
                  <p className="fine">{say('backup.or')}</p>
                </>
              )}
              <Button kind="primary" icon={FolderOpen} onPress={choose}>
                {say('backup.choose')}
              </Button>
            </div>
          )}
        </div>
      )}
      <PlaceBrowser
        kind="backup"
        isOpen={browsing}
        onClose={() => setBrowsing(false)}
        onChoose={(place) => void controller.openPlace(place)}
        onChooseSeveral={(places) => void controller.openTogether(places)}
      />
      <PlaceBrowser
        kind="image"
        isOpen={findingImage}
        onClose={() => setFindingImage(false)}
        onChoose={({ id }) => void looking.controller.open({ kind: 'place', placeId: id })}
      />
    </Screen>
  );
}

function BackupCard({
  backup,
  dropping,
}: {
  readonly backup: OpenedBackup & { readonly sample: boolean };
  readonly dropping: boolean;
}) {
  const { summary, place } = backup;
  const { say, size, locale } = useSpeech();
  const facts: readonly (readonly [WordKey, string])[] = [
    ['backup.size', size(summary.size)],
    ['backup.made', summary.created === null ? say('backup.unknown') : writtenTime(summary.created, locale)],
    [
      'backup.format',
      summary.version === null
        ? say('backup.unknown')
        : say('backup.formatVersion', { version: summary.version }),
    ],
    ['backup.encryption', say(encryptionOf(summary))],
    [
      'backup.compression',
      summary.compression ?? say(summary.version === null ? 'backup.unknown' : 'backup.none'),
    ],
    ['backup.files', summary.fileCount.toLocaleString(locale)],
  ];
  return (
    <>
      <ProblemNotes problems={summary.problems} />
      <section
        className={`card backup-card ${dropping ? 'drop-above' : ''}`}
        aria-label={say('backup.facts')}
      >
        <div className="backup-head">
          <FileArchive className="backup-icon" aria-hidden />
          <div className="backup-name">
            <h2>{visible(summary.fileName)}</h2>
            <p className="fine mono">{visible(place.path)}</p>
          </div>
          {summary.complete ? (
            <span className="badge badge-good">
              <CircleCheck className="icon icon-small" aria-hidden />
              {say('backup.notCutOff')}
            </span>
          ) : (
            <span className="badge badge-warning">
              <TriangleAlert className="icon icon-small" aria-hidden />
              {say(summary.cutOff ? 'backup.cutOff' : 'backup.damaged')}
            </span>
          )}
        </div>
        <dl className="facts">
          {facts.map(([key, value]) => (
            <div key={key}>
              <dt>{say(key)}</dt>
              <dd>{visible(value)}</dd>
            </div>
          ))}
        </dl>
        {!backup.sample && <RescueKit backup={backup} />}
      </section>
    </>
  );
}

function encryptionOf({ encrypted }: BackupSummary): WordKey {
  if (encrypted === null) return 'backup.unknown';
  return encrypted ? 'backup.encrypted' : 'backup.notEncrypted';
}

/** The time as the other machine's clock wrote it, whatever zone this one is in. */
function writtenTime(created: string, locale: string): string {
  const time = new Date(`${created}Z`);
  if (Number.isNaN(time.getTime())) return created;
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(
    time,
  );
}
