/** Promises of a file as a source of bytes when its drive goes away, and comes back with it or without. */
import { open, readFile, rm, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFileSource } from '../../main/recovery/bytes/source.ts';
import { scratchFolder } from '../support/lifeboat.ts';
import { noise } from '../support/trees.ts';

/**
 * A file, and how to unplug the drive that it is on: whatever is open then fails for ever; or to wear it out at a place,
 * which then cannot be read.
 */
async function onDrive(content: string | Buffer) {
  const path = join(await scratchFolder(), 'b.backup');
  await writeFile(path, content);
  let plug = 0;
  const worn = new Set<unknown>();
  const openFile = async (file: string): Promise<FileHandle> => {
    const handle = await open(file);
    const pluggedAt = plug;
    const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    return Object.assign(handle, {
      read: (...args: unknown[]) =>
        pluggedAt === plug && !worn.has(args[3])
          ? read(...args)
          : Promise.reject(Object.assign(new Error(), { code: 'EIO' })),
    });
  };
  const unplug = () => {
    plug++;
  };
  const wearOut = (position: number) => worn.add(position);
  return { path, source: await openFileSource(path, openFile), unplug, wearOut };
}

const text = async (bytes: Promise<Uint8Array>) => Buffer.from(await bytes).toString();
const lost = (reason: string) => ({ problem: { code: 'source-lost', params: { reason } } });
/** What a drive says of a place that it cannot read, and of every place once it is gone. */
const refused = { problem: { code: 'source-bad-place' } };
const exchanged = (path: string) => ({ problem: { code: 'source-exchanged', params: { path } } });

it('fails while the drive is away, and reads again once it is back', async () => {
  const { path, source, unplug } = await onDrive('abcdef');
  unplug();
  await expect(source.read(0, 3)).rejects.toMatchObject(refused);
  const content = await readFile(path);
  await rm(path);
  await expect(source.read(0, 3)).rejects.toMatchObject(lost('ENOENT'));
  await writeFile(path, content);
  expect(await text(source.read(2, 3))).toBe('cde');
  await source.close();
});

it('is not continued with another file of that name', async () => {
  const { path, source, unplug } = await onDrive('abcdef');
  unplug();
  await expect(source.read(0, 3)).rejects.toMatchObject(refused);
  await truncate(path, 5);
  await expect(source.read(0, 3)).rejects.toMatchObject(exchanged(path));
  await source.close();
});

it('is not continued with another file of that name and size', async () => {
  const { path, source, unplug } = await onDrive('abcdef');
  expect(await text(source.read(1, 2))).toBe('bc');
  unplug();
  await expect(source.read(0, 3)).rejects.toMatchObject(refused);
  await rm(path);
  await writeFile(path, 'aBcdef');
  await expect(source.read(3, 3)).rejects.toMatchObject(exchanged(path));
  await expect(source.read(3, 3)).rejects.toMatchObject(exchanged(path));
  // What came in between was not it; the right one still is.
  await writeFile(path, 'abcdef');
  expect(await text(source.read(3, 3))).toBe('def');
  await source.close();
});

it('is known again by what was read of it anywhere, however much that was', async () => {
  const content = Buffer.from(noise(1 << 20, 'read in small pieces'));
  const { path, source, unplug } = await onDrive(content);
  const pieces = 1000;
  for (let i = 0; i < pieces; i++) await source.read(i * 1024, 512);
  const readAgain = async (change: (bytes: Buffer) => void) => {
    unplug();
    await expect(source.read(0, 1)).rejects.toThrow();
    const changed = Buffer.from(content);
    change(changed);
    await writeFile(path, changed);
    return source.read(0, 3);
  };
  await expect(readAgain((bytes) => bytes.fill(0, 400_000, 450_000))).rejects.toMatchObject(exchanged(path));
  await expect(readAgain((bytes) => bytes.fill(0, 950_000, 1_000_000))).rejects.toMatchObject(
    exchanged(path),
  );
  await expect(readAgain((bytes) => bytes.fill(0, 0, 512))).rejects.toMatchObject(exchanged(path));
  expect(Buffer.from(await readAgain(() => undefined)).equals(content.subarray(0, 3))).toBe(true);
  await source.close();
});

it('goes on with a drive that came back with a place that it cannot read any more', async () => {
  const { source, unplug, wearOut } = await onDrive('abcdef');
  await source.read(0, 2);
  await source.read(4, 2);
  unplug();
  wearOut(0);
  await expect(source.read(0, 2)).rejects.toMatchObject(refused);
  expect(await text(source.read(2, 2))).toBe('cd');
  wearOut(2);
  wearOut(4);
  await expect(source.read(0, 2)).rejects.toMatchObject(refused);
  await expect(source.read(2, 2)).rejects.toMatchObject(refused);
  await source.close();
});

it.each([
  ['EMFILE', 'too-many-open-files'],
  ['ENFILE', 'too-many-open-files'],
  ['EINVAL', 'source-unreadable'],
  ['EACCES', 'source-unreadable'],
  ['ENODEV', 'source-lost'],
])('is not said to be gone where one reading fails with %s, but %s', async (code, expected) => {
  let handles = 0;
  const { path: backup } = await onDrive('abcdef');
  const source = await openFileSource(backup, async (path) => {
    if (handles++ > 0) throw Object.assign(new Error(), { code });
    const handle = await open(path);
    return Object.assign(handle, { read: () => Promise.reject(Object.assign(new Error(), { code })) });
  });
  for (let i = 0; i < 2; i++)
    await expect(source.read(0, 3)).rejects.toMatchObject({ problem: { code: expected } });
  await source.close();
});

it('stays closed', async () => {
  const { source } = await onDrive('abcdef');
  await source.close();
  await expect(source.read(0, 3)).rejects.toMatchObject(lost('closed'));
});
