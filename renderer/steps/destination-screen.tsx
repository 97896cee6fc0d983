/** Step 4: restore or verify, where to, what exactly would be written, and whether it fits. */
import {
  ChevronRight,
  FolderOpen,
  HardDriveDownload,
  History,
  RefreshCw,
  ShieldCheck,
  type LucideIcon,
} from 'lucide-react';
import { useEffect, useState } from 'react';
import {
  Button as AriaButton,
  Disclosure,
  DisclosurePanel,
  Heading,
  Label,
  RadioButton,
  RadioField,
  RadioGroup,
} from 'react-aria-components';
import type { RestoreMode, RestorePlan } from '../../shared/backup.ts';
import type { Place } from '../../shared/contract/wizard.ts';
import { visible } from '../../shared/words/formats.ts';
import { Button } from '../components/button.tsx';
import { NamedCheckbox } from '../components/named-checkbox.tsx';
import { Hint, ProblemNote, ProblemNotes } from '../components/note.tsx';
import { Picker } from '../components/picker.tsx';
import { PlaceBrowser } from '../components/place-browser.tsx';
import { usePreferences } from '../components/preferences.tsx';
import { Screen } from '../components/screen.tsx';
import { SpaceMeter } from '../components/space-meter.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import { canStart } from '../state/plan.ts';
import type { Choices, DestinationStep } from '../state/wizard.ts';

export function DestinationScreen({ state: { choices, survey } }: { readonly state: DestinationStep }) {
  const { say } = useSpeech();
  const { program, controller, store } = useWizard();
  const [browsing, setBrowsing] = useState(false);
  const starting = survey.kind === 'starting';
  const plan = survey.kind === 'planned' || starting ? survey.plan : null;
  const count = choices.qubes.size;
  const restoring = choices.mode === 'restore';
  const earlier = restoring && plan ? plan.finished : 0;
  const allThere = earlier > 0 && plan?.outputs.length === 0;
  const startWords = allThere
    ? say('destination.startCheck')
    : earlier > 0
      ? say('destination.startRest')
      : say(restoring ? 'destination.startRestore' : 'destination.startVerify', { count });

  function chooseFolder(): void {
    if (program.nativeDialogs) void controller.chooseFolder();
    else setBrowsing(true);
  }

  return (
    <Screen
      heading={say('destination.heading')}
      lead={say('destination.lead', { count })}
      onBack={starting ? undefined : () => store.dispatch({ type: 'back' })}
      actions={
        <Button
          kind="primary"
          isBusy={starting}
          isDisabled={!plan || !canStart(plan)}
          onPress={() => void controller.start()}
        >
          {starting ? say('destination.starting') : startWords}
        </Button>
      }
    >
      <ModeChoice
        mode={choices.mode}
        isDisabled={starting}
        onChange={(mode) => store.dispatch({ type: 'mode-chosen', mode })}
      />
      {restoring && (
        <section className="folder-choice" aria-label={say('destination.folder')}>
          <h2 className="label">{say('destination.folder')}</h2>
          <div className="folder-row">
            <FolderOpen className="icon" aria-hidden />
            <p className={choices.folder ? 'folder-path mono' : 'folder-path is-unset'}>
              {choices.folder ? visible(choices.folder.path) : say('destination.noFolder')}
            </p>
            <Button
              kind={choices.folder ? 'outlined' : 'primary'}
              isDisabled={starting}
              onPress={chooseFolder}
            >
              {say(choices.folder ? 'destination.changeFolder' : 'destination.chooseFolder')}
            </Button>
          </div>
          <RecentFolders chosen={choices.folder} isDisabled={starting} />
          {(survey.kind === 'probing' || plan) && <SpaceMeter plan={plan} />}
        </section>
      )}
      {survey.kind === 'trouble' && (
        <ProblemNote
          problem={survey.problem}
          urgent
          action={
            survey.problem.code === 'engine-gone' ? (
              <Button onPress={() => store.dispatch({ type: 'unlock-again' })}>
                {say('destination.unlockAgain')}
              </Button>
            ) : (
              <Button onPress={() => store.dispatch({ type: 'plan-again' })}>
                {say('program.tryAgain')}
              </Button>
            )
          }
        />
      )}
      {plan && <ProblemNotes problems={plan.findings} />}
      {earlier > 0 && (
        <Hint icon={History}>
          {say(allThere ? 'destination.allThere' : 'destination.continues', { count: earlier })}
        </Hint>
      )}
      {plan && !canStart(plan) && (
        <Button icon={RefreshCw} onPress={() => store.dispatch({ type: 'plan-again' })}>
          {say('destination.lookAgain')}
        </Button>
      )}
      {(survey.kind === 'probing' || plan) && !allThere && <Outputs plan={plan} mode={choices.mode} />}
      <Advanced choices={choices} isDisabled={starting} />
      <PlaceBrowser
        kind="folder"
        isOpen={browsing}
        onClose={() => setBrowsing(false)}
        onChoose={(folder) => store.dispatch({ type: 'folder-chosen', folder })}
      />
    </Screen>
  );
}

const modes: readonly (readonly [RestoreMode, LucideIcon])[] = [
  ['restore', HardDriveDownload],
  ['verify', ShieldCheck],
];

function ModeChoice({
  mode,
  isDisabled,
  onChange,
}: {
  readonly mode: RestoreMode;
  readonly isDisabled: boolean;
  readonly onChange: (mode: RestoreMode) => void;
}) {
  const { say } = useSpeech();
  return (
    <RadioGroup
      className="modes"
      value={mode}
      isDisabled={isDisabled}
      onChange={(value) => onChange(value === 'verify' ? 'verify' : 'restore')}
    >
      <Label className="visually-hidden">{say('destination.mode')}</Label>
      {modes.map(([each, Icon]) => (
        <RadioField key={each} value={each} className="mode-field">
          <RadioButton className="mode">
            <Icon className="icon" aria-hidden />
            <span className="mode-words">
              <span className="mode-name">{say(`destination.${each}`)}</span>
              <span className="fine">{say(`destination.${each}Why`)}</span>
            </span>
            <span className="radio-mark" aria-hidden />
          </RadioButton>
        </RadioField>
      ))}
    </RadioGroup>
  );
}

/** Each path that will come to be, or skeletons of them while the folder is looked at. */
function Outputs({ plan, mode }: { readonly plan: RestorePlan | null; readonly mode: RestoreMode }) {
  const { say, size } = useSpeech();
  const restoring = mode === 'restore';
  if (!plan) {
    const words = say(restoring ? 'destination.probing' : 'destination.probingVerify');
    return (
      <section className="outputs" role="status" aria-label={words}>
        <h2 className="label">{words}</h2>
        <ul className="outputs-list" aria-hidden>
          {[1, 2, 3].map((row) => (
            <li key={row}>
              <span className="skeleton" />
            </li>
          ))}
        </ul>
      </section>
    );
  }
  const count = plan.outputs.length;
  const heading = say(restoring ? 'destination.outputs' : 'destination.outputsVerify', { count });
  return (
    <section className="outputs">
      <h2 className="label">{heading}</h2>
      {/* Scrolls by itself when long, so the keyboard must be able to reach it. */}
      <ul className="outputs-list" tabIndex={0} aria-label={heading}>
        {plan.outputs.map((output) => (
          <li key={`${output.qube}/${output.file}`}>
            <span className="outputs-path mono">{visible(restoring ? output.path : output.file)}</span>
            <span className="outputs-size">
              {output.bytes === null ? say('destination.sizeUnknown') : size(output.bytes)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const mebibyte = 2 ** 20;
const memorySteps = [256, 512, 1024, 2048, 4096, 8192].map((mebibytes) => mebibytes * mebibyte);

/** The folders of earlier restores, for who wants them remembered; choosing one is one press. */
function RecentFolders({
  chosen,
  isDisabled,
}: {
  readonly chosen: Place | null;
  readonly isDisabled: boolean;
}) {
  const { say } = useSpeech();
  const { controller, store } = useWizard();
  const [folders, setFolders] = useState<readonly Place[]>([]);

  useEffect(() => {
    void controller.recentFolders().then((answer) => {
      if (answer.ok) setFolders(answer.value);
    });
  }, [controller]);

  const others = folders.filter(({ path }) => path !== chosen?.path);
  if (others.length === 0) return null;
  return (
    <div className="recent">
      <span className="fine">{say('destination.recent')}</span>
      {others.map((folder) => (
        <Button
          key={folder.id}
          kind="quiet"
          isDisabled={isDisabled}
          onPress={() => store.dispatch({ type: 'folder-chosen', folder })}
        >
          {visible(folder.path)}
        </Button>
      ))}
    </div>
  );
}

function Advanced({
  choices: { memory, mode, acceptPartial },
  isDisabled,
}: {
  readonly choices: Choices;
  readonly isDisabled: boolean;
}) {
  const { say, memory: formatted } = useSpeech();
  const { preferences, change } = usePreferences();
  const { program, store } = useWizard();
  const options = [
    { id: 'auto', name: say('destination.memoryAuto', { memory: program.defaultMemory }) },
    ...memorySteps.map((bytes) => ({ id: String(bytes), name: formatted(bytes) })),
  ];
  return (
    <Disclosure className="disclosure" isDisabled={isDisabled}>
      <Heading className="disclosure-heading" level={2}>
        <AriaButton slot="trigger" className="button button-quiet disclosure-trigger">
          <ChevronRight className="icon icon-small disclosure-mark" aria-hidden />
          {say('destination.advanced')}
        </AriaButton>
      </Heading>
      <DisclosurePanel className="disclosure-panel">
        <Picker
          label={say('destination.memory')}
          description={say('destination.memoryWhy')}
          options={options}
          value={memory === null ? 'auto' : String(memory)}
          onChange={(id) =>
            store.dispatch({ type: 'memory-chosen', memory: id === 'auto' ? null : Number(id) })
          }
        />
        <NamedCheckbox
          isSelected={preferences.keepFolders}
          onChange={(keepFolders) => change({ keepFolders })}
        >
          {say('destination.keepFolders')}
        </NamedCheckbox>
        {mode === 'restore' && (
          <NamedCheckbox
            isSelected={acceptPartial}
            onChange={(accepted) => store.dispatch({ type: 'partial-chosen', acceptPartial: accepted })}
          >
            <span>
              {say('destination.acceptPartial')}
              <span className="fine checkbox-why">{say('destination.acceptPartialWhy')}</span>
            </span>
          </NamedCheckbox>
        )}
      </DisclosurePanel>
    </Disclosure>
  );
}
