/** What the command line says of its own, in each language; problems have their words in `shared/words`. */
import type { RestoreStage } from '../../shared/backup.ts';
import type { CopiedItem } from '../../shared/image.ts';
import type { ToldOutcome } from '../../shared/told-outcome.ts';
import type { ProblemCode } from '../../shared/problems.ts';
import type { Language } from '../../shared/words/languages.ts';

export interface CliWords {
  readonly stages: Readonly<Record<RestoreStage, string>>;
  readonly outcomes: Readonly<Record<ToldOutcome, string>>;
  readonly copies: Readonly<Record<CopiedItem['outcome'], string>>;
  readonly estimating: string;
  left(duration: string): string;
  readonly unverified: string;
  readonly notIncluded: string;
  /** Of what the backup has of a qube, where parts are missing. */
  incomplete(size: string): string;
  readonly cancelled: string;
  /** Of an entry of an image whose inode cannot be read. */
  readonly unreadable: string;
  /** Of problems that were too many to be told one by one. */
  omitted(count: number): string;
  /** Of a file of which so much was lost in the backup. */
  lost(size: string): string;
  readonly yes: string;
  readonly no: string;
  readonly unknown: string;
  readonly fields: Readonly<
    Record<'file' | 'size' | 'format' | 'created' | 'encrypted' | 'compression' | 'files' | 'cutOff', string>
  >;
  readonly columns: readonly [qube: string, kind: string, label: string, template: string, stored: string];
  readonly nothing: string;
  into(destination: string): string;
  trying(form: string): string;
  kitWritten(folder: string): string;
  /** Of many qubes that are lost for one reason: which they are, and the reason. */
  manyLost(count: number, names: string): string;
  readonly lostQubes: Readonly<Record<'qube-has-no-files' | 'qube-cut-off', string>>;
  /** While a backup that comes through a pipe is copied. */
  copying(size: string): string;
  /** Of the copy of one that a run which was killed left, or that another run uses. */
  otherCopy(path: string, size: string): string;
  /** What to do where that is another thing in a terminal than in the wizard. */
  readonly todos: Readonly<Partial<Record<ProblemCode, string>>>;
  /** Of files that an earlier restore finished in the destination. */
  finishedEarlier(count: number): string;
}

const english: CliWords = {
  stages: { deriving: 'Deriving keys', restoring: 'Restoring', finishing: 'Finishing' },
  outcomes: {
    restored: 'restored',
    verified: 'verified',
    partial: 'INCOMPLETE',
    failed: 'FAILED',
    unfinished: 'NOT FINISHED',
    occupied: 'NOT WRITTEN, something is there already',
  },
  copies: { copied: 'copied', partial: 'INCOMPLETE', skipped: 'skipped', failed: 'FAILED' },
  estimating: 'estimating',
  left: (duration) => `${duration} left`,
  unverified: 'Not verified: a backup proves itself only once it is unlocked with its passphrase.',
  notIncluded: 'not in this backup',
  incomplete: (size) => `${size}, incomplete`,
  cancelled: 'Cancelled. Files that were finished are kept.',
  unreadable: 'unreadable',
  omitted: (count) => `… and ${count} more of these`,
  lost: (size) => `${size} lost in the backup`,
  yes: 'yes',
  no: 'no',
  unknown: 'unknown',
  fields: {
    file: 'File',
    size: 'Size',
    format: 'Format version',
    created: 'Created',
    encrypted: 'Encrypted',
    compression: 'Compression',
    files: 'Files inside',
    cutOff: 'Cut off',
  },
  columns: ['QUBE', 'CLASS', 'LABEL', 'TEMPLATE', 'STORED'],
  nothing: 'none',
  into: (destination) => `Restored into ${destination}`,
  trying: (form) => `That passphrase does not open it. Trying ${form} …`,
  kitWritten: (folder) => `The rescue kit is in ${folder}. Its README.txt says how to use it.`,
  manyLost: (count, names) => `${count} qubes are lost: ${names}.`,
  lostQubes: {
    'qube-has-no-files':
      'The list of qubes says that the backup contains them, but none of their files are there.',
    'qube-cut-off': 'The backup file ends before the files of these qubes.',
  },
  copying: (size) => `Copying what comes through the pipe: ${size}`,
  otherCopy: (path, size) =>
    `This folder has another copy of a backup: ${path} (${size}). Another run uses it, or was killed. If no other run uses it, delete it.`,
  todos: {
    'passphrase-rejected':
      'Try again, or pass it with --passphrase-file. --try-variants also tries it as other keyboard layouts type it.',
    'derivation-slow':
      'Try another copy of the backup. If you made it with such settings yourself, run the command with --allow-slow.',
    'chunk-slow':
      'Try another copy of the backup, or run the command with --allow-slow to have it opened after everything else.',
    'qube-unknown': 'Run lifeboat list BACKUP to see the names of all qubes.',
    'filesystem-entry-missing': 'Run lifeboat ls IMAGE with the folder above it to see what is there.',
    'filesystem-entry-is-folder': 'Use lifeboat cp to copy a folder, or lifeboat ls to list it.',
  },
  finishedEarlier: (count) =>
    count === 1
      ? 'An earlier restore into this folder is continued: 1 file is there already. It is checked, and stays.'
      : `An earlier restore into this folder is continued: ${count} files are there already. They are checked, and stay.`,
};

const german: CliWords = {
  stages: { deriving: 'Schlüssel ableiten', restoring: 'Wiederherstellen', finishing: 'Abschließen' },
  outcomes: {
    restored: 'wiederhergestellt',
    verified: 'geprüft',
    partial: 'UNVOLLSTÄNDIG',
    failed: 'FEHLGESCHLAGEN',
    unfinished: 'NICHT FERTIG',
    occupied: 'NICHT GESCHRIEBEN, hier gibt es schon etwas',
  },
  copies: {
    copied: 'kopiert',
    partial: 'UNVOLLSTÄNDIG',
    skipped: 'übersprungen',
    failed: 'NICHT KOPIERT',
  },
  estimating: 'wird geschätzt',
  left: (duration) => `noch ${duration}`,
  unverified: 'Ungeprüft: Ein Backup beweist sich erst, wenn seine Passphrase es öffnet.',
  notIncluded: 'nicht in diesem Backup',
  incomplete: (size) => `${size}, unvollständig`,
  cancelled: 'Abgebrochen. Fertige Dateien bleiben erhalten.',
  unreadable: 'unlesbar',
  omitted: (count) => `… und ${count} weitere davon`,
  lost: (size) => `${size} im Backup verloren`,
  yes: 'ja',
  no: 'nein',
  unknown: 'unbekannt',
  fields: {
    file: 'Datei',
    size: 'Größe',
    format: 'Formatversion',
    created: 'Erstellt',
    encrypted: 'Verschlüsselt',
    compression: 'Komprimierung',
    files: 'Dateien darin',
    cutOff: 'Abgeschnitten',
  },
  columns: ['QUBE', 'KLASSE', 'LABEL', 'TEMPLATE', 'GESPEICHERT'],
  nothing: 'keine',
  into: (destination) => `Wiederhergestellt in ${destination}`,
  trying: (form) => `Diese Passphrase öffnet es nicht. Versucht wird: ${form} …`,
  kitWritten: (folder) => `Der Notfallkoffer liegt in ${folder}. Wie man ihn benutzt, sagt LIESMICH.txt.`,
  manyLost: (count, names) => `${count} Qubes sind verloren: ${names}.`,
  lostQubes: {
    'qube-has-no-files': 'Laut der Liste der Qubes sind sie im Backup, aber keine ihrer Dateien ist da.',
    'qube-cut-off': 'Die Backup-Datei endet vor den Dateien dieser Qubes.',
  },
  copying: (size) => `Kopiert wird, was durch die Pipe kommt: ${size}`,
  otherCopy: (path, size) =>
    `In diesem Ordner ist noch eine Kopie eines Backups: ${path} (${size}). Ein anderer Lauf benutzt sie, oder er wurde gewaltsam beendet. Löschen Sie sie, falls kein anderer Lauf sie benutzt.`,
  todos: {
    'passphrase-rejected':
      'Versuchen Sie es noch einmal, oder übergeben Sie sie mit --passphrase-file. --try-variants versucht sie auch so, wie andere Tastaturbelegungen sie schreiben.',
    'derivation-slow':
      'Versuchen Sie es mit einer anderen Kopie des Backups. Haben Sie es selbst so angelegt, dann geben Sie --allow-slow an.',
    'chunk-slow':
      'Versuchen Sie es mit einer anderen Kopie des Backups, oder geben Sie --allow-slow an: Dann wird es nach allem anderen geöffnet.',
    'qube-unknown': 'lifeboat list BACKUP zeigt die Namen aller Qubes.',
    'filesystem-entry-missing': 'lifeboat ls ABBILD mit dem Ordner darüber zeigt, was es dort gibt.',
    'filesystem-entry-is-folder': 'lifeboat cp kopiert einen Ordner, lifeboat ls zeigt, was darin ist.',
  },
  finishedEarlier: (count) =>
    count === 1
      ? 'Eine frühere Wiederherstellung in diesen Ordner geht weiter: 1 Datei ist schon da. Sie wird geprüft und bleibt.'
      : `Eine frühere Wiederherstellung in diesen Ordner geht weiter: ${count} Dateien sind schon da. Sie werden geprüft und bleiben.`,
};

export const cliWords: Readonly<Record<Language, CliWords>> = { en: english, de: german };
