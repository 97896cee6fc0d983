/** Content that compresses as that of a volume does. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noise } from '../support/trees.ts';

/** So many bytes of programs, text, noise and zeros, in turn, as they lie on a volume. */
export async function mixedContent(bytes: number): Promise<Buffer> {
  const program = await readFile(process.execPath);
  const text = await readFile(join(import.meta.dirname, '../../package-lock.json'));
  const parts: Buffer[] = [];
  for (let length = 0; length < bytes;) {
    const code = program.subarray(length % (program.length - 4_000_000)).subarray(0, 4_000_000);
    const part = Buffer.concat([code, text, Buffer.alloc(1_200_000), noise(400_000, `${length}`)]);
    parts.push(part);
    length += part.length;
  }
  return Buffer.concat(parts).subarray(0, bytes);
}
