/** Promises of the backend about images: the wizard holds ids only, and a lost engine is replaced without a word. */
import { describe, expect, it } from 'vitest';
import { createImages, type Images } from '../../main/backend/images.ts';
import type { EngineConnection } from '../../main/backend/engine-client.ts';
import { createPlaces } from '../../main/backend/places.ts';
import type { EngineClient } from '../../main/engine/contract.ts';
import { openedImage } from '../support/image-sample.ts';

interface FakeEngine extends EngineConnection {
  readonly asked: unknown[];
  die(): void;
}

function fakeEngine(number: number): FakeEngine {
  let alive = true;
  const asked: unknown[] = [];
  const answering = (name: string, value: unknown) => (args: unknown) => {
    asked.push([name, args]);
    return Promise.resolve({ ok: true, value });
  };
  const image = {
    open: answering('open', { handle: number, image: openedImage.image }),
    close: answering('close', undefined),
    list: answering('list', { entries: [], omitted: 0, problems: [] }),
    copy: answering('copy', { items: [], cancelled: false }),
    cancel: answering('cancel', undefined),
  };
  return {
    client: { image } as unknown as EngineClient,
    alive: () => alive,
    kill: () => undefined,
    asked,
    die() {
      alive = false;
    },
  };
}

function setUp() {
  const engines: FakeEngine[] = [];
  const places = createPlaces();
  const shown: string[] = [];
  const images: Images = createImages({
    places,
    engine: () => {
      const last = engines.at(-1);
      if (last?.alive()) return last;
      const started = fakeEngine(engines.length + 1);
      engines.push(started);
      return started;
    },
    restoredPath: (jobId, qube, file) => `/restored/${jobId}/${qube}/${file}`,
    showFolder: (path) => Promise.resolve(void shown.push(path)),
    emit: { found: () => undefined, copyProgress: () => undefined },
  });
  return { engines, places, images, shown };
}

describe('images behind ids', () => {
  it('are opened where a person chose them, or where a restore has written them', async () => {
    const { engines, places, images } = setUp();
    const { id: placeId } = places.remember('/home/user/work/private.img');
    const chosen = await images.handlers.open({ source: { kind: 'place', placeId } });
    expect(chosen).toMatchObject({ name: 'work – private.img', path: '/home/user/work/private.img' });
    await images.handlers.open({ source: { kind: 'restored', jobId: 'j', qube: 'q', file: 'root.img' } });
    expect(engines[0]?.asked).toEqual([
      ['open', { path: '/home/user/work/private.img' }],
      ['open', { path: '/restored/j/q/root.img' }],
    ]);
    expect(images.whereIs(chosen.imageId, 0)).toEqual({ path: chosen.path, partition: null });
    expect(() => images.whereIs(chosen.imageId, 1)).toThrow('unexpected');
  });

  it('are nothing that could be guessed', async () => {
    const { images } = setUp();
    const unknown = { imageId: 'image-1', volume: 0 };
    await expect(images.handlers.list({ ...unknown, folder: '' })).rejects.toThrow('unexpected');
    await expect(images.handlers.open({ source: { kind: 'place', placeId: '/etc/shadow' } })).rejects.toThrow(
      'unexpected',
    );
    await expect(
      images.handlers.copy({ ...unknown, task: 't', entries: [''], folderId: '/tmp', conflict: 'skip' }),
    ).rejects.toThrow('unexpected');
  });

  it('are opened again by the next engine when theirs is lost', async () => {
    const { engines, places, images } = setUp();
    const { id: placeId } = places.remember('/a/b.img');
    const { imageId } = await images.handlers.open({ source: { kind: 'place', placeId } });
    engines[0]?.die();
    await images.handlers.list({ imageId, volume: 0, folder: '' });
    await images.handlers.list({ imageId, volume: 0, folder: 'aG9tZQ' });
    expect(engines[1]?.asked).toEqual([
      ['open', { path: '/a/b.img' }],
      ['list', { handle: 2, volume: 0, folder: '' }],
      ['list', { handle: 2, volume: 0, folder: 'aG9tZQ' }],
    ]);
  });

  it('are copied from into folders that a person chose, whose ids show them too', async () => {
    const { engines, places, images, shown } = setUp();
    const { id: placeId } = places.remember('/a/b.img');
    const { id: folderId } = places.remember('/home/user/out');
    const { imageId } = await images.handlers.open({ source: { kind: 'place', placeId } });
    await images.handlers.copy({
      imageId,
      volume: 0,
      task: 't',
      entries: ['aA'],
      folderId,
      conflict: 'skip',
    });
    expect(engines[0]?.asked.at(-1)).toEqual([
      'copy',
      {
        handle: 1,
        volume: 0,
        task: 't',
        entries: ['aA'],
        destination: '/home/user/out',
        conflict: 'skip',
        name: 'a – b.img',
      },
    ]);
    await images.handlers.showFolder({ folderId });
    expect(shown).toEqual(['/home/user/out']);
  });
});
