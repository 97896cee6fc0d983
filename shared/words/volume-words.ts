/** What fills a volume, as the end of a sentence: "It holds …". */
import { volumeKind, type VolumeKind } from '../image.ts';
import type { Language } from './languages.ts';

const volumeWords: Readonly<Record<Language, Readonly<Record<VolumeKind, string>>>> = {
  en: {
    ext2: 'Linux files (ext2)',
    ext3: 'Linux files (ext3)',
    ext4: 'Linux files (ext4)',
    'ext-journal': 'the journal of another disk',
    ntfs: 'Windows files (NTFS)',
    exfat: 'files in the format exFAT',
    fat: 'files in the format FAT',
    bitlocker: 'a disk encrypted by BitLocker',
    btrfs: 'Linux files (Btrfs)',
    xfs: 'Linux files (XFS)',
    luks: 'a disk encrypted by LUKS',
    lvm: 'disks of LVM',
    swap: 'memory that was moved to the disk (swap)',
    iso9660: 'a CD or DVD',
    blank: 'nothing',
    unknown: 'nothing that Lifeboat knows',
  },
  de: {
    ext2: 'Linux-Dateien (ext2)',
    ext3: 'Linux-Dateien (ext3)',
    ext4: 'Linux-Dateien (ext4)',
    'ext-journal': 'das Journal eines anderen Datenträgers',
    ntfs: 'Windows-Dateien (NTFS)',
    exfat: 'Dateien im Format exFAT',
    fat: 'Dateien im Format FAT',
    bitlocker: 'einen mit BitLocker verschlüsselten Datenträger',
    btrfs: 'Linux-Dateien (Btrfs)',
    xfs: 'Linux-Dateien (XFS)',
    luks: 'einen mit LUKS verschlüsselten Datenträger',
    lvm: 'Datenträger von LVM',
    swap: 'ausgelagerten Arbeitsspeicher (Swap)',
    iso9660: 'eine CD oder DVD',
    blank: 'nichts',
    unknown: 'nichts, was Lifeboat kennt',
  },
};

/** The words for a kind of volume; a kind from an older or newer build is unknown. */
export function volumeWordsFor(kind: string, language: Language): string {
  const known = volumeKind.safeParse(kind);
  return volumeWords[language][known.success ? known.data : 'unknown'];
}
