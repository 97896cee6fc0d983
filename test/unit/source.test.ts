/** Promises of a file as a source of bytes when its drive goes away, and comes back. */
import { open, readFile, rm, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFileSource } from '../../main/recovery/bytes/source.ts';
import { scratchFolder } from '../support/lifeboat.ts';

/** A file, and how to unplug the drive that it is on: whatever is open then fails for ever. */
async function onDrive(content: string) {
  const path = join(await scratchFolder(), 'b.backup');
  await writeFile(path, content);
  let plug = 0;
  const openFile = async (file: string): Promise<FileHandle> => {
    const handle = await open(file);
    const pluggedAt = plug;
    const read = handle.read.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    return Object.assign(handle, {
      read: (...args: unknown[]) =>
        pluggedAt === plug ? read(...args) : Promise.reject(Object.assign(new Error(), { code: 'EIO' })),
    });
  };
  const unplug = () => {
    plug++;
  };
  return { path, source: await openFileSource(path, openFile), unplug };
}

const text = async (bytes: Promise<Uint8Array>) => Buffer.from(await bytes).toString();
const lost = (reason: string) => ({ problem: { code: 'source-lost', params: { reason } } });

it('fails while the drive is away, and reads again once it is back', async () => {
  const { path, source, unplug } = await onDrive('abcdef');
  unplug();
  await expect(source.read(0, 3)).rejects.toMatchObject(lost('EIO'));
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
  await expect(source.read(0, 3)).rejects.toMatchObject(lost('EIO'));
  await truncate(path, 5);
  await expect(source.read(0, 3)).rejects.toMatchObject(lost('another size'));
  await source.close();
});

it('stays closed', async () => {
  const { source } = await onDrive('abcdef');
  await source.close();
  await expect(source.read(0, 3)).rejects.toMatchObject(lost('closed'));
});
