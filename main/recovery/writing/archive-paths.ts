/** Paths and targets of links in an archive: taken apart, and told from those that lead out of its tree. */

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

/**
 * Whether a link's target, from a folder `depth` below the root, cannot leave the tree: it climbs at most to the
 * root, and only at its beginning, since `..` behind a name could climb from wherever another link leads. It is read
 * as Windows reads it too, where a backslash separates and a letter with a colon is a drive.
 */
export function staysInside(target: string, depth: number): boolean {
  if (target === '' || target.includes('\0') || Buffer.byteLength(target) > longestTarget) return false;
  if (/^[/\\]|^[a-z]:/i.test(target)) return false;
  const parts = pathParts(target.replaceAll('\\', '/'));
  const climbs = parts.findIndex((part) => part !== '..');
  const leading = climbs < 0 ? parts.length : climbs;
  return leading <= depth && !parts.slice(leading).includes('..');
}
