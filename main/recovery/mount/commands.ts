/** The commands of `mount` and `umount`: for root to run, and for a person to copy. */
import { safeOptions } from './mount-table.ts';
import type { Wanted } from './way.ts';

type Source = Pick<Wanted, 'file' | 'part' | 'fileSystem' | 'withoutJournal'>;

/** The arguments of `mount` for a loop device that cannot be written. Source: mount(8). */
export function mountArguments(source: Source, folder: string): readonly string[] {
  return ['-t', source.fileSystem, '-o', kernelOptions(source), source.file, folder];
}

function kernelOptions({ part, withoutJournal }: Source): string {
  return [
    'loop',
    ...safeOptions,
    ...(withoutJournal ? ['noload'] : []),
    ...(part ? [`offset=${part.offset}`, `sizelimit=${part.size}`] : []),
  ].join(',');
}

/** What a person can type to mount an image by hand. */
export function mountCommand(source: Source, folder: string): string {
  return typed('sudo', 'mount', ...mountArguments(source, folder));
}

/** What a person can type to unmount by hand. */
export function unmountCommand(mountPoint: string): string {
  return typed('sudo', 'umount', mountPoint);
}

/** Words as a person types them into a POSIX shell. */
export function typed(...words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
