/** What the wizard's double shows: the backup of a computer somebody really could have had. */
import type {
  BackupSummary,
  FileReport,
  Inventory,
  Qube,
  QubeReport,
  QubeSettings,
  RestorePlan,
  RestoreProgress,
} from '../../shared/backup.ts';
import type {
  FolderListing,
  OpenedBackup,
  Place,
  Preferences,
  ProgramDescription,
} from '../../shared/contract/wizard.ts';

const gigabyte = 1e9;
const megabyte = 1e6;

export const program: ProgramDescription = {
  version: '0.1.0',
  host: 'electron',
  platform: 'linux',
  locale: 'en-GB',
  nativeDialogs: true,
  defaultMemory: 2 * 2 ** 30,
};

export const preferences: Preferences = { theme: 'system', language: null, keepFolders: false };

export const backupPlace: Place = {
  id: 'place-backup',
  name: 'qubes-backup-2026-03-14T201503',
  path: '/media/user/Rescue/qubes-backup-2026-03-14T201503',
};
export const imagePlace: Place = {
  id: 'place-image',
  name: 'private.img',
  path: '/home/user/From Qubes/work/private.img',
};
export const samplePlace: Place = {
  id: 'place-sample',
  name: 'sample.backup',
  path: '/opt/lifeboat/sample.backup',
};
export const folderPlace: Place = {
  id: 'place-folder',
  name: 'From Qubes',
  path: '/home/user/From Qubes',
};

export const savedPlace: Place = {
  id: 'place-saved',
  name: 'lifeboat-report.html',
  path: '/home/user/From Qubes/lifeboat-report.html',
};

export const settings: QubeSettings = {
  notes: 'Invoices live here.\nAsk the office before deleting anything.',
  firewall: [
    {
      action: 'accept',
      conditions: [
        { name: 'proto', value: 'tcp' },
        { name: 'dsthost', value: 'mail.example.org' },
        { name: 'dstports', value: '993' },
      ],
    },
    { action: 'accept', conditions: [{ name: 'specialtarget', value: 'dns' }] },
    { action: 'drop', conditions: [] },
  ],
};

export const byHand = `OPENING A QUBES OS BACKUP BY HAND
=================================

Unpack the outer archive, and look at its header. It says how to go on.

    tar -i -xf "$backup" --skip-old-files
    cat backup-header
`;

export const diagnostics = `Lifeboat 0.1.0, electron host, locale en-GB
Linux 6.12.48-1-MANJARO x64, Node v24.21.0
8 processors, 9.3 GiB of 15.5 GiB memory free
Engine: running

Backup: format 4, 86400000000 bytes, 871 files, not cut off, encrypted, compression gzip

What happened (seconds since the start; no names, paths or passphrases):
     0.0 s  program.describe (0 ms): ok
    21.7 s  backup.open (64 ms): ok
    58.2 s  backup.unlock (2914 ms): passphrase-rejected
    74.9 s  backup.unlock (3102 ms): ok
`;
export const placesByKind = { backup: backupPlace, image: imagePlace, folder: folderPlace };

export const summary: BackupSummary = {
  fileName: backupPlace.name,
  size: 86.4 * gigabyte,
  version: 4,
  backupId: '20260314T201503-4711',
  created: '2026-03-14T20:15:03',
  encrypted: true,
  compression: 'gzip',
  fileCount: 871,
  cutOff: false,
  complete: true,
  problems: [],
};

export const opened: OpenedBackup = { backupId: 'backup-1', place: backupPlace, summary };
export const kitPlace: Place = {
  id: 'kit',
  name: 'lifeboat-rescue-kit',
  path: backupPlace.path.replace(/[^/]+$/, 'lifeboat-rescue-kit'),
};
export const openedSample: OpenedBackup = {
  backupId: 'backup-sample',
  place: samplePlace,
  summary: { ...summary, fileName: 'sample.backup', size: 3.2 * megabyte, fileCount: 14 },
};

interface SampleQube {
  readonly name: string;
  readonly class?: string;
  readonly label: string;
  readonly template?: string | null;
  /** Gigabytes in the backup, or null when it is not in it. */
  readonly stored: number | null;
}

function qubeOf({
  name,
  class: kind = 'AppVM',
  label,
  template = 'fedora-42-xfce',
  stored,
}: SampleQube): Qube {
  const files =
    stored === null
      ? []
      : [
          {
            name: name === 'dom0' ? 'dom0-home/user' : `vm-${name}/private.img`,
            chunks: Math.ceil(stored * 10),
            storedBytes: Math.round(stored * gigabyte),
            virtualSize: Math.round(stored * 2 * gigabyte),
          },
        ];
  return {
    name,
    class: kind,
    label,
    template,
    netvm: 'sys-firewall',
    included: stored !== null,
    lost: null,
    path: stored === null ? null : `vm-${name}/`,
    files,
    problems: [],
  };
}

export const qubes: readonly Qube[] = [
  { name: 'dom0', class: 'AdminVM', label: 'black', template: null, stored: 0.09 },
  { name: 'work', label: 'blue', stored: 31.6 },
  { name: 'personal', label: 'yellow', stored: 14.2 },
  { name: 'vault', label: 'black', stored: 0.7 },
  { name: 'banking', label: 'green', template: 'debian-13-xfce', stored: 1.9 },
  { name: 'untrusted', label: 'red', stored: 4.8 },
  { name: 'mail', label: 'orange', template: 'debian-13-xfce', stored: 8.4 },
  { name: 'dev', label: 'purple', template: 'debian-13-xfce', stored: 12.3 },
  { name: 'research-notes', label: 'my-own-label', stored: 2.1 },
  { name: 'win10', class: 'StandaloneVM', label: 'gray', template: null, stored: 9.7 },
  { name: 'sys-net', label: 'red', stored: null },
  { name: 'sys-firewall', label: 'green', stored: null },
  { name: 'sys-usb', class: 'DispVM', label: 'red', template: 'default-dvm', stored: null },
  { name: 'fedora-42-xfce', class: 'TemplateVM', label: 'black', template: null, stored: null },
  { name: 'debian-13-xfce', class: 'TemplateVM', label: 'black', template: null, stored: null },
].map(qubeOf);

export const inventory: Inventory = { backup: summary, qubes: [...qubes], problems: [] };

/** As it is read of a backup that ends before two of its qubes. */
export const cutInventory: Inventory = {
  ...inventory,
  backup: { ...summary, size: 51.2 * gigabyte, cutOff: true, complete: false },
  qubes: qubes.map((qube) =>
    ['mail', 'dev'].includes(qube.name)
      ? {
          ...qube,
          files: [],
          lost: 'cut-off' as const,
          problems: [{ code: 'qube-cut-off' as const, params: { qube: qube.name } }],
        }
      : qube.name === 'vault'
        ? {
            ...qube,
            problems: [{ code: 'volume-missing' as const, params: { qube: 'vault', volume: 'root' } }],
          }
        : qube,
  ),
};

const labels = ['red', 'orange', 'yellow', 'green', 'gray', 'blue', 'purple', 'black'];

/** A list as long as those of the most diligent. */
export const longInventory: Inventory = {
  backup: summary,
  qubes: Array.from({ length: 500 }, (_, index) =>
    qubeOf({
      name: `client-${index + 1}`,
      label: labels[index % labels.length] ?? 'gray',
      stored: index % 5 === 4 ? null : 0.2 + (index % 40) / 10,
    }),
  ),
  problems: [],
};

export function planFor(names: readonly string[], folder: Place | null, freeBytes: number): RestorePlan {
  const chosen = qubes.filter(({ name }) => names.includes(name));
  const outputs = chosen.flatMap((qube) =>
    qube.files.map((file) => ({
      qube: qube.name,
      file: file.name,
      path: folder ? `${folder.path}/${qube.name}/${file.name.split('/').at(-1)}` : file.name,
      bytes: file.virtualSize,
    })),
  );
  return {
    outputs,
    finished: 0,
    neededBytes: folder ? outputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) : 0,
    freeBytes: folder ? freeBytes : null,
    findings: [],
  };
}

export const progress: RestoreProgress = {
  stage: 'restoring',
  paused: false,
  doneBytes: 21.3 * gigabyte,
  totalBytes: 46.5 * gigabyte,
  bytesPerSecond: 92 * megabyte,
  secondsLeft: 274,
  active: [
    {
      qube: 'work',
      file: 'private.img',
      doneBytes: 6.4 * gigabyte,
      totalBytes: 31.6 * gigabyte,
    },
  ],
};

export function reportOf(
  name: string,
  outcome: QubeReport['outcome'],
  problems: FileReport['problems'] = [],
): QubeReport {
  const stored = qubes.find((qube) => qube.name === name)?.files[0];
  const failed = outcome === 'failed' || outcome === 'unfinished';
  return {
    name,
    outcome,
    files: [
      {
        name: stored?.name ?? name,
        path: failed || outcome === 'verified' ? null : `${name}/private.img`,
        bytes: failed ? 0 : (stored?.virtualSize ?? 0),
        sha256:
          outcome === 'restored' || outcome === 'verified'
            ? '3f1c0a9be2d75486f0c1b7a9e35d2846c7f01b9ad3e58246907fb1c2d3e4a5f6'
            : null,
        outcome,
        problems,
      },
    ],
  };
}

function place(id: string, path: string): Place {
  return { id, name: path.slice(path.lastIndexOf('/') + 1), path };
}

export const homeListing: FolderListing = {
  folder: place('folder-home', '/home/user'),
  parent: place('folder-above', '/home'),
  entries: [
    { ...place('folder-1', '/home/user/Documents'), kind: 'folder', size: null, modified: 1_772_000_000_000 },
    { ...place('folder-2', '/home/user/Downloads'), kind: 'folder', size: null, modified: 1_772_500_000_000 },
    {
      ...place('folder-3', '/home/user/From Qubes'),
      kind: 'folder',
      size: null,
      modified: 1_773_400_000_000,
    },
    { ...place('folder-4', '/home/user/Pictures'), kind: 'folder', size: null, modified: 1_760_000_000_000 },
    {
      ...place('file-1', `/home/user/${backupPlace.name}`),
      kind: 'file',
      size: 86.4 * gigabyte,
      modified: 1_773_519_303_000,
    },
    { ...place('file-2', '/home/user/notes.txt'), kind: 'file', size: 4096, modified: 1_770_000_000_000 },
  ],
  omitted: 0,
};
