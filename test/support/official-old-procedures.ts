/**
 * The emergency procedures that Qubes publishes for backups of formats 3 and 2, executed by bash: the judges of
 * what is restored from them, as `official-procedure.ts` is for format 4.
 *
 * See https://www.qubes-os.org/doc/backup-emergency-restore-v3/ and …-v2/. Unlike those pages, any failure ends
 * them, and every chunk's HMAC is compared, not looked at. What the page of format 2 decompresses with gunzip is
 * in truth zlib's form when the backup is encrypted, so the caller names the program.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listMembers } from './official-procedure.ts';
import { bash } from './tools.ts';

export interface OldProcedureOptions {
  /** The program that decompresses: `gzip -d`, `pigz -dz`, or `cat`. */
  readonly decompress: string;
  /** `aes-256-cbc` unless told; `false` where nothing is encrypted. */
  readonly cipher?: string | false;
  /** `SHA512` unless told. */
  readonly digest?: string;
  /** Only these files, in place of all. */
  readonly only?: readonly string[];
}

const verify = `
cd "$1"
for stored in $2; do
  expected=$(sed 's/^.*= *//' "$stored.hmac")
  found=$(openssl dgst "-$3" -hmac "$backup_pass" "$stored" | sed 's/^.*= *//')
  [ -n "$found" ] && [ "$found" = "$expected" ]
done`;

const chunksOf = 'cd "$1"; ls "$2".[0-9]* | grep -v "\\.hmac$" | sort -V';

/** Restores a backup of format 3 into the new folder `destination`; gives the folder of what it restored. */
export async function restoreOfficially3(
  backup: string,
  passphrase: string,
  destination: string,
  options: OldProcedureOptions,
): Promise<string> {
  return restoreEach(
    backup,
    passphrase,
    destination,
    options,
    async (unpacked, restored, _file, chunks, env) => {
      const script = `cd "$1"; cat $2 | ${decryptor(options)} | ${options.decompress} | tar -x --sparse -C "$3"`;
      await bash(script, [unpacked, chunks.join(' '), restored], { env });
    },
  );
}

/** Restores a backup of format 2, whose chunks are volumes of one archive, decrypted and decompressed one by one. */
export async function restoreOfficially2(
  backup: string,
  passphrase: string,
  destination: string,
  options: OldProcedureOptions,
): Promise<string> {
  return restoreEach(
    backup,
    passphrase,
    destination,
    options,
    async (unpacked, restored, file, chunks, env) => {
      for (const chunk of chunks) {
        const script = `cd "$1"; ${decryptor(options)} < "$2" | ${options.decompress} > "$2.dec"; mv "$2.dec" "$2"`;
        await bash(script, [unpacked, chunk], { env });
      }
      const nextVolume = join(destination, 'new-volume-script');
      const naming = '#!/bin/sh\nprintf "%s.%03d" "${TAR_ARCHIVE%.*}" $((TAR_VOLUME - 1)) >&$TAR_FD\n';
      await writeFile(nextVolume, naming, { mode: 0o755 });
      await bash('tar -x -f "$1" --new-volume-script="$2" -C "$3"', [
        join(unpacked, `${file}.000`),
        nextVolume,
        restored,
      ]);
    },
  );
}

type RestoreFile = (
  unpacked: string,
  restored: string,
  file: string,
  chunks: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<void>;

async function restoreEach(
  backup: string,
  passphrase: string,
  destination: string,
  options: OldProcedureOptions,
  restoreFile: RestoreFile,
): Promise<string> {
  const unpacked = join(destination, 'unpacked');
  const restored = join(destination, 'restored');
  await mkdir(unpacked, { recursive: true });
  await mkdir(restored);
  const env = { backup_pass: passphrase };
  const digest = options.digest ?? 'SHA512';
  await bash('tar -i -xf "$1" -C "$2" --skip-old-files', [backup, unpacked]);
  const members = await listMembers(backup);
  if (members.includes('backup-header')) await bash(verify, [unpacked, 'backup-header', digest], { env });
  const files = new Set(members.flatMap((name) => /^(.+)\.\d{3,}$/.exec(name)?.[1] ?? []));
  for (const file of options.only ?? files) {
    const chunks = (await bash(chunksOf, [unpacked, file])).toString().split('\n').slice(0, -1);
    await bash(verify, [unpacked, chunks.join(' '), digest], { env });
    await restoreFile(unpacked, restored, file, chunks, env);
  }
  return restored;
}

function decryptor({ cipher = 'aes-256-cbc' }: OldProcedureOptions): string {
  return cipher === false ? 'cat' : `openssl enc -d -md MD5 -pass env:backup_pass -${cipher}`;
}
