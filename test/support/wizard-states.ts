/** Every state that the wizard can show, each with its scenario and the way there. */
import type { QubeReport, RestoreProgress } from '../../shared/backup.ts';
import { outcomeOf } from '../../main/recovery/restore/verdict.ts';
import type { Problem } from '../../shared/problems.ts';
import { browseScenes } from './browse-states.ts';
import { jobId, type Scenario } from './wizard-double.ts';
import type { WizardPage } from './wizard-page.ts';
import * as sample from './wizard-sample.ts';

export interface WizardScene {
  readonly name: string;
  readonly scenario?: Scenario;
  /** Walks from the first step to this state. */
  readonly walk: (wizard: WizardPage) => Promise<void>;
}

const chosen = ['work', 'personal', 'vault'];
const unread: Problem = { code: 'not-a-backup', params: {} };
const rejected: Problem = { code: 'passphrase-rejected', params: {} };
const damaged: Problem = { code: 'chunk-damaged', params: { file: 'work/private.img', chunk: 117 } };
const unsealed: Problem = { code: 'chunk-not-sealed', params: { file: 'work/private.img', chunk: 3 } };
const slowKey: Problem = { code: 'derivation-slow', params: { seconds: 14_400 } };
const slowChunk: Problem = {
  code: 'chunk-slow',
  params: { file: 'work/private.img', chunk: 3, seconds: 14_400 },
};
const cut: Problem = {
  code: 'backup-truncated',
  params: { size: 4_294_967_295, member: 'vm-work/private.img.039.enc' },
};

export async function toBackup({ page }: WizardPage): Promise<void> {
  await page.getByRole('button', { name: 'Choose backup file…' }).click();
}

export async function toPassphrase(wizard: WizardPage): Promise<void> {
  await toBackup(wizard);
  await wizard.page.getByRole('button', { name: 'Continue' }).click();
}

export async function unlock(
  { page }: WizardPage,
  passphrase = 'correct horse battery staple',
): Promise<void> {
  await page.getByLabel('Backup passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Unlock' }).click();
}

export async function toQubes(wizard: WizardPage): Promise<void> {
  await toPassphrase(wizard);
  await unlock(wizard);
  await wizard.page.getByRole('grid').waitFor();
}

/** Finds a qube by searching, since only the rows in sight are in the page. */
export async function choose({ page }: WizardPage, name: string): Promise<void> {
  await page.getByRole('searchbox').fill(name);
  await page.getByRole('row', { name }).click();
  await page.getByRole('searchbox').fill('');
}

export async function toDestination(wizard: WizardPage): Promise<void> {
  await toQubes(wizard);
  for (const name of chosen) await choose(wizard, name);
  await wizard.page.getByRole('button', { name: 'Continue' }).click();
}

async function withFolder(wizard: WizardPage): Promise<void> {
  await toDestination(wizard);
  await wizard.page.getByRole('button', { name: 'Choose folder…' }).click();
}

export async function toProgress(wizard: WizardPage): Promise<void> {
  await withFolder(wizard);
  await wizard.page.getByRole('button', { name: 'Restore 3 qubes' }).click();
  await wizard.page.getByRole('progressbar').first().waitFor();
}

async function verifying(wizard: WizardPage): Promise<void> {
  await toDestination(wizard);
  await wizard.page.getByText('Verify only').click();
  await wizard.page.getByRole('button', { name: 'Verify 3 qubes' }).click();
  await wizard.page.getByRole('progressbar').first().waitFor();
}

const progressed = (wizard: WizardPage, progress: Partial<RestoreProgress>) =>
  wizard.send('restore.progress', { jobId, progress: { ...sample.progress, ...progress } });

const qubeFinished = (wizard: WizardPage, qube: QubeReport) =>
  wizard.send('restore.qubeFinished', { jobId, qube });

const finished = (
  wizard: WizardPage,
  qubes: readonly QubeReport[],
  { problems = [], cancelled = false }: { problems?: readonly Problem[]; cancelled?: boolean } = {},
) =>
  wizard.send('restore.finished', {
    jobId,
    report: { outcome: outcomeOf(qubes, problems, modeOf(qubes)), qubes, problems },
    cancelled,
  });

const modeOf = (qubes: readonly QubeReport[]) =>
  qubes.some(({ outcome }) => outcome === 'verified') ? 'verify' : 'restore';

const planned = (findings: Problem[], freeBytes = 412e9): Scenario => ({
  'restore.plan': { value: { ...sample.planFor(chosen, sample.folderPlace, freeBytes), findings } },
});
const browserHost: Scenario = {
  'program.describe': { value: { ...sample.program, host: 'browser', nativeDialogs: false } },
};

export const scenes: readonly WizardScene[] = [
  ...browseScenes,
  { name: '1-backup-idle', walk: () => Promise.resolve() },
  { name: '1-backup-reading', scenario: { 'backup.open': { pending: true } }, walk: toBackup },
  { name: '1-backup-trouble', scenario: { 'backup.open': { problem: unread } }, walk: toBackup },
  { name: '1-backup-opened', walk: toBackup },
  {
    name: '1-backup-kit-saved',
    async walk(wizard) {
      await toBackup(wizard);
      await wizard.page.getByRole('button', { name: 'Save a rescue kit next to it' }).click();
      await wizard.page.getByText('lifeboat-rescue-kit').waitFor();
    },
  },
  {
    name: '1-backup-kit-there',
    scenario: {
      'backup.saveRescueKit': { problem: { code: 'kit-exists', params: { path: sample.kitPlace.path } } },
    },
    async walk(wizard) {
      await toBackup(wizard);
      await wizard.page.getByRole('button', { name: 'Save a rescue kit next to it' }).click();
      await wizard.page.getByText('A rescue kit is there already').waitFor();
    },
  },
  {
    name: '1-backup-incomplete',
    scenario: {
      'backup.open': {
        value: {
          ...sample.opened,
          summary: {
            ...sample.summary,
            size: 4_294_967_295,
            cutOff: true,
            complete: false,
            problems: [cut],
          },
        },
      },
    },
    walk: toBackup,
  },
  {
    name: '1-backup-damaged',
    scenario: {
      'backup.open': {
        value: {
          ...sample.opened,
          summary: {
            ...sample.summary,
            version: null,
            backupId: null,
            created: null,
            encrypted: null,
            compression: null,
            complete: false,
            problems: [{ code: 'header-malformed', params: { detail: 'a line without a value' } }],
          },
        },
      },
    },
    walk: toBackup,
  },
  { name: '1-backup-list', scenario: browserHost, walk: toBackup },
  {
    name: '1-backup-list-reading',
    scenario: { ...browserHost, 'places.list': { pending: true } },
    walk: toBackup,
  },
  { name: '2-passphrase-idle', walk: toPassphrase },
  {
    name: '2-passphrase-sample',
    walk: async ({ page }) => {
      await page.getByRole('button', { name: 'Try the sample backup' }).click();
      await page.getByRole('button', { name: 'Continue' }).click();
    },
  },
  {
    name: '2-passphrase-hints',
    walk: async (wizard) => {
      await toPassphrase(wizard);
      await wizard.page.getByLabel('Backup passphrase').fill('Schöne Grüße ');
      await wizard.page.getByRole('button', { name: 'Show passphrase' }).click();
    },
  },
  {
    name: '2-passphrase-checking',
    scenario: { 'backup.unlock': { pending: true } },
    walk: async (wizard) => {
      await toPassphrase(wizard);
      await unlock(wizard);
    },
  },
  {
    name: '2-passphrase-trouble',
    scenario: { 'backup.unlock': { problem: rejected } },
    walk: async (wizard) => {
      await toPassphrase(wizard);
      await unlock(wizard);
    },
  },
  {
    name: '2-passphrase-slow',
    scenario: { 'backup.unlock': { problem: slowKey } },
    walk: async (wizard) => {
      await toPassphrase(wizard);
      await unlock(wizard);
    },
  },
  {
    name: '2-passphrase-forms',
    scenario: { 'backup.unlock': { problem: rejected } },
    walk: async (wizard) => {
      await toPassphrase(wizard);
      await unlock(wizard, 'grün wie Gras ');
      await wizard.page.getByRole('button', { name: /^Try these/ }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: '2-passphrase-no-form',
    scenario: { 'backup.unlock': { problem: rejected } },
    walk: async (wizard) => {
      await toPassphrase(wizard);
      await unlock(wizard, 'correct horse ');
      await wizard.page.getByRole('button', { name: /^Try these/ }).click();
      await wizard.page.getByText('none of them opens it').waitFor();
    },
  },
  {
    name: '2-passphrase-again',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [], { problems: [{ code: 'engine-gone', params: { reason: 'signal 9' } }] });
      await wizard.page.getByRole('button', { name: 'Try again' }).click();
      await wizard.page.getByLabel('Backup passphrase').waitFor();
    },
  },
  {
    name: '2-passphrase-unsealed',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [sample.reportOf('work', 'partial', [unsealed])]);
      await wizard.page.getByRole('button', { name: 'Unlock again to take them' }).click();
      await wizard.page.getByLabel('Backup passphrase').waitFor();
    },
  },
  { name: '3-qubes-idle', walk: toQubes },
  {
    name: '3-qubes-chosen',
    walk: async (wizard) => {
      await toDestination(wizard);
      await wizard.page.getByRole('button', { name: 'Back' }).click();
    },
  },
  {
    name: '3-qubes-not-included',
    walk: async (wizard) => {
      await toQubes(wizard);
      await wizard.page.getByRole('searchbox').fill('sys');
      await wizard.page.getByRole('row', { name: 'sys-usb' }).waitFor();
    },
  },
  {
    name: '3-qubes-lost',
    scenario: { 'backup.unlock': { value: sample.cutInventory } },
    walk: async (wizard) => {
      await toQubes(wizard);
      await wizard.page.getByText('2 qubes are lost: mail, dev').waitFor();
    },
  },
  {
    name: '3-qubes-nothing-found',
    walk: async (wizard) => {
      await toQubes(wizard);
      await wizard.page.getByRole('searchbox').fill('holiday photos');
    },
  },
  { name: '3-qubes-500', scenario: { 'backup.unlock': { value: sample.longInventory } }, walk: toQubes },
  {
    name: '3-qubes-unreadable',
    scenario: {
      'backup.unlock': {
        value: {
          ...sample.inventory,
          qubes: sample.inventory.qubes.filter(({ included }) => included),
          problems: [{ code: 'qubes-xml-malformed', params: { detail: 'element “domain” is not closed' } }],
        },
      },
    },
    walk: toQubes,
  },
  { name: '4-destination-idle', walk: toDestination },
  { name: '4-destination-probing', scenario: { 'restore.plan': { pending: true } }, walk: withFolder },
  { name: '4-destination-planned', walk: withFolder },
  {
    name: '4-destination-advanced',
    walk: async (wizard) => {
      await withFolder(wizard);
      await wizard.page.getByRole('button', { name: 'Advanced' }).click();
      await wizard.page.getByRole('button', { name: 'Memory' }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: '4-destination-no-space',
    scenario: planned([{ code: 'dest-full', params: { needed: 93e9, free: 61e9 } }], 61e9),
    walk: withFolder,
  },
  {
    name: '4-destination-file-limit',
    scenario: planned([
      {
        code: 'dest-file-limit',
        params: { path: `${sample.folderPlace.path}/work/private.img`, limit: 4_294_967_295 },
      },
    ]),
    walk: withFolder,
  },
  {
    name: '4-destination-occupied',
    scenario: planned([
      {
        code: 'dest-files-occupied',
        params: { count: 3, path: `${sample.folderPlace.path}/work/private.img` },
      },
    ]),
    walk: withFolder,
  },
  {
    name: '4-destination-read-only',
    scenario: {
      'restore.plan': { problem: { code: 'dest-read-only', params: { path: sample.folderPlace.path } } },
    },
    walk: withFolder,
  },
  {
    name: '4-destination-may-fill',
    scenario: planned([{ code: 'dest-may-fill', params: { needed: 93e9, free: 61e9 } }], 61e9),
    walk: withFolder,
  },
  {
    name: '4-destination-exfat',
    scenario: planned([{ code: 'dest-stores-holes', params: { fileSystem: 'exFAT' } }]),
    walk: withFolder,
  },
  {
    name: '4-destination-continues',
    scenario: {
      'restore.plan': { value: { ...sample.planFor(['work'], sample.folderPlace, 412e9), finished: 2 } },
    },
    walk: withFolder,
  },
  {
    name: '4-destination-all-there',
    scenario: {
      'restore.plan': { value: { ...sample.planFor([], sample.folderPlace, 412e9), finished: 3 } },
    },
    walk: withFolder,
  },
  {
    name: '4-destination-verify',
    walk: async (wizard) => {
      await toDestination(wizard);
      await wizard.page.getByText('Verify only').click();
    },
  },
  {
    name: '4-destination-list',
    scenario: browserHost,
    walk: async (wizard) => {
      await toBackup(wizard);
      await wizard.page.getByRole('row', { name: /qubes-backup/ }).click();
      await wizard.page.getByRole('button', { name: 'Continue' }).click();
      await unlock(wizard);
      await choose(wizard, 'work');
      await wizard.page.getByRole('button', { name: 'Continue' }).click();
      await wizard.page.getByRole('button', { name: 'Choose folder…' }).click();
      await wizard.page.getByRole('row').first().waitFor();
    },
  },
  { name: '5-progress-starting', walk: toProgress },
  {
    name: '5-progress-deriving',
    walk: async (wizard) => {
      await toProgress(wizard);
      await progressed(wizard, {
        stage: 'deriving',
        doneBytes: 0,
        bytesPerSecond: null,
        secondsLeft: null,
        active: [],
      });
    },
  },
  {
    name: '5-progress-restoring',
    walk: async (wizard) => {
      await toProgress(wizard);
      await qubeFinished(wizard, sample.reportOf('personal', 'restored'));
      await progressed(wizard, {});
    },
  },
  {
    name: '5-progress-damaged',
    walk: async (wizard) => {
      await toProgress(wizard);
      await qubeFinished(wizard, sample.reportOf('work', 'partial', [damaged]));
      await progressed(wizard, {
        doneBytes: 35e9,
        secondsLeft: 121,
        active: [{ qube: 'personal', file: 'private.img', doneBytes: 3.4e9, totalBytes: 14.2e9 }],
      });
    },
  },
  {
    name: '5-progress-little-space',
    walk: async (wizard) => {
      await toProgress(wizard);
      await progressed(wizard, {});
      await wizard.send('restore.spaceSeen', { jobId, freeBytes: 9.1e9 });
    },
  },
  {
    name: '5-progress-paused',
    walk: async (wizard) => {
      await toProgress(wizard);
      await progressed(wizard, { paused: true });
    },
  },
  {
    name: '5-progress-finishing',
    walk: async (wizard) => {
      await toProgress(wizard);
      await qubeFinished(wizard, sample.reportOf('personal', 'restored'));
      await qubeFinished(wizard, sample.reportOf('vault', 'restored'));
      await progressed(wizard, {
        stage: 'finishing',
        doneBytes: 46.5e9,
        active: [{ qube: 'work', file: 'private.img', doneBytes: 31.6e9, totalBytes: 31.6e9 }],
      });
    },
  },
  {
    name: '5-progress-cancel',
    walk: async (wizard) => {
      await toProgress(wizard);
      await qubeFinished(wizard, sample.reportOf('personal', 'restored'));
      await progressed(wizard, {});
      await wizard.page.getByRole('button', { name: 'Cancel…' }).click();
    },
  },
  {
    name: '5-progress-cancel-early',
    walk: async (wizard) => {
      await toProgress(wizard);
      const active = [{ qube: 'work', file: 'private.img', doneBytes: 13.2e6, totalBytes: 31.6e9 }];
      await progressed(wizard, { doneBytes: 13.2e6, active });
      await wizard.page.getByRole('button', { name: 'Cancel…' }).click();
      await wizard.page.getByText('The 13 MB restored so far will be discarded.').waitFor();
    },
  },
  {
    name: '5-progress-leaving',
    walk: async (wizard) => {
      await toProgress(wizard);
      await progressed(wizard, {});
      await wizard.page.evaluate(`window.dispatchEvent(new Event('beforeunload', { cancelable: true }))`);
      await wizard.page.getByRole('alertdialog').waitFor();
    },
  },
  {
    name: '5-progress-cancelling',
    walk: async (wizard) => {
      await toProgress(wizard);
      await progressed(wizard, {});
      await wizard.page.getByRole('button', { name: 'Cancel…' }).click();
      await wizard.page.getByRole('button', { name: 'Stop and keep what is finished' }).click();
    },
  },
  {
    name: '6-results-restored',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(
        wizard,
        chosen.map((name) => sample.reportOf(name, 'restored')),
      );
    },
  },
  {
    name: '6-results-partial',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [
        sample.reportOf('personal', 'restored'),
        sample.reportOf('work', 'partial', [damaged]),
        sample.reportOf('vault', 'restored'),
      ]);
    },
  },
  {
    name: '6-results-unsealed',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [
        sample.reportOf('personal', 'restored'),
        sample.reportOf('work', 'partial', [unsealed]),
        sample.reportOf('vault', 'restored'),
      ]);
    },
  },
  {
    name: '6-results-slow',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [
        sample.reportOf('personal', 'restored'),
        sample.reportOf('work', 'partial', [slowChunk]),
        sample.reportOf('vault', 'restored'),
      ]);
    },
  },
  {
    name: '6-results-settings',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(
        wizard,
        chosen.map((name) => sample.reportOf(name, 'restored')),
      );
      await wizard.page.getByRole('button', { name: 'Details of work' }).click();
      await wizard.page.getByText('Firewall rules').waitFor();
    },
  },
  {
    name: '6-results-save',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(
        wizard,
        chosen.map((name) => sample.reportOf(name, 'restored')),
      );
      await wizard.page.getByRole('button', { name: 'Save' }).click();
      await wizard.page.getByRole('menuitem').first().waitFor();
    },
  },
  {
    name: '6-results-saved',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(
        wizard,
        chosen.map((name) => sample.reportOf(name, 'restored')),
      );
      await wizard.page.getByRole('button', { name: 'Save' }).click();
      await wizard.page.getByRole('menuitem', { name: 'My qubes' }).click();
      await wizard.page.getByText('Saved as').waitFor();
    },
  },
  {
    name: '6-results-lost',
    scenario: { 'backup.unlock': { value: sample.cutInventory } },
    walk: async (wizard) => {
      await toProgress(wizard);
      const lost = (qube: string): Problem => ({ code: 'qube-cut-off', params: { qube } });
      await finished(
        wizard,
        [
          ...chosen.map((name) => sample.reportOf(name, 'restored')),
          { name: 'mail', outcome: 'failed', files: [] },
          { name: 'dev', outcome: 'failed', files: [] },
        ],
        { problems: [cut, lost('mail'), lost('dev')] },
      );
    },
  },
  {
    name: '6-results-lost-unasked',
    scenario: { 'backup.unlock': { value: sample.cutInventory } },
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(
        wizard,
        chosen.map((name) => sample.reportOf(name, 'restored')),
        { problems: [cut] },
      );
    },
  },
  {
    name: '6-results-nothing',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [], {
        problems: [{ code: 'source-lost', params: { reason: 'input/output error' } }],
      });
    },
  },
  {
    name: '6-results-stopped',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [sample.reportOf('personal', 'restored')], {
        problems: [{ code: 'engine-gone', params: { reason: 'signal 9' } }],
      });
    },
  },
  {
    name: '6-results-occupied',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [
        sample.reportOf('personal', 'restored'),
        sample.reportOf('work', 'failed', [
          { code: 'dest-occupied', params: { path: `${sample.folderPlace.path}/work/private.img` } },
        ]),
        sample.reportOf('vault', 'restored'),
      ]);
    },
  },
  {
    name: '6-results-cancelled',
    walk: async (wizard) => {
      await toProgress(wizard);
      const qubes = [
        sample.reportOf('work', 'unfinished'),
        sample.reportOf('personal', 'restored'),
        sample.reportOf('vault', 'unfinished'),
      ];
      await finished(wizard, qubes, { cancelled: true });
    },
  },
  {
    name: '6-results-verified',
    walk: async (wizard) => {
      await verifying(wizard);
      await finished(
        wizard,
        chosen.map((name) => sample.reportOf(name, 'verified')),
      );
    },
  },
  {
    name: 'help',
    walk: async ({ page }) => {
      await page.getByRole('button', { name: 'Help' }).click();
    },
  },
  {
    name: 'help-by-hand',
    walk: async ({ page }) => {
      await page.getByRole('button', { name: 'Help' }).click();
      await page.getByRole('button', { name: 'By hand, without Lifeboat' }).click();
      await page.getByText('OPENING A QUBES OS BACKUP').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'diagnostics',
    walk: async ({ page }) => {
      await page.getByRole('button', { name: 'Help' }).click();
      await page.getByRole('button', { name: 'Show diagnostics…' }).click();
      await page.getByText('Lifeboat 0.1.0, electron host').waitFor();
    },
  },
  {
    name: 'goodbye',
    walk: async (wizard) => {
      await toProgress(wizard);
      await finished(wizard, [sample.reportOf('work', 'restored')]);
      await wizard.page.getByRole('button', { name: 'Quit' }).click();
    },
  },
  {
    name: 'not-connected',
    scenario: { 'program.describe': { problem: { code: 'engine-gone', params: { reason: 'signal 9' } } } },
    walk: () => Promise.resolve(),
  },
];
