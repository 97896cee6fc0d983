/** Paths and targets of links in an archive: taken apart, and told from those that lead out of its tree. */
import { byteLength } from '../bytes/byte-text.ts';

/** Longest target that a symlink can have, in bytes: PATH_MAX of Linux, less its NUL. */
const longestTarget = 4095;

/** The components of a path in an archive. */
export function pathParts(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** Whether two paths lead to the same place. */
export function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

/** Whether a relative target stays inside where Windows reads it, to whom a backslash separates and `c:` is a drive. */
export function staysInsideForWindows(target: string, depth: number): boolean {
  return !/^[a-z]:/i.test(target) && partsInside(target.replaceAll('\\', '/'), depth) !== null;
}

/**
 * The parts of a link's relative target, from a folder `depth` below the root of a tree, if it cannot leave the tree: it
 * climbs at most to the root, and only at its beginning, since `..` behind a name could climb from wherever another link
 * leads.
 *
 * @returns null where it can leave
 */
export function partsInside(target: string, depth: number): readonly string[] | null {
  if (target.startsWith('/') || !isTarget(target)) return null;
  const parts = pathParts(target);
  const leading = climbs(parts);
  return leading <= depth && !parts.slice(leading).includes('..') ? parts : null;
}

/**
 * The parts of a link's absolute target below the place where the tree lay.
 *
 * @returns null where it leads elsewhere
 */
export function partsBelowOrigin(target: string, origin: readonly string[]): readonly string[] | null {
  if (!target.startsWith('/') || !isTarget(target)) return null;
  const parts = pathParts(target);
  const isBelow = samePath(parts.slice(0, origin.length), origin) && !parts.includes('..');
  return isBelow ? parts.slice(origin.length) : null;
}

/** How many parts at its beginning lead up. */
export function climbs(parts: readonly string[]): number {
  const first = parts.findIndex((part) => part !== '..');
  return first < 0 ? parts.length : first;
}

function isTarget(target: string): boolean {
  return target !== '' && !target.includes('\0') && byteLength(target) <= longestTarget;
}
