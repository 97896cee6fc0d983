/** Block devices, which have no size of their own to the system's `stat`: how many bytes one holds, and reading by sectors. */
import type { Stats } from 'node:fs';
import { readFile, type FileHandle } from 'node:fs/promises';
import { fail } from '../../../shared/problems.ts';

/** What every drive reads in one piece; those of 512 bytes read eight of them. */
const pageSize = 4096;
const smallSector = 512;

/** No drive is as large: what still answers there is endless, such as `/dev/zero`. */
const longestDevice = 2 ** 50;

/** Answers that a drive gives behind its end, apart from giving nothing. */
const beyondEnd = new Set(['EINVAL', 'ENXIO', 'ENOSPC', 'EOF', 'UNKNOWN']);

/** Whether a path names a drive of Windows, of which `stat` knows nothing. */
export function isWindowsDevice(path: string): boolean {
  return process.platform === 'win32' && /^\\\\[.?]\\[^\\]+\\?$/.test(path);
}

/** Whether it can be read like a drive. Outside of Linux, drives have a character device that does not pass the cache. */
export function isDrive(stat: Stats): boolean {
  return stat.isBlockDevice() || (stat.isCharacterDevice() && process.platform !== 'linux');
}

/**
 * How many bytes a drive holds: as the system says, or else found by reading.
 *
 * @throws RecoveryError `device-empty` where it gives nothing: a card reader without a card
 */
export async function deviceSize(handle: FileHandle, stat: Stats | null, path: string): Promise<number> {
  const size = (stat && (await statedSize(stat.rdev))) ?? (await measuredSize(handle));
  if (size === 0 || size > longestDevice) fail('device-empty', { path });
  return size;
}

/** What Linux says of the size of a device, by its number. */
async function statedSize(device: number): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const major = Math.floor(device / 2 ** 8) % 2 ** 12;
  const minor = (device % 2 ** 8) + Math.floor(device / 2 ** 20) * 2 ** 8;
  const text = await readFile(`/sys/dev/block/${major}:${minor}/size`, 'latin1').catch(() => '');
  const sectors = Number(text.trim());
  return Number.isSafeInteger(sectors) && sectors > 0 ? sectors * smallSector : null;
}

/** The size as reading finds it, by halves, within one page. A place that cannot be read is within. */
export async function measuredSize(handle: Pick<FileHandle, 'read'>): Promise<number> {
  const page = new Uint8Array(pageSize);
  const bytesAt = async (position: number): Promise<number> => {
    try {
      return (await handle.read(page, 0, pageSize, position)).bytesRead;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      return beyondEnd.has(code) ? 0 : pageSize;
    }
  };
  // In pages: the first one is `low` at least, and nothing is at `high`.
  if ((await bytesAt(0)) === 0) return 0;
  let low = 0;
  let high = 1;
  for (; high * pageSize <= longestDevice && (await bytesAt(high * pageSize)) > 0; high *= 2) low = high;
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if ((await bytesAt(middle * pageSize)) > 0) low = middle;
    else high = middle;
  }
  return low * pageSize + (await bytesAt(low * pageSize));
}

/** Bytes that a drive of a size is read in multiples of: what the newest need, unless its size contradicts that. */
export function sectorSize(size: number): number {
  return size % pageSize === 0 ? pageSize : smallSector;
}
