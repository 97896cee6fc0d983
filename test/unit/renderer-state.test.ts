/** Promises of the wizard's state: every move that is legal, none that is not, and no state that cannot be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canStart } from '../../renderer/state/plan.ts';
import { canRestore } from '../../renderer/state/qubes.ts';
import { reduce } from '../../renderer/state/reduce.ts';
import type { WizardEvent } from '../../renderer/state/wizard-events.ts';
import { createWizardStore } from '../../renderer/state/store.ts';
import {
  initialState,
  openBackupOf,
  steps,
  type Unlocked,
  type WizardState,
} from '../../renderer/state/wizard.ts';
import { isPaused, restoreIn } from '../../renderer/state/work.ts';
import type { Problem } from '../../shared/problems.ts';
import * as sample from '../support/wizard-sample.ts';

const problem: Problem = { code: 'not-a-backup', params: {} };
const cancelled: Problem = { code: 'cancelled', params: {} };
const backup = { ...sample.opened, sample: false };
const plan = sample.planFor(['work'], sample.folderPlace, 1e12);
const blocked = { ...plan, findings: [{ code: 'dest-full', params: { needed: 2, free: 1 } } as Problem] };
const jobId = 'job-1';
const report = { outcome: 'restored' as const, qubes: [sample.reportOf('work', 'restored')], problems: [] };
const unlocked: Unlocked = {
  backup,
  inventory: sample.inventory,
  choices: {
    qubes: new Set(['work']),
    mode: 'restore',
    folder: sample.folderPlace,
    memory: null,
    acceptPartial: false,
    allowSlow: false,
  },
  variant: null,
};
const passphraseStep = { step: 'passphrase', backup, kept: null, unsealed: false } as const;
const firstVariant = { kind: 'trimmed', number: 1, count: 2 } as const;
const ticket = 1;

const states = {
  'backup: none': initialState,
  'backup: reading': { step: 'backup', choice: { kind: 'reading', ticket } },
  'backup: trouble': { step: 'backup', choice: { kind: 'trouble', problem } },
  'backup: opened': { step: 'backup', choice: { kind: 'opened', backup, unlocked: null } },
  'backup: opened again': { step: 'backup', choice: { kind: 'opened', backup, unlocked } },
  'passphrase: none': { ...passphraseStep, attempt: { kind: 'none' } },
  'passphrase: checking': { ...passphraseStep, attempt: { kind: 'checking', ticket, variant: null } },
  'passphrase: trying forms': {
    ...passphraseStep,
    attempt: { kind: 'checking', ticket, variant: firstVariant },
  },
  'passphrase: trouble': { ...passphraseStep, attempt: { kind: 'trouble', problem, variants: 0 } },
  'passphrase: again': { ...passphraseStep, kept: unlocked.choices, attempt: { kind: 'none' } },
  'qubes: none chosen': {
    step: 'qubes',
    ...unlocked,
    choices: { ...unlocked.choices, qubes: new Set<string>() },
  },
  'qubes: some chosen': { step: 'qubes', ...unlocked },
  'destination: none': { step: 'destination', ...unlocked, survey: { kind: 'none' } },
  'destination: no folder': {
    step: 'destination',
    ...unlocked,
    choices: { ...unlocked.choices, folder: null },
    survey: { kind: 'none' },
  },
  'destination: probing': { step: 'destination', ...unlocked, survey: { kind: 'probing', ticket } },
  'destination: planned': { step: 'destination', ...unlocked, survey: { kind: 'planned', plan } },
  'destination: blocked': { step: 'destination', ...unlocked, survey: { kind: 'planned', plan: blocked } },
  'destination: starting': { step: 'destination', ...unlocked, survey: { kind: 'starting', plan } },
  'destination: trouble': { step: 'destination', ...unlocked, survey: { kind: 'trouble', problem } },
  'progress: running': {
    step: 'progress',
    ...unlocked,
    jobId,
    progress: null,
    freeBytes: null,
    finished: [],
    steering: null,
    trouble: null,
  },
  'progress: cancelling': {
    step: 'progress',
    ...unlocked,
    jobId,
    progress: sample.progress,
    freeBytes: 1e9,
    finished: [],
    steering: 'cancelling',
    trouble: null,
  },
  results: { step: 'results', ...unlocked, jobId, report, cancelled: false },
} as const satisfies Record<string, WizardState>;

const events = {
  reading: { type: 'reading', ticket: 2 },
  opened: { type: 'opened', ticket, backup },
  'open-failed': { type: 'open-failed', ticket, problem },
  'backup-accepted': { type: 'backup-accepted' },
  checking: { type: 'checking', ticket: 2, variant: null },
  'check-abandoned': { type: 'check-abandoned' },
  'check-failed': { type: 'check-failed', ticket, problem },
  unlocked: { type: 'unlocked', ticket, inventory: sample.inventory },
  'unlock-again': { type: 'unlock-again' },
  'qubes-chosen': { type: 'qubes-chosen', qubes: new Set(['vault']) },
  'qubes-accepted': { type: 'qubes-accepted' },
  'mode-chosen': { type: 'mode-chosen', mode: 'verify' },
  'folder-chosen': { type: 'folder-chosen', folder: sample.folderPlace },
  'folder-failed': { type: 'folder-failed', problem },
  'memory-chosen': { type: 'memory-chosen', memory: 1024 },
  'partial-chosen': { type: 'partial-chosen', acceptPartial: true },
  probing: { type: 'probing', ticket: 2 },
  planned: { type: 'planned', ticket, plan },
  'plan-failed': { type: 'plan-failed', ticket, problem },
  'plan-again': { type: 'plan-again' },
  starting: { type: 'starting' },
  'start-failed': { type: 'start-failed', problem },
  started: { type: 'started', jobId },
  progressed: { type: 'progressed', jobId, progress: sample.progress },
  'space-seen': { type: 'space-seen', jobId, freeBytes: 2e9 },
  'qube-finished': { type: 'qube-finished', jobId, qube: sample.reportOf('work', 'restored') },
  steered: { type: 'steered', steering: 'pausing' },
  'steering-failed': { type: 'steering-failed', problem },
  lost: { type: 'lost', problem },
  finished: { type: 'finished', jobId, report, cancelled: false },
  back: { type: 'back' },
  'restore-again': { type: 'restore-again', mode: 'restore' },
  'slow-allowed': { type: 'slow-allowed' },
  'restore-more': { type: 'restore-more' },
  'start-over': { type: 'start-over' },
} as const satisfies { readonly [T in WizardEvent['type']]: Extract<WizardEvent, { readonly type: T }> };

type StateName = keyof typeof states;
type EventName = keyof typeof events;

const choosing: readonly EventName[] = [
  'mode-chosen',
  'folder-chosen',
  'folder-failed',
  'memory-chosen',
  'partial-chosen',
  'back',
];

const legal: Readonly<Record<StateName, readonly EventName[]>> = {
  'backup: none': ['reading'],
  'backup: reading': ['reading', 'opened', 'open-failed'],
  'backup: trouble': ['reading'],
  'backup: opened': ['reading', 'backup-accepted'],
  'backup: opened again': ['reading', 'backup-accepted'],
  'passphrase: none': ['checking', 'back'],
  'passphrase: checking': ['check-abandoned', 'check-failed', 'unlocked'],
  'passphrase: trying forms': ['check-abandoned', 'check-failed', 'unlocked'],
  'passphrase: trouble': ['checking', 'back'],
  'passphrase: again': ['checking', 'back'],
  'qubes: none chosen': ['qubes-chosen', 'back'],
  'qubes: some chosen': ['qubes-chosen', 'qubes-accepted', 'back'],
  'destination: none': [...choosing, 'probing'],
  'destination: no folder': choosing,
  'destination: probing': [...choosing, 'planned', 'plan-failed'],
  'destination: planned': [...choosing, 'plan-again', 'starting'],
  'destination: blocked': [...choosing, 'plan-again'],
  'destination: starting': ['start-failed', 'started'],
  'destination: trouble': [...choosing, 'plan-again', 'unlock-again'],
  'progress: running': ['progressed', 'space-seen', 'qube-finished', 'steered', 'lost', 'finished'],
  'progress: cancelling': [
    'progressed',
    'space-seen',
    'qube-finished',
    'steering-failed',
    'lost',
    'finished',
  ],
  results: ['unlock-again', 'restore-again', 'slow-allowed', 'restore-more', 'start-over'],
};

const stateNames = Object.keys(states) as StateName[];
const eventNames = Object.keys(events) as EventName[];

it.each(stateNames)(
  'in the state "%s" the wizard takes what is legal there, and refuses the rest',
  (name) => {
    const state: WizardState = states[name];
    const taken = eventNames.filter((event) => reduce(state, events[event]) !== state);
    expect(taken).toEqual(eventNames.filter((event) => legal[name].includes(event)));
  },
);

describe('the wizard', () => {
  it('drops answers to questions that were abandoned', () => {
    const late = ticket + 1;
    const waiting: readonly WizardState[] = [
      states['backup: reading'],
      states['passphrase: checking'],
      states['destination: probing'],
    ];
    for (const state of waiting) {
      for (const event of [
        'opened',
        'open-failed',
        'check-failed',
        'unlocked',
        'planned',
        'plan-failed',
      ] as const) {
        expect(reduce(state, { ...events[event], ticket: late })).toBe(state);
      }
    }
  });

  it('drops words of another job', () => {
    const state = states['progress: running'];
    for (const event of ['progressed', 'qube-finished', 'finished'] as const) {
      expect(reduce(state, { ...events[event], jobId: 'job-0' })).toBe(state);
    }
  });

  it('is back where it was when a person cancels, without any trouble', () => {
    expect(reduce(states['backup: reading'], { type: 'open-failed', ticket, problem: cancelled })).toEqual(
      initialState,
    );
    expect(
      reduce(states['passphrase: checking'], { type: 'check-failed', ticket, problem: cancelled }),
    ).toEqual(states['passphrase: none']);
  });

  it('asks for no passphrase twice when somebody goes back from the qubes', () => {
    const back = reduce(states['qubes: some chosen'], { type: 'back' });
    expect(reduce(back, { type: 'backup-accepted' })).toEqual(states['qubes: some chosen']);
  });

  it('tries other forms of a passphrase in their order, and one at a time', () => {
    const second = { ...firstVariant, kind: 'composed', number: 2 } as const;
    const next = { type: 'checking', ticket: 2, variant: second } as const;
    for (const name of ['passphrase: none', 'passphrase: checking', 'passphrase: trouble'] as const) {
      expect(reduce(states[name], next)).toBe(states[name]);
    }
    const trying = reduce(states['passphrase: trying forms'], next);
    expect(trying).toMatchObject({ attempt: { kind: 'checking', variant: second } });
    const rejected: Problem = { code: 'passphrase-rejected', params: {} };
    expect(reduce(trying, { type: 'check-failed', ticket: 2, problem: rejected })).toMatchObject({
      attempt: { variants: 2 },
    });
    expect(reduce(trying, { type: 'check-failed', ticket: 2, problem })).toMatchObject({
      attempt: { variants: 0 },
    });
    expect(reduce(trying, { ...events.unlocked, ticket: 2 })).toMatchObject({
      step: 'qubes',
      variant: 'composed',
    });
  });

  it('offers to take what nothing seals where such was met, and nowhere else', () => {
    const unsealed: Problem = { code: 'chunk-not-sealed', params: { file: 'vm1/private.img', chunk: 1 } };
    const after = (problems: Problem[]) =>
      reduce(
        { ...states.results, report: { ...report, qubes: [sample.reportOf('work', 'partial', problems)] } },
        { type: 'unlock-again' },
      );
    expect(after([unsealed])).toMatchObject({ step: 'passphrase', unsealed: true });
    expect(after([problem])).toMatchObject({ step: 'passphrase', unsealed: false });
    const refused = reduce(states['passphrase: checking'], {
      ...events['check-failed'],
      problem: unsealed,
    });
    expect(refused).toMatchObject({ unsealed: true });
    // It stays on offer while the passphrase is mistyped.
    const again = reduce(refused, { type: 'checking', ticket, variant: null });
    expect(reduce(again, events['check-failed'])).toMatchObject({ unsealed: true });
  });

  it('goes on where it was once it is unlocked again, with what the backup still holds', () => {
    const again = reduce(states.results, { type: 'unlock-again' });
    expect(again).toMatchObject({ step: 'passphrase', kept: unlocked.choices });
    const checking = reduce(again, { type: 'checking', ticket, variant: null });
    expect(reduce(checking, events.unlocked)).toEqual(states['destination: none']);
    const other = {
      ...sample.inventory,
      qubes: sample.inventory.qubes.filter(({ name }) => name !== 'work'),
    };
    expect(reduce(checking, { ...events.unlocked, inventory: other })).toMatchObject({
      step: 'qubes',
      choices: { qubes: new Set() },
    });
  });

  it('chooses only qubes that the backup holds', () => {
    const chosen = reduce(states['qubes: none chosen'], {
      type: 'qubes-chosen',
      qubes: new Set(['vault', 'sys-net', 'never-heard-of']),
    });
    expect(chosen).toMatchObject({ choices: { qubes: new Set(['vault']) } });
  });

  it('ends pausing when the engine says that it is paused, and not before', () => {
    const pausing = reduce(states['progress: running'], { type: 'steered', steering: 'pausing' });
    const still = reduce(pausing, { ...events.progressed, progress: { ...sample.progress, paused: false } });
    expect(still).toMatchObject({ steering: 'pausing' });
    const paused = reduce(still, { ...events.progressed, progress: { ...sample.progress, paused: true } });
    expect(paused).toMatchObject({ steering: null, progress: { paused: true } });
  });

  it('keeps one report a qube', () => {
    const once = reduce(states['progress: running'], events['qube-finished']);
    const twice = reduce(once, { ...events['qube-finished'], qube: sample.reportOf('work', 'partial') });
    expect(twice).toMatchObject({ finished: [{ name: 'work', outcome: 'partial' }] });
  });

  it('tells its store whether an event was taken', () => {
    const store = createWizardStore();
    expect(store.dispatch(events['backup-accepted'])).toBe(false);
    expect(store.dispatch({ type: 'reading', ticket })).toBe(true);
    expect(store.dispatch(events.opened)).toBe(true);
    expect(openBackupOf(store.getState())?.backupId).toBe(backup.backupId);
  });
});

const ticketed = fc.integer({ min: 1, max: 2 });
const anyQubes = fc.subarray(sample.qubes.map(({ name }) => name)).map((names) => new Set(names));
const anyProblem = fc.constantFrom(problem, cancelled);
const anyMode = fc.constantFrom('restore' as const, 'verify' as const);
const anyJob = fc.constantFrom('job-1', 'job-2');

const anyEvent: fc.Arbitrary<WizardEvent> = fc.oneof(
  fc.record({
    type: fc.constantFrom('reading' as const, 'probing' as const),
    ticket: ticketed,
  }),
  fc.record({
    type: fc.constant('checking' as const),
    ticket: ticketed,
    variant: fc.option(
      fc.record({
        kind: fc.constantFrom('trimmed' as const, 'composed' as const),
        number: fc.integer({ min: 1, max: 2 }),
        count: fc.constant(2),
      }),
    ),
  }),
  fc.record({ type: fc.constant('opened' as const), ticket: ticketed, backup: fc.constant(backup) }),
  fc.record({
    type: fc.constantFrom('open-failed' as const, 'check-failed' as const, 'plan-failed' as const),
    ticket: ticketed,
    problem: anyProblem,
  }),
  fc.record({
    type: fc.constant('unlocked' as const),
    ticket: ticketed,
    inventory: fc.constant(sample.inventory),
  }),
  fc.record({ type: fc.constant('qubes-chosen' as const), qubes: anyQubes }),
  fc.record({ type: fc.constant('mode-chosen' as const), mode: anyMode }),
  fc.record({
    type: fc.constant('planned' as const),
    ticket: ticketed,
    plan: fc.constantFrom(plan, blocked),
  }),
  fc.record({ type: fc.constant('started' as const), jobId: anyJob }),
  fc.record({
    type: fc.constant('progressed' as const),
    jobId: anyJob,
    progress: fc.boolean().map((paused) => ({ ...sample.progress, paused })),
  }),
  fc.record({
    type: fc.constant('steered' as const),
    steering: fc.constantFrom('pausing' as const, 'resuming' as const, 'cancelling' as const),
  }),
  fc.record({
    type: fc.constant('finished' as const),
    jobId: anyJob,
    report: fc.constant(report),
    cancelled: fc.boolean(),
  }),
  fc.record({ type: fc.constant('restore-again' as const), mode: anyMode }),
  fc.constantFrom<WizardEvent>(
    events['backup-accepted'],
    events['check-abandoned'],
    events['qubes-accepted'],
    events['folder-chosen'],
    events['folder-failed'],
    events['memory-chosen'],
    events['plan-again'],
    events.starting,
    events['start-failed'],
    events['unlock-again'],
    events['space-seen'],
    events['qube-finished'],
    events['steering-failed'],
    events.lost,
    events.back,
    events['restore-more'],
    events['start-over'],
  ),
);

/** The very fields of each step: one more or one less is a state that was never defined. */
const fields: Readonly<Record<WizardState['step'], readonly string[]>> = {
  backup: ['choice', 'step'],
  passphrase: ['attempt', 'backup', 'kept', 'step', 'unsealed'],
  qubes: ['backup', 'choices', 'inventory', 'step', 'variant'],
  destination: ['backup', 'choices', 'inventory', 'step', 'survey', 'variant'],
  progress: [
    'backup',
    'choices',
    'finished',
    'freeBytes',
    'inventory',
    'jobId',
    'progress',
    'steering',
    'step',
    'trouble',
    'variant',
  ],
  results: ['backup', 'cancelled', 'choices', 'inventory', 'jobId', 'report', 'step', 'variant'],
};

function expectDefined(state: WizardState): void {
  expect(Object.keys(state).sort()).toEqual(fields[state.step]);
  expect(Object.values(state)).not.toContain(undefined);
  if (!('choices' in state)) return;
  const restorable = new Set(state.inventory.qubes.filter(canRestore).map(({ name }) => name));
  for (const name of state.choices.qubes) expect(restorable).toContain(name);
  if (state.step !== 'qubes') expect(state.choices.qubes.size).toBeGreaterThan(0);
  if (state.step === 'destination' && state.survey.kind === 'starting') {
    expect(canStart(state.survey.plan)).toBe(true);
  }
}

it('reaches no undefined state, wherever it is and whatever happens', () => {
  const visited = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...stateNames), fc.array(anyEvent, { maxLength: 40 }), (name, happening) => {
      let state: WizardState = states[name];
      for (const event of happening) {
        state = Object.freeze(reduce(state, event));
        expectDefined(state);
        visited.add(state.step);
      }
    }),
    { numRuns: 500 },
  );
  // A walk that never left the first steps would promise nothing.
  expect([...visited].sort()).toEqual([...steps].sort());
});

describe('what is under way', () => {
  const running = states['progress: running'];
  const verifying: WizardState = { ...running, choices: { ...running.choices, mode: 'verify' } };
  const lost = reduce(running, { type: 'lost', problem: { code: 'engine-gone', params: { reason: 'x' } } });

  it.each<[string, WizardState, 'restore' | 'verify' | null]>([
    ['nothing before a restore', states['backup: opened'], null],
    ['a restore', running, 'restore'],
    ['a verification', verifying, 'verify'],
    ['no restore whose engine is gone', lost, null],
    ['nothing after it', states.results, null],
  ])('is %s', (_, state, work) => expect(restoreIn(state)).toBe(work));

  it('goes on by itself, except while it is paused', () => {
    expect(isPaused(running)).toBe(false);
    const progress = { ...sample.progress, paused: true };
    expect(isPaused(reduce(running, { type: 'progressed', jobId, progress }))).toBe(true);
    expect(isPaused(states.results)).toBe(false);
  });
});
