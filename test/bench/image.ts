/**
 * Measures the reader of images: a large file from start to end, and a directory of 20,000 entries.
 *
 * `npx node test/bench/image.ts`; needs e2fsprogs and 1 GiB of room for temporary files. The file is read with the
 * image in the system's cache, so that the reader is measured and not the disk.
 */
import { link, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileSource } from '../../main/recovery/bytes/source.ts';
import { openExt4, type Ext4 } from '../../main/recovery/image/ext4.ts';
import { listFolder } from '../../main/recovery/image/listing.ts';
import { run } from '../support/tools.ts';
import { noise } from '../support/trees.ts';

const FILE_BYTES = 512 * 2 ** 20;
const ENTRIES = 20_000;
const ROUNDS = 5;

/** The shortest of several times, in milliseconds. */
async function best(work: () => Promise<void>): Promise<number> {
  let shortest = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await work();
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}

async function makeContent(folder: string): Promise<void> {
  await mkdir(join(folder, 'directory'), { recursive: true });
  const file = await open(join(folder, 'large'), 'w');
  for (let done = 0; done < FILE_BYTES; done += 2 ** 24) await file.write(noise(2 ** 24, `${done}`));
  await file.close();
  await writeFile(join(folder, 'linked'), '');
  for (let n = 0; n < ENTRIES; n++)
    await link(join(folder, 'linked'), join(folder, 'directory', `entry number ${n}`));
}

async function measure(filesystem: Ext4): Promise<void> {
  const megabytesPerSecond = (milliseconds: number) => Math.round(FILE_BYTES / 1e3 / milliseconds);
  const file = await filesystem.openFile(await filesystem.lookup('large'));
  const buffer = new Uint8Array(2 ** 20);
  const byReads = await best(async () => {
    for (let position = 0; position < file.size; position += buffer.length) {
      await file.read(position, buffer.length, buffer);
    }
  });
  console.log(`file in reads of 1 MiB    ${megabytesPerSecond(byReads)} MB/s`);

  const byParts = await best(async () => {
    let total = 0;
    for await (const { bytes } of file.parts()) total += bytes.length;
    if (total !== FILE_BYTES) throw new Error(`read ${total} bytes`);
  });
  console.log(`file in parts             ${megabytesPerSecond(byParts)} MB/s`);

  const directory = await filesystem.lookup('directory');
  const listed = await best(async () => {
    let count = 0;
    for await (const entry of filesystem.readDirectory(directory)) if (entry.inode !== 0) count++;
    if (count !== ENTRIES) throw new Error(`listed ${count} entries`);
  });
  console.log(`directory of ${ENTRIES}        ${listed.toFixed(1)} ms`);

  const rows = await best(async () => {
    const { entries } = await listFolder(filesystem, Buffer.from('directory'));
    if (entries.length !== ENTRIES) throw new Error(`listed ${entries.length} entries`);
  });
  console.log(`its rows for the wizard   ${rows.toFixed(1)} ms`);

  const found = await best(async () => {
    for (let n = 0; n < 1000; n++) await filesystem.lookup(`directory/entry number ${n * 20}`);
  });
  console.log(`lookup through the index  ${found.toFixed(0)} µs each`);
}

const folder = await mkdtemp(join(tmpdir(), 'lifeboat-bench-'));
try {
  const image = join(folder, 'image');
  await makeContent(join(folder, 'content'));
  await run('mkfs.ext4', ['-q', '-d', join(folder, 'content'), image, '768M']);
  await run('bash', ['-c', 'e2fsck -fyD "$1" || test $? = 1', 'bash', image]);
  const source = await openFileSource(image);
  await measure(await openExt4(source));
  await source.close();
} finally {
  await rm(folder, { recursive: true });
}
