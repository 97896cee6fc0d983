/** Every state of looking into an image, and of mounting one, each with its scenario and the way there. */
import { picture } from './home-image.ts';
import { copyPlan, copyReport, dividedImage, hits, openedImage } from './image-sample.ts';
import { jobId, type Scenario } from './wizard-double.ts';
import type { WizardPage } from './wizard-page.ts';
import { reportOf } from './wizard-sample.ts';

export async function toImage({ page }: WizardPage): Promise<void> {
  await page.getByRole('button', { name: 'Open an image you already have…' }).click();
}

export async function toFolder(wizard: WizardPage): Promise<void> {
  await toImage(wizard);
  for (const name of ['home', 'user', 'Documents']) await openFolder(wizard, name);
}

/** Opens a folder of the list as with a mouse. */
export async function openFolder({ page }: WizardPage, name: string): Promise<void> {
  await row(page, name).dblclick();
  await page.getByRole('navigation', { name: 'Where you are' }).getByText(name, { exact: true }).waitFor();
}

/** A text as a pattern that matches it and nothing else. */
const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

export const row = (page: WizardPage['page'], name: string) =>
  page
    .getByRole('grid', { name: /^(Files and folders|What was found)$/ })
    .getByRole('row', { name: new RegExp(`^${literal(name)}( |,|$)`) });

async function selected(wizard: WizardPage): Promise<void> {
  await toFolder(wizard);
  await row(wizard.page, 'notes.txt').click();
}

async function copying(wizard: WizardPage): Promise<void> {
  await selected(wizard);
  await wizard.page.getByRole('button', { name: 'Copy out…' }).click();
}

async function confirmed(wizard: WizardPage): Promise<void> {
  await copying(wizard);
  await wizard.page.getByRole('button', { name: 'Copy', exact: true }).click();
}

async function searched({ page }: WizardPage): Promise<void> {
  await page.getByRole('searchbox').fill('o');
  await page.keyboard.press('Enter');
  await page.locator('.search-state', { hasText: /found|Searching/ }).waitFor();
}

/** The name of the last piece of work that the wizard has begun by the call `name`. */
export async function taskOf(wizard: WizardPage, name: string): Promise<string> {
  const call = (await wizard.calls()).findLast((each) => each.name === name);
  return (call?.args as { task: string }).task;
}

async function found(wizard: WizardPage): Promise<void> {
  await searched(wizard);
  await wizard.send('image.found', {
    task: await taskOf(wizard, 'image.search'),
    findings: { found: hits, visited: 48_213 },
  });
}

/** From the results of a restore of two qubes. */
async function toResults(wizard: WizardPage): Promise<void> {
  const { page } = wizard;
  await page.getByRole('button', { name: 'Choose backup file…' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Backup passphrase').fill('correct horse battery staple');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByRole('row', { name: 'work' }).first().click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Choose folder…' }).click();
  await page.getByRole('button', { name: /^Restore \d/ }).click();
  await page.getByRole('progressbar').first().waitFor();
  await wizard.send('restore.finished', {
    jobId,
    report: {
      outcome: 'restored',
      qubes: [reportOf('personal', 'restored'), reportOf('work', 'restored')],
      problems: [],
    },
    cancelled: false,
  });
}

async function toMount(wizard: WizardPage): Promise<void> {
  await toResults(wizard);
  await wizard.page.getByRole('button', { name: 'Mount the image of work' }).click();
}

async function mounted(wizard: WizardPage): Promise<void> {
  await toMount(wizard);
  await wizard.page.getByRole('button', { name: 'Mount', exact: true }).click();
}

const dirty: Scenario = {
  'image.open': {
    value: {
      ...openedImage,
      image: {
        ...openedImage.image,
        volumes: openedImage.image.volumes.map((volume) => ({ ...volume, needsRecovery: true })),
      },
    },
  },
};

const damaged = { code: 'filesystem-damaged', params: { structure: 'inode 2', detail: 'checksum' } } as const;

export const browseScenes = [
  { name: '7-browse-opening', scenario: { 'image.open': { pending: true } }, walk: toImage },
  {
    name: '7-browse-trouble',
    scenario: {
      'image.open': { problem: { code: 'source-lost', params: { reason: 'input/output error' } } },
    },
    walk: toImage,
  },
  { name: '7-browse-folder', walk: toFolder },
  {
    name: '7-browse-reading',
    scenario: { 'image.list': { pending: true } },
    walk: toImage,
  },
  {
    name: '7-browse-hostile',
    scenario: { 'image.list': { problem: damaged } },
    walk: toImage,
  },
  {
    name: '7-browse-replayed',
    scenario: {
      'image.openVolume': {
        value: { notes: [{ code: 'journal-replayed', params: { transactions: 14, blocks: 231 } }] },
      },
    },
    walk: toFolder,
  },
  { name: '7-browse-text', walk: selected },
  {
    name: '7-browse-picture',
    scenario: {
      'image.preview': {
        value: {
          kind: 'picture',
          type: 'image/png',
          width: 640,
          height: 420,
          base64: picture(640, 420).toString('base64'),
        },
      },
    },
    walk: async (wizard: WizardPage) => {
      await toFolder(wizard);
      await row(wizard.page, 'harbour.jpg').click();
      await wizard.page.getByRole('img', { name: 'Picture harbour.jpg' }).waitFor();
    },
  },
  {
    name: '7-browse-selected',
    walk: async (wizard: WizardPage) => {
      await toFolder(wizard);
      await row(wizard.page, 'contract.pdf').click();
      await row(wizard.page, 'notes.txt').click({ modifiers: ['Control'] });
      await row(wizard.page, '2025').click({ modifiers: ['Control'] });
    },
  },
  {
    name: '7-browse-searching',
    scenario: { 'image.search': { pending: true } },
    walk: async (wizard: WizardPage) => {
      await toImage(wizard);
      await found(wizard);
    },
  },
  {
    name: '7-browse-found',
    walk: async (wizard: WizardPage) => {
      await toImage(wizard);
      await found(wizard);
      await row(wizard.page, 'contract.pdf').click();
      await wizard.page.getByRole('button', { name: 'Show in its folder' }).waitFor();
    },
  },
  {
    name: '7-browse-partition',
    scenario: { 'image.open': { value: dividedImage } },
    walk: async (wizard: WizardPage) => {
      await toImage(wizard);
      await wizard.page.getByRole('button', { name: /Partition/ }).click();
      await wizard.page.getByRole('option', { name: /LUKS/ }).click();
    },
  },
  {
    name: '7-browse-partitions',
    scenario: { 'image.open': { value: dividedImage } },
    walk: toImage,
  },
  { name: '8-copy-measuring', scenario: { 'image.planCopy': { pending: true } }, walk: copying },
  { name: '8-copy-planned', walk: copying },
  {
    name: '8-copy-conflict',
    scenario: { 'image.planCopy': { value: { ...copyPlan, conflicts: ['notes.txt', '2025'] } } },
    walk: copying,
  },
  {
    name: '8-copy-no-space',
    scenario: {
      'image.planCopy': {
        value: {
          ...copyPlan,
          freeBytes: 9e8,
          findings: [{ code: 'dest-full', params: { needed: 1.24e9, free: 9e8 } }],
        },
      },
    },
    walk: copying,
  },
  {
    name: '8-copy-copying',
    scenario: { 'image.copy': { pending: true } },
    walk: async (wizard: WizardPage) => {
      await confirmed(wizard);
      await wizard.send('image.copyProgress', {
        task: await taskOf(wizard, 'image.copy'),
        progress: {
          doneBytes: 7.1e8,
          totalBytes: 1.24e9,
          doneFiles: 121,
          totalFiles: 214,
          current: '2025/Invoices/March.pdf',
        },
      });
    },
  },
  { name: '8-copy-done', walk: confirmed },
  {
    name: '8-copy-whole',
    scenario: {
      'image.copy': { value: { ...copyReport, items: copyReport.items.slice(0, 1) } },
    },
    walk: confirmed,
  },
  { name: '9-mount-question', walk: toMount },
  { name: '9-mount-journal', scenario: dirty, walk: toMount },
  {
    name: '9-mount-copying',
    scenario: { ...dirty, 'mount.mount': { pending: true } },
    walk: async (wizard: WizardPage) => {
      await mounted(wizard);
      const task = await taskOf(wizard, 'mount.mount');
      await wizard.send('mount.progress', { task, done: 11.2e9, total: 32e9 });
    },
  },
  {
    name: '9-mount-by-hand',
    scenario: {
      'mount.mount': {
        problem: {
          code: 'mount-unsupported',
          params: {
            command:
              "sudo mount -t ext4 -o loop,ro,nosuid,nodev,noexec '/home/user/From Qubes/work/private.img' /mnt",
          },
        },
      },
    },
    walk: mounted,
  },
  { name: '9-mount-mounted', scenario: dirty, walk: mounted },
  {
    name: '9-mount-elsewhere',
    walk: async (wizard: WizardPage) => {
      await mounted(wizard);
      await wizard.page.getByText('Mounted at').waitFor();
      await wizard.page.getByRole('button', { name: 'Open another backup' }).click();
      await wizard.page.getByText('work – private.img: Mounted at').waitFor();
    },
  },
  {
    name: '9-mount-busy',
    scenario: {
      'mount.unmount': {
        problem: { code: 'mount-busy', params: { path: '/run/media/user/work-private' } },
      },
    },
    walk: async (wizard: WizardPage) => {
      await mounted(wizard);
      await wizard.page.getByRole('button', { name: 'Unmount' }).click();
      await wizard.page.getByRole('alert').waitFor();
    },
  },
] as const satisfies readonly {
  readonly name: string;
  readonly scenario?: Scenario;
  readonly walk: (wizard: WizardPage) => Promise<void>;
}[];
