/** Hostile images: mutations that are the same in every run, and a reader of everything that must survive them. */
import { createHash } from 'node:crypto';
import { RecoveryError } from '../../shared/problems.ts';
import type { ByteSource } from '../../main/recovery/bytes/source.ts';
import { openImage, openVolume } from '../../main/recovery/image/image.ts';
import type { Ext4 } from '../../main/recovery/image/ext4.ts';
import { listFolder } from '../../main/recovery/image/listing.ts';
import { searchNames } from '../../main/recovery/image/search.ts';
import { previewFile } from '../../main/recovery/preview/preview.ts';

/** Numbers from 0 to `below`, the same for the same seed: SHA-256 in counter mode. */
function randomNumbers(seed: string): (below: number) => number {
  let counter = 0;
  return (below) => {
    const digest = createHash('sha256').update(`${seed} ${counter++}`).digest();
    return Math.floor((digest.readUInt32LE(0) / 2 ** 32) * below);
  };
}

/** Values at which counts, lengths and offsets are likely to break. */
const borderValues = [
  0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];

/**
 * Makes images with a few fields changed, the same for the same seed. Only bytes that are not zero are hit, and
 * those just before them, because the rest of an image means nothing.
 */
export function mutations(image: Uint8Array): (seed: string) => Uint8Array {
  const targets: number[] = [];
  for (let at = 4; at < image.length - 4; at++) if (image[at] !== 0) targets.push(at);
  return (seed) => {
    const random = randomNumbers(seed);
    const changed = Buffer.from(image);
    for (let count = 1 + random(6); count > 0; count--) {
      const at = (targets[random(targets.length)] ?? 0) - random(4);
      const border = borderValues[random(borderValues.length)] ?? 0;
      const kind = random(5);
      if (kind === 0) changed.writeUInt32LE(border, at);
      else if (kind === 1) changed.writeUInt32BE(border, at);
      else if (kind === 2) changed.writeUInt16LE(border & 0xffff, at);
      else if (kind === 3) changed.writeUInt8(random(256), at);
      else changed.writeInt8(changed.readInt8(at) ^ (1 << random(7)), at);
    }
    return changed;
  };
}

/** A source in memory that ends a reader which reads more than it may. */
export function boundedSource(bytes: Uint8Array, readsAllowed: number): ByteSource {
  let reads = 0;
  return {
    size: bytes.length,
    read(position, length, into) {
      if (++reads > readsAllowed) throw new Error(`more than ${readsAllowed} reads`);
      if (position < 0 || position + length > bytes.length)
        throw new Error(`read of ${length} at ${position}`);
      const target = into?.subarray(0, length) ?? new Uint8Array(length);
      target.set(bytes.subarray(position, position + length));
      return Promise.resolve(target);
    },
    close: () => Promise.resolve(),
  };
}

/** What reading all of an image came to. */
export interface Exercise {
  readonly files: number;
  /** Answers that were refused because something is damaged. */
  readonly damages: number;
}

/**
 * Opens every volume of an image and reads all that can be asked of it. Whatever the image holds, nothing but a
 * `RecoveryError` may be thrown.
 */
export async function exercise(source: ByteSource, verifyChecksums: boolean): Promise<Exercise> {
  let files = 0;
  let damages = 0;
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      if (error.problem.code === 'filesystem-damaged') damages++;
    }
  };
  for (const volume of (await openImage(source)).volumes) {
    await attempt(async () => {
      const filesystem = await openVolume(volume, { verifyChecksums });
      await attempt(() => searchNames(filesystem, '', { onFound: () => undefined }));
      for await (const step of filesystem.walk(filesystem.root)) {
        if ('problem' in step) {
          damages++;
          continue;
        }
        files++;
        const path = Buffer.concat(step.path.flatMap((name) => [Buffer.from('/'), name]));
        for (const question of questions(filesystem, step.status.number, path)) await attempt(question);
      }
    });
  }
  return { files, damages };
}

function questions(filesystem: Ext4, inode: number, path: Uint8Array): (() => Promise<unknown>)[] {
  return [
    () => filesystem.lookup(path),
    () => filesystem.xattrs(inode),
    () => filesystem.readLink(inode),
    () => listFolder(filesystem, path),
    () => previewFile(filesystem, inode),
    async () => {
      const content = await filesystem.openFile(inode);
      let count = 0;
      for await (const range of content.ranges()) {
        if (range.length <= 0) throw new Error('an empty range');
        if (++count === 1000) break;
      }
      const some = Math.min(content.size, 2 ** 16);
      await content.read(0, some);
      await content.read(content.size - some, some);
    },
  ];
}
