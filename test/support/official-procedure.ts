/**
 * The emergency procedure that Qubes publishes for backups of format 4, executed by bash with the tools it names:
 * the judge that every restore of ours is compared with, byte for byte.
 *
 * It follows the steps of https://www.qubes-os.org/doc/backup-emergency-restore-v4/ and differs where those
 * would fail a careful person: chunks are taken in numeric order and their count may pass 1,000, the passphrase
 * is read to its end with all its blanks and backslashes, and any failure ends it.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bash } from './tools.ts';

export interface OfficialOptions {
  /** The program that decompresses, where the header's filter with `-d` is not it: `cat`, `zstd -d --long=31`. */
  readonly decompress?: string;
  /** Only these files (`vm1/private.img`), in place of all. */
  readonly only?: readonly string[];
}

/** Tars of several members, unpacked as step 2 has it; the first of two members of one name stays. */
const untar = 'tar -i -xf "$1" -C "$2" --skip-old-files';

/** Step 4: the header is what it was sealed as. */
const verifyHeader = `
cd "$1"; IFS= read -r backup_pass
printf '%s\\n' "backup-header!$backup_pass" | scrypt dec -P backup-header.hmac backup-header.verified
cmp -s backup-header backup-header.verified`;

/** Step 6 and the first half of 7: verify and decrypt the chunks of the file $2, join, and decompress with $3. */
const unsealFile = `
cd "$1"; IFS= read -r backup_pass
backup_id=$(sed -n 's/^backup[-_]id=//p' backup-header)
chunks=$(ls "$2".[0-9]*.enc | sort -V)
for chunk in $chunks; do
  printf '%s\\n' "$backup_id!\${chunk%.enc}!$backup_pass" | scrypt dec -P -f "$chunk" "\${chunk%.enc}"
done
for chunk in $chunks; do cat "\${chunk%.enc}"; rm "\${chunk%.enc}"; done | $3`;

/**
 * Restores a backup by the official procedure into the new folder `destination`, and gives the folder that then
 * holds `vm1/private.img`, `dom0-home/user` … and `qubes.xml` (the unpacked chunks stay beside it, in `unpacked`).
 *
 * @throws Error when any of the tools refuses
 */
export async function restoreOfficially(
  backup: string,
  passphrase: string,
  destination: string,
  options: OfficialOptions = {},
): Promise<string> {
  const unpacked = join(destination, 'unpacked');
  const restored = join(destination, 'restored');
  await mkdir(unpacked, { recursive: true });
  await mkdir(restored);
  const input = `${passphrase}\n`;
  await bash(untar, [backup, unpacked]);
  await bash(verifyHeader, [unpacked], { input });
  const decompress =
    options.decompress ?? decompressorOf(await readFile(join(unpacked, 'backup-header'), 'utf8'));
  for (const file of options.only ?? (await sealedFiles(backup))) {
    await bash(
      `{ ${unsealFile}; } | tar -xv --sparse -C "$4" > /dev/null`,
      [unpacked, file, decompress, restored],
      { input },
    );
  }
  return restored;
}

function decompressorOf(header: string): string {
  if (!/^compressed=(1|true|yes)$/im.test(header)) return 'cat';
  return `${/^compression-filter=(\S+)/m.exec(header)?.[1] ?? 'gzip'} -d`;
}

/** The archive of one file as `tar` gets it, out of the folder `unpacked` that `restoreOfficially` leaves. */
export async function innerArchive(unpacked: string, passphrase: string, file: string): Promise<Buffer> {
  const decompress = decompressorOf(await readFile(join(unpacked, 'backup-header'), 'utf8'));
  return bash(unsealFile, [unpacked, file, decompress], { input: `${passphrase}\n` });
}

/** Names of the files of a backup without their chunks' numbers, as `tar` lists them. */
export async function sealedFiles(backup: string): Promise<string[]> {
  const names = await listMembers(backup);
  return [...new Set(names.flatMap((name) => /^(.+)\.\d{3,}\.enc$/.exec(name)?.[1] ?? []))];
}

/** Names of all members in their order, as GNU tar lists them past the zero blocks between them. */
export async function listMembers(backup: string): Promise<string[]> {
  return (await bash('tar -i -tf "$1"', [backup])).toString().split('\n').slice(0, -1);
}
