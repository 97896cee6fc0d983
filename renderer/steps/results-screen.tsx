/** Step 6: how it ended, for each qube, honestly: what is there, what is missing, and what to do about it. */
import { ChevronRight, FolderOpen, Hourglass, RotateCw, TriangleAlert } from 'lucide-react';
import { memo, useCallback, useMemo, useState } from 'react';
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from 'react-aria-components';
import {
  isWhole,
  type FileReport,
  type Qube,
  type QubeReport,
  type RestoreMode,
} from '../../shared/backup.ts';
import type { ImageSource } from '../../shared/contract/image-calls.ts';
import type { Problem } from '../../shared/problems.ts';
import { problemsByQube, toldOfFile, toldOfQube, type ToldOutcome } from '../../shared/told-outcome.ts';
import { visible } from '../../shared/words/formats.ts';
import { lossWords } from '../../shared/words/loss-words.ts';
import { Button, IconButton } from '../components/button.tsx';
import { MountLine, MountQuestion } from '../components/mount.tsx';
import { Hint, ProblemNote, ProblemNotes } from '../components/note.tsx';
import { OutcomeMark, outcomeIcons } from '../components/outcome.tsx';
import { useGradualCount } from '../components/gradual-count.ts';
import { QubeTitle } from '../components/qube-title.tsx';
import { Screen } from '../components/screen.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech, type Speech } from '../i18n/speech.ts';
import {
  isImage,
  isLossElsewhere,
  mainImageOf,
  metSlow,
  metUnsealed,
  resumptionOf,
  tallyOf,
  unreportedOf,
  verdictOf,
  worstFirst,
} from '../state/results.ts';
import { lostOf } from '../state/qubes.ts';
import type { ResultsStep } from '../state/wizard.ts';
import { BrowseFileButton, QubeImageActions } from './image-actions.tsx';
import { QubeSettingsPanel } from './qube-settings.tsx';
import { SaveMenu } from './save-menu.tsx';

export function ResultsScreen({
  state,
  onQuit,
}: {
  readonly state: ResultsStep;
  readonly onQuit: () => void;
}) {
  const speech = useSpeech();
  const { say } = speech;
  const { controller, store, browsing } = useWizard();
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const { report, choices } = state;
  const verdict = verdictOf(state);
  const told = useMemo(() => problemsByQube(report), [report]);
  const verified = choices.mode === 'verify';

  const openFolder = useCallback(
    async (qube: string | null): Promise<void> => {
      const answer = await controller.openFolder(qube);
      setTrouble(answer.ok ? null : answer.problem);
    },
    [controller],
  );

  async function quit(): Promise<void> {
    const answer = await controller.quit();
    if (answer.ok) onQuit();
    else setTrouble(answer.problem);
  }

  const resumption = resumptionOf(state);
  const resume = () =>
    store.dispatch(
      resumption === 'unlock' ? { type: 'unlock-again' } : { type: 'restore-again', mode: choices.mode },
    );
  const again = (mode: RestoreMode) => store.dispatch({ type: 'restore-again', mode });
  const canOpen = !verified && verdict !== 'nothing';
  // While something is missing and can still be had, that comes first.
  const primary = resumption ? 'resume' : verified ? 'restore' : 'open';
  return (
    <Screen
      heading={headlineOf(state, speech)}
      lead={leadOf(state, speech)}
      aside={
        <>
          <Button kind="quiet" onPress={() => store.dispatch({ type: 'restore-more' })}>
            {say('results.restoreMore')}
          </Button>
          <Button kind="quiet" onPress={() => store.dispatch({ type: 'start-over' })}>
            {say('results.startOver')}
          </Button>
        </>
      }
      actions={
        <>
          <Button onPress={() => void quit()}>{say('results.quit')}</Button>
          {canOpen && (
            <Button
              kind={primary === 'open' ? 'primary' : 'outlined'}
              icon={FolderOpen}
              onPress={() => void openFolder(null)}
            >
              {say('results.openFolder')}
            </Button>
          )}
          {verified && verdict !== 'nothing' && (
            <Button kind={primary === 'restore' ? 'primary' : 'outlined'} onPress={() => again('restore')}>
              {say('results.restoreThese')}
            </Button>
          )}
          {resumption ? (
            <Button kind={primary === 'resume' ? 'primary' : 'outlined'} icon={RotateCw} onPress={resume}>
              {say(verified || verdict === 'nothing' ? 'results.tryAgain' : 'results.resume')}
            </Button>
          ) : (
            verdict === 'nothing' && (
              <Button kind="primary" icon={RotateCw} onPress={() => again(choices.mode)}>
                {say('results.tryAgain')}
              </Button>
            )
          )}
        </>
      }
    >
      <div className="tools">
        <SaveMenu hasFolder={!verified} />
      </div>
      {trouble && <ProblemNote problem={trouble} urgent />}
      <MountQuestion onBrowse={(source) => void browsing.controller.open(source)} />
      <ProblemNotes problems={told.others} />
      {metUnsealed(report) && (
        <Hint icon={TriangleAlert}>
          <p>{say('results.unsealed')}</p>
          <div className="note-action">
            <Button onPress={() => store.dispatch({ type: 'unlock-again' })}>
              {say('results.unlockUnsealed')}
            </Button>
          </div>
        </Hint>
      )}
      {metSlow(report) && (
        <Hint icon={Hourglass}>
          <p>{say('results.slow')}</p>
          <div className="note-action">
            <Button onPress={() => store.dispatch({ type: 'slow-allowed' })}>
              {say('results.allowSlow')}
            </Button>
          </div>
        </Hint>
      )}
      <ResultRows state={state} problemsOf={told.ofQubes} onOpenFolder={canOpen ? openFolder : null} />
    </Screen>
  );
}

function headlineOf(state: ResultsStep, { say }: Speech): string {
  const verified = state.choices.mode === 'verify';
  const tally = tallyOf(state.report);
  switch (verdictOf(state)) {
    case 'nothing':
      if (state.cancelled) return say('results.cancelledNothing');
      return say(verified ? 'results.nothingVerified' : 'results.nothingRestored');
    case 'all':
      return say(verified ? 'results.allVerified' : 'results.allRestored', {
        count: tally.restored + tally.verified,
      });
    case 'some': {
      const counted = (
        ['restored', 'verified', 'partial', 'failed', 'occupied', 'unfinished'] satisfies ToldOutcome[]
      )
        .filter((outcome) => tally[outcome] > 0)
        .map((outcome) => say(`results.${outcome}`, { count: tally[outcome] }))
        .join(', ');
      return isLossElsewhere(state.report) ? say('results.butLoss', { counted }) : counted;
    }
  }
}

function leadOf(state: ResultsStep, { say }: Speech): string {
  const verified = state.choices.mode === 'verify';
  if (state.cancelled) return say('results.leadCancelled');
  switch (verdictOf(state)) {
    case 'nothing':
      return say('results.leadNothing');
    case 'all':
      return say(verified ? 'results.leadVerified' : 'results.leadRestored');
    case 'some':
      return say(verified ? 'results.leadMixedVerify' : 'results.leadMixed');
  }
}

function hasFiles(qube: QubeReport): boolean {
  return qube.files.some(({ path }) => path !== null);
}

const nothing: readonly Problem[] = [];

/** Every qube that was asked for, the worst first; behind them those that nobody could ask for, since they are lost. */
function ResultRows({
  state,
  problemsOf,
  onOpenFolder,
}: {
  readonly state: ResultsStep;
  readonly problemsOf: ReadonlyMap<string, readonly Problem[]>;
  readonly onOpenFolder: OpenFolder | null;
}) {
  const { say, language } = useSpeech();
  const { report, jobId, inventory } = state;
  const qubes = useMemo(() => worstFirst(report.qubes), [report]);
  const listed = useMemo(() => new Map(inventory.qubes.map((qube) => [qube.name, qube])), [inventory]);
  const count = useGradualCount(qubes.length);
  return (
    <ul className="rows" aria-label={say('results.list')}>
      {qubes.slice(0, count).map((qube) => (
        <ResultRow
          key={qube.name}
          qube={qube}
          jobId={jobId}
          listed={listed.get(qube.name)}
          problems={problemsOf.get(qube.name) ?? nothing}
          onOpenFolder={hasFiles(qube) ? onOpenFolder : null}
        />
      ))}
      {count === qubes.length &&
        unreportedOf(state).map((name) => (
          <li className="row" key={name}>
            <QubeTitle name={name} label={listed.get(name)?.label} />
            <OutcomeMark outcome="unfinished" />
          </li>
        ))}
      {count === qubes.length &&
        lostOf(inventory)
          .filter(({ name }) => !qubes.some((qube) => qube.name === name))
          .map(({ name, label, lost }) => (
            <li className="row" key={name}>
              <QubeTitle name={name} label={label} />
              <span className="fine">{lost && lossWords[language][lost]}</span>
            </li>
          ))}
    </ul>
  );
}

type OpenFolder = (qube: string) => Promise<void>;

/** One qube; it opens by itself where there is something to read. */
const ResultRow = memo(function ResultRow({
  qube,
  jobId,
  listed,
  problems,
  onOpenFolder,
}: {
  readonly qube: QubeReport;
  readonly jobId: string;
  readonly listed: Qube | undefined;
  /** What is said of the qube and of none of its files. */
  readonly problems: readonly Problem[];
  readonly onOpenFolder: OpenFolder | null;
}) {
  const { say, language } = useSpeech();
  const lost = listed?.lost ?? null;
  const image = mainImageOf(qube);
  const sourceOf = (file: FileReport): ImageSource => ({
    kind: 'restored',
    jobId,
    qube: qube.name,
    file: file.name,
  });
  const count = qube.files.reduce((sum, file) => sum + file.problems.length, problems.length);
  const [isOpen, setOpen] = useState(qube.outcome === 'partial' || qube.outcome === 'failed');
  return (
    <li className="row row-result">
      <Disclosure className="disclosure" isExpanded={isOpen} onExpandedChange={setOpen}>
        <div className="row-head">
          <Heading className="disclosure-heading" level={2}>
            <AriaButton
              slot="trigger"
              className="row-trigger"
              aria-label={say('results.detailsOf', { qube: qube.name })}
            >
              <ChevronRight className="icon icon-small disclosure-mark" aria-hidden />
              <QubeTitle name={qube.name} label={listed?.label} />
            </AriaButton>
          </Heading>
          <div className="row-state">
            {lost ? (
              <span className="fine">{lossWords[language][lost]}</span>
            ) : (
              count > 0 && <span className="fine">{say('results.problems', { count })}</span>
            )}
            <OutcomeMark outcome={toldOfQube(qube)} />
          </div>
          <div className="row-actions">
            {image && <QubeImageActions source={sourceOf(image)} qube={qube.name} />}
            {onOpenFolder && (
              <IconButton
                label={say('results.openFolderOf', { qube: qube.name })}
                icon={FolderOpen}
                onPress={() => void onOpenFolder(qube.name)}
              />
            )}
          </div>
        </div>
        {image && <MountLine source={sourceOf(image)} />}
        <DisclosurePanel className="disclosure-panel">
          {/* Most stay closed, and to ask for the settings of hundreds of qubes at once takes its time. */}
          {isOpen && (
            <>
              {problems.length > 0 && (
                <div className="row-problems">
                  <ProblemNotes problems={problems} />
                </div>
              )}
              {qube.files.length > 0 && (
                <ul className="files">
                  {qube.files.map((file) => (
                    <FileEntry
                      key={file.name}
                      file={file}
                      source={isImage(file) && file !== image ? sourceOf(file) : null}
                    />
                  ))}
                </ul>
              )}
              <QubeSettingsPanel qube={qube.name} />
            </>
          )}
        </DisclosurePanel>
      </Disclosure>
    </li>
  );
});

function FileEntry({
  file,
  source,
}: {
  readonly file: FileReport;
  /** Where it is an image that the row of its qube does not lead to. */
  readonly source: ImageSource | null;
}) {
  const { say, size } = useSpeech();
  const told = toldOfFile(file);
  const Icon = outcomeIcons[told];
  return (
    <li className="file">
      <p className="file-head">
        <Icon className={`icon icon-small outcome-${told}`} aria-hidden />
        <span className="visually-hidden">{say(`outcome.${told}`)}: </span>
        <span className="mono">{visible(file.path ?? file.name)}</span>
        {(file.bytes > 0 || isWhole(file.outcome)) && <span className="file-size">{size(file.bytes)}</span>}
        {source && <BrowseFileButton source={source} file={file.name} />}
      </p>
      {file.sha256 !== null && (
        <p className="fine file-hash">
          {say('results.hash')} <span className="mono">{file.sha256}</span>
        </p>
      )}
      {/* What was left alone to spare what is there has not failed. */}
      <ProblemNotes problems={file.problems} severity={told === 'occupied' ? 'notice' : undefined} />
    </li>
  );
}
