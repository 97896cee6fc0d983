/** The images that the engine holds open: looked into, searched, previewed and copied from for one host. */
import type { Emitters, Handlers } from '../../shared/contract/define.ts';
import type { CopyPlan, ImageVolume, SearchHit } from '../../shared/image.ts';
import { fail, problem, type Problem } from '../../shared/problems.ts';
import type { ByteSource } from '../recovery/bytes/source.ts';
import { copyOut, nameOfPath } from '../recovery/copy-out/copy-out.ts';
import { measureCopy, type Measure } from '../recovery/copy-out/measure.ts';
import { Spots } from '../recovery/copy-out/placing.ts';
import type { Ext4 } from '../recovery/image/ext4.ts';
import { openImageFile } from '../recovery/image/image-file.ts';
import { openImage, openVolume, type DiskImage, type Volume } from '../recovery/image/image.ts';
import { describeEntry, listFolder, pathOfId } from '../recovery/image/listing.ts';
import { searchNames } from '../recovery/image/search.ts';
import { needsRecovery } from '../recovery/mount/journal-state.ts';
import { previewFile } from '../recovery/preview/preview.ts';
import { probeDrive } from '../recovery/writing/drive.ts';
import { freeBytesOf } from '../recovery/writing/free-bytes.ts';
import { portableNames, type NameRules } from '../recovery/writing/output-names.ts';
import { OwnFolder } from '../recovery/writing/own-folder.ts';
import type { EngineContract } from './contract.ts';
import { Ticker } from './ticker.ts';

interface OpenedImage {
  readonly path: string;
  readonly source: ByteSource;
  readonly image: DiskImage;
  /** What is known of bytes that the backup did not give back. */
  readonly losses: readonly Problem[];
  /** File systems that were opened, by the place of their volume. */
  readonly filesystems: Map<number, Promise<Ext4>>;
}

interface CopyRequest {
  readonly handle: number;
  readonly volume: number;
  readonly entries: readonly string[];
}

export interface Images {
  readonly handlers: Handlers<EngineContract>['image'];
  close(): Promise<void>;
}

export function createImages(emit: Emitters<EngineContract>['image']): Images {
  const images = new Map<number, OpenedImage>();
  const tasks = new Map<string, AbortController>();
  let nextHandle = 1;

  const imageOf = (handle: number): OpenedImage =>
    images.get(handle) ?? fail('unexpected', { detail: 'the image is not open' });

  function filesystemOf({ handle, volume: index }: { handle: number; volume: number }): Promise<Ext4> {
    const { image, filesystems } = imageOf(handle);
    const volume = image.volumes[index] ?? fail('unexpected', { detail: 'no such volume' });
    let filesystem = filesystems.get(index);
    if (!filesystem) {
      filesystem = openVolume(volume);
      filesystems.set(index, filesystem);
      // What failed because a drive was away may be tried again.
      filesystem.catch(() => filesystems.delete(index));
    }
    return filesystem;
  }

  /** Runs `work` under the name by which it can be cancelled. */
  async function asTask<R>(task: string, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const abort = new AbortController();
    tasks.set(task, abort);
    try {
      return await work(abort.signal);
    } finally {
      tasks.delete(task);
    }
  }

  async function close(handle: number): Promise<void> {
    const opened = images.get(handle);
    images.delete(handle);
    await opened?.source.close();
  }

  async function measured(request: CopyRequest, signal: AbortSignal) {
    const filesystem = await filesystemOf(request);
    const paths = request.entries.map(pathOfId);
    return { filesystem, paths, measures: await measureCopy(filesystem, paths, signal) };
  }

  const handlers: Images['handlers'] = {
    async open({ path }) {
      const { source, problems: losses } = await openImageFile(path);
      try {
        const image = await openImage(source);
        const volumes = await Promise.all(image.volumes.map(describeVolume));
        const handle = nextHandle++;
        images.set(handle, { path, source, image, losses, filesystems: new Map() });
        const { size, table, problems } = image;
        return { handle, image: { size, table, volumes, problems: [...losses, ...problems] } };
      } catch (error) {
        await source.close();
        throw error;
      }
    },

    close: ({ handle }) => close(handle),

    openVolume: async (request) => ({ notes: [...(await filesystemOf(request)).notes] }),
    list: async ({ folder, ...at }) => listFolder(await filesystemOf(at), pathOfId(folder)),
    describe: async ({ entry, ...at }) => describeEntry(await filesystemOf(at), pathOfId(entry)),

    async preview({ entry, ...at }) {
      const filesystem = await filesystemOf(at);
      return previewFile(filesystem, await filesystem.lookup(pathOfId(entry)));
    },

    search: ({ task, text, ...at }) =>
      asTask(task, async (signal) => {
        let found: SearchHit[] = [];
        let visited = 0;
        const ticker = new Ticker(() => {
          emit.found({ task, findings: { found, visited } });
          found = [];
        });
        try {
          return await searchNames(await filesystemOf(at), text, {
            signal,
            onFound: (hit) => found.push(hit),
            onVisited(count) {
              visited = count;
              ticker.tick();
            },
          });
        } finally {
          if (found.length > 0) emit.found({ task, findings: { found, visited } });
        }
      }),

    planCopy: ({ task, destination, name, ...request }) =>
      asTask(task, async (signal): Promise<CopyPlan> => {
        const { paths, measures } = await measured(request, signal);
        const { files, bytes } = totalOf(measures);
        const freeBytes = await freeBytesOf(destination);
        const isFull = freeBytes !== null && bytes > freeBytes;
        return {
          files,
          bytes,
          freeBytes,
          conflicts: await conflictsOf(destination, paths, name),
          findings: isFull ? [problem('dest-full', { needed: bytes, free: freeBytes })] : [],
        };
      }),

    copy: ({ task, destination, conflict, name, ...request }) =>
      asTask(task, async (signal) => {
        const { filesystem, paths, measures } = await measured(request, signal);
        const total = totalOf(measures);
        const done = { bytes: 0, files: -1, current: '' };
        const ticker = new Ticker(() =>
          emit.copyProgress({
            task,
            progress: {
              doneBytes: Math.min(done.bytes, total.bytes),
              totalBytes: total.bytes,
              doneFiles: Math.max(0, done.files),
              totalFiles: total.files,
              current: done.current,
            },
          }),
        );
        return copyOut(filesystem, paths, {
          destination,
          conflict,
          image: imageOf(request.handle).path,
          losses: imageOf(request.handle).losses,
          rootName: name,
          measures,
          signal,
          onFile(current) {
            done.files++;
            done.current = current;
            ticker.tick();
          },
          onBytes(bytes) {
            done.bytes += bytes;
            ticker.tick();
          },
        });
      }),

    cancel({ task }) {
      tasks.get(task)?.abort();
    },
  };

  return {
    handlers,
    async close() {
      for (const task of tasks.values()) task.abort();
      await Promise.all([...images.keys()].map(close));
    },
  };
}

async function describeVolume({ partition, content, isReadable, source }: Volume): Promise<ImageVolume> {
  return {
    partition: partition?.number ?? null,
    label: content.label ?? partition?.name ?? null,
    kind: content.kind,
    size: source.size,
    isReadable,
    needsRecovery: isReadable && (await needsRecovery(source)),
  };
}

function totalOf(measures: readonly Measure[]): Measure {
  return {
    files: measures.reduce((sum, { files }) => sum + files, 0),
    bytes: measures.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** What names a destination can hold; where nothing can be made in it, what every one holds. */
async function rulesOf(destination: string): Promise<NameRules> {
  try {
    await using probed = await OwnFolder.create(destination, 'copy');
    return (await probeDrive(probed.path)).names;
  } catch {
    return portableNames;
  }
}

/** The names of what is to be copied that something in the destination has already. */
async function conflictsOf(
  destination: string,
  paths: readonly Uint8Array[],
  rootName: string,
): Promise<string[]> {
  const spots = new Spots(destination, 'skip', null, await rulesOf(destination));
  const conflicts: string[] = [];
  for (const path of paths) {
    const name = nameOfPath(path, rootName);
    if ((await spots.claim(name)) === null) conflicts.push(name);
  }
  return conflicts;
}
