/** The first page of the rescue kit, for somebody who never saw Lifeboat and is not at ease. */
import type { Language } from '../../../shared/words/languages.ts';

/** The page for a backup of the name `backup` in the folder above it, or for any. */
export function readme(backup: string | null, language: Language): string {
  // In quotes that every system's terminal understands. A name that needs more is left to the person.
  const plain = backup !== null && /^[\p{L}\p{N} ._+@=,-]+$/u.test(backup);
  return pages[language](plain ? backup : null, plain ? `"../${backup}"` : 'BACKUP');
}

const pages: Readonly<Record<Language, (name: string | null, path: string) => string>> = {
  en: (name, path) => `LIFEBOAT RESCUE KIT
===================

With this folder you get your files out of a Qubes OS backup, on any computer
with Linux, macOS or Windows. Qubes OS is not needed. Take your time: nothing
here changes the backup, and every step can be repeated.

You need
  - the backup${name === null ? ', whose path you write where it says BACKUP' : `: ${name}, in the folder above this one`}
  - its passphrase; without it nobody can open the backup
  - a drive with room for what is in it
  - Node.js, a free program (step 1)

If strangers may have had this drive in their hands, they may have changed the
program in this folder too. Then get Lifeboat anew from where you trust it.


STEP 1: NODE.JS

Open a terminal in this folder: on Windows right-click into the folder and
choose "Open in Terminal", on Linux likewise; on macOS open "Terminal", type cd
and a space, drag this folder into it, and press Enter. Then type

    node --version

If the answer is v20.19 or higher, go on. If not, install Node.js from
https://nodejs.org (any computer can fetch it for you) and open the terminal
again.


STEP 2: WHAT IS IN THE BACKUP

    node lifeboat.mjs list ${path}

It asks for the passphrase. Nothing shows while you type; that is on purpose.


STEP 3: RESTORE

Make a folder on a drive with enough room, and write its path where it says
FOLDER:

    node lifeboat.mjs restore ${path} --to FOLDER

This can take hours. You can stop it with Ctrl+C; the same line goes on from
there. At the end it says of each qube whether it is restored, incomplete or
failed, and why.


STEP 4: YOUR FILES

Each qube now has a folder. Its files lie in private.img, which is a disk in a
file. Write the name of the qube where it says QUBE, look around, and copy out:

    node lifeboat.mjs ls FOLDER/QUBE/private.img /home/user
    node lifeboat.mjs cp FOLDER/QUBE/private.img /home/user --to FOLDER


IN THIS FOLDER

  lifeboat.mjs   Lifeboat, the whole program; its licences are at its end
  BY-HAND.txt    how to open the backup without Lifeboat, on Linux
  FORMAT.txt     how a backup is built, for whoever writes such a program
  SHA256SUMS     to see whether this folder is undamaged:
                 sha256sum -c SHA256SUMS   (macOS: shasum -a 256 -c SHA256SUMS)
  LIESMICH.txt, VON-HAND.txt   the same in German

    node lifeboat.mjs --help

says more about every command.
`,
  de: (name, path) => `LIFEBOAT-NOTFALLKOFFER
======================

Mit diesem Ordner holen Sie Ihre Dateien aus einem Backup von Qubes OS, auf
jedem Computer mit Linux, macOS oder Windows. Qubes OS ist nicht nötig. Nehmen
Sie sich Zeit: Nichts hier verändert das Backup, und jeder Schritt lässt sich
wiederholen.

Sie brauchen
  - das Backup${name === null ? ', dessen Pfad Sie dorthin schreiben, wo BACKUP steht' : `: ${name}, im Ordner über diesem`}
  - seine Passphrase; ohne sie kann niemand das Backup öffnen
  - ein Laufwerk mit Platz für das, was darin ist
  - Node.js, ein kostenloses Programm (Schritt 1)

Falls Fremde dieses Laufwerk in der Hand gehabt haben können, können sie auch
das Programm in diesem Ordner verändert haben. Holen Sie Lifeboat dann neu von
dort, wo Sie ihm vertrauen.


SCHRITT 1: NODE.JS

Öffnen Sie ein Terminal in diesem Ordner: unter Windows mit der rechten
Maustaste in den Ordner klicken und "In Terminal öffnen" wählen, unter Linux
ähnlich; unter macOS "Terminal" öffnen, cd und ein Leerzeichen tippen, diesen
Ordner hineinziehen und die Eingabetaste drücken. Dann tippen Sie

    node --version

Lautet die Antwort v20.19 oder höher, geht es weiter. Sonst installieren Sie
Node.js von https://nodejs.org (holen kann es jeder Computer für Sie) und
öffnen das Terminal neu.


SCHRITT 2: WAS IM BACKUP IST

    node lifeboat.mjs list ${path}

Es fragt nach der Passphrase. Beim Tippen erscheint nichts; das ist Absicht.


SCHRITT 3: WIEDERHERSTELLEN

Legen Sie einen Ordner auf einem Laufwerk mit genug Platz an, und schreiben Sie
seinen Pfad dorthin, wo FOLDER steht:

    node lifeboat.mjs restore ${path} --to FOLDER

Das kann Stunden dauern. Mit Strg+C halten Sie es an; dieselbe Zeile macht dort
weiter. Am Ende steht für jeden Qube, ob er wiederhergestellt, unvollständig
oder gescheitert ist, und warum.


SCHRITT 4: IHRE DATEIEN

Jeder Qube hat nun einen Ordner. Seine Dateien liegen in private.img, einer
Platte in einer Datei. Schreiben Sie den Namen des Qubes dorthin, wo QUBE steht,
sehen Sie sich um, und kopieren Sie heraus:

    node lifeboat.mjs ls FOLDER/QUBE/private.img /home/user
    node lifeboat.mjs cp FOLDER/QUBE/private.img /home/user --to FOLDER


IN DIESEM ORDNER

  lifeboat.mjs   Lifeboat, das ganze Programm; seine Lizenzen stehen am Ende
  VON-HAND.txt   wie sich das Backup ohne Lifeboat öffnen lässt, unter Linux
  FORMAT.txt     wie ein Backup gebaut ist, für Programmierer (englisch)
  SHA256SUMS     zeigt, ob dieser Ordner unbeschädigt ist:
                 sha256sum -c SHA256SUMS   (macOS: shasum -a 256 -c SHA256SUMS)
  README.txt, BY-HAND.txt   dasselbe auf Englisch

    node lifeboat.mjs --help

sagt mehr über jeden Befehl (auf Englisch).
`,
};
