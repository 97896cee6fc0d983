/** The commands `ls`, `cat` and `cp`: files of a restored image, without root and without mounting it. */
import { resolve } from 'node:path';
import type { CopiedItem } from '../../shared/image.ts';
import { fail, hasFailure, problem, RecoveryError, severityOf, type Problem } from '../../shared/problems.ts';
import { formatSize, visible } from '../../shared/words/formats.ts';
import { probeDestination } from '../backend/destination.ts';
import type { ConflictChoice } from '../recovery/copy-out/conflict.ts';
import { copyOut } from '../recovery/copy-out/copy-out.ts';
import { measureCopy } from '../recovery/copy-out/measure.ts';
import { bytesOfText } from '../recovery/bytes/byte-text.ts';
import { isSourceGone } from '../recovery/bytes/source.ts';
import type { Content } from '../recovery/image/content.ts';
import type { Ext4 } from '../recovery/image/ext4.ts';
import { openImage, openVolume, type DiskImage, type Volume } from '../recovery/image/image.ts';
import { openImageFile } from '../recovery/image/image-file.ts';
import type { FileStatus } from '../recovery/image/inode.ts';
import { displayName, namedBy } from '../recovery/image/names.ts';
import { print, printJson, printProblems } from './commands.ts';
import { exitCodeOfFindings, exitCodes } from './exit-codes.ts';
import { standardOutput } from './standard-output.ts';
import { problemTexts, type Speech } from './text.ts';

export interface ImageOptions {
  readonly json?: boolean;
  /** Number of the partition, as the table of the image has it. */
  readonly partition?: number;
}

export interface CopyCommandOptions extends ImageOptions {
  readonly to: string;
  readonly conflict: ConflictChoice;
  readonly acceptPartial?: boolean;
}

interface OpenedImage extends AsyncDisposable {
  readonly filesystem: Ext4;
  /** What is known of bytes that the backup did not give back. */
  readonly losses: readonly Problem[];
  readonly problems: readonly Problem[];
}

async function openFilesystem(path: string, { partition }: ImageOptions): Promise<OpenedImage> {
  const { source, problems: losses } = await openImageFile(path);
  try {
    const image = await openImage(source);
    const filesystem = await openVolume(chooseVolume(image, partition));
    return {
      filesystem,
      losses,
      problems: [...losses, ...image.problems, ...filesystem.notes],
      [Symbol.asyncDispose]: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The partition that was asked for, else the largest whose file system can be read, else whatever there is. */
function chooseVolume({ volumes }: DiskImage, partition: number | undefined): Volume {
  if (partition !== undefined) {
    const chosen = volumes.find((volume) => volume.partition?.number === partition);
    return chosen ?? fail('partition-missing', { partition });
  }
  const bySize = volumes.toSorted((a, b) => b.source.size - a.source.size);
  const found = bySize.find((volume) => volume.isReadable) ?? bySize[0];
  return found ?? fail('filesystem-unsupported', { name: 'unknown' });
}

/** The path that is spelled as `ls` spells it; where there is none, and what was typed is the path itself, that. */
async function pathNamed(filesystem: Ext4, typed: string): Promise<Uint8Array> {
  const [spelled, plain] = [namedBy(typed), bytesOfText(typed)];
  if (Buffer.compare(spelled, plain) === 0) return spelled;
  const isThere = (path: Uint8Array) =>
    filesystem.lookup(path, { followLast: false }).then(
      () => true,
      () => false,
    );
  return !(await isThere(spelled)) && (await isThere(plain)) ? plain : spelled;
}

function lastName(path: Uint8Array): string {
  return (
    displayName(path)
      .split('/')
      .findLast((part) => part !== '') ?? '/'
  );
}

interface Listed {
  readonly name: string;
  /** Null where it cannot be read. */
  readonly status: FileStatus | null;
  readonly target: string | null;
  /** Bytes of its content that were lost in the backup. */
  readonly lost: number;
}

/** `lifeboat ls`: a folder of the image, or one file. */
export async function ls(
  path: string,
  inside: string,
  options: ImageOptions,
  speech: Speech,
): Promise<number> {
  await using image = await openFilesystem(path, options);
  const { filesystem } = image;
  const typed = await pathNamed(filesystem, inside);
  const inode = await filesystem.lookup(typed);
  const status = await filesystem.stat(inode);
  const problems: Problem[] = [...image.problems];
  const listed =
    status.kind === 'directory'
      ? await listFolder(filesystem, inode, problems)
      : [await listedOf(filesystem, lastName(typed), status)];
  if (options.json) {
    await printJson({ path: displayName(typed), entries: listed.map(entryDocument), problems });
  } else {
    for (const entry of listed) await print(entryLine(entry, speech));
    printProblems(problems, speech);
  }
  return exitCodeOfFindings(problems);
}

async function listFolder(filesystem: Ext4, folder: number, problems: Problem[]): Promise<Listed[]> {
  const listed: Listed[] = [];
  try {
    for await (const { name, inode } of filesystem.readDirectory(folder)) {
      const shown = displayName(name);
      try {
        listed.push(await listedOf(filesystem, shown, await filesystem.stat(inode)));
      } catch (error) {
        // An entry that cannot be read hides no other.
        problems.push(faultOf(error));
        listed.push({ name: shown, status: null, target: null, lost: 0 });
      }
    }
  } catch (error) {
    problems.push(faultOf(error));
  }
  return listed.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function listedOf(filesystem: Ext4, name: string, status: FileStatus): Promise<Listed> {
  const { kind, number } = status;
  const target = kind === 'link' ? displayName(await filesystem.readLink(number)) : null;
  const lost = kind === 'file' ? await filesystem.lostBytes(number) : 0;
  return { name, status, target, lost };
}

/** The problem of a library's fault; any other is thrown on. */
function faultOf(error: unknown): Problem {
  if (!(error instanceof RecoveryError) || isSourceGone(error.problem)) throw error;
  return error.problem;
}

function entryDocument({ name, status, target, lost }: Listed) {
  if (status === null) return { name, ...unread };
  const { kind, size, permissions, user, group, modified } = status;
  return {
    name,
    kind,
    size,
    mode: permissions.toString(8).padStart(4, '0'),
    user,
    group,
    modified: new Date(modified.seconds * 1000).toISOString(),
    target,
    lost,
  };
}

/** What is known of an entry whose inode cannot be read. */
const unread = {
  kind: null,
  size: null,
  mode: null,
  user: null,
  group: null,
  modified: null,
  target: null,
  lost: null,
} as const;

function entryLine({ name, status, target, lost }: Listed, { words, language }: Speech): string {
  if (status === null) return `${words.unreadable.padStart(12)}  ${' '.repeat(16)}  ${name}`;
  const size = status.kind === 'file' ? formatSize(status.size, language) : status.kind;
  const time = new Date(status.modified.seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
  const suffix = status.kind === 'directory' ? '/' : target === null ? '' : ` -> ${target}`;
  const loss = lost > 0 ? `  (${words.lost(formatSize(lost, language))})` : '';
  return `${size.padStart(12)}  ${time}  ${name}${suffix}${loss}`;
}

/** `lifeboat cat`: the content of one file, to standard output, with zeros for what was lost in the backup. */
export async function cat(
  path: string,
  inside: string,
  options: ImageOptions,
  speech: Speech,
): Promise<number> {
  await using image = await openFilesystem(path, options);
  const { filesystem, losses } = image;
  const typed = await pathNamed(filesystem, inside);
  const content = await filesystem.openFile(await filesystem.lookup(typed), displayName(typed));
  const problems = losses.filter((value) => severityOf(value) === 'failure');
  const lost = await writeContent(content);
  if (lost > 0)
    problems.push(problem('file-part-lost', { path: displayName(typed), lost, size: content.size }));
  printProblems(problems, speech);
  return exitCodeOfFindings(problems);
}

/** Writes a content as long as anybody takes it, and says how many bytes of it were lost. */
async function writeContent(content: Content): Promise<number> {
  const pieceSize = 1024 * 1024;
  let lost = 0;
  for await (const { kind, position, length } of content.ranges()) {
    for (let at = position; at < position + length; at += pieceSize) {
      const size = Math.min(pieceSize, position + length - at);
      const piece = kind === 'data' ? await content.read(at, size) : new Uint8Array(size);
      if (kind === 'lost') lost += size;
      if (!(await standardOutput.write(piece))) return lost;
    }
  }
  return lost;
}

/** `lifeboat cp`: files and folders of the image into a folder of this computer. */
export async function cp(
  path: string,
  wanted: readonly string[],
  options: CopyCommandOptions,
  speech: Speech,
): Promise<number> {
  const destination = resolve(options.to);
  const { refusal } = await probeDestination(destination, []);
  if (refusal) throw new RecoveryError(refusal);
  await using image = await openFilesystem(path, options);
  const { filesystem } = image;
  const paths = await Promise.all(wanted.map((inside) => pathNamed(filesystem, inside)));
  const measures = await measureCopy(filesystem, paths);
  const { conflict, acceptPartial = false } = options;
  const { losses } = image;
  const { items } = await copyOut(filesystem, paths, {
    destination,
    conflict,
    image: path,
    measures,
    losses,
    acceptPartial,
  });
  const outcome = outcomeOf(items, image.problems);
  if (options.json) {
    await printJson({ outcome, items, problems: image.problems });
  } else {
    for (const item of items) {
      const size = formatSize(item.bytes, speech.language);
      const name = visible(item.path ?? item.name);
      await print(`${name}  ${size}  ${speech.words.copies[item.outcome]}`);
      for (const text of problemTexts(item.problems, speech)) await print(text);
      if (item.omittedProblems > 0) await print(speech.words.omitted(item.omittedProblems));
    }
    printProblems(image.problems, speech);
  }
  return exitCodeOfCopy[outcome];
}

/** Of several outcomes: nothing at all, all as wished, or something between. */
function outcomeOf(
  items: readonly CopiedItem[],
  ofImage: readonly Problem[],
): 'copied' | 'partial' | 'failed' {
  if (items.every(({ outcome }) => outcome === 'failed')) return 'failed';
  const areWhole = items.every(({ outcome }) => outcome === 'copied' || outcome === 'skipped');
  return areWhole && !hasFailure(ofImage) ? 'copied' : 'partial';
}

const exitCodeOfCopy = {
  copied: exitCodes.right,
  partial: exitCodes.partial,
  failed: exitCodes.nothing,
} as const;
