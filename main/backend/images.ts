/** The part of the backend that looks into disk images: ids for open images, whose bytes only the engine reads. */
import { randomUUID } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { valueOf, type Emitters, type Handlers } from '../../shared/contract/define.ts';
import type { ImageSource } from '../../shared/contract/image-calls.ts';
import type { WizardContract } from '../../shared/contract/wizard.ts';
import { fail } from '../../shared/problems.ts';
import { probeDestination } from './destination.ts';
import type { EngineConnection } from './engine-client.ts';
import type { Places } from './places.ts';

export interface ImagesSurroundings {
  readonly places: Places;
  /** The engine, started when first needed and again after it was lost. */
  readonly engine: () => EngineConnection;
  /** The path of a file that a restore has written. */
  readonly restoredPath: (jobId: string, qube: string, file: string) => string;
  readonly showFolder: (path: string) => Promise<void>;
  readonly emit: Emitters<WizardContract>['image'];
}

export interface Images {
  readonly handlers: Handlers<WizardContract>['image'];
  /** Passes on what an engine tells of its work on images. */
  listen(engine: EngineConnection): void;
  /** The path of an open image, and the number of the partition that is its volume. */
  readonly whereIs: (
    imageId: string,
    volume: number,
  ) => { readonly path: string; readonly partition: number | null };
}

interface OpenImage {
  readonly path: string;
  readonly partitions: readonly (number | null)[];
  engine: EngineConnection;
  handle: number;
}

export function createImages({ places, engine, restoredPath, showFolder, emit }: ImagesSurroundings): Images {
  const images = new Map<string, OpenImage>();

  const imageOf = (imageId: string): OpenImage =>
    images.get(imageId) ?? fail('unexpected', { detail: 'unknown image' });

  const pathOf = (source: ImageSource): string =>
    source.kind === 'place'
      ? places.pathOf(source.placeId)
      : restoredPath(source.jobId, source.qube, source.file);

  /** What the engine knows an image by, which is opened again where its engine was lost. */
  async function at({ imageId, volume }: { readonly imageId: string; readonly volume: number }) {
    const image = imageOf(imageId);
    if (!image.engine.alive()) {
      image.engine = engine();
      image.handle = valueOf(await image.engine.client.image.open({ path: image.path })).handle;
    }
    return { client: image.engine.client.image, where: { handle: image.handle, volume } };
  }

  const handlers: Images['handlers'] = {
    async open({ source }) {
      const path = pathOf(source);
      const using = engine();
      const { handle, image } = valueOf(await using.client.image.open({ path }));
      const imageId = randomUUID();
      const partitions = image.volumes.map(({ partition }) => partition);
      images.set(imageId, { path, partitions, engine: using, handle });
      return { imageId, name: nameOf(path), path, image };
    },

    async close({ imageId }) {
      const image = images.get(imageId);
      images.delete(imageId);
      if (image?.engine.alive()) await image.engine.client.image.close({ handle: image.handle });
    },

    async openVolume(request) {
      const { client, where } = await at(request);
      return valueOf(await client.openVolume(where));
    },
    async list({ folder, ...request }) {
      const { client, where } = await at(request);
      return valueOf(await client.list({ ...where, folder }));
    },
    async describe({ entry, ...request }) {
      const { client, where } = await at(request);
      return valueOf(await client.describe({ ...where, entry }));
    },
    async preview({ entry, ...request }) {
      const { client, where } = await at(request);
      return valueOf(await client.preview({ ...where, entry }));
    },
    async search({ task, text, ...request }) {
      const { client, where } = await at(request);
      return valueOf(await client.search({ ...where, task, text }));
    },

    async planCopy({ task, entries, folderId, ...request }) {
      const destination = places.pathOf(folderId);
      const { refusal } = await probeDestination(destination, []);
      const { client, where } = await at(request);
      const name = nameOf(imageOf(request.imageId).path);
      const plan = valueOf(await client.planCopy({ ...where, task, entries, destination, name }));
      return { ...plan, findings: refusal ? [refusal] : plan.findings };
    },

    async copy({ task, entries, folderId, conflict, ...request }) {
      const destination = places.pathOf(folderId);
      const { client, where } = await at(request);
      const name = nameOf(imageOf(request.imageId).path);
      return valueOf(await client.copy({ ...where, task, entries, destination, conflict, name }));
    },

    async cancel({ imageId, task }) {
      const { engine: using } = imageOf(imageId);
      if (using.alive()) await using.client.image.cancel({ task });
    },

    showFolder: ({ folderId }) => showFolder(places.pathOf(folderId)),
  };

  return {
    handlers,
    listen({ client }) {
      client.image.found((payload) => emit.found(payload));
      client.image.copyProgress((payload) => emit.copyProgress(payload));
    },
    whereIs(imageId, volume) {
      const { path, partitions } = imageOf(imageId);
      const partition = partitions[volume];
      return partition === undefined ? fail('unexpected', { detail: 'no such volume' }) : { path, partition };
    },
  };
}

/** A name by which a person knows an image again: `work – private.img`, since all of them are called alike. */
function nameOf(path: string): string {
  const folder = basename(dirname(path));
  return folder === '' ? basename(path) : `${folder} – ${basename(path)}`;
}
