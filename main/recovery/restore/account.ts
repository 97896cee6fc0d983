/** The account of a restore, left beside the restored files: the list of qubes, checksums, and the report. */
import { lstat, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RestoreReport } from '../../../shared/backup.ts';
import { fail, problemOf, type Problem } from '../../../shared/problems.ts';
import { visibleJson } from '../../../shared/words/formats.ts';
import { bytesOfText, textOfBytes } from '../bytes/byte-text.ts';
import type { UnlockedBackup } from '../unlock.ts';
import { destinationError } from '../writing/destination-error.ts';
import { withLock } from '../writing/lock.ts';
import { moveWithoutReplacing } from '../writing/moving.ts';
import type { Checksum } from '../writing/output.ts';
import { growingName, readPlainFile, replaceOwnFile } from '../writing/plain-file.ts';
import { withProblems } from './verdict.ts';

export const reportName = 'lifeboat-report.json';
export const checksumsName = 'SHA256SUMS';
export const qubesXmlName = 'qubes.xml';

/** While it exists, a restore is writing its account. */
const lockName = '.lifeboat-account.lock';

/** Some millions of lines. */
const longestChecksums = 512 * 1024 * 1024;

/**
 * Writes `qubes.xml`, `SHA256SUMS` (as `sha256sum -c` reads it) and `lifeboat-report.json` into `destination`. What
 * an earlier restore into the same folder wrote is added to, never lost. Lines are in the order of their paths.
 *
 * @param demand asked before each of them whether the destination is still the same one; throws where it is not
 * @returns the report with what could not be written, `dest-…`, and with the outcome that follows from it; the one
 * beside the files says the same, unless it is itself what could not be written
 */
export async function saveAccount(
  destination: string,
  report: RestoreReport,
  checksums: readonly Checksum[],
  backup: UnlockedBackup,
  demand: () => Promise<void> = () => Promise.resolve(),
): Promise<RestoreReport> {
  const { qubesXml, inventory } = backup;
  const problems: Problem[] = [];
  const save = async (name: string, write: (path: string) => Promise<void>) => {
    const path = join(destination, name);
    try {
      await demand();
      await write(path);
    } catch (error) {
      const found = problemOf(destinationError(path, error));
      if (!problems.some((each) => isDeepStrictEqual(each, found))) problems.push(found);
    }
  };
  const saveShared = async () => {
    if (qubesXml) await save(qubesXmlName, (path) => saveOnce(path, qubesXml));
    await save(checksumsName, async (path) => {
      await replaceOwnFile(path, bytesOfText(await mergedChecksums(path, checksums)));
    });
  };
  // Another run that read the sums before, and wrote them after, would lose the lines of this one.
  await save(lockName, (path) => withLock(path, saveShared));
  const told = withProblems(report, problems, 'restore');
  const text = visibleJson({ backup: inventory.backup, ...told });
  await save(reportName, (path) => replaceOwnFile(path, `${text}\n`));
  return withProblems(report, problems, 'restore');
}

/** Saves a file that may stand there already with the same content, and nothing else. */
async function saveOnce(path: string, bytes: Uint8Array): Promise<void> {
  if (await lstat(path).catch(() => null)) {
    const present = await readPlainFile(path, bytes.length);
    if (!present?.equals(bytes)) fail('dest-occupied', { path });
    return;
  }
  const growing = growingName(path);
  try {
    await writeFile(growing, bytes, { flag: 'wx', flush: true, mode: 0o600 });
    await moveWithoutReplacing(growing, path);
  } finally {
    await rm(growing, { force: true });
  }
}

/** Lines of `sha256sum`: those of earlier restores stay unless the same path was restored again. */
async function mergedChecksums(path: string, checksums: readonly Checksum[]): Promise<string> {
  const present = await readPlainFile(path, longestChecksums);
  // Lines that cannot be read cannot be kept.
  if (!present && (await lstat(path).catch(() => null))?.isFile()) fail('dest-occupied', { path });
  const earlier = textOfBytes(present ?? Buffer.alloc(0))
    .split('\n')
    .filter((line) => line !== '');
  const lines = checksums.map(checksumLine);
  const restoredNow = new Set(lines.map(pathPart));
  return [...earlier.filter((line) => !restoredNow.has(pathPart(line))), ...lines]
    .toSorted((a, b) => (pathPart(a) < pathPart(b) ? -1 : 1))
    .map((line) => `${line}\n`)
    .join('');
}

/** A line of `sha256sum`, which escapes line breaks and backslashes and says so by a leading backslash. */
function checksumLine({ path, sha256 }: Checksum): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `${escaped === path ? '' : '\\'}${sha256}  ${escaped}`;
}

function pathPart(line: string): string {
  return line.slice(line.indexOf('  ') + 2);
}
