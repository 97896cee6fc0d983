/** Promises of the controller: what it asks of the backend, and what becomes of the answers. */
import { describe, expect, it, vi } from 'vitest';
import { createController } from '../../renderer/state/controller.ts';
import { createWizardStore } from '../../renderer/state/store.ts';
import type { Problem } from '../../shared/problems.ts';
import { jobId, wizardDouble, type Scenario } from '../support/wizard-double.ts';
import * as sample from '../support/wizard-sample.ts';

const passphrase = 'correct horse battery staple';

function wizard(scenario: Scenario = {}) {
  const double = wizardDouble(scenario);
  const store = createWizardStore();
  const controller = createController(double.client, store);
  const asked = () => double.calls.map(({ name }) => name);
  const argsOf = (name: string) => double.calls.filter((call) => call.name === name).map(({ args }) => args);
  return { double, store, controller, asked, argsOf };
}

/** What nobody chose otherwise. */
const choices = { acceptUnsealed: false, allowSlow: false };

type Wizard = ReturnType<typeof wizard>;

async function toQubes({ controller, store }: Wizard): Promise<void> {
  await controller.chooseBackup();
  store.dispatch({ type: 'backup-accepted' });
  await controller.unlock(passphrase, choices);
}

async function toDestination(each: Wizard): Promise<void> {
  await toQubes(each);
  each.store.dispatch({ type: 'qubes-chosen', qubes: new Set(['work', 'vault']) });
  each.store.dispatch({ type: 'qubes-accepted' });
}

/** Lets answers that are on their way arrive. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Lets what was heard of a job be shown; timers of one length end in the order in which they began. */
const shown = () => new Promise((resolve) => setTimeout(resolve, 50));

async function toPlan(each: Wizard): Promise<void> {
  await toDestination(each);
  await each.controller.chooseFolder();
  await settle();
}

describe('choosing a backup', () => {
  it('opens what was chosen in the dialog', async () => {
    const { controller, store, argsOf } = wizard();
    await controller.chooseBackup();
    expect(argsOf('backup.open')).toEqual([{ placeId: sample.backupPlace.id, alone: false }]);
    expect(store.getState()).toMatchObject({ choice: { kind: 'opened', backup: { sample: false } } });
  });

  it('changes nothing when the dialog was closed', async () => {
    const { controller, store } = wizard({ 'places.chooseBackup': { value: null } });
    await controller.chooseBackup();
    expect(store.getState()).toBe(store.getInitialState());
  });

  it('opens what was dropped by its path', async () => {
    const { controller, argsOf } = wizard();
    await controller.openPaths(['/media/user/backup']);
    expect(argsOf('places.locate')).toEqual([{ path: '/media/user/backup', kind: 'backup' }]);
    expect(argsOf('backup.open')).toEqual([{ placeId: sample.backupPlace.id, alone: false }]);
  });

  it('opens several files that were dropped as parts of one backup, and one of them alone when asked to', async () => {
    const { controller, argsOf } = wizard();
    await controller.openPaths(['/media/user/b.aa', '/media/user/b.ab']);
    expect(argsOf('places.locate').length).toBe(2);
    const { id } = sample.backupPlace;
    expect(argsOf('places.together')).toEqual([{ placeIds: [id, id] }]);
    await controller.openTogether([sample.backupPlace, sample.backupPlace]);
    await controller.openAlone();
    expect(argsOf('backup.open')).toEqual([
      { placeId: id, alone: false },
      { placeId: id, alone: false },
      { placeId: id, alone: true },
    ]);
  });

  it('shows why a dropped path cannot be opened', async () => {
    const problem: Problem = { code: 'source-missing', params: { path: '/nowhere' } };
    const { controller, store, asked } = wizard({ 'places.locate': { problem } });
    await controller.openPaths(['/nowhere']);
    expect(asked()).not.toContain('backup.open');
    expect(store.getState()).toMatchObject({ choice: { kind: 'trouble', problem } });
  });

  it('opens what the system handed the program, at the start and later', async () => {
    const given = { id: 'given', name: 'g', path: '/g' };
    const { double, controller, argsOf } = wizard({ 'places.takeGiven': { value: given } });
    await controller.openGiven();
    double.emit.places.given();
    await settle();
    expect(argsOf('backup.open')).toEqual([
      { placeId: 'given', alone: false },
      { placeId: 'given', alone: false },
    ]);
  });

  it('leaves everything as it is where nothing was handed over', async () => {
    const { controller, store, asked } = wizard();
    await controller.openGiven();
    expect(asked()).toEqual(['places.takeGiven']);
    expect(store.getState()).toBe(store.getInitialState());
  });

  it('lets what is handed over wait until nothing else is worked on', async () => {
    const each = wizard();
    const { double, store, asked } = each;
    await toQubes(each);
    double.emit.places.given();
    await settle();
    expect(asked()).not.toContain('places.takeGiven');
    store.dispatch({ type: 'back' });
    await settle();
    expect(store.getState().step).toBe('backup');
    expect(asked()).toContain('places.takeGiven');
  });

  it('knows the sample', async () => {
    const { controller, store } = wizard();
    await controller.openSample();
    expect(store.getState()).toMatchObject({ choice: { backup: { sample: true } } });
  });

  it('closes the backup that is left for another', async () => {
    const { controller, argsOf } = wizard();
    await controller.openSample();
    await controller.chooseBackup();
    expect(argsOf('backup.close')).toEqual([{ backupId: sample.openedSample.backupId }]);
  });

  it('closes a backup that opened after another was chosen', async () => {
    const { controller, store, argsOf } = wizard();
    const first = controller.openSample();
    await controller.chooseBackup();
    await first;
    expect(argsOf('backup.close')).toEqual([{ backupId: sample.openedSample.backupId }]);
    expect(store.getState()).toMatchObject({ choice: { backup: { backupId: sample.opened.backupId } } });
  });

  it('turns a broken wire into a problem', async () => {
    const { double, store } = wizard();
    const broken = createController(
      {
        ...double.client,
        backup: { ...double.client.backup, openSample: () => Promise.reject(new Error('gone')) },
      },
      store,
    );
    await broken.openSample();
    expect(store.getState()).toMatchObject({
      choice: { problem: { code: 'unexpected', params: { detail: 'gone' } } },
    });
  });
});

describe('unlocking', () => {
  it('sends the passphrase as it was typed, and moves on', async () => {
    const each = wizard();
    await each.controller.chooseBackup();
    each.store.dispatch({ type: 'backup-accepted' });
    await each.controller.unlock('  spaces and ümläuts ', choices);
    expect(each.argsOf('backup.unlock')).toEqual([
      {
        backupId: sample.opened.backupId,
        passphrase: '  spaces and ümläuts ',
        acceptUnsealed: false,
        allowSlow: false,
      },
    ]);
    expect(each.store.getState().step).toBe('qubes');
  });

  it('keeps the passphrase out of every state that the store was ever in', async () => {
    const each = wizard();
    const seen: unknown[] = [];
    each.store.subscribe((state) => seen.push(state));
    await toPlan(each);
    expect(seen.length).toBeGreaterThan(5);
    expect(JSON.stringify(seen)).not.toContain(passphrase);
  });

  it('stays with the problem when the passphrase is rejected', async () => {
    const problem: Problem = { code: 'passphrase-rejected', params: {} };
    const each = wizard({ 'backup.unlock': { problem } });
    await toQubes(each);
    expect(each.store.getState()).toMatchObject({
      step: 'passphrase',
      attempt: { kind: 'trouble', problem },
    });
  });

  it('tries the other forms of a passphrase one after another, and says which one opened it', async () => {
    const rejected = { problem: { code: 'passphrase-rejected', params: {} } } as const;
    const answers: { 'backup.unlock'?: typeof rejected } = { 'backup.unlock': rejected };
    const each = wizard(answers);
    await each.controller.chooseBackup();
    each.store.dispatch({ type: 'backup-accepted' });
    each.store.subscribe((state) => {
      // The third is the right one.
      if (state.step !== 'passphrase' || state.attempt.kind !== 'checking') return;
      if (state.attempt.variant?.number === 3) delete answers['backup.unlock'];
    });
    await each.controller.tryVariants(' gr\u00fcn', choices);
    expect(each.argsOf('backup.unlock')).toMatchObject([
      { passphrase: 'gr\u00fcn' },
      { passphrase: ' gru\u0308n' },
      { passphrase: ' GR\u00dcN' },
    ]);
    expect(each.store.getState()).toMatchObject({ step: 'qubes', variant: 'caps-lock' });
  });

  it('says how many forms were tried when none opens it, and stops at another problem', async () => {
    const each = wizard({ 'backup.unlock': { problem: { code: 'passphrase-rejected', params: {} } } });
    await each.controller.chooseBackup();
    each.store.dispatch({ type: 'backup-accepted' });
    await each.controller.tryVariants('x ', choices);
    const count = each.argsOf('backup.unlock').length;
    expect(count).toBeGreaterThan(1);
    expect(each.store.getState()).toMatchObject({ attempt: { kind: 'trouble', variants: count } });
    const lost = wizard({ 'backup.unlock': { problem: { code: 'source-lost', params: { reason: 'EIO' } } } });
    await lost.controller.chooseBackup();
    lost.store.dispatch({ type: 'backup-accepted' });
    await lost.controller.tryVariants('x ', choices);
    expect(lost.argsOf('backup.unlock')).toHaveLength(1);
    expect(lost.store.getState()).toMatchObject({
      attempt: { problem: { code: 'source-lost' }, variants: 0 },
    });
  });

  it('tries no further form once it was cancelled', async () => {
    const each = wizard({ 'backup.unlock': { problem: { code: 'passphrase-rejected', params: {} } } });
    await each.controller.chooseBackup();
    each.store.dispatch({ type: 'backup-accepted' });
    const trying = each.controller.tryVariants('x ', choices);
    await each.controller.cancelUnlock();
    await trying;
    expect(each.argsOf('backup.unlock')).toHaveLength(1);
    expect(each.store.getState()).toMatchObject({ attempt: { kind: 'none' } });
  });

  it('can be cancelled, and tells the backend', async () => {
    const each = wizard({ 'backup.unlock': { pending: true } });
    await each.controller.chooseBackup();
    each.store.dispatch({ type: 'backup-accepted' });
    void each.controller.unlock(passphrase, choices);
    await each.controller.cancelUnlock();
    expect(each.argsOf('backup.cancelUnlock')).toEqual([{ backupId: sample.opened.backupId }]);
    expect(each.store.getState()).toMatchObject({ step: 'passphrase', attempt: { kind: 'none' } });
  });
});

describe('choosing a destination', () => {
  it('asks for no plan before there is a folder', async () => {
    const each = wizard();
    await toDestination(each);
    await settle();
    expect(each.asked()).not.toContain('restore.plan');
  });

  it('asks for a plan as soon as a folder is chosen', async () => {
    const each = wizard();
    await toPlan(each);
    expect(each.argsOf('restore.plan')).toEqual([
      {
        backupId: sample.opened.backupId,
        qubes: ['work', 'vault'],
        mode: 'restore',
        folderId: sample.folderPlace.id,
      },
    ]);
    expect(each.store.getState()).toMatchObject({ survey: { kind: 'planned' } });
  });

  it('asks again, without a folder, when only verifying', async () => {
    const each = wizard();
    await toPlan(each);
    each.store.dispatch({ type: 'mode-chosen', mode: 'verify' });
    await settle();
    expect(each.argsOf('restore.plan').at(-1)).toMatchObject({ mode: 'verify', folderId: null });
  });

  it('shows why a folder could not be chosen', async () => {
    const problem: Problem = { code: 'dest-missing', params: { path: '/gone' } };
    const each = wizard({ 'places.chooseFolder': { problem } });
    await toPlan(each);
    expect(each.store.getState()).toMatchObject({ survey: { kind: 'trouble', problem } });
  });
});

describe('restoring', () => {
  it('starts with the choices, memory among them', async () => {
    const each = wizard();
    await toPlan(each);
    each.store.dispatch({ type: 'memory-chosen', memory: 2 ** 29 });
    await each.controller.start();
    expect(each.argsOf('restore.start')).toEqual([
      {
        backupId: sample.opened.backupId,
        qubes: ['work', 'vault'],
        mode: 'restore',
        folderId: sample.folderPlace.id,
        memory: 2 ** 29,
        acceptPartial: false,
        allowSlow: false,
      },
    ]);
    expect(each.store.getState()).toMatchObject({ step: 'progress', jobId });
  });

  it('loses no event that overtakes the answer of start', async () => {
    const each = wizard();
    await toPlan(each);
    const started = each.controller.start();
    each.double.emit.restore.qubeFinished({ jobId, qube: sample.reportOf('work', 'restored') });
    each.double.emit.restore.progress({ jobId, progress: sample.progress });
    await started;
    expect(each.store.getState()).toMatchObject({
      step: 'progress',
      progress: { doneBytes: sample.progress.doneBytes },
      finished: [{ name: 'work' }],
    });
  });

  it('shows what is heard together at once, however much it is', async () => {
    const each = wizard();
    await toPlan(each);
    await each.controller.start();
    const turns = new Set<object>();
    let turn: object | null = null;
    each.store.subscribe(() => {
      turns.add((turn ??= {}));
      queueMicrotask(() => (turn = null));
    });
    for (let index = 0; index < 30; index++) {
      // As they come over a wire: one after another, with time for a page to draw between them.
      await Promise.resolve();
      each.double.emit.restore.qubeFinished({ jobId, qube: sample.reportOf(`q${index}`, 'restored') });
      each.double.emit.restore.progress({ jobId, progress: sample.progress });
    }
    await shown();
    const state = each.store.getState();
    expect(state.step === 'progress' && state.finished.length).toBe(30);
    expect(turns.size).toBe(1);
  });

  it('shows why it did not start, and can look again', async () => {
    const problem: Problem = { code: 'dest-full', params: { needed: 2, free: 1 } };
    const each = wizard({ 'restore.start': { problem } });
    await toPlan(each);
    await each.controller.start();
    expect(each.store.getState()).toMatchObject({
      step: 'destination',
      survey: { kind: 'trouble', problem },
    });
    each.store.dispatch({ type: 'plan-again' });
    await settle();
    expect(each.store.getState()).toMatchObject({ survey: { kind: 'planned' } });
  });

  it('pauses, resumes and cancels the job', async () => {
    const each = wizard();
    await toPlan(each);
    await each.controller.start();
    await each.controller.pause();
    each.double.emit.restore.progress({ jobId, progress: { ...sample.progress, paused: true } });
    await each.controller.resume();
    each.double.emit.restore.progress({ jobId, progress: sample.progress });
    await each.controller.cancel(true);
    expect(each.argsOf('restore.pause')).toEqual([{ jobId }]);
    expect(each.argsOf('restore.resume')).toEqual([{ jobId }]);
    expect(each.argsOf('restore.cancel')).toEqual([{ jobId, keep: true }]);
    expect(each.store.getState()).toMatchObject({ steering: 'cancelling' });
  });

  it('says so when pausing did not work', async () => {
    const problem: Problem = { code: 'engine-gone', params: { reason: 'signal 9' } };
    const each = wizard({ 'restore.pause': { problem } });
    await toPlan(each);
    await each.controller.start();
    await each.controller.pause();
    expect(each.store.getState()).toMatchObject({ steering: null, trouble: problem });
  });

  it('notices that nobody is there any more, and is patient with who is only silent', async () => {
    const problem: Problem = { code: 'engine-gone', params: { reason: 'connection lost' } };
    const answers: { 'program.describe'?: { problem: Problem } } = {};
    const each = wizard(answers);
    await toPlan(each);
    vi.useFakeTimers();
    try {
      await each.controller.start();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(each.store.getState()).toMatchObject({ step: 'progress', trouble: null });
      answers['program.describe'] = { problem };
      await vi.advanceTimersByTimeAsync(15_000);
      expect(each.store.getState()).toMatchObject({ step: 'progress', trouble: problem });
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends with the report, and opens folders of it', async () => {
    const each = wizard();
    await toPlan(each);
    await each.controller.start();
    const report = {
      outcome: 'restored' as const,
      qubes: [sample.reportOf('work', 'restored')],
      problems: [],
    };
    each.double.emit.restore.finished({ jobId, report, cancelled: false });
    await shown();
    expect(each.store.getState()).toMatchObject({ step: 'results', report });
    await each.controller.openFolder('work');
    expect(each.argsOf('results.openFolder')).toEqual([{ jobId, qube: 'work' }]);
  });

  it('hears nothing any more once disposed of', async () => {
    const each = wizard();
    await toPlan(each);
    await each.controller.start();
    each.double.emit.restore.progress({ jobId, progress: sample.progress });
    each.controller.dispose();
    each.double.emit.restore.progress({ jobId, progress: sample.progress });
    await shown();
    expect(each.store.getState()).toMatchObject({ progress: null });
  });
});
