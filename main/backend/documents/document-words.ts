/** What saved pages say of their own, in each language; problems have their words in `shared/words`. */
import type { ToldOutcome } from '../../../shared/told-outcome.ts';
import type { Language } from '../../../shared/words/languages.ts';

export interface DocumentWords {
  readonly reportTitle: string;
  readonly qubesTitle: string;
  readonly qubesLead: string;
  readonly outcomes: Readonly<Record<ToldOutcome, string>>;
  readonly fields: Readonly<
    Record<
      | 'backup'
      | 'size'
      | 'format'
      | 'made'
      | 'cutOff'
      | 'finished'
      | 'into'
      | 'outcome'
      | 'file'
      | 'sha256'
      | 'qube'
      | 'label'
      | 'class'
      | 'template'
      | 'netvm'
      | 'inBackup',
      string
    >
  >;
  readonly yes: string;
  readonly no: string;
  readonly none: string;
  readonly systemDefault: string;
  readonly unknown: string;
  readonly verifiedOnly: string;
  readonly cancelled: string;
  readonly nothingWritten: string;
  readonly notes: string;
  readonly firewall: string;
  readonly settingsNotRestored: string;
  madeBy(version: string): string;
}

const english: DocumentWords = {
  reportTitle: 'Report of a restore',
  qubesTitle: 'My qubes',
  qubesLead:
    'The qubes of the computer that was backed up, as its list names them, with the notes and firewall rules that were restored. Use it to set them up again.',
  outcomes: {
    restored: 'Restored',
    verified: 'Verified',
    partial: 'Incomplete',
    failed: 'Failed',
    unfinished: 'Not finished',
    occupied: 'Not written',
  },
  fields: {
    backup: 'Backup',
    size: 'Size',
    format: 'Format version',
    made: 'Made',
    cutOff: 'Backup file cut off',
    finished: 'Finished',
    into: 'Restored into',
    outcome: 'Outcome',
    file: 'File',
    sha256: 'SHA-256',
    qube: 'Qube',
    label: 'Label',
    class: 'Type',
    template: 'Template',
    netvm: 'Network from',
    inBackup: 'In this backup',
  },
  yes: 'yes',
  no: 'no',
  none: 'none',
  systemDefault: 'the system’s default',
  unknown: 'unknown',
  verifiedOnly: 'nothing: the backup was only verified',
  cancelled: 'It was stopped before its end.',
  nothingWritten: 'nothing was written',
  notes: 'Notes',
  firewall: 'Firewall',
  settingsNotRestored: 'Only verified: notes and firewall rules come with a restore.',
  madeBy: (version) => `Made by Lifeboat ${version}.`,
};

const german: DocumentWords = {
  reportTitle: 'Bericht einer Wiederherstellung',
  qubesTitle: 'Meine Qubes',
  qubesLead:
    'Die Qubes des gesicherten Computers, wie seine Liste sie nennt, mit den wiederhergestellten Notizen und Firewall-Regeln. Damit lassen sie sich neu einrichten.',
  outcomes: {
    restored: 'Wiederhergestellt',
    verified: 'Geprüft',
    partial: 'Unvollständig',
    failed: 'Fehlgeschlagen',
    unfinished: 'Nicht fertig',
    occupied: 'Nicht geschrieben',
  },
  fields: {
    backup: 'Backup',
    size: 'Größe',
    format: 'Formatversion',
    made: 'Erstellt',
    cutOff: 'Backup-Datei abgeschnitten',
    finished: 'Beendet',
    into: 'Wiederhergestellt in',
    outcome: 'Ergebnis',
    file: 'Datei',
    sha256: 'SHA-256',
    qube: 'Qube',
    label: 'Label',
    class: 'Art',
    template: 'Vorlage',
    netvm: 'Netz über',
    inBackup: 'In diesem Backup',
  },
  yes: 'ja',
  no: 'nein',
  none: 'keines',
  systemDefault: 'Vorgabe des Systems',
  unknown: 'unbekannt',
  verifiedOnly: 'nichts: das Backup wurde nur geprüft',
  cancelled: 'Es wurde vor dem Ende angehalten.',
  nothingWritten: 'nichts wurde geschrieben',
  notes: 'Notizen',
  firewall: 'Firewall',
  settingsNotRestored: 'Nur geprüft: Notizen und Firewall-Regeln kommen mit einer Wiederherstellung.',
  madeBy: (version) => `Erstellt von Lifeboat ${version}.`,
};

export const documentWords: Readonly<Record<Language, DocumentWords>> = { en: english, de: german };
