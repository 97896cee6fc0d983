/** Copying out: what it would do, the choice where names are taken, how it goes, and what became of each thing. */
import { Check, CircleSlash, CircleX, FolderOpen, TriangleAlert, type LucideIcon } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import type { CopiedItem, CopyReport } from '../../shared/image.ts';
import type { Problem } from '../../shared/problems.ts';
import { visible } from '../../shared/words/formats.ts';
import { apartFromRenamings } from '../../shared/words/renaming-words.ts';
import { Button } from '../components/button.tsx';
import { Choices } from '../components/choices.tsx';
import { ProblemNote, ProblemNotes } from '../components/note.tsx';
import { Bar } from '../components/progress-bar.tsx';
import { useWizard } from '../components/wizard-context.ts';
import { useSpeech } from '../i18n/speech.ts';
import type { Conflict, Copy } from '../state/browse.ts';

export function BrowseCopy({ copy }: { readonly copy: Copy }) {
  const { browsing } = useWizard();
  const isBusy = copy.kind === 'copying';
  return (
    <ModalOverlay
      className="overlay"
      isOpen={copy.kind !== 'none'}
      isKeyboardDismissDisabled={isBusy}
      onOpenChange={(isOpen) => {
        if (!isOpen) browsing.controller.leaveCopy();
      }}
    >
      <Modal className="modal modal-side">
        <Dialog className="dialog">{copy.kind !== 'none' && <Stage copy={copy} />}</Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Stage({ copy }: { readonly copy: Exclude<Copy, { readonly kind: 'none' }> }) {
  const { say, size } = useSpeech();
  const { browsing } = useWizard();
  const { controller } = browsing;
  const leave = <Button onPress={() => controller.leaveCopy()}>{say('program.cancel')}</Button>;
  switch (copy.kind) {
    case 'measuring':
      return (
        <Parts heading={say('copy.measuring')} folder={copy.folder.path} actions={leave}>
          <Bar label={say('copy.measuring')} percent={null} valueText={say('copy.measuringWhy')} />
        </Parts>
      );
    case 'planned': {
      const { files, bytes, freeBytes, conflicts, findings } = copy.plan;
      return (
        <Parts
          heading={say('copy.heading', { count: copy.entries.length })}
          folder={copy.folder.path}
          actions={
            <>
              {leave}
              <Button
                kind="primary"
                autoFocus
                isDisabled={findings.length > 0}
                onPress={() => void controller.copy()}
              >
                {say('copy.copy')}
              </Button>
            </>
          }
        >
          <p>
            {freeBytes === null
              ? say('copy.total', { count: files, size: size(bytes) })
              : say('copy.totalOfFree', { count: files, size: size(bytes), free: size(freeBytes) })}
          </p>
          <ProblemNotes problems={findings} />
          {conflicts.length > 0 && (
            <>
              <p>{say('copy.conflicts', { count: conflicts.length, name: conflicts[0] ?? '' })}</p>
              <Choices
                label={say('copy.conflict')}
                value={copy.conflict}
                onChange={(conflict: Conflict) =>
                  browsing.store.dispatch({ type: 'conflict-chosen', conflict })
                }
                options={[
                  { id: 'keep-both', name: say('copy.keepBoth'), why: say('copy.keepBothWhy') },
                  { id: 'replace', name: say('copy.replace'), why: say('copy.replaceWhy') },
                  { id: 'skip', name: say('copy.skip'), why: say('copy.skipWhy') },
                ]}
              />
            </>
          )}
        </Parts>
      );
    }
    case 'copying':
      return <Copying copy={copy} />;
    case 'done':
      return <Done report={copy.report} folder={copy.folder.path} />;
    case 'trouble':
      return (
        <Parts
          heading={say('copy.trouble')}
          folder={copy.folder?.path ?? null}
          actions={
            <Button kind="primary" autoFocus onPress={() => controller.leaveCopy()}>
              {say('program.close')}
            </Button>
          }
        >
          <ProblemNote problem={copy.problem} urgent />
        </Parts>
      );
  }
}

function Copying({ copy }: { readonly copy: Extract<Copy, { readonly kind: 'copying' }> }) {
  const { say, size, locale } = useSpeech();
  const { browsing } = useWizard();
  const { progress, isCancelling } = copy;
  const percent =
    progress && progress.totalBytes > 0 ? Math.floor((progress.doneBytes / progress.totalBytes) * 100) : null;
  const bytes = progress
    ? say('progress.bytes', { done: size(progress.doneBytes), total: size(progress.totalBytes) })
    : say('copy.starting');
  return (
    <Parts
      heading={say(isCancelling ? 'progress.cancelling' : 'copy.copying')}
      folder={copy.folder.path}
      actions={
        <Button autoFocus isBusy={isCancelling} onPress={() => void browsing.controller.cancelCopy()}>
          {say('program.cancel')}
        </Button>
      }
    >
      <Bar label={say('copy.copying')} percent={percent} valueText={bytes} />
      <div className="overall-facts">
        <span>{bytes}</span>
        <span className="overall-time">
          {progress &&
            say('copy.files', {
              done: progress.doneFiles.toLocaleString(locale),
              total: progress.totalFiles.toLocaleString(locale),
            })}
        </span>
      </div>
      <p className="fine copy-current mono">{visible(progress?.current ?? '')}</p>
    </Parts>
  );
}

const outcomeIcons: Readonly<Record<CopiedItem['outcome'], LucideIcon>> = {
  copied: Check,
  partial: TriangleAlert,
  skipped: CircleSlash,
  failed: CircleX,
};

const outcomeColours: Readonly<Record<CopiedItem['outcome'], string>> = {
  copied: 'outcome-restored',
  partial: 'outcome-partial',
  skipped: 'outcome-unfinished',
  failed: 'outcome-failed',
};

function Done({ report, folder }: { readonly report: CopyReport; readonly folder: string }) {
  const { say, size } = useSpeech();
  const { browsing } = useWizard();
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const done = report.items.filter(({ path }) => path !== null);
  const files = done.reduce((sum, item) => sum + item.files, 0);
  const bytes = done.reduce((sum, item) => sum + item.bytes, 0);
  const isWhole = report.items.every(({ outcome }) => outcome === 'copied' || outcome === 'skipped');

  async function show(): Promise<void> {
    const answer = await browsing.controller.showCopies();
    setTrouble(answer.ok ? null : answer.problem);
  }

  return (
    <Parts
      heading={say(
        report.cancelled
          ? 'copy.cancelled'
          : done.length === 0
            ? 'copy.nothing'
            : isWhole
              ? 'copy.done'
              : 'copy.doneInPart',
      )}
      folder={folder}
      actions={
        <>
          {done.length > 0 && (
            <Button icon={FolderOpen} onPress={() => void show()}>
              {say('results.openFolder')}
            </Button>
          )}
          <Button kind="primary" autoFocus onPress={() => browsing.controller.leaveCopy()}>
            {say('copy.close')}
          </Button>
        </>
      }
    >
      {trouble && <ProblemNote problem={trouble} urgent />}
      {done.length > 0 && <p>{say('copy.totalDone', { count: files, size: size(bytes) })}</p>}
      <ul className="copied" aria-label={say('copy.items')}>
        {report.items.map((item, index) => (
          <Item key={`${item.name}-${index}`} item={item} />
        ))}
      </ul>
    </Parts>
  );
}

function Item({ item }: { readonly item: CopiedItem }) {
  const { say, language } = useSpeech();
  const Icon = outcomeIcons[item.outcome];
  const { others } = apartFromRenamings(item.problems, language);
  const hidden = new Set(others.slice(shownProblems));
  return (
    <li className="copied-item">
      <p className="file-head">
        <Icon className={`icon icon-small ${outcomeColours[item.outcome]}`} aria-hidden />
        <span>{visible(item.path ?? item.name)}</span>
        <span className="file-size">{say(`copied.${item.outcome}`)}</span>
      </p>
      <ProblemNotes problems={item.problems.filter((value) => !hidden.has(value))} />
      {hidden.size + item.omittedProblems > 0 && (
        <p className="fine">{say('copy.moreProblems', { count: hidden.size + item.omittedProblems })}</p>
      )}
    </li>
  );
}

const shownProblems = 20;

function Parts({
  heading,
  folder,
  children,
  actions,
}: {
  readonly heading: string;
  readonly folder: string | null;
  readonly children: ReactNode;
  readonly actions: ReactNode;
}) {
  const { say } = useSpeech();
  return (
    <>
      <Heading slot="title">{heading}</Heading>
      {folder !== null && (
        <p className="fine">
          {say('copy.into')} <span className="mono">{visible(folder)}</span>
        </p>
      )}
      {children}
      <div className="dialog-bar dialog-bar-end">{actions}</div>
    </>
  );
}
