/** How much this user may still write on a drive. */
import { statfs } from 'node:fs/promises';

/** The bytes that this user may still write on the drive of `path`; null where the system does not say. */
export async function freeBytesOf(path: string): Promise<number | null> {
  try {
    const { bavail, frsize, bsize } = await statfs(path);
    // Counts are in units of the fragment size, which some network file systems have smaller than the block.
    return bavail * (frsize || bsize);
  } catch {
    return null;
  }
}
