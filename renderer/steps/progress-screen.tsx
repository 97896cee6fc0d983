/** Step 5: the restore at work, to be watched, paused, or stopped. */
import { Pause, Play } from 'lucide-react';
import { memo, useEffect, useEffectEvent, useMemo, useRef } from 'react';
import type { Qube } from '../../shared/backup.ts';
import { toldOfQube, type ToldOutcome } from '../../shared/told-outcome.ts';
import { Button } from '../components/button.tsx';
import { useAnnounce } from '../components/announcer.tsx';
import { ProblemNote } from '../components/note.tsx';
import { Bar } from '../components/progress-bar.tsx';
import { QubeTitle } from '../components/qube-title.tsx';
import { OutcomeMark } from '../components/outcome.tsx';
import { Screen } from '../components/screen.tsx';
import { useGradualCount } from '../components/gradual-count.ts';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech, type Speech } from '../i18n/speech.ts';
import { nextSpoken, percentOf, type Spoken } from '../state/announcements.ts';
import type { ProgressStep } from '../state/wizard.ts';
import { visible } from '../../shared/words/formats.ts';
import { CancelButton } from './cancel-button.tsx';

export function ProgressScreen({ state }: { readonly state: ProgressStep }) {
  const speech = useSpeech();
  const { say } = speech;
  const { progress, choices, steering } = state;
  const heading = say(choices.mode === 'verify' ? 'progress.verifying' : 'progress.restoring', {
    count: choices.qubes.size,
  });
  const percent = progress ? percentOf(progress) : 0;
  const paused = progress?.paused ?? false;
  useAnnouncements(state, speech);

  return (
    <Screen
      heading={heading}
      lead={say('progress.lead')}
      title={say('program.titleProgress', { percent, step: heading })}
      aside={<CancelButton mode={choices.mode} isDisabled={steering === 'cancelling'} />}
      actions={
        <PauseButton
          paused={paused}
          isDisabled={!progress || progress.stage === 'finishing' || steering !== null}
        />
      }
    >
      {state.trouble && <ProblemNote problem={state.trouble} urgent />}
      <SpaceWarning state={state} />
      <Overall state={state} percent={percent} />
      <section aria-label={say('progress.qubes')}>
        <QubeRows state={state} />
      </section>
    </Screen>
  );
}

const PauseButton = memo(function PauseButton({
  paused,
  isDisabled,
}: {
  readonly paused: boolean;
  readonly isDisabled: boolean;
}) {
  const { say } = useSpeech();
  const { controller } = useWizard();
  return (
    <Button
      kind={paused ? 'primary' : 'outlined'}
      icon={paused ? Play : Pause}
      isDisabled={isDisabled}
      onPress={() => void (paused ? controller.resume() : controller.pause())}
    >
      {say(paused ? 'progress.resume' : 'progress.pause')}
    </Button>
  );
});

function Overall({ state, percent }: { readonly state: ProgressStep; readonly percent: number }) {
  const speech = useSpeech();
  const { say, size } = speech;
  const { progress } = state;
  const stage = stageWords(state, speech);
  const time = timeWords(state, speech);
  // The bytes are all done while the drive still writes: a full bar that stands still would look stuck.
  const unsure = !progress || (progress.stage === 'finishing' && !progress.paused);
  return (
    <section className="overall">
      <div className="overall-head">
        <p className="overall-stage">{stage}</p>
        <p className="overall-percent" aria-hidden>
          {progress && say('progress.percent', { percent })}
        </p>
      </div>
      <Bar
        label={say('progress.overall')}
        percent={unsure ? null : percent}
        valueText={say('progress.valueText', { percent, stage, time })}
      />
      <div className="overall-facts">
        <span>
          {progress &&
            say('progress.bytes', { done: size(progress.doneBytes), total: size(progress.totalBytes) })}
        </span>
        <span>{speedWords(state, speech)}</span>
        <span className="overall-time">{time}</span>
      </div>
      <p className="fine overall-why">{stageReason(state, speech)}</p>
    </section>
  );
}

/** Says early that the drive fills up, from other programs as well: what is stored takes at least as much again. */
function SpaceWarning({ state: { progress, freeBytes } }: { readonly state: ProgressStep }) {
  if (!progress || freeBytes === null) return null;
  const needed = progress.totalBytes - progress.doneBytes;
  if (needed <= freeBytes) return null;
  return <ProblemNote problem={{ code: 'dest-may-fill', params: { needed, free: freeBytes } }} />;
}

function stageWords({ progress, steering, choices }: ProgressStep, { say }: Speech): string {
  if (steering) return say(`progress.${steering}`);
  if (!progress) return say('progress.starting');
  if (progress.paused) return say('progress.paused');
  if (progress.stage === 'restoring') {
    return say(choices.mode === 'verify' ? 'progress.verifyingStage' : 'progress.restoringStage');
  }
  return say(`progress.${progress.stage}`);
}

function stageReason({ progress, steering, choices }: ProgressStep, { say }: Speech): string {
  if (steering === 'cancelling') return say('progress.cancellingWhy');
  if (!progress) return say('progress.startingWhy');
  if (progress.paused) return say('progress.pausedWhy');
  if (choices.mode === 'verify' && progress.stage !== 'deriving') return say('progress.verifyingWhy');
  return say(`progress.${progress.stage}Why`);
}

/** Whether bytes are moving, so that speed and remaining time mean something. */
function isMoving({ progress, steering }: ProgressStep): boolean {
  return progress !== null && !progress.paused && progress.stage !== 'finishing' && steering !== 'cancelling';
}

function timeWords(state: ProgressStep, { say, duration }: Speech): string {
  if (!state.progress || !isMoving(state)) return '';
  const { secondsLeft } = state.progress;
  if (secondsLeft === null) return say('progress.estimating');
  return say('progress.left', { time: duration(secondsLeft) });
}

function speedWords(state: ProgressStep, { say, size }: Speech): string {
  const bytes = state.progress?.bytesPerSecond ?? null;
  return bytes === null || !isMoving(state) ? '' : say('progress.speed', { bytes: size(bytes) });
}

/** What is being worked on stands on top, so that it is in sight however long the list is. */
function QubeRows({ state: { inventory, choices, finished, progress } }: { readonly state: ProgressStep }) {
  const qubes = useMemo(
    () => inventory.qubes.filter(({ name }) => choices.qubes.has(name)),
    [inventory, choices],
  );
  const count = useGradualCount(qubes.length);
  const outcomes = new Map(finished.map((qube) => [qube.name, toldOfQube(qube)]));
  const active = Map.groupBy(progress?.active ?? [], ({ qube }) => qube);
  const rank = ({ name }: Qube) => (active.has(name) ? 0 : 1);
  return (
    <ul className="rows">
      {qubes
        .toSorted((a, b) => rank(a) - rank(b))
        .slice(0, count)
        .map((qube) => {
          const files = active.get(qube.name) ?? [];
          const doneBytes = files.reduce((sum, file) => sum + file.doneBytes, 0);
          const totalBytes = files.reduce((sum, file) => sum + file.totalBytes, 0);
          return (
            <QubeRow
              key={qube.name}
              name={qube.name}
              label={qube.label}
              outcome={outcomes.get(qube.name)}
              files={files.map(({ file }) => file).join(', ')}
              percent={percentOf({ doneBytes, totalBytes })}
            />
          );
        })}
    </ul>
  );
}

interface QubeRowProps extends Pick<Qube, 'name' | 'label'> {
  readonly outcome: ToldOutcome | undefined;
  /** Names of the files that are being restored; empty while none is. */
  readonly files: string;
  readonly percent: number;
}

/** Drawn again only when something in it changes: ten times a second something does in one row of hundreds. */
const QubeRow = memo(function QubeRow({ name, label, outcome, files, percent }: QubeRowProps) {
  const { say } = useSpeech();
  return (
    <li className="row">
      <QubeTitle name={name} label={label} />
      <div className="row-state">
        {outcome ? (
          <OutcomeMark outcome={outcome} />
        ) : files !== '' ? (
          <>
            <span className="row-file">{visible(files)}</span>
            <Bar small label={name} percent={percent} valueText={say('progress.percent', { percent })} />
          </>
        ) : (
          <span className="fine">{say('progress.waiting')}</span>
        )}
      </div>
    </li>
  );
});

/** Speaks at each stage, each finished qube, and now and then in between. */
function useAnnouncements(state: ProgressStep, speech: Speech): void {
  const announce = useAnnounce();
  const spoken = useRef<Spoken | null>(null);
  const { progress, finished } = state;

  const speakOfProgress = useEffectEvent(() => {
    if (!progress) return;
    const next = nextSpoken(spoken.current, progress, performance.now());
    if (!next) return;
    const { say } = speech;
    announce(`${stageWords(state, speech)}. ${say('progress.spokenProgress', { percent: next.percent })}`);
    spoken.current = next;
  });
  useEffect(() => speakOfProgress(), [progress]);

  const speakOfQube = useEffectEvent(() => {
    const last = finished.at(-1);
    const { say } = speech;
    if (last)
      announce(say('progress.spokenQube', { qube: last.name, outcome: say(`outcome.${toldOfQube(last)}`) }));
  });
  useEffect(() => speakOfQube(), [finished.length]);
}
