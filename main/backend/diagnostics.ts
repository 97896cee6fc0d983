/** The text that a person may pass on when something does not work: the machine, the backup's kind, and what happened. */
import { arch, availableParallelism, freemem, release, totalmem, type } from 'node:os';
import type { BackupSummary } from '../../shared/backup.ts';
import { problemLine, type ActivityLog } from './activity-log.ts';
import type { Host } from './host.ts';

export interface Diagnosed {
  readonly host: Pick<Host, 'kind' | 'version' | 'locale'>;
  /** The engine that runs: what derives its keys, if anything has yet; null without one. */
  readonly engine: { readonly kernel: string | null; readonly v8: string } | null;
  /** The backups that are open. */
  readonly backups: readonly BackupSummary[];
  readonly log: ActivityLog;
}

/** In English, whatever the wizard speaks: it is for those who mend it. */
export function diagnosticsText({ host, engine, backups, log }: Diagnosed): string {
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return [
    `Lifeboat ${host.version}, ${host.kind} host, locale ${host.locale}`,
    `${type()} ${release()} ${arch()}, Node ${process.version}`,
    `${availableParallelism()} processors, ${gibibytes(freemem())} of ${gibibytes(totalmem())} memory free`,
    engine === null
      ? 'Engine: not running'
      : `Engine: running, V8 ${engine.v8}, keys by ${engine.kernel ?? 'nothing yet'}`,
    '',
    ...(backups.length === 0 ? ['No backup is open.'] : backups.flatMap(backupLines)),
    '',
    'What happened (seconds since the start; no names, paths or passphrases):',
    ...log.lines(),
    '',
  ].join('\n');
}

/** Of the header's own texts only those that are names of programs are told. */
function backupLines(backup: BackupSummary): readonly string[] {
  const { version, size, fileCount, cutOff, encrypted } = backup;
  const told = (value: boolean | null, word: string) =>
    value === null ? `unknown whether ${word}` : value ? word : `not ${word}`;
  const compression = /^[a-z0-9]{1,12}$/.exec(backup.compression ?? 'none')?.[0] ?? 'another';
  return [
    `Backup: format ${version ?? 'unknown'}, ${size} bytes, ${fileCount} files, ` +
      `${told(cutOff, 'cut off')}, ${told(encrypted, 'encrypted')}, compression ${compression}`,
    ...backup.problems.map((problem) => `  ${problemLine(problem)}`),
  ];
}
