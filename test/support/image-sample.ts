/** The image that the wizard's double looks into: the home folder of somebody who works in an office. */
import type { Handlers } from '../../shared/contract/define.ts';
import type { OpenedImage } from '../../shared/contract/image-calls.ts';
import type { WizardContract } from '../../shared/contract/wizard.ts';
import type { CopyPlan, CopyReport, EntryId, FileKind, ImageEntry, SearchHit } from '../../shared/image.ts';

const gigabyte = 1e9;
const march = Date.UTC(2026, 2, 14, 20, 15);
const day = 86_400_000;

/** The id of a path; without Node, since the double runs in a page. */
export const idOf = (path: string): EntryId =>
  btoa(String.fromCharCode(...new TextEncoder().encode(path)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const pathOf = (id: EntryId): string =>
  new TextDecoder().decode(
    Uint8Array.from(atob(id.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0)),
  );

function entry(path: string, kind: FileKind, size = 0, daysAgo = 3): ImageEntry {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return {
    id: idOf(path),
    name,
    kind,
    size,
    modified: march - daysAgo * day,
    link: null,
    isSound: true,
    lostBytes: 0,
  };
}

const home = 'home/user';
export const entries: readonly ImageEntry[] = [
  entry('home', 'directory'),
  entry('lost+found', 'directory', 0, 900),
  entry(home, 'directory'),
  entry(`${home}/Desktop`, 'directory', 0, 12),
  entry(`${home}/Documents`, 'directory', 0, 1),
  entry(`${home}/Documents/2024`, 'directory', 0, 430),
  entry(`${home}/Documents/2025`, 'directory', 0, 70),
  entry(`${home}/Documents/2025/Invoices`, 'directory', 0, 70),
  entry(`${home}/Downloads`, 'directory', 0, 2),
  entry(`${home}/Music`, 'directory', 0, 300),
  entry(`${home}/Pictures`, 'directory', 0, 20),
  entry(`${home}/Documents/budget 2026.ods`, 'file', 48_112, 1),
  entry(`${home}/Documents/contract.pdf`, 'file', 2_403_221, 14),
  entry(`${home}/Documents/harbour.jpg`, 'file', 4_812_004, 33),
  entry(`${home}/Documents/letter to the bank.odt`, 'file', 21_870, 9),
  entry(`${home}/Documents/notes.txt`, 'file', 1_204, 1),
  entry(`${home}/Documents/passwords-old.kdbx`, 'file', 8_190, 512),
  entry(`${home}/Documents/presentation.odp`, 'file', 18_402_113, 27),
  {
    ...entry(`${home}/Documents/latest`, 'link', 0, 1),
    link: { target: 'budget 2026.ods', leadsTo: 'file' },
  },
  entry(`${home}/.bashrc`, 'file', 3_771, 700),
  entry(`${home}/todo.md`, 'file', 612, 4),
];

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export const openedImage: OpenedImage = {
  imageId: 'image-1',
  name: 'work – private.img',
  path: '/home/user/From Qubes/work/private.img',
  image: {
    size: 32 * gigabyte,
    table: null,
    volumes: [
      {
        partition: null,
        label: null,
        kind: 'ext4',
        size: 32 * gigabyte,
        isReadable: true,
        needsRecovery: false,
      },
    ],
    problems: [],
  },
};

/** An image of a disk with four partitions, of which one can be read. */
export const dividedImage: OpenedImage = {
  ...openedImage,
  name: 'debian-12 – root.img',
  path: '/home/user/From Qubes/debian-12/root.img',
  image: {
    size: 20 * gigabyte,
    table: 'gpt',
    problems: [],
    volumes: [
      { partition: 1, label: 'EFI', kind: 'fat', size: 2e8, isReadable: false, needsRecovery: false },
      { partition: 2, label: null, kind: 'luks', size: 4e9, isReadable: false, needsRecovery: false },
      { partition: 3, label: 'Root', kind: 'ext4', size: 15e9, isReadable: true, needsRecovery: true },
      { partition: 4, label: null, kind: 'swap', size: 1e9, isReadable: false, needsRecovery: false },
    ],
  },
};

export const notes = `To do before the move
=====================

- call the bank about the new address
- copy the photographs of the harbour
- Grüße an Jürgen 🙂
`;

export const hits: readonly SearchHit[] = entries
  .filter(({ name }) => name.includes('o'))
  .map((each) => ({
    entry: each,
    folder: { id: idOf(parentOf(pathOf(each.id))), path: `/${parentOf(pathOf(each.id))}` },
  }));

export const copyPlan: CopyPlan = {
  files: 214,
  bytes: 1.24 * gigabyte,
  freeBytes: 412 * gigabyte,
  conflicts: [],
  findings: [],
};

export const copyReport: CopyReport = {
  cancelled: false,
  items: [
    {
      name: 'notes.txt',
      path: 'notes.txt',
      outcome: 'copied',
      files: 1,
      bytes: 1_204,
      problems: [],
      omittedProblems: 0,
    },
    {
      name: '2025',
      path: '2025',
      outcome: 'partial',
      files: 212,
      bytes: 1.23 * gigabyte,
      omittedProblems: 0,
      problems: [
        {
          code: 'entry-renamed',
          params: { from: 'Invoices/March: paid?.pdf', to: 'Invoices/March_ paid_.pdf' },
        },
        { code: 'link-leads-out', params: { path: 'current', target: '/mnt/share/current' } },
        { code: 'filesystem-damaged', params: { structure: 'inode 41017', detail: 'checksum' } },
      ],
    },
    {
      name: 'contract.pdf',
      path: null,
      outcome: 'skipped',
      files: 0,
      bytes: 0,
      problems: [],
      omittedProblems: 0,
    },
  ],
};

/** Everything goes well: the folders are those above, every file is a text, copies have room. */
export const imageHandlers: Handlers<WizardContract>['image'] = {
  open: () => openedImage,
  close: () => undefined,
  openVolume: () => ({ notes: [] }),
  list: ({ folder }) => ({
    entries: entries.filter(({ id }) => parentOf(pathOf(id)) === pathOf(folder)),
    omitted: 0,
    problems: [],
  }),
  describe({ entry: id }) {
    const found = entries.find((each) => each.id === id) ?? entry('home', 'directory');
    return {
      ...found,
      permissions: found.kind === 'directory' ? 0o755 : 0o644,
      user: 1000,
      group: 1000,
      links: 1,
      allocated: found.size,
      created: found.modified,
    };
  },
  preview: () => ({ kind: 'text', text: notes, isCut: false, encoding: 'utf-8' }),
  search: () => ({ visited: 48_213, isCut: false, unread: 0 }),
  planCopy: () => copyPlan,
  copy: () => copyReport,
  cancel: () => undefined,
  showFolder: () => undefined,
};

export const mountHandlers: Handlers<WizardContract>['mount'] = {
  mount: ({ journal }) => ({
    mountId: 'mount-1',
    mountPoint: '/run/media/user/work-private',
    journal: journal === 'leave' ? 'clean' : 'replayed',
    problems: [],
  }),
  cancel: () => undefined,
  openFolder: () => undefined,
  unmount: () => undefined,
};
