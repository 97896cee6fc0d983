/** What can go wrong, in English. */
import type { ProblemCatalogue } from './catalogue.ts';

const anotherCopy = 'If you have another copy of this backup, try that one.';
const othersSafe = 'The other qubes are not affected.';
/** Without the list of qubes, each folder of the backup stands in for a qube. */
const withoutList = 'Nobody can tell whether whole qubes or images are missing.';

export const problemWords: ProblemCatalogue = {
  // The backup file as a whole
  'source-missing': {
    what: 'There is no file at {{path}}.',
    why: 'It may have been moved or renamed, or the drive it is on is not connected.',
    todo: 'Connect the drive, or choose the backup again.',
  },
  'source-unreadable': {
    what: 'The backup could not be read.',
    why: 'The system answered “{{reason}}” for {{path}}. The drive may be damaged, or the file may belong to someone else.',
    todo: 'Check the cable and the file’s permissions, then try again. If the drive makes noises or stalls, copy the file to a healthy drive first.',
  },
  'source-bad-place': {
    what: 'The drive could not read a place that is needed here.',
    why: 'It fails at byte {{position}}, and answers elsewhere: the drive is damaged there.',
    todo: 'Copy everything you can from this drive to a healthy one soon. Do not write to it.',
  },
  'source-unsteady': {
    what: 'The drive failed at a place that it could read a moment later.',
    why: 'That was at byte {{position}}. A loose cable, a weak power supply or a drive that begins to fail does that.',
    todo: 'Try another cable or port, then try again. Copy the backup to another drive soon.',
  },
  'source-places-bad': {
    what: 'Places of the backup that its drive could not read: {{count}}.',
    why: 'The first is at byte {{first}}. Each was asked for once; the report lists them.',
    todo: 'Copy the backup to a healthy drive, with a program such as ddrescue that tries bad places again, and restore from the copy.',
  },
  'source-lost': {
    what: 'The backup drive went away.',
    why: 'It was unplugged, fell asleep, or stopped answering ({{reason}}).',
    todo: 'Reconnect the drive, then continue. Everything that was finished is kept.',
  },
  'source-exchanged': {
    what: 'Another file came back in the place of the one that was being read.',
    why: 'The drive was away for a moment. What is at {{path}} now has other contents.',
    todo: 'Connect the drive with the right file, then continue. Everything that was finished is kept.',
  },
  'source-not-a-file': {
    what: '{{path}} is not a file.',
    why: 'A Qubes backup is one single file, usually named qubes-backup- followed by a date.',
    todo: 'Choose the backup file itself, or the folder that it was unpacked into. Copy a stream into a file first.',
  },
  'source-is-pipe': {
    what: 'This backup comes through a pipe ({{path}}), and a pipe can be read only once, from start to end.',
    why: 'Lifeboat reads a backup at several places at once, and reads damaged places again.',
    todo: 'Name a folder with --spool DIR. Lifeboat copies the backup into it first, and deletes the copy at the end. The folder needs as much free space as the backup is large.',
  },
  'pipe-empty': {
    what: 'Nothing came through the pipe ({{path}}).',
    why: 'The program that should have sent the backup ended without sending anything.',
    todo: 'Read what that program says, correct its command, and try again.',
  },
  'spool-full': {
    what: 'There is no space left for the copy of the backup.',
    why: '{{copied, size}} of what comes through the pipe were copied to {{path}}, and more is to come. The copy was deleted.',
    todo: 'Free some space, or name a folder on another drive with --spool. It needs as much free space as the backup is large.',
  },
  'device-empty': {
    what: 'The drive at {{path}} gives no data.',
    why: 'There may be no card or disk in it, or it may still be starting. This does not mean that it is empty.',
    todo: 'Insert the card or disk, or plug the drive in again. Then try again.',
  },
  'too-many-open-files': {
    what: '{{path}} could not be opened.',
    why: 'This program, or all programs together, have as many files open as the system allows.',
    todo: 'Close other programs or raise the limit (ulimit -n), then try again. Everything that was finished is kept.',
  },
  'part-missing': {
    what: 'A part of this backup is missing: {{part}}.',
    why: 'The backup was cut into parts, and all of them are needed. Later parts are there, but this one is not.',
    todo: 'Copy the missing part into the folder of the others, and choose the first part again. If the part is lost, open the first part alone (--alone): what is in it can be restored.',
  },
  'part-not-first': {
    what: 'This is a later part of a backup.',
    why: 'The backup was cut into parts. It is opened by its first one.',
    todo: 'Choose {{first}}; Lifeboat then finds the others.',
  },
  'parts-beside': {
    what: 'Files with similar names are beside this backup: {{names}}.',
    why: 'The backup ends too early. If it was cut into parts, these files may be the other parts ({{count}} in all), but nothing in them proves it.',
    todo: 'If they are its parts, choose all parts together, or name them in their order with --part.',
  },
  'not-a-backup': {
    what: 'This file is not a Qubes backup.',
    why: 'A Qubes backup starts with a part named backup-header, and this file does not.',
    todo: 'If it should be a backup, its beginning is damaged: try another copy. If it is a later part of a backup, name all parts in their order. A disk image is opened with “lifeboat ls”.',
  },
  'backup-wrapped': {
    what: 'This file was packed or encrypted by {{by}}.',
    why: 'A Qubes backup may be inside. Lifeboat reads a backup at many places, which it cannot do through {{by}}.',
    todo: 'Unpack or decrypt it with the command below, then open what comes out.',
  },
  'looks-encrypted': {
    what: 'This file looks encrypted, and nothing tells by which program.',
    why: 'It begins with bytes like noise, as a VeraCrypt container does. A backup whose beginning was overwritten looks the same.',
    todo: 'If it is a VeraCrypt container or an encrypted drive, open it with that program, then choose the backup inside.',
  },
  'backup-is-format-1': {
    what: 'This backup is older than Lifeboat can read.',
    why: 'It has format 1, from Qubes releases before 2, which was a folder of plain files.',
    todo: 'The disk images in that folder can be opened as they are, without restoring.',
  },
  'version-unsupported': {
    what: 'This backup has format {{version}}, which Lifeboat does not know.',
    why: 'It was made by a newer Qubes release, or its header is damaged.',
    todo: 'Look for a newer version of Lifeboat.',
  },
  'backup-truncated': {
    what: 'The backup file ends too early.',
    why: 'It stops after {{size, size}}, inside or right behind {{member}}. The disk was full when it was made, or copying it broke off.',
    todo: 'What precedes that point can still be restored. If you have a longer copy, use that one.',
  },
  'container-damaged': {
    what: 'A part of the backup file cannot be made sense of.',
    why: 'It begins {{offset, size}} into the file. The disk or the copy is faulty, or an older, longer backup was in this file before.',
    todo: `What can be read will still be restored. ${anotherCopy}`,
  },
  'container-member-lost': {
    what: 'A file in the backup has lost its name.',
    why: 'The place that names it, {{offset, size}} into the backup file, is damaged. It may be a file that the list of qubes does not mention, such as the firewall rules of a qube.',
    todo: `Everything else will still be restored. ${anotherCopy}`,
  },
  'data-behind-end': {
    what: 'The backup file continues behind the end of the backup.',
    why: 'The backup ends {{offset, size}} into the file. The rest, {{size, size}}, is something else: empty space of a drive, for example, or what was added to the file.',
    todo: 'Nothing, if every qube is there. If qubes are missing, the backup was not copied to its end.',
  },
  'files-of-another-backup': {
    what: 'The backup file also contains files of another backup: {{count}}.',
    why: '{{name}} and others were sealed for another backup. An older, longer one was in this file before.',
    todo: 'Nothing. Those files are left out.',
  },
  'container-too-long': {
    what: 'This backup holds more parts than a real one could.',
    why: 'Lifeboat stops counting at {{limit}}, so that a forged file cannot fill the memory.',
    todo: 'If you trust this backup, please report it to the makers of Lifeboat.',
  },
  'member-name-unsafe': {
    what: 'A part of the backup was left out: {{name}}.',
    why: 'Its name points outside of the backup. Qubes never writes such names.',
    todo: 'The rest can be restored. Be careful with this file if you do not know where it comes from.',
  },
  'member-name-foreign': {
    what: 'A part of the backup was left out: {{name}}.',
    why: 'Qubes never writes such a name. Somebody may have added this to the file.',
    todo: 'Nothing. The backup itself can be restored.',
  },
  'member-repeated': {
    what: 'The backup holds {{name}} twice.',
    why: 'Two backups may have been written into one file. The first one counts, as in Qubes.',
    todo: 'Nothing, unless a qube turns out to be incomplete.',
  },
  'member-unexplained': {
    what: 'The backup holds a part that belongs to no qube: {{name}}.',
    why: 'The list of qubes does not mention it.',
    todo: 'It is offered under the name (unlisted) where it can be restored.',
  },

  // Header and passphrase
  'header-missing': {
    what: 'The beginning of this backup is missing.',
    why: 'It does not contain the file backup-header, which says how to read the rest. Only a sealed copy of that file can replace it; Qubes OS refuses such a backup.',
    todo: anotherCopy,
  },
  'header-malformed': {
    what: 'The header of this backup cannot be understood.',
    why: 'It is damaged or was changed: {{detail}}.',
    todo: anotherCopy,
  },
  'header-seal-missing': {
    what: 'The seal of this backup is missing.',
    why: 'Without it, neither the passphrase nor the backup can be checked.',
    todo: anotherCopy,
  },
  'header-seal-damaged': {
    what: 'The seal of this backup is damaged.',
    why: 'The part that proves the passphrase has changed since the backup was made. Your passphrase may well be right.',
    todo: anotherCopy,
  },
  'header-not-authentic': {
    what: 'The header of this backup is damaged, or somebody changed it.',
    why: 'It differs from its sealed copy. The passphrase proves the sealed copy, so Lifeboat uses that one and checks every byte of the rest. Qubes OS refuses such a backup.',
    todo: `Restore what you need. ${anotherCopy}`,
  },
  'backup-not-sealed': {
    what: 'This backup is neither encrypted nor protected by its passphrase.',
    why: 'Where its seal should be there is only a copy of its header. Somebody replaced the scrypt program when it was made. Whoever had access to the file could change it, and nothing would show that.',
    todo: 'If you trust the file, open it all the same: with --accept-unsealed, or with the box below the passphrase.',
  },
  'passphrase-rejected': {
    what: 'That passphrase does not open this backup.',
    why: 'Caps Lock, the keyboard layout or a space may differ from when the backup was made. A damaged header looks the same.',
    todo: 'Show the passphrase, check each character, and try again. You may try as often as you like.',
  },

  // Key derivation
  'derivation-parameters-invalid': {
    what: 'This backup asks for an impossible key calculation.',
    why: 'Its parameters (N = 2^{{logN}}, r = {{r}}, p = {{p}}) are damaged or forged.',
    todo: anotherCopy,
  },
  'derivation-needs-memory': {
    what: 'More memory is needed to open this backup.',
    why: 'Its keys take {{needed, memory}} to calculate; {{allowed, memory}} are allowed.',
    todo: 'Close other programs, or allow more memory under “Advanced”, then try again.',
  },
  'derivation-slow': {
    what: 'The key of this backup would take about {{seconds, duration}} to calculate.',
    why: 'The backup asks for far more work than Qubes OS does. Its header may be damaged or forged.',
    todo: 'Try another copy of the backup. If you made it with such settings yourself, allow it to take this long.',
  },
  'derivation-self-test-failed': {
    what: 'This computer calculates keys wrongly.',
    why: 'The built-in test of “{{kernel}}” failed. Faulty memory or an overclocked processor can do that.',
    todo: 'Restart the computer and try again, or use another one.',
  },
  'derivation-interrupted': {
    what: 'The calculation of a key was interrupted.',
    why: 'The part of the program that calculates keys ended ({{reason}}). Too little memory can do that.',
    todo: 'Close other programs, then try again. Everything that was finished is kept.',
  },

  // Chunks
  'chunk-missing': {
    what: 'A chunk of {{file}} is missing.',
    why: 'The backup does not contain chunk {{chunk}}. It was not written, or the file was cut.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-too-short': {
    what: 'A chunk of {{file}} is too short to be real.',
    why: 'Chunk {{chunk}} lacks its beginning or its end.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-header-damaged': {
    what: 'Part of {{file}} could not be opened.',
    why: 'The beginning of chunk {{chunk}} is damaged. The passphrase is right.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-not-authentic': {
    what: 'Part of {{file}} does not belong to this backup.',
    why: 'Chunk {{chunk}} was sealed under another name or passphrase, or its beginning is damaged. Your passphrase is right.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-damaged': {
    what: 'Part of {{file}} is damaged.',
    why: 'Chunk {{chunk}} no longer matches its seal: the drive or the copy is at fault. The passphrase is right.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-out-of-sequence': {
    what: 'Part of {{file}} is in the wrong place.',
    why: 'Chunk {{chunk}} does not continue where the chunk before it ends. Chunks were exchanged or repeated. Your passphrase is right.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-unreadable': {
    what: 'The drive could not read part of {{file}}.',
    why: 'Chunk {{chunk}} lies on a damaged place of the drive. It was tried twice; the rest of the drive still answers.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'chunk-not-sealed': {
    what: 'Part of {{file}} is not encrypted.',
    why: 'Chunk {{chunk}} bears no seal, so nobody can say whether it is what was backed up.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'data-behind-file': {
    what: '{{file}} is complete, although chunk {{chunk}} could not be used.',
    why: 'The file ends before that chunk. It may be left over from an older, longer backup that was in this file before.',
    todo: 'Nothing. Everything that belongs to {{file}} was verified.',
  },
  'chunks-exchangeable': {
    what: 'Nothing shows whether chunks of this backup were exchanged.',
    why: 'Qubes OS 3 made it without compression. Each chunk is verified, but not its place: somebody who changed the file could have exchanged chunks, also with those of another backup with the same passphrase.',
    todo: 'Nothing, if only you had access to the file. Otherwise compare what you restore with another copy.',
  },
  'chunk-slow': {
    what: 'Chunk {{chunk}} of {{file}} was left out: its key would take about {{seconds, duration}} to calculate.',
    why: 'The chunk asks for far more work than the others of this backup. Its beginning may be damaged or forged.',
    todo: `Try another copy of the backup, or allow slow chunks and restore again. ${othersSafe}`,
  },
  'chunk-unstable': {
    what: 'Part of {{file}} was only right on the second reading.',
    why: 'Chunk {{chunk}} read differently twice. The drive, its cable or this computer’s memory is unreliable.',
    todo: 'The restored data is verified. Copy the backup to a healthy drive soon.',
  },
  'part-unplaced': {
    what: 'A part of {{file}} that is not damaged had to be left out.',
    why: 'It was compressed with {{compression}}, and behind damaged pieces nothing says where in the file it belongs.',
    todo: anotherCopy,
  },
  'piece-saved': {
    what: 'A part of {{file}} of {{size, size}} is whole but has lost its place.',
    why: 'It lies behind a damaged place, and nothing says how far behind. It was saved beside the file as {{piece}}.',
    todo: 'Programs that find documents and pictures on damaged disks, such as PhotoRec, can search it for them.',
  },
  'salvage-kept': {
    what: 'An earlier restore recovered more of {{file}}.',
    why: 'What it recovered has parts that were not recovered this time.',
    todo: 'It is kept at {{path}}.',
  },
  'file-whole': {
    what: '{{file}} is whole, although its end in the backup is not.',
    why: 'What is damaged or missing there held none of its content. Every byte of the file was verified.',
    todo: 'Nothing for this file. Copy the backup to a healthy drive soon.',
  },
  'file-salvaged': {
    what: '{{lost, size}} of {{size, size}} in {{file}} is lost.',
    why: 'It reads as zeros; everything else was verified and saved. The map {{map}} says which bytes are lost.',
    todo: 'Copy the files you need out of it before you change anything in it.',
  },
  'file-salvageable': {
    what: '{{lost, size}} of {{size, size}} in {{file}} is lost.',
    why: 'Everything else in it was verified. A restore saves it, with zeros in the place of what is lost.',
    todo: `Restore it to get the rest. ${anotherCopy}`,
  },
  'piece-salvageable': {
    what: 'A part of {{file}} of {{size, size}} is whole but has lost its place.',
    why: 'It is behind a damaged place, and nothing says how far behind. A restore saves it beside the file.',
    todo: 'Restore it. Programs that find documents and pictures on damaged disks, such as PhotoRec, can then search that part.',
  },
  'chunk-unauthenticated': {
    what: 'Part of {{file}} was taken without any check.',
    why: 'Chunk {{chunk}} is neither encrypted nor authenticated. Nobody can say whether it is as it was backed up.',
    todo: 'Treat this file as if it came from a stranger.',
  },

  // Streams and archives inside
  'cipher-unsupported': {
    what: 'This backup is encrypted with {{cipher}}, which this program cannot undo.',
    why: 'The cryptography that comes with this program does not include that cipher.',
    todo: 'Restore it with the command line of Lifeboat under Node.js, or with openssl by the official procedure.',
  },
  'digest-unsupported': {
    what: 'This backup is authenticated with {{digest}}, which this program cannot check.',
    why: 'The cryptography that comes with this program does not include that digest.',
    todo: 'Restore it with the command line of Lifeboat under Node.js, or with openssl by the official procedure.',
  },
  'compression-unsupported': {
    what: 'This backup is compressed in a way that Lifeboat does not know.',
    why: 'Its header names the program “{{filter}}”.',
    todo: 'Restore it on a Qubes computer that has this program.',
  },
  'compression-needs-newer-node': {
    what: 'The Node.js on this computer is too old for this backup.',
    why: 'The backup is compressed with {{compression}}, which Node.js reads from version 22.15 on. This is {{node}}.',
    todo: 'Use the Lifeboat app, or run the same command with a newer Node.js from nodejs.org. The backup is fine.',
  },
  'compression-differs': {
    what: '{{file}} is compressed differently than the header says.',
    why: 'The header says {{named}}, the data is {{found}}. The data counts.',
    todo: 'Nothing; the content is verified either way.',
  },
  'stream-damaged': {
    what: '{{file}} cannot be unpacked.',
    why: 'Its compressed data ({{compression}}) is faulty, although its seal is intact: it was already faulty when it was backed up.',
    todo: `What came before the fault is kept where possible. ${othersSafe}`,
  },
  'stream-unfinished': {
    what: '{{file}} ends too early.',
    why: 'Its last pieces are missing from the backup.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'stream-overlong': {
    what: 'More data follows after the end of {{file}}.',
    why: 'Qubes never writes such data; it is damaged or forged.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'archive-malformed': {
    what: 'The archive of {{file}} is faulty.',
    why: 'Its data is intact but makes no sense as an archive: {{detail}}.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'archive-member-unexpected': {
    what: 'The archive of {{file}} holds something else.',
    why: 'It holds {{found}}. Qubes never writes that; pieces may have been swapped.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'sparse-map-invalid': {
    what: 'The layout of {{file}} is faulty.',
    why: 'The map of its empty areas contradicts itself: {{detail}}.',
    todo: `${othersSafe} ${anotherCopy}`,
  },
  'size-mismatch': {
    what: '{{file}} does not have the size it should.',
    why: 'It should have {{expected, size}}, but {{found, size}} were found.',
    todo: 'Treat it as incomplete. If you have another copy of this backup, try that one.',
  },
  'file-is-link': {
    what: '{{file}} is only a link in this backup.',
    why: 'It led to {{target}} on the computer that was backed up. Releases of Qubes OS up to 3.0 stored icons like this.',
    todo: 'Nothing. No file was written for it, and no data of the qube is missing.',
  },
  'content-is-link': {
    what: 'The backup does not hold the content of {{file}}.',
    why: 'It was a link to {{target}} when the backup was made, and only the link was stored.',
    todo: 'Look for the content on the drive that the link led to, or in another backup.',
  },
  'entry-renamed': {
    what: '{{from}} was saved as {{to}}.',
    why: 'The original name cannot be used on this drive.',
    todo: 'Nothing; the content is unchanged.',
  },
  'entry-numbered': {
    what: '{{from}} was saved as {{to}}.',
    why: 'Something else there already has this name, or a name that this drive does not tell apart from it.',
    todo: 'Nothing; the content is unchanged.',
  },
  'entry-leads-out': {
    what: '{{path}} was left out.',
    why: 'Its path leads out of the folder that it belongs to.',
    todo: 'Nothing; no such file was ever made by Qubes OS.',
  },
  'entry-is-special': {
    what: '{{path}} was left out.',
    why: 'It is a device, a pipe or a socket, which has no content to restore.',
    todo: 'Nothing; programs make such entries anew when they need them.',
  },
  'link-leads-out': {
    what: 'The link {{path}} was left out.',
    why: 'It pointed to {{target}}, outside of the restored folder. On this computer it could lead to your own files.',
    todo: 'Nothing, unless you miss it. You can create the link again by hand.',
  },
  'link-has-no-original': {
    what: 'The link {{path}} was left out.',
    why: 'It is a second name for {{target}}, which is not in the backup.',
    todo: 'Look for {{target}} in another backup if you need it.',
  },
  'links-not-supported': {
    what: 'The link {{path}} was left out.',
    why: 'This drive or system does not allow links. It pointed to {{target}}.',
    todo: 'Open {{target}} directly, or restore to a drive that can hold links.',
  },

  // The list of qubes
  'qubes-xml-missing': {
    what: 'The list of qubes is missing from this backup.',
    why: `Without it, the names and settings of the qubes are not known. ${withoutList}`,
    todo: anotherCopy,
  },
  'qubes-xml-malformed': {
    what: 'The list of qubes cannot be read.',
    why: `It is faulty: {{detail}}. ${withoutList}`,
    todo: anotherCopy,
  },
  'qubes-xml-unreadable': {
    what: 'The list of qubes is damaged, or cannot be read on this computer.',
    why: `Reading it ended with the problem {{reason}}. ${withoutList}`,
    todo: anotherCopy,
  },
  'qubes-none': {
    what: 'This backup does not contain any qube.',
    why: 'Its list of qubes marks none as backed up, and no other file is there.',
    todo: 'Look for another backup.',
  },
  'qube-unknown': {
    what: 'There is no qube named {{qube}} in this backup.',
    why: 'Upper and lower case count, and the list of qubes does not mention it.',
    todo: 'Choose a qube from the list.',
  },
  'qube-not-included': {
    what: 'The backup does not hold {{qube}}.',
    why: 'It existed when the backup was made, but was not chosen for it.',
    todo: 'Look for it in another backup.',
  },
  'qube-has-no-files': {
    what: 'The qube {{qube}} is lost.',
    why: 'The list of qubes says that the backup contains it, but none of its files are there.',
    todo: anotherCopy,
  },
  'qube-cut-off': {
    what: 'The qube {{qube}} is lost.',
    why: 'The backup file ends before the files of this qube.',
    todo: 'If you have a longer copy of this backup, use that one.',
  },
  'volume-missing': {
    what: 'The {{volume}} volume of {{qube}} is missing.',
    why: 'Every qube of this kind is backed up with it, but the backup does not contain it. The backup file may have been cut off.',
    todo: anotherCopy,
  },

  // Destination
  'dest-missing': {
    what: '{{path}} does not exist.',
    why: 'The folder may have been moved or deleted, or its drive is not connected.',
    todo: 'Connect the drive, or choose another folder.',
  },
  'dest-not-a-folder': {
    what: '{{path}} is not a folder.',
    why: 'Restored files need a folder to go into.',
    todo: 'Choose a folder.',
  },
  'dest-read-only': {
    what: 'Nothing can be written to {{path}}.',
    why: 'The drive is read-only: a write-protect switch, a disc, or a drive that was not closed properly.',
    todo: 'Remove the write protection, or choose another folder.',
  },
  'dest-denied': {
    what: 'You may not write to {{path}}.',
    why: 'The system refused. The folder may belong to someone else, or a program such as a virus scanner blocks it.',
    todo: 'Choose a folder of your own, such as one in your home folder.',
  },
  'dest-full': {
    what: 'There is not enough space.',
    why: '{{needed, size}} are needed, {{free, size}} are free.',
    todo: 'Free some space, choose less, or take another drive.',
  },
  'dest-may-fill': {
    what: 'The space may not suffice.',
    why: 'Up to {{needed, size}} are needed, {{free, size}} are free. Images are often partly empty, and then take less.',
    todo: 'You can try: what is finished stays if the drive fills up. A larger drive is safer.',
  },
  'dest-stores-holes': {
    what: 'This drive is formatted with {{fileSystem}}.',
    why: 'It also stores the empty parts of images, so they take their full size and more time. Links in the home folder of dom0 cannot be kept on it.',
    todo: 'If you can choose, ext4, Btrfs, XFS or APFS suits better.',
  },
  'dest-ran-full': {
    what: 'The destination drive is full.',
    why: 'There was no space left for {{path}}.',
    todo: 'Free some space, then restore what is missing.',
  },
  'dest-file-limit': {
    what: 'This drive cannot hold files over {{limit, size}}.',
    why: '{{path}} would be larger. The drive is formatted with FAT32 or a similar old filesystem, or the system limits how large files may become (ulimit -f).',
    todo: 'Choose a drive with exFAT, NTFS, ext4 or APFS. If it has one of these, raise that limit.',
  },
  'dest-occupied': {
    what: 'Something already exists at {{path}}.',
    why: 'Lifeboat never replaces what is there.',
    todo: 'Choose another folder, or move what is there.',
  },
  'dest-files-occupied': {
    what: '{{count}} files are there already, among them {{path}}.',
    why: 'Lifeboat never replaces what is there, and cannot tell that these are what it once restored.',
    todo: 'Choose another folder, or move them.',
  },
  'kit-exists': {
    what: 'A rescue kit is there already: {{path}}.',
    why: 'Lifeboat never replaces what is there.',
    todo: 'Nothing is left to do. If you want a new one all the same, move the old one away first.',
  },
  'dest-name-invalid': {
    what: '“{{name}}” cannot be the name of a folder.',
    why: 'It is too long, or has a character that this drive does not allow in names, such as / or \\.',
    todo: 'Type another name.',
  },
  'dest-name-refused': {
    what: '{{path}} could not be written.',
    why: 'This drive does not take its name, or a path of that length.',
    todo: 'Choose another drive, or a destination whose own path is shorter.',
  },
  'file-unnamed': {
    what: '{{path}} is complete, but could not be given its name.',
    why: 'Everything in it was written and checked. Only renaming it was refused.',
    todo: 'Rename it yourself once the other program has closed it.',
  },
  'dest-lost': {
    what: 'The destination drive went away.',
    why: 'Writing to {{path}} failed: it was unplugged, fell asleep, or stopped answering ({{reason}}).',
    todo: 'Reconnect the drive, then continue. Everything that was finished is kept.',
  },

  'dest-exchanged': {
    what: 'The drive of the destination was disconnected.',
    why: '{{path}} is now another folder than when the restore began. What was finished before is on the drive that was there then; nothing more was written.',
    todo: 'Connect that drive at the same place, then continue. Everything that was finished is kept.',
  },
  'dest-busy': {
    what: '{{path}} is in use by another program.',
    why: 'A virus scanner, a search index or a program for synchronization may have opened it.',
    todo: 'Close that program or wait for it, then try again. Everything that was finished is kept.',
  },
  'dest-refused': {
    what: '{{path}} could not be written.',
    why: 'The system answered “{{reason}}”. Other files are not affected.',
    todo: 'Try again. If it happens again, choose a folder on another drive.',
  },

  // Images of disks
  'image-missing': {
    what: 'There is no image at {{path}}.',
    why: 'It may have been moved or renamed, or the drive it is on is not connected.',
    todo: 'Connect the drive, or choose the image again.',
  },
  'image-not-a-file': {
    what: '{{path}} is not an image.',
    why: 'It is a folder or a device. An image is a file, usually named private.img or root.img.',
    todo: 'Choose the image itself, in the folder of its qube.',
  },
  'image-empty': {
    what: '{{path}} is empty.',
    why: 'The file has 0 bytes, so there is no file system in it.',
    todo: 'Choose another image, or restore this one again.',
  },
  'image-blank': {
    what: 'There is no file system here.',
    why: 'The image, or this partition of it, begins with zeros only: it was never formatted, or it was overwritten.',
    todo: 'Nothing in it can be browsed. If you expected files here, restore the image from another backup.',
  },
  'partition-table-damaged': {
    what: 'The partition table of this disk image is damaged.',
    why: 'Its {{table}} cannot be trusted: {{detail}}.',
    todo: 'What could still be found is shown. The image itself was restored as it was backed up.',
  },
  'filesystem-unsupported': {
    what: 'Lifeboat cannot look into this disk image.',
    why: 'It holds {{name, volume}}. Lifeboat looks into ext2, ext3 and ext4, in which Linux keeps files.',
    todo: 'The image itself is complete: open it with a program for what it holds.',
  },
  'filesystem-feature-unsupported': {
    what: 'Lifeboat cannot look into this disk image.',
    why: 'Its filesystem uses features that Lifeboat does not read: {{features}}.',
    todo: 'The image itself is complete: mount it on a computer with Linux.',
  },
  'filesystem-damaged': {
    what: 'Part of the filesystem in this image is damaged.',
    why: 'Its {{structure}} is damaged: {{detail}}. If the image was restored completely, it was damaged before the backup was made.',
    todo: 'Other files may be fine. To repair it, run a filesystem check on a copy of the image.',
  },
  'filesystem-part-lost': {
    what: 'This part of the image was lost in the backup.',
    why: '{{bytes, size}} of the image could not be recovered from the backup. They hold: {{structure}}.',
    todo: 'Other files are not affected. If you have another copy of the backup, restore the image from that.',
  },
  'filesystem-marked-damaged': {
    what: 'The filesystem in this image is marked as damaged.',
    why: 'The qube had noticed a fault before it was backed up.',
    todo: 'Copy out the files you need and check them.',
  },
  'filesystem-unproven': {
    what: 'The filesystem in this image was opened although its superblock is damaged.',
    why: 'The superblock says how the filesystem is laid out ({{detail}}), and the image has no good spare copy of it.',
    todo: 'Copy out the files you need and check them. Some may be missing or wrong.',
  },
  'filesystem-backup-used': {
    what: 'The filesystem in this image was read from its own spare copy.',
    why: 'Its {{structure}} is damaged or lost.',
    todo: 'Copy out the files you need and check them.',
  },
  'filesystem-cut-off': {
    what: 'The filesystem in this image is larger than the image.',
    why: 'It should have {{expected, size}}; the image has {{size, size}}.',
    todo: 'Files that lie beyond the end cannot be read. Others can.',
  },
  'partition-missing': {
    what: 'There is no partition {{partition}} in this image.',
    why: 'Partitions have the numbers that the image gives them, and not every number is taken.',
    todo: 'Leave the number out, and the largest partition that can be read is taken.',
  },
  'filesystem-entry-missing': {
    what: 'There is no {{path}} in this image.',
    why: 'It was not there when the qube was backed up, or its name is spelled differently.',
    todo: 'Look for it in the folder above.',
  },
  'filesystem-link-dangling': {
    what: '{{path}} leads to {{target}}, which is not in this image.',
    why: 'It is a link, or the way to it is one. What it leads to is on another disk of the qube, such as its root.img, or was missing when the qube was backed up.',
    todo: 'Look for it in the other images of the qube or of its template.',
  },
  'filesystem-entry-is-folder': {
    what: '{{path}} is a folder.',
    why: 'Only a file has contents of its own.',
    todo: 'Choose a file in it, or copy the whole folder.',
  },
  'filesystem-entry-unfit': {
    what: '{{path}} is not what was asked for.',
    why: 'A {{expected}} was expected, but it is a {{found}}.',
    todo: 'Choose something else.',
  },
  'filesystem-entry-encrypted': {
    what: 'This file is encrypted within the qube.',
    why: 'Its key (inode {{inode}}) is not part of the backup’s own encryption.',
    todo: 'It can only be read inside a qube that has the key.',
  },
  'filesystem-link-loop': {
    what: 'The link {{path}} leads nowhere.',
    why: 'It points to itself, directly or through other links.',
    todo: 'Nothing; this is how it was in the qube.',
  },
  'journal-replayed': {
    what: 'The last changes in this image were taken from its journal.',
    why: 'The qube was running when it was backed up: {{transactions}} changes in {{blocks}} blocks were still waiting.',
    todo: 'Nothing; you see the newest state. The image itself is unchanged.',
  },
  'journal-damaged': {
    what: 'The last changes in this image could not be taken from its journal.',
    why: 'The qube was running when it was backed up, and its journal is damaged: {{detail}}.',
    todo: 'Files that were written last may be missing or old.',
  },
  'journal-lost': {
    what: 'The journal of this image was lost in the backup.',
    why: 'The part of the image that holds it could not be recovered: {{structure}}. If the qube was running when it was backed up, its last changes were in the journal.',
    todo: 'Files that were written last may be missing or old.',
  },
  'image-partial': {
    what: 'Parts of this image were lost in the backup.',
    why: '{{lost, size}} of {{size, size}} could not be recovered. The map beside the image says which.',
    todo: 'Files in the lost parts are named as incomplete. All other files are right.',
  },
  'lost-map-missing': {
    what: 'This image is incomplete, and nothing says which parts of it are missing.',
    why: 'There is no map at {{path}}. Missing parts read as zeros, also within files that look complete.',
    todo: 'Put the map beside the image if you still have it. Otherwise restore the image again.',
  },
  'lost-map-unusable': {
    what: 'This image is incomplete, and the map of its missing parts cannot be used.',
    why: 'The map at {{path}} is damaged or belongs to another image: {{detail}}. Missing parts read as zeros, also within files that look complete.',
    todo: 'Restore the image again.',
  },
  'file-part-lost': {
    what: '{{path}} is incomplete: {{lost, size}} of it were lost in the backup.',
    why: 'The file has {{size, size}}. The lost bytes could not be recovered from the backup and read as zeros.',
    todo: 'If you have another copy of the backup, restore the image from that.',
  },
  'entry-part-lost': {
    what: 'Part of {{path}} was lost in the backup.',
    why: 'The part of the image that holds {{structure}} could not be recovered. What it described is missing from the copy.',
    todo: 'If you have another copy of the backup, restore the image from that.',
  },

  // Mounting
  'mount-untrusted': {
    what: 'Mounting lets this computer’s own filesystem code read the image.',
    why: 'A hostile qube may have prepared its image to attack that code. Mounting read-only does not prevent this.',
    todo: 'Mount only images of qubes you trust, or use an isolated computer that was started from a live USB stick. Browsing an image within Lifeboat does not use that code.',
  },
  'mount-hides-changes': {
    what: 'The last changes before the backup are not shown.',
    why: 'The qube was running when it was backed up. Its last changes are still in the journal of the image, which was left aside.',
    todo: 'To see them, browse the image within Lifeboat, or mount a recovered copy.',
  },
  'mount-shows-zeros': {
    what: 'Lost parts of this image read as zeros where it is mounted.',
    why: '{{lost, size}} of it were lost in the backup. Linux does not know that, and reports no error for files in those parts.',
    todo: 'To see which files are incomplete, browse or copy them within Lifeboat.',
  },
  'mount-needs-linux': {
    what: 'Images can be mounted on Linux only.',
    why: 'This system has no code for the filesystems of Linux.',
    todo: 'Browse the image within Lifeboat: that works on every system.',
  },
  'mount-unsupported': {
    what: 'Lifeboat found no way to mount images on this computer.',
    why: 'Neither udisks nor fuse2fs is working here, and mounting without them is left to the administrator.',
    todo: 'Browse the image within Lifeboat, install fuse2fs, or run the command below in a terminal.',
  },
  'mount-not-authorised': {
    what: 'The system did not allow this.',
    why: 'Mounting and unmounting need the consent of the administrator here, which was not given.',
    todo: 'Browse the image within Lifeboat, or run the command below in a terminal.',
  },
  'mount-timed-out': {
    what: 'The system did not answer.',
    why: '{{tool}} was stopped after {{seconds}} seconds without an answer.',
    todo: 'Try again, or browse the image within Lifeboat.',
  },
  'mount-failed': {
    what: 'The image could not be mounted.',
    why: '{{way}} says: {{detail}}.',
    todo: 'Browse the image within Lifeboat, which copes with more damage than mounting does.',
  },
  'mount-busy': {
    what: '{{path}} is in use.',
    why: 'A program still has a file or a folder in it open, or it is just being mounted.',
    todo: 'Close file managers, terminals and programs that use it, then try again.',
  },
  'mount-unknown': {
    what: '{{path}} is not mounted by Lifeboat.',
    why: 'It was never mounted, is unmounted already, or was mounted with another program.',
    todo: 'Nothing, or unmount it with the program that mounted it.',
  },
  'unmount-failed': {
    what: '{{path}} could not be unmounted.',
    why: 'The system says: {{detail}}.',
    todo: 'Try again. Restarting the computer unmounts it for certain; the image stays unharmed.',
  },
  'image-journal-dirty': {
    what: 'Mounting {{path}} as it is would hide its last changes.',
    why: 'The qube was running when it was backed up: its last changes are still in the journal of the image.',
    todo: 'Browse the image within Lifeboat, which shows them; or mount a recovered copy of it; or mount it without them.',
  },
  'image-recovery-failed': {
    what: 'The last changes could not be written into the copy of the image.',
    why: 'e2fsck, which does this, says: {{detail}}.',
    todo: 'Browse the image within Lifeboat, or mount it without its last changes. The image itself is unharmed.',
  },

  // The program itself
  'thread-ended': {
    what: 'The part of the program that unpacks files stopped.',
    why: 'The system gave it too little memory or too few file handles ({{reason}}).',
    todo: 'Close other programs, or raise the limits of the system (ulimit), then try again. Everything that was finished is kept.',
  },
  'engine-gone': {
    what: 'The restore stopped unexpectedly.',
    why: 'The part of the program that does the work ended ({{reason}}).',
    todo: 'Resume, or start the same restore again: it goes on after what was finished.',
  },
  'output-failed': {
    what: 'The output could not be written completely.',
    why: 'The system answered “{{reason}}” for standard output. The drive that it is written to may be full, or may not take files of this size.',
    todo: 'Free some space or choose another place for the output, then run the command again.',
  },
  cancelled: {
    what: 'Cancelled.',
    why: 'You asked to stop.',
    todo: 'Start again whenever you like.',
  },
  unexpected: {
    what: 'Something happened that Lifeboat was not prepared for.',
    why: 'The program says: {{detail}}.',
    todo: 'Try again. If it happens again, please report it with this text.',
  },
};
