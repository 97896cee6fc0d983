/** Where the code of a thread or process of its own lies: in a module of its own, or, where all is one file, in that. */
import { basename, dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface EntryPoint {
  /** The file to start. */
  readonly path: string;
  /** Its arguments: none for a module, the module's name for the file that holds them all (`cli/single-file.ts`). */
  readonly args: readonly string[];
}

/**
 * The entry `module` as the module at `from` names it, without an ending: `entryPoint('./lane-worker',
 * import.meta.url)`. Endings are those of `from`: TypeScript among the sources, JavaScript once built.
 */
export function entryPoint(module: string, from: string): EntryPoint {
  // Modules share an address only where all of them were made one file.
  if (from === import.meta.url) return { path: fileURLToPath(from), args: [basename(module)] };
  // And a folder only where they were made few files, side by side.
  const place = dirname(from) === dirname(import.meta.url) ? `./${basename(module)}` : module;
  return { path: fileURLToPath(new URL(place + extname(from), from)), args: [] };
}
