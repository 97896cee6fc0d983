/**
 * The backup that most tests restore: a small system with each kind of thing that a backup can hold.
 *
 * | qube | class | in the backup | with |
 * |---|---|---|---|
 * | dom0 | AdminVM | yes | a home with links, hard links, long and non-ASCII names |
 * | work | AppVM | yes, `vm1/` | private.img (ext4, sparse, several chunks), firewall.xml, notes.txt, menus |
 * | personal | AppVM | yes, `vm10/` | private.img in old GNU form with extension blocks; no filesystem |
 * | vault | StandaloneVM | yes, `vm4/` | root.img (GPT, where sfdisk is at hand), private.img |
 * | default-dvm | AppVM | yes, `vm5/` | nothing but `empty` |
 * | debian-12, sys-net, disp7 | TemplateVM, AppVM, DispVM | no | – |
 */
import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MadeBackup, MadeFile, QubeSpec } from './backup-spec.ts';
import { cachedFolder } from './cache.ts';
import { makeBackup } from './make-backup.ts';
import { bash, findTool, run } from './tools.ts';
import { noise, writeSparseFile, writeTree } from './trees.ts';

/** The programs that making it needs, for the gate `oracle(...standardTools)`. */
export const standardTools = ['scrypt', 'tar', 'gzip', 'split', 'mkfs.ext4'] as const;

/** A passphrase with the characters that go wrong first: blanks inside, a backslash, a `!`, one not of ASCII. */
export const standardPassphrase = 'correct  horse\\battery !ß';

/** Bytes of a chunk of it: small, so that several arise. */
export const standardChunkSize = 4 * 1024 * 1024;

export interface StandardBackup extends MadeBackup {
  /** Directories that were put in: into the filesystems of two qubes, whose roots they are, and as dom0's home. */
  readonly trees: { readonly work: string; readonly vault: string; readonly dom0Home: string };
}

/** The standard backup, made by the first caller and shared by all: only read it. About 9 MB. */
export async function standardBackup(): Promise<StandardBackup> {
  const folder = await cachedFolder('standard', [import.meta.filename], async (making) => {
    const made = await makeStandardBackup(making);
    await writeFile(join(making, 'made.json'), JSON.stringify(made).replaceAll(making, '{folder}'));
  });
  const text = await readFile(join(folder, 'made.json'), 'utf8');
  return JSON.parse(text.replaceAll('{folder}', folder)) as StandardBackup;
}

/** What the backup holds of a file, by its name: `vm1/private.img`. */
export function fileOf(backup: MadeBackup, archiveName: string): MadeFile {
  const file = backup.files.find((made) => made.archiveName === archiveName);
  if (file === undefined) throw new RangeError(`the backup holds no ${archiveName}`);
  return file;
}

async function makeStandardBackup(folder: string): Promise<StandardBackup> {
  const at = (name: string) => join(folder, name);
  const trees = { work: at('work-tree'), vault: at('vault-tree'), dom0Home: at('home/user') };
  await plantWork(trees.work);
  await writeTree(trees.vault, {
    'home/user/keys/ledger.txt': 'account  balance\n',
    'home/user/seed.bin': noise(70_000, 'seed'),
  });
  await plantDom0Home(trees.dom0Home);

  await ext4Image(at('work.img'), 24, trees.work);
  await ext4Image(at('vault.img'), 6, trees.vault);
  await rootImage(at('root.img'), trees.vault);
  // Twelve extents: past the four that fit an old GNU header, with a hole at the end.
  await writeSparseFile(
    at('personal.img'),
    6 << 20,
    [...Array(12).keys()].map((index) => index * 400 * 1024),
  );
  await writeTree(folder, {
    'firewall.xml': firewallXml,
    'notes.txt': 'Invoices live here.\nAsk before deleting.\n',
    'whitelisted-appmenus.list': 'org.gnome.Nautilus.desktop\nfirefox.desktop\n',
    empty: '',
  });

  const small = (name: string) => ({ name, source: at(name), sparse: 'gnu' }) as const;
  const qubes: readonly QubeSpec[] = [
    {
      name: 'debian-12',
      class: 'TemplateVM',
      label: 'black',
      qid: 2,
      volumes: { root: 10 << 30, private: 2 << 30 },
    },
    {
      name: 'work',
      class: 'AppVM',
      label: 'blue',
      template: 'debian-12',
      qid: 1,
      files: [
        { name: 'private.img', source: at('work.img') },
        ...['firewall.xml', 'notes.txt', 'whitelisted-appmenus.list'].map(small),
      ],
    },
    {
      name: 'sys-net',
      class: 'AppVM',
      template: 'debian-12',
      qid: 3,
      netvm: '',
      properties: { provides_network: 'True' },
    },
    {
      name: 'vault',
      class: 'StandaloneVM',
      label: 'black',
      qid: 4,
      netvm: '',
      files: [
        { name: 'root.img', source: at('root.img') },
        { name: 'private.img', source: at('vault.img') },
      ],
    },
    {
      name: 'default-dvm',
      class: 'AppVM',
      template: 'debian-12',
      qid: 5,
      properties: { template_for_dispvms: 'True' },
      files: [small('empty')],
    },
    { name: 'disp7', class: 'DispVM', template: 'default-dvm', qid: 7 },
    {
      name: 'personal',
      class: 'AppVM',
      label: 'yellow',
      template: 'debian-12',
      qid: 10,
      files: [{ name: 'private.img', source: at('personal.img'), sparse: 'gnu' }],
    },
  ];
  const made = await makeBackup({
    destination: at('standard.backup'),
    passphrase: standardPassphrase,
    chunkSize: standardChunkSize,
    qubes,
    dom0Home: trees.dom0Home,
  });
  return { ...made, trees };
}

/** Eight MiB of noise make several chunks of it; the rest is for those who browse the image. */
async function plantWork(root: string): Promise<void> {
  const long = 'a-name-as-long-as-ext4-allows-'.padEnd(251, 'x');
  await writeTree(root, {
    'home/user/Documents/report.txt': 'The year was good.\n'.repeat(400),
    'home/user/Documents/größe Übersicht ☂.txt': 'non-ASCII\n',
    [`home/user/Documents/${long}.txt`]: 'long name\n',
    'home/user/Documents/empty.txt': '',
    'home/user/Pictures/archive.bin': noise(8 << 20, 'archive'),
    'home/user/.bashrc': 'export EDITOR=vi\n',
  });
  for (let index = 0; index < 300; index++) {
    await writeTree(root, {
      [`home/user/mail/${String(index).padStart(4, '0')}.eml`]: `Subject: ${index}\n`,
    });
  }
  await symlink('report.txt', join(root, 'home/user/Documents/latest'));
  await mkdir(join(root, 'home/user/Downloads'));
  await writeSparseFile(join(root, 'home/user/sparse.bin'), 5 << 20, [0, 1 << 20, 4 << 20]);
}

async function plantDom0Home(root: string): Promise<void> {
  const deep = `${'a-long-folder-name/'.repeat(8)}${'file-name-'.repeat(9)}.conf`;
  await writeTree(root, {
    '.config/xfce4/panel.xml': '<panel/>\n',
    'Pictures/wallpaper ñ 山.raw': noise(30_000, 'wallpaper'),
    'notes.txt': 'dom0 has notes too\n',
    [deep]: 'deep\n',
  });
  await symlink('notes.txt', join(root, 'link-to-notes'));
  await symlink('.config/xfce4', join(root, 'link-to-folder'));
  await symlink('/var/log', join(root, 'link-out'));
  await symlink('nowhere', join(root, 'broken-link'));
  await link(join(root, 'notes.txt'), join(root, 'hard-link-to-notes'));
  await mkdir(join(root, 'empty-folder'));
}

const uuid = '1f6ad94c-5b3e-4b0e-9d3a-0c7f2d5e8a11';

/** An ext4 filesystem of `mebibytes` with the content of `tree`, as Qubes makes the volume `private`. */
async function ext4Image(path: string, mebibytes: number, tree: string): Promise<void> {
  await run('truncate', ['-s', `${mebibytes}M`, path]);
  await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-U', uuid, '-E', 'root_owner=0:0', '-d', tree, path]);
}

/** A disk as Qubes R4 makes the volume `root`: GPT with partitions for EFI, BIOS, and the system. */
async function rootImage(path: string, tree: string): Promise<void> {
  if (findTool('sfdisk') === undefined) return ext4Image(path, 16, tree);
  await run('truncate', ['-s', '16M', path]);
  const input = `label: gpt
label-id: 7C1D2B64-0F4E-4B7F-9B0B-6A8F1E2D3C4B
start=2048, size=4096, type=uefi, name="EFI System"
start=6144, size=2048, type=21686148-6449-6E6F-744E-656564454649, name="BIOS boot partition"
start=8192, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name="Root filesystem"
`;
  await run('sfdisk', ['-q', path], { input });
  // The system's partition starts at 4 MiB and ends before the copy of the table in the last MiB.
  await bash('mkfs.ext4 -q -F -m 0 -U "$1" -E offset=4194304,root_owner=0:0 -d "$2" "$3" 11M', [
    uuid,
    tree,
    path,
  ]);
}

const firewallXml = `<firewall version="2">
  <rules>
    <rule>
      <properties>
        <property name="action">accept</property>
        <property name="proto">tcp</property>
        <property name="dsthost">192.0.2.10</property>
        <property name="dstports">443</property>
      </properties>
    </rule>
    <rule>
      <properties>
        <property name="action">drop</property>
      </properties>
    </rule>
  </rules>
</firewall>
`;
