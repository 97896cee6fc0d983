/** The rows of the file list: which entries are shown, and in which order. */
import type { FileKind, ImageEntry } from '../../shared/image.ts';
import type { Folder, OpenState, Search } from './browse.ts';
import { wayTo } from './entry-ids.ts';

export type EntryColumn = 'name' | 'folder' | 'size' | 'modified';

export interface EntryOrder {
  readonly column: EntryColumn;
  readonly descending: boolean;
}

/** An entry in the list, and the folder it lies in where that is not the one shown. */
export interface EntryRow {
  readonly entry: ImageEntry;
  readonly folder: string | null;
}

/** What an entry is when links are followed. */
export function nature({ kind, link }: ImageEntry): FileKind {
  return link ? (link.leadsTo ?? 'link') : kind;
}

export function isFolder(entry: ImageEntry): boolean {
  return nature(entry) === 'directory';
}

/** The rows of the search, or else of the folder, as they are ordered. */
export function rowsOf(
  folder: Folder | undefined,
  search: Search | null,
  order: EntryOrder,
  language: string,
): readonly EntryRow[] {
  const rows = search
    ? search.hits.map((hit) => ({ entry: hit.entry, folder: hit.folder.path }))
    : folder?.kind === 'read'
      ? folder.listing.entries.map((entry) => ({ entry, folder: null }))
      : [];
  const collator = new Intl.Collator(language, { numeric: true });
  const compare = comparisons(collator)[order.column];
  const sign = order.descending ? -1 : 1;
  return rows.toSorted(
    (one, other) =>
      Number(isFolder(other.entry)) - Number(isFolder(one.entry)) ||
      sign * compare(one, other) ||
      collator.compare(one.entry.name, other.entry.name),
  );
}

function comparisons(
  collator: Intl.Collator,
): Readonly<Record<EntryColumn, (one: EntryRow, other: EntryRow) => number>> {
  return {
    name: (one, other) => collator.compare(one.entry.name, other.entry.name),
    folder: (one, other) => collator.compare(one.folder ?? '', other.folder ?? ''),
    size: (one, other) => one.entry.size - other.entry.size,
    modified: (one, other) => (one.entry.modified ?? 0) - (other.entry.modified ?? 0),
  };
}

/** The one entry that is selected, or null. */
export function soleSelected(
  { selected }: Pick<OpenState, 'selected'>,
  rows: readonly EntryRow[],
): EntryRow | null {
  if (selected.size !== 1) return null;
  return rows.find(({ entry }) => selected.has(entry.id)) ?? null;
}

/** How much is selected: things, and the bytes of the files among them. */
export function totalSelected({ selected }: Pick<OpenState, 'selected'>, rows: readonly EntryRow[]) {
  const chosen = rows.filter(({ entry }) => selected.has(entry.id));
  return {
    count: selected.size,
    bytes: chosen.reduce((sum, { entry }) => sum + entry.size, 0),
    hasFolders: chosen.some(({ entry }) => isFolder(entry)),
  };
}

/** The folders that must be read to show one and the way to it. */
export function missingFolders({ folders }: Pick<OpenState, 'folders'>, at: string): readonly string[] {
  return wayTo(at).filter((id) => {
    const folder = folders.get(id);
    return folder === undefined || folder.kind === 'trouble';
  });
}
