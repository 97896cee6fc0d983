/** What the wizard asks about a restore that has ended: its folders, the settings in it, and documents to save. */
import type { Inventory, QubeReport, QubeSettings } from '../../shared/backup.ts';
import type { Handlers } from '../../shared/contract/define.ts';
import type { Place, SavedDocument, WizardContract } from '../../shared/contract/wizard.ts';
import { fail } from '../../shared/problems.ts';
import type { Language } from '../../shared/words/languages.ts';
import { qubesPage } from './documents/qubes-page.ts';
import { reportData, reportPage, type EndedRestore } from './documents/report-page.ts';
import { saveAt, saveInto } from './documents/save-document.ts';
import type { Host } from './host.ts';
import type { Places } from './places.ts';
import { settingsOf } from './qube-settings.ts';

/** What these calls need to know of a job. */
export interface ResultsJob {
  readonly destination: string | null;
  /** Folder of each qube below the destination. */
  readonly folders: ReadonlyMap<string, string>;
  readonly inventory: Inventory;
  /** Null while it runs. */
  readonly ended: EndedRestore | null;
}

const fileNames: Readonly<Record<SavedDocument, string>> = {
  report: 'lifeboat-report.html',
  // Beside the restored files `lifeboat-report.json` stands already; elsewhere this is its name.
  'report-data': 'lifeboat-report.json',
  qubes: 'my-qubes.html',
};

/** Handlers of the contract's group `results`. */
export function resultsHandlers(
  jobBy: (jobId: string) => ResultsJob,
  places: Places,
  host: Host,
): Handlers<WizardContract>['results'] {
  return {
    async openFolder({ jobId, qube }) {
      const { destination, folders } = jobBy(jobId);
      if (destination === null) fail('unexpected', { detail: 'nothing was written' });
      const folder = qube === null ? undefined : folders.get(qube);
      await host.showFolder(folder === undefined ? destination : `${destination}/${folder}`);
    },

    settingsOf({ jobId, qube }) {
      const job = jobBy(jobId);
      const report = job.ended?.report.qubes.find(({ name }) => name === qube);
      return report ? settingsIn(job, report) : { notes: null, firewall: null };
    },

    async save({ jobId, document, language, folderId }): Promise<Place | null> {
      const job = jobBy(jobId);
      const text = await textOf(document, job, language);
      const name = fileNames[document];
      if (host.dialogs) {
        const path = await host.dialogs.saveFile(name, job.destination);
        if (path === null) return null;
        await saveAt(path, text);
        return places.remember(path);
      }
      const folder = folderId === null ? job.destination : places.pathOf(folderId);
      if (folder === null) fail('dest-missing', { path: '' });
      return places.remember(await saveInto(folder, name, text));
    },
  };
}

async function textOf(document: SavedDocument, job: ResultsJob, language: Language): Promise<string> {
  const ended = job.ended ?? fail('unexpected', { detail: 'the job still runs' });
  switch (document) {
    case 'report':
      return reportPage(ended, language);
    case 'report-data':
      return reportData(ended);
    case 'qubes': {
      const settings = new Map<string, QubeSettings>();
      for (const report of ended.report.qubes) settings.set(report.name, await settingsIn(job, report));
      return qubesPage(ended, job.inventory.qubes, settings, language);
    }
  }
}

async function settingsIn({ destination }: ResultsJob, report: QubeReport): Promise<QubeSettings> {
  return destination === null ? { notes: null, firewall: null } : settingsOf(destination, report);
}
