/**
 * How a backup is opened without Lifeboat, for the rescue kit: the emergency procedures of Qubes OS in our words, in
 * every language. The indented lines are commands for bash, which a test executes one by one as they stand.
 */
import { typed } from '../../recovery/mount/commands.ts';
import type { Language } from '../../../shared/words/languages.ts';

interface Step {
  readonly words: Readonly<Record<Language, string>>;
  readonly commands?: string;
}

const title: Readonly<Record<Language, string>> = {
  en: 'OPENING A QUBES OS BACKUP BY HAND',
  de: 'EIN BACKUP VON QUBES OS VON HAND ÖFFNEN',
};

/** What both formats begin with. */
const beginning = (backup: string | null): readonly Step[] => [
  {
    words: {
      en: `This works without Lifeboat, on Linux, in a terminal with bash. It needs time, care, and
free space for the backup and for everything in it. Type the indented lines one after
another, each exactly as it stands, and press Enter after each.

The programs it takes are scrypt, tar, gzip, openssl and e2fsprogs:
  Debian, Ubuntu   sudo apt install scrypt tar gzip openssl e2fsprogs
  Fedora           sudo dnf install scrypt tar gzip openssl e2fsprogs

If the backup was cut into parts, join them first: cat part1 part2 part3 > whole`,
      de: `Das geht ohne Lifeboat, unter Linux, in einem Terminal mit bash. Es braucht Zeit, Sorgfalt
und freien Platz für das Backup und alles, was darin ist. Geben Sie die eingerückten Zeilen
der Reihe nach ein, jede genau so, wie sie dasteht, und drücken Sie nach jeder die Eingabetaste.

Nötig sind die Programme scrypt, tar, gzip, openssl und e2fsprogs:
  Debian, Ubuntu   sudo apt install scrypt tar gzip openssl e2fsprogs
  Fedora           sudo dnf install scrypt tar gzip openssl e2fsprogs

Wurde das Backup in Teile zerlegt, fügen Sie diese zuerst zusammen: cat teil1 teil2 teil3 > ganz`,
    },
  },
  {
    words: {
      en: `Open the terminal in the folder of this text. ${
        backup === null
          ? 'Put the path of the backup in place of BACKUP.'
          : 'The backup lies in the folder above it.'
      }
The work is done in a new folder in your home folder; where another drive has more space,
choose a folder there.`,
      de: `Öffnen Sie das Terminal im Ordner dieses Textes. ${
        backup === null
          ? 'Setzen Sie den Pfad des Backups an die Stelle von BACKUP.'
          : 'Das Backup liegt im Ordner darüber.'
      }
Gearbeitet wird in einem neuen Ordner in Ihrem persönlichen Ordner; hat ein anderes Laufwerk
mehr Platz, nehmen Sie einen Ordner dort.`,
    },
    commands: `
backup=$(realpath ${backup === null ? 'BACKUP' : typed(`../${backup}`)})
work=~/opened-by-hand
mkdir "$work"
cd "$work"
set -o pipefail`,
  },
  {
    words: {
      en: 'Unpack the outer archive, and look at its header. It says how to go on.',
      de: 'Packen Sie das äußere Archiv aus, und sehen Sie seinen Kopf an. Er sagt, wie es weitergeht.',
    },
    commands: `
tar -i -xf "$backup" --skip-old-files
cat backup-header`,
  },
  {
    words: {
      en: `  version=4   go on with FORMAT 4 below
  version=3   go on with FORMAT 3 below
  no version, or no such file: a very old backup. Lifeboat reads it; the way by hand is at
  https://www.qubes-os.org/doc/backup-emergency-restore-v2/

How it was compressed is said by compression-filter. Where that is not gzip, put its name
into the next line. Where it says compressed=False, the line must be: decompress=cat`,
      de: `  version=4   weiter unten mit FORMAT 4
  version=3   weiter unten mit FORMAT 3
  keine Version oder keine solche Datei: ein sehr altes Backup. Lifeboat liest es; der Weg von
  Hand steht unter https://www.qubes-os.org/doc/backup-emergency-restore-v2/

Wie es komprimiert ist, sagt compression-filter. Steht dort nicht gzip, schreiben Sie dessen
Namen in die nächste Zeile. Steht dort compressed=False, muss die Zeile lauten: decompress=cat`,
    },
    commands: `
decompress='gzip -d'`,
  },
  {
    words: {
      en: `Give the passphrase. Nothing shows while you type; that is on purpose. Press Enter at its end.`,
      de: `Geben Sie die Passphrase ein. Beim Tippen erscheint nichts; das ist Absicht. Schließen Sie
mit der Eingabetaste ab.`,
    },
    commands: `
IFS= read -rs passphrase`,
  },
];

/** What both end with, once `unseal` is defined for the format; `suffix` is that of its first chunks. */
const ending = (suffix: string): readonly Step[] => [
  {
    words: {
      en: `The list of qubes: which name belongs to which folder of the backup.`,
      de: `Die Liste der Qubes: welcher Name zu welchem Ordner des Backups gehört.`,
    },
    commands: `
unseal qubes.xml | $decompress | tar -x
sed 's/></>\\n</g' qubes.xml | grep -E 'name="name"|backup-path|backup_path'`,
  },
  {
    words: {
      en: `Now everything. It takes long, and says what did not come out whole. To restore less, remove
lines from the file named "files" before the loop that begins with "while".`,
      de: `Nun alles. Das dauert lange und sagt, was nicht ganz wiederhergestellt ist. Soll es weniger
sein, nehmen Sie vor der Schleife (ab "while") Zeilen aus der Datei "files" heraus.`,
    },
    commands: `
mkdir restored
tar -i -tf "$backup" | sed -n 's/\\.000${suffix}$//p' > files
while read -r file; do
  unseal "$file" | $decompress | tar -x --sparse -C restored || echo "NOT WHOLE: $file"
done < files`,
  },
  {
    words: {
      en: `Each private.img below "restored" is a disk with the files of one qube. This copies its home
folder into the folder "my-files"; put the path of the image that you want into the first
line.

WARNING: A hostile qube can prepare its disk to attack the programs that read it, and most of
all the kernel of the computer that mounts it. If you do not trust the qube, do this on a computer
that was started from a live USB stick, has no network, and has no drive connected that matters.
Or let libguestfs read the disk, in a virtual machine of its own:
guestfish --ro -a IMAGE -m /dev/sda copy-out /home my-files
Only for qubes that you trust: sudo mount -o loop,ro,nosuid,nodev,noexec IMAGE /mnt`,
      de: `Jedes private.img unter "restored" ist eine Platte mit den Dateien eines Qubes. Dies kopiert
seine persönlichen Dateien in den Ordner "my-files"; schreiben Sie den Pfad des gewünschten
Abbilds in die erste Zeile.

WARNUNG: Ein feindlicher Qube kann seine Platte so vorbereiten, dass sie Programme angreift, die
sie lesen, vor allem den Kernel des Computers, der sie einhängt. Wenn Sie dem Qube nicht trauen,
nehmen Sie dafür einen Computer, der von einem Live-USB-Stick gestartet wurde, ohne Netz und ohne
wichtige Laufwerke. Oder lassen Sie libguestfs die Platte lesen, in einer eigenen virtuellen
Maschine: guestfish --ro -a ABBILD -m /dev/sda copy-out /home my-files
Nur bei Qubes, denen Sie trauen: sudo mount -o loop,ro,nosuid,nodev,noexec ABBILD /mnt`,
    },
    commands: `
image=restored/vm1/private.img
mkdir my-files
debugfs -R 'rdump /home my-files' "$image"`,
  },
];

const format4: readonly Step[] = [
  {
    words: {
      en: `Prove the passphrase with the sealed copy of the header. No other step makes sense before
this one.`,
      de: `Prüfen Sie die Passphrase an der versiegelten Abschrift des Kopfes. Vorher hat kein anderer
Schritt einen Sinn.`,
    },
    commands: `
printf '%s\\n' "backup-header!$passphrase" | scrypt dec -P backup-header.hmac > header.proven
cmp header.proven backup-header && echo "The passphrase is right."`,
  },
  {
    words: {
      en: `Each file of the backup is cut into chunks, .000.enc, .001.enc and so on. Each chunk is sealed
with a passphrase made of the name of the backup, its own name, and yours.`,
      de: `Jede Datei des Backups ist in Stücke zerlegt, .000.enc, .001.enc und so weiter. Jedes Stück
ist mit einer Passphrase versiegelt, die aus dem Namen des Backups, seinem eigenen Namen und
Ihrer Passphrase besteht.`,
    },
    commands: `
backup_id=$(sed -n 's/^backup-id=//p' header.proven)
unseal() {
  local chunks chunk
  chunks=$(ls "$1".[0-9]*.enc | sort -V)
  for chunk in $chunks; do
    printf '%s\\n' "$backup_id!\${chunk%.enc}!$passphrase" |
      scrypt dec -P -f "$chunk" "\${chunk%.enc}" || return
  done
  for chunk in $chunks; do cat "\${chunk%.enc}" && rm "\${chunk%.enc}" || return; done
}`,
  },
  ...ending('\\.enc'),
];

const format3: readonly Step[] = [
  {
    words: {
      en: `Each chunk has a sum beside it, in a file that ends in .hmac. The header names the digest
(hmac-algorithm) and the cipher (crypto-algorithm); put them into these lines if they differ.
Where it says encrypted=False, the second line must be: decrypt=cat

While openssl works, other users of the same computer could see the passphrase in the list of
processes. Use a computer that is yours alone.`,
      de: `Neben jedem Stück liegt seine Summe, in einer Datei, die auf .hmac endet. Der Kopf nennt den
Digest (hmac-algorithm) und die Chiffre (crypto-algorithm); ändern Sie diese Zeilen, wo sie
abweichen. Steht dort encrypted=False, muss die zweite Zeile lauten: decrypt=cat

Während openssl arbeitet, könnten andere Benutzer desselben Computers die Passphrase in der
Liste der Prozesse sehen. Nehmen Sie einen Computer, den nur Sie benutzen.`,
    },
    commands: `
digest=SHA512
decrypt='openssl enc -d -md MD5 -pass env:passphrase -aes-256-cbc'
export passphrase
right() {
  local wanted found
  wanted=$(sed 's/^.*= *//' "$1.hmac")
  found=$(openssl dgst "-$digest" -hmac "$passphrase" "$1" | sed 's/^.*= *//')
  [ -n "$found" ] && [ "$found" = "$wanted" ] && return
  echo "DAMAGED: $1" >&2
  return 1
}`,
  },
  {
    words: {
      en: 'Prove the passphrase. No other step makes sense before this one.',
      de: 'Prüfen Sie die Passphrase. Vorher hat kein anderer Schritt einen Sinn.',
    },
    commands: `
right backup-header && echo "The passphrase is right."`,
  },
  {
    words: {
      en: 'The chunks of a file, checked and joined, are one encrypted stream.',
      de: 'Die Stücke einer Datei, geprüft und zusammengefügt, sind ein verschlüsselter Strom.',
    },
    commands: `
unseal() {
  local chunks chunk
  chunks=$(ls "$1".[0-9]* | grep -v '\\.hmac$' | sort -V)
  for chunk in $chunks; do right "$chunk" || return; done
  cat $chunks | $decrypt
}`,
  },
  ...ending(''),
];

/** The instructions for a backup of the name `backup` in the folder above them, or for any. */
export function byHand(backup: string | null, language: Language): string {
  const section = (steps: readonly Step[]) =>
    steps.map(({ words, commands }) =>
      [words[language], ...(commands ? [indented(commands)] : [])].join('\n\n'),
    );
  return [
    underlined(title[language], '='),
    ...section(beginning(backup)),
    underlined('FORMAT 4', '-'),
    ...section(format4),
    underlined('FORMAT 3', '-'),
    ...section(format3),
    '',
  ].join('\n\n');
}

function underlined(text: string, line: string): string {
  return `${text}\n${line.repeat(text.length)}`;
}

/** By four blanks: what is executed. Notes within the words are indented by two. */
function indented(commands: string): string {
  return commands.slice(1).replace(/^/gm, '    ');
}
