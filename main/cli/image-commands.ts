/** The commands `ls`, `cat` and `cp`: files of a restored image, without root and without mounting it. */
import { resolve } from 'node:path';
import type { CopiedItem } from '../../shared/image.ts';
import { fail, hasFailure, RecoveryError, type Problem } from '../../shared/problems.ts';
import { formatSize, visible } from '../../shared/words/formats.ts';
import { probeDestination } from '../backend/destination.ts';
import { openFileSource } from '../recovery/bytes/source.ts';
import type { ConflictChoice } from '../recovery/copy-out/conflict.ts';
import { copyOut } from '../recovery/copy-out/copy-out.ts';
import { measureCopy } from '../recovery/copy-out/measure.ts';
import type { Ext4 } from '../recovery/image/ext4.ts';
import { openImage, openVolume, type DiskImage, type Volume } from '../recovery/image/image.ts';
import type { FileStatus } from '../recovery/image/inode.ts';
import { displayName } from '../recovery/image/names.ts';
import { print, printJson, printProblems } from './commands.ts';
import { exitCodeOfFindings, exitCodes } from './exit-codes.ts';
import { standardOutput } from './standard-output.ts';
import { problemText, type Speech } from './text.ts';

export interface ImageOptions {
  readonly json?: boolean;
  /** Number of the partition, as the table of the image has it. */
  readonly partition?: number;
}

export interface CopyCommandOptions extends ImageOptions {
  readonly to: string;
  readonly conflict: ConflictChoice;
}

interface OpenedImage extends AsyncDisposable {
  readonly filesystem: Ext4;
  readonly problems: readonly Problem[];
}

async function openFilesystem(path: string, { partition }: ImageOptions): Promise<OpenedImage> {
  const source = await openFileSource(path);
  try {
    const image = await openImage(source);
    const filesystem = await openVolume(chooseVolume(image, partition));
    return {
      filesystem,
      problems: [...image.problems, ...filesystem.notes],
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

interface Listed {
  readonly name: string;
  readonly status: FileStatus;
  readonly target: string | null;
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
  const inode = await filesystem.lookup(inside);
  const status = await filesystem.stat(inode);
  const problems: Problem[] = [...image.problems];
  const listed =
    status.kind === 'directory'
      ? await listFolder(filesystem, inode, problems)
      : [{ name: inside.split('/').findLast((part) => part !== '') ?? inside, status, target: null }];
  if (options.json) {
    await printJson({ path: inside, entries: listed.map(entryDocument), problems });
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
      const status = await filesystem.stat(inode);
      const target = status.kind === 'link' ? displayName(await filesystem.readLink(inode)) : null;
      listed.push({ name: displayName(name), status, target });
    }
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    problems.push(error.problem);
  }
  return listed.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function entryDocument({ name, status, target }: Listed) {
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
  };
}

function entryLine({ name, status, target }: Listed, { language }: Speech): string {
  const size = status.kind === 'file' ? formatSize(status.size, language) : status.kind;
  const time = new Date(status.modified.seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
  const suffix = status.kind === 'directory' ? '/' : target === null ? '' : ` -> ${target}`;
  return `${size.padStart(12)}  ${time}  ${name}${suffix}`;
}

/** `lifeboat cat`: the content of one file, to standard output. */
export async function cat(path: string, inside: string, options: ImageOptions): Promise<number> {
  await using image = await openFilesystem(path, options);
  const { filesystem } = image;
  const content = await filesystem.openFile(await filesystem.lookup(inside));
  const pieceSize = 1024 * 1024;
  for (let at = 0; at < content.size; at += pieceSize) {
    const piece = await content.read(at, Math.min(pieceSize, content.size - at));
    if (!(await standardOutput.write(piece))) break;
  }
  return exitCodes.right;
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
  const paths = wanted.map((inside) => new TextEncoder().encode(inside));
  const measures = await measureCopy(filesystem, paths);
  const { conflict } = options;
  const { items } = await copyOut(filesystem, paths, { destination, conflict, image: path, measures });
  const outcome = outcomeOf(items, image.problems);
  if (options.json) {
    await printJson({ outcome, items, problems: image.problems });
  } else {
    for (const item of items) {
      const size = formatSize(item.bytes, speech.language);
      const name = visible(item.path ?? item.name);
      await print(`${name}  ${size}  ${speech.words.copies[item.outcome]}`);
      for (const value of item.problems) await print(problemText(value, speech));
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
