/** Files that a program is given on its command line: by a person in a terminal, or by the system for a double click. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The files among the arguments `args`, as absolute paths; relative ones are so to `folder`. What begins with `-` is
 * an option, except behind `--`. Whether there is anything at these paths is for whoever opens them.
 */
export function filesAmong(args: readonly string[], folder: string): readonly string[] {
  const end = args.indexOf('--');
  const before = end === -1 ? args : args.slice(0, end);
  const after = end === -1 ? [] : args.slice(end + 1);
  const named = [...before.filter((arg) => !arg.startsWith('-')), ...after].filter((arg) => arg !== '');
  return named.map((arg) => resolve(folder, fromUrl(arg)));
}

/** Some file managers name files by their addresses. */
function fromUrl(arg: string): string {
  try {
    return /^file:/i.test(arg) ? fileURLToPath(arg) : arg;
  } catch {
    return arg;
  }
}
